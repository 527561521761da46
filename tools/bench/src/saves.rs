//! `SqliteStore::save_token`, beside one bare commit per save with the same durability.

use std::time::{Duration, Instant, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{Connection, params};
use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{SqliteStore, TokenStore};

use crate::Outcome;
use crate::fixture;
use crate::measure::{Effort, repeat};
use crate::options::Options;
use crate::report::{Limit, Line, Report, count};
use crate::sqlite::connect;

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("SQLite: durable `save_token`, time per save", "bare rusqlite, one commit per save");
    let one = Limit::AtMost(1.3);
    let goals = [(1, one), (64, Limit::TimesAsFast(8.0)), (512, Limit::TimesAsFast(15.0))];
    save(options, report, 1_000, goals)?;
    if options.quick {
        return Ok(());
    }
    save(options, report, 100_000, goals.map(|(savers, _)| (savers, Limit::Stated)))
}

/// Saves known rows as a renewal does, with a new access token and its expiry.
fn save(options: &Options, report: &mut Report, rows: u64, goals: [(u32, Limit); 3]) -> Outcome {
    let folder = options.fresh_folder()?;
    let (ours, bares) = (folder.path().join("ours.db"), folder.path().join("bare.db"));
    fixture::write_indexed_database(&ours, rows)?;
    std::fs::copy(&ours, &bares)?;
    let (store, mut bare) = (SqliteStore::open(&ours)?, connect(&bares)?);
    for (savers, limit) in goals {
        let runtime = runtime_for(savers)?;
        let Effort { rounds, round } = options.effort(Duration::from_millis(40));
        // In a call every saver saves once; dividing by their number gives the time per save.
        let mut random = StdRng::seed_from_u64(rows);
        let (product, floor) = Effort { rounds, round: round / savers }.pair(
            |calls| runtime.block_on(save_at_once(&store, savers, calls, rows)),
            |calls| repeat(calls, || commit_one(&mut bare, &mut random, rows)),
        )?;
        let what = format!("{}, {}", count(rows, "row"), count(savers.into(), "saver"));
        report.line(&Line { what, product, other: Some(floor), limit });
    }
    Ok(())
}

fn runtime_for(savers: u32) -> Outcome<Runtime> {
    Ok(match savers {
        1 => runtime::Builder::new_current_thread().build()?,
        _ => runtime::Builder::new_multi_thread().build()?,
    })
}

/// Has every saver save `calls` times, and returns the time divided by the number of savers.
async fn save_at_once(store: &SqliteStore, savers: u32, calls: u64, rows: u64) -> Outcome<Duration> {
    let started = Instant::now();
    if savers == 1 {
        save_often(store, calls, rows, 0).await?;
        return Ok(started.elapsed());
    }
    let mut tasks = JoinSet::new();
    for saver in 0..savers {
        let store = store.clone();
        tasks.spawn(async move { save_often(&store, calls, rows, saver).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(started.elapsed() / savers)
}

async fn save_often(store: &SqliteStore, calls: u64, rows: u64, saver: u32) -> Outcome {
    let mut random: StdRng = rand::make_rng();
    for call in 0..calls {
        // As long as there are enough rows, savers use different ones.
        let number = (u64::from(saver) + call * 512) % rows;
        let (access_token, milliseconds) = renewed(&mut random);
        let token = OAuthToken::new()
            .with_user(fixture::user_name(number))
            .with_access_token(access_token)
            .with_expires_at(UNIX_EPOCH + Duration::from_millis(milliseconds));
        store.save_token(&token).await?;
    }
    Ok(())
}

/// Makes the same change to one row in a transaction.
fn commit_one(connection: &mut Connection, random: &mut StdRng, rows: u64) -> Outcome {
    let user = fixture::user_name(random.random_range(0..rows));
    let (access_token, milliseconds) = renewed(random);
    let transaction = connection.transaction_with_behavior(Immediate)?;
    let text = "update oauthtoken set access_token = ?, expiry_time = ? where user_name = ?";
    let changed =
        transaction.prepare_cached(text)?.execute(params![access_token, milliseconds.to_string(), user])?;
    transaction.commit()?;
    if changed == 1 { Ok(()) } else { Err("the row was not found".into()) }
}

/// Returns a new access token and its expiry.
fn renewed(random: &mut StdRng) -> (String, u64) {
    (fixture::secret(random), fixture::tomorrow())
}
