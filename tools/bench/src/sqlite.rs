//! `SqliteStore::find_token`, beside a bare prepared look-up of the same rows in the same file.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::runtime;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{SqliteStore, TokenStore};

use crate::Outcome;
use crate::fixture::{self, AtRandom, Key};
use crate::measure::{repeat, repeat_async};
use crate::options::Options;
use crate::report::{Limit, Line, Report, count};

/// The number of different rows, more than fit into the caches of the processor and of SQLite.
const DIFFERENT_ROWS: usize = 16_384;

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("SQLite: `find_token`", "bare rusqlite");
    let sizes: &[u64] = if options.quick { &[1, 1_000] } else { &[1, 1_000, 100_000, 1_000_000] };
    for rows in sizes {
        let folder = options.fresh_folder()?;
        let path = folder.path().join("zohooauth.db");
        fixture::write_indexed_database(&path, *rows)?;
        let store = SqliteStore::open(&path)?;
        let bare = connect(&path)?;
        for key in Key::ALL {
            find(options, report, &store, &bare, *rows, key)?;
        }
    }
    Ok(())
}

fn find(
    options: &Options,
    report: &mut Report,
    store: &SqliteStore,
    bare: &Connection,
    rows: u64,
    key: Key,
) -> Outcome {
    let chosen: Vec<_> = AtRandom::below(rows).take(DIFFERENT_ROWS).map(fixture::row).collect();
    let wanted: Vec<OAuthToken> = chosen.iter().map(|row| key.wanted(row)).collect();
    let values: Vec<String> = chosen.iter().map(|row| key.value(row)).collect();
    drop(chosen);
    let (mut wanted, mut values) = (wanted.iter().cycle(), values.iter().cycle());
    let runtime = runtime::Builder::new_current_thread().build()?;
    let text = format!("{SELECT} where {} = ?", key.column());

    let (product, floor) = options.effort(Duration::from_millis(10)).pair(
        |calls| {
            runtime.block_on(repeat_async(calls, || {
                let wanted = wanted.next();
                async move {
                    let wanted = wanted.ok_or("no rows")?;
                    black_box(store.find_token(wanted).await?.ok_or("the row was not found")?);
                    Ok(())
                }
            }))
        },
        |calls| {
            repeat(calls, || {
                let value = values.next().ok_or("no rows")?;
                black_box(look_up(bare, &text, value)?);
                Ok(())
            })
        },
    )?;
    let what = format!("{}, by {}", count(rows, "row"), key.name());
    report.line(&Line { what, product, other: Some(floor), limit: Limit::AtMost(1.5) });
    Ok(())
}

/// Opens a plain connection with the durability of the store.
pub(crate) fn connect(path: &Path) -> Outcome<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.query_row("pragma journal_mode = wal", [], |_| Ok(()))?;
    connection.execute_batch(
        "pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on;",
    )?;
    Ok(connection)
}

const SELECT: &str = "select id, user_name, client_id, client_secret, refresh_token, access_token, \
    grant_token, expiry_time, redirect_url, api_domain from oauthtoken";

/// The ten columns without any conversion.
#[derive(Debug)]
#[expect(dead_code, reason = "it is made, not read: that is what is measured")]
struct Bare {
    id: Option<String>,
    user_name: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    access_token: Option<String>,
    grant_token: Option<String>,
    expiry_time: Option<String>,
    redirect_url: Option<String>,
    api_domain: Option<String>,
}

fn look_up(connection: &Connection, text: &str, value: &str) -> Outcome<Bare> {
    let mut statement = connection.prepare_cached(text)?;
    Ok(statement.query_row([value], |row| {
        Ok(Bare {
            id: row.get(0)?,
            user_name: row.get(1)?,
            client_id: row.get(2)?,
            client_secret: row.get(3)?,
            refresh_token: row.get(4)?,
            access_token: row.get(5)?,
            grant_token: row.get(6)?,
            expiry_time: row.get(7)?,
            redirect_url: row.get(8)?,
            api_domain: row.get(9)?,
        })
    })?)
}
