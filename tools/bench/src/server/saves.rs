//! `save_token` of a known user, beside the bare driver's upsert of the same row with the same durability.

use std::time::{Duration, Instant};

use servers::Kind;
use tokio::runtime;
use zoho_oauth::store::{AnyStore, StoredToken, TokenStore};

use super::KINDS;
use super::bare::Bare;
use super::pinned::Pinned;
use crate::Outcome;
use crate::fixture::{self, AtRandom, Key};
use crate::options::Options;
use crate::report::{Limit, Line, Report, count};

const ROWS: u64 = 1_000;

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("Servers: durable `save_token` of a known user", "bare driver, one upsert");
    for kind in KINDS {
        save_to(options, report, kind, &[], &kind.to_string(), Limit::AtMost(1.5))?;
    }
    // It responds before its log is on the disk.
    let often = &["--appendfsync=everysec"];
    save_to(options, report, Kind::Redis, often, "Redis that syncs once a second", Limit::Stated)
}

fn save_to(
    options: &Options,
    report: &mut Report,
    kind: Kind,
    settings: &[&str],
    name: &str,
    limit: Limit,
) -> Outcome {
    let Some(pinned) = Pinned::start(kind, settings, report)? else { return Ok(()) };
    let place = &pinned.place()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(place.fill(ROWS))?;
    let (store, mut bare) = (place.store()?, runtime.block_on(Bare::connect(place))?);
    let chosen: Vec<_> = AtRandom::below(ROWS).take(ROWS as usize).map(fixture::row).collect();
    let (mut ours, mut theirs) = (chosen.iter().cycle(), chosen.iter().cycle());
    let (product, floor) = options.effort(Duration::from_millis(60)).pair(
        |calls| runtime.block_on(save_often(&store, &mut ours, calls)),
        |calls| runtime.block_on(save_often_bare(&mut bare, &mut theirs, calls)),
    )?;
    let what = format!("{name}, {}", count(ROWS, "row"));
    report.line(&Line { what, product, other: Some(floor), limit });
    runtime.block_on(bare.clear(ROWS))?;
    runtime.block_on(place.clear())
}

async fn save_often<'r>(
    store: &AnyStore,
    rows: &mut impl Iterator<Item = &'r StoredToken>,
    calls: u64,
) -> Outcome<Duration> {
    let users = rows.take(calls as usize).map(|row| Key::User.value(row));
    let tokens: Vec<_> = users.map(|user| fixture::renewed(&user)).collect();
    let started = Instant::now();
    for token in &tokens {
        store.save_token(token).await?;
    }
    Ok(started.elapsed())
}

async fn save_often_bare<'r>(
    bare: &mut Bare,
    rows: &mut impl Iterator<Item = &'r StoredToken>,
    calls: u64,
) -> Outcome<Duration> {
    let renewed = |row: &StoredToken| {
        let access_token = Some(fixture::secret(&mut rand::rng()));
        StoredToken { access_token, expiry_time: Some(fixture::tomorrow().to_string()), ..row.clone() }
    };
    let rows: Vec<_> = rows.take(calls as usize).map(renewed).collect();
    let started = Instant::now();
    for row in &rows {
        bare.save(row).await?;
    }
    Ok(started.elapsed())
}
