//! `find_token`, beside a bare prepared look-up of the same rows on one connection.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tokio::runtime::{self, Runtime};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, StoredToken, TokenStore};

use super::KINDS;
use super::bare::Bare;
use super::pinned::Pinned;
use crate::Outcome;
use crate::fixture::{self, AtRandom, Key};
use crate::options::Options;
use crate::report::{Limit, Line, Report, count};

/// The columns of the look-ups.
pub(super) const KEYS: [Key; 3] = [Key::User, Key::Id, Key::Refresh];

/// The number of different rows.
const DIFFERENT_ROWS: usize = 4_096;

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("Servers: `find_token`", "bare driver, one connection");
    let sizes: &[u64] = if options.quick { &[1, 1_000] } else { &[1, 1_000, 100_000] };
    for kind in KINDS {
        let Some(pinned) = Pinned::start(kind, &[], report)? else { continue };
        for rows in sizes {
            let place = pinned.place()?;
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(place.fill(*rows))?;
            let (store, mut bare) = (place.store()?, runtime.block_on(Bare::connect(&place))?);
            for key in KEYS {
                let what = format!("{kind}, {}, by {}", count(*rows, "row"), key.name());
                let wanted = Wanted::of(key, *rows);
                runtime.block_on(bare.prepare(&wanted.rows))?;
                beside_bare(options, report, &runtime, &store, &mut bare, &wanted, what)?;
            }
            runtime.block_on(bare.clear(*rows))?;
            runtime.block_on(place.clear())?;
        }
    }
    Ok(())
}

/// Measures look-ups by the store and by the bare driver.
pub(super) fn beside_bare(
    options: &Options,
    report: &mut Report,
    runtime: &Runtime,
    store: &AnyStore,
    bare: &mut Bare,
    wanted: &Wanted,
    what: String,
) -> Outcome {
    let (mut tokens, mut rows) = (wanted.tokens.iter().cycle(), wanted.rows.iter().cycle());
    let (product, floor) = options.effort(Duration::from_millis(20)).pair(
        |calls| runtime.block_on(find_often(store, &mut tokens, calls)),
        |calls| runtime.block_on(find_often_bare(bare, wanted.key, &mut rows, calls)),
    )?;
    report.line(&Line { what, product, other: Some(floor), limit: Limit::AtMost(1.3) });
    Ok(())
}

/// Random rows, and the tokens that look them up.
pub(super) struct Wanted {
    key: Key,
    pub(super) rows: Vec<StoredToken>,
    pub(super) tokens: Vec<OAuthToken>,
}

impl Wanted {
    pub(super) fn of(key: Key, rows: u64) -> Self {
        let rows: Vec<_> = AtRandom::below(rows).take(DIFFERENT_ROWS).map(fixture::row).collect();
        let tokens = rows.iter().map(|row| key.wanted(row)).collect();
        Self { key, rows, tokens }
    }
}

pub(super) async fn find_often<'t>(
    store: &AnyStore,
    wanted: &mut impl Iterator<Item = &'t OAuthToken>,
    calls: u64,
) -> Outcome<Duration> {
    let started = Instant::now();
    for token in wanted.take(calls as usize) {
        black_box(store.find_token(token).await?.ok_or("the row was not found")?);
    }
    Ok(started.elapsed())
}

async fn find_often_bare<'t>(
    bare: &mut Bare,
    key: Key,
    wanted: &mut impl Iterator<Item = &'t StoredToken>,
    calls: u64,
) -> Outcome<Duration> {
    let key = if let Bare::Redis { .. } = bare { Key::User } else { key };
    let values: Vec<_> = wanted.take(calls as usize).map(|row| key.value(row)).collect();
    let started = Instant::now();
    for value in &values {
        bare.find(key, value).await?;
    }
    Ok(started.elapsed())
}
