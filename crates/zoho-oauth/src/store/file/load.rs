//! Reading the token file while other programs write it in place: official SDKs truncate it first.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::store::error::{StoreError, StoreErrorKind};

use super::csv::Damage;
use super::disk::{WholeFile, fault};
use super::identity::Identity;
use super::lenient::Lenient;
use super::table::Table;

/// The time that a damaged file must stay unchanged before the load fails.
const DAMAGE_TIMEOUT: Duration = Duration::from_millis(500);
/// The time after which the load of a file that keeps changing fails.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(5);
/// The time that a file that was just written in place must stay unchanged, if it is read for the first time or lacks known
/// rows. Nothing else shows that a program has written only some of the rows.
const QUIET_TIME: Duration = Duration::from_millis(250);

/// The result of a load.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The content; `None` if it has not changed.
    pub(super) table: Option<Table>,
    /// The identity of the file; `None` if it does not exist.
    pub(super) identity: Option<Identity>,
    /// Whether a change of the file will change its identity.
    pub(super) is_settled: bool,
}

/// The result of one attempt to read the file.
enum Attempt {
    Complete(Loaded),
    /// The content is valid, but may be incomplete.
    MaybeIncomplete {
        identity: Identity,
        loaded: Loaded,
    },
    Damaged {
        identity: Identity,
        damage: Damage,
        content: Vec<u8>,
    },
    Changing,
}

/// Reads the file, and waits until it is complete if another program is writing it. `known` is its earlier content.
///
/// # Errors
/// [`StoreErrorKind::Damaged`] if it cannot be parsed and does not change; [`StoreErrorKind::Busy`] if it keeps changing.
pub(super) fn load(file: &WholeFile, known: Option<&Table>) -> Result<Loaded, StoreError> {
    let started = Instant::now();
    let mut last: Option<(Identity, Instant)> = None;
    let mut largest: Option<Table> = None;
    loop {
        let attempt = attempt(file, known)?;
        let (identity, quiet_time) = match &attempt {
            Attempt::Complete(_) => (None, Duration::ZERO),
            Attempt::MaybeIncomplete { identity, .. } => (Some(*identity), QUIET_TIME),
            Attempt::Damaged { identity, .. } => (Some(*identity), DAMAGE_TIMEOUT),
            Attempt::Changing => (None, CHANGE_TIMEOUT),
        };
        let unchanged_since = match (last, identity) {
            (Some((before, since)), Some(now)) if before == now => since,
            _ => Instant::now(),
        };
        last = identity.map(|identity| (identity, unchanged_since));
        let is_quiet = unchanged_since.elapsed() >= quiet_time;
        match attempt {
            Attempt::Complete(loaded) => return Ok(loaded),
            Attempt::MaybeIncomplete { loaded, .. } if is_quiet => return Ok(loaded),
            Attempt::MaybeIncomplete { loaded, .. } => {
                // A file that is rewritten continuously is never quiet. The largest of many readings is complete.
                let is_largest = is_largest(&loaded, largest.as_ref());
                if is_largest && started.elapsed() > DAMAGE_TIMEOUT {
                    return Ok(loaded);
                }
                if is_largest {
                    largest = loaded.table;
                }
            }
            Attempt::Damaged { damage, content, .. } if is_quiet => {
                return Err(damaged(file, &damage, &content));
            }
            Attempt::Damaged { .. } | Attempt::Changing => {}
        }
        if started.elapsed() > CHANGE_TIMEOUT {
            return Err(always_changing(file));
        }
        sleep(Duration::from_millis(3));
    }
}

fn is_largest(loaded: &Loaded, largest: Option<&Table>) -> bool {
    match (&loaded.table, largest) {
        (Some(table), Some(largest)) => !table.lacks_a_row_of(largest),
        _ => true,
    }
}

fn attempt(file: &WholeFile, known: Option<&Table>) -> Result<Attempt, StoreError> {
    let read = file.read().map_err(|error| fault("read the tokens", file.path(), error))?;
    let Some((content, before, identity)) = read else {
        let table = Some(Table::default());
        return Ok(Attempt::Complete(Loaded { table, identity: None, is_settled: true }));
    };
    if before != identity {
        return Ok(Attempt::Changing);
    }
    let now = SystemTime::now();
    let is_settled = !identity.may_change_unseen(now);
    if known.is_some_and(|known| known.has_text(&content)) {
        return Ok(Attempt::Complete(Loaded { table: None, identity: Some(identity), is_settled }));
    }
    let table = match Table::parse(&content) {
        Ok(table) => table,
        Err(damage) => return Ok(Attempt::Damaged { identity, damage, content }),
    };
    let age = identity.age_if_written_in_place(now).unwrap_or(Duration::MAX);
    let may_be_incomplete = age < QUIET_TIME && known.is_none_or(|known| table.lacks_a_row_of(known));
    let loaded = Loaded { table: Some(table), identity: Some(identity), is_settled };
    Ok(if may_be_incomplete {
        Attempt::MaybeIncomplete { identity, loaded }
    } else {
        Attempt::Complete(loaded)
    })
}

fn damaged(file: &WholeFile, damage: &Damage, content: &[u8]) -> StoreError {
    let Lenient { foreign, table, .. } = Lenient::read(content);
    let can_be_repaired = foreign.is_none() && !table.has_six_columns();
    let damage = foreign.map_or_else(|| damage.clone(), |why| Damage::at(1, why));
    StoreError::of(StoreErrorKind::Damaged, "read the tokens")
        .evidence(format!("`{}`, {damage}", file.path().display()))
        .next_step(if can_be_repaired {
            "an official SDK may have been interrupted while it wrote the file; run `zoho tokens check --repair` or call \
             `store::repair`, which move such lines to a file beside it and keep a backup, or restore a copy; the file was \
             not changed"
        } else {
            "check that this is the token file; if it is, correct it and save it as CSV in UTF-8, or restore a copy; the \
             file was not changed"
        })
}

fn always_changing(file: &WholeFile) -> StoreError {
    StoreError::of(StoreErrorKind::Busy, "read the tokens")
        .evidence(format!("another program keeps writing `{}`", file.path().display()))
        .next_step("try again when that program has finished")
}
