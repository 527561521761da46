//! `TokenCopy` from SQLite to a server, every row verified, beside bare inserts of the same rows.
//!
//! The shared server has too little memory for the indexes of these rows, so this starts one with MariaDB's defaults.

use std::time::{Duration, Instant};

use servers::{Kind, Server};
use tokio::runtime;
use zoho_oauth::store::{AnyStore, SqliteStore, TokenCopy};

use super::place::Place;
use crate::Outcome;
use crate::fixture;
use crate::options::Options;
use crate::report::{Fact, Report, count};

/// MariaDB's defaults:
/// <https://mariadb.com/docs/server/server-usage/storage-engines/innodb/innodb-system-variables>.
const SETTINGS: [&str; 2] = ["--innodb-buffer-pool-size=128M", "--innodb-log-file-size=96M"];

/// Rows per second.
const GOAL: f64 = 10_000.0;

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("`TokenCopy`, SQLite to MariaDB, every row verified", "bare driver, 500 rows an insert");
    let server = match Server::start_with(Kind::MariaDb, &SETTINGS) {
        Ok(server) => server,
        Err(reason) => {
            report.note(&format!("Not measured: {reason}"));
            return Ok(());
        }
    };
    let (rows, runs) = if options.quick { (5_000, 1) } else { (100_000, 3) };
    let folder = options.fresh_folder()?;
    let path = folder.path().join("zohooauth.db");
    fixture::write_indexed_database(&path, rows)?;
    let from = AnyStore::from(SqliteStore::open(&path)?);
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let (mut copies, mut inserts) = (Vec::new(), Vec::new());
    for run in 0..runs {
        let place = |what| {
            let url = format!("{}?table={what}{run}", server.url());
            Place::at(Kind::MariaDb, &url).ok_or("the URL names no table")
        };
        copies.push(rate(rows, runtime.block_on(copy(&from, &place("copy")?, rows))?));
        inserts.push(rate(rows, runtime.block_on(insert(&place("bare")?, rows))?));
    }
    let slowest = copies.iter().copied().fold(f64::INFINITY, f64::min);
    report.fact(&Fact {
        what: format!("{}, {}", count(rows, "row"), count(runs, "run")),
        product: span(&copies),
        other: span(&inserts),
        limit: format!("at least {}", per_second(GOAL)),
        is_met: Some(slowest >= GOAL),
    });
    Ok(())
}

/// Copies into a new table.
async fn copy(from: &AnyStore, place: &Place, rows: u64) -> Outcome<Duration> {
    let to = place.store()?;
    let started = Instant::now();
    let report = TokenCopy::new(from, &to).run().await?;
    let took = started.elapsed();
    if (report.added, report.verified) != (rows, rows) {
        return Err(format!("the copy is incomplete: {report:?}").into());
    }
    place.clear().await?;
    Ok(took)
}

/// Inserts the same rows into a table with the same indexes.
async fn insert(place: &Place, rows: u64) -> Outcome<Duration> {
    place.settle().await?;
    let mut sql = place.sql().await?;
    let started = Instant::now();
    place.insert(&mut sql, rows).await?;
    let took = started.elapsed();
    place.clear().await?;
    Ok(took)
}

fn rate(rows: u64, took: Duration) -> f64 {
    rows as f64 / took.as_secs_f64()
}

/// Formats the slowest and the fastest rate.
fn span(rates: &[f64]) -> String {
    let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let fastest = rates.iter().copied().fold(0.0, f64::max);
    format!("{} to {}", per_second(slowest), per_second(fastest))
}

fn per_second(rate: f64) -> String {
    count(rate as u64, "row") + "/s"
}
