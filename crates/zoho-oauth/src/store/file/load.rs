//! Reading the token file while other programs write it in place: official SDKs truncate it first.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::store::error::{StoreError, StoreErrorKind};

use super::csv::Damage;
use super::disk::{WholeFile, fault};
use super::identity::Identity;
use super::table::Table;

/// How long to wait for a damaged file that does not change.
const DAMAGE_PATIENCE: Duration = Duration::from_millis(500);
/// How long to wait for a file that keeps changing.
const CHANGE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a file that was just written in place must stay unchanged if it is read for the first time or lacks known rows.
/// A program that has written only some of the rows leaves no other trace.
const QUIET: Duration = Duration::from_millis(250);

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

/// One reading of the file.
enum Look {
    Good(Loaded),
    /// It is valid, but may be incomplete.
    Early {
        identity: Identity,
        loaded: Loaded,
    },
    Damaged {
        identity: Identity,
        damage: Damage,
    },
    Changing,
}

/// Reads the file, waiting a moment for it to become complete. `known` is its earlier content.
///
/// # Errors
/// [`StoreErrorKind::Damaged`] if it cannot be parsed and does not change; [`StoreErrorKind::Busy`] if it keeps changing.
pub(super) fn load(file: &WholeFile, known: Option<&Table>) -> Result<Loaded, StoreError> {
    let started = Instant::now();
    let mut last: Option<(Identity, Instant)> = None;
    let mut fullest: Option<Table> = None;
    loop {
        let seen = look(file, known)?;
        let (identity, patience) = match &seen {
            Look::Good(_) => (None, Duration::ZERO),
            Look::Early { identity, .. } => (Some(*identity), QUIET),
            Look::Damaged { identity, .. } => (Some(*identity), DAMAGE_PATIENCE),
            Look::Changing => (None, CHANGE_PATIENCE),
        };
        let unchanged_since = match (last, identity) {
            (Some((before, since)), Some(now)) if before == now => since,
            _ => Instant::now(),
        };
        last = identity.map(|identity| (identity, unchanged_since));
        let is_patient = unchanged_since.elapsed() < patience;
        match seen {
            Look::Good(loaded) => return Ok(loaded),
            Look::Early { loaded, .. } if !is_patient => return Ok(loaded),
            Look::Early { loaded, .. } => {
                // A file that is rewritten all the time is never stable. The largest of many readings is complete.
                let is_fullest = is_fullest(&loaded, fullest.as_ref());
                if is_fullest && started.elapsed() > DAMAGE_PATIENCE {
                    return Ok(loaded);
                }
                if is_fullest {
                    fullest = loaded.table;
                }
            }
            Look::Damaged { damage, .. } if !is_patient => return Err(damaged(file, &damage)),
            Look::Damaged { .. } | Look::Changing => {}
        }
        if started.elapsed() > CHANGE_PATIENCE {
            return Err(always_changing(file));
        }
        sleep(Duration::from_millis(3));
    }
}

fn is_fullest(loaded: &Loaded, fullest: Option<&Table>) -> bool {
    match (&loaded.table, fullest) {
        (Some(table), Some(fullest)) => !table.lacks_a_row_of(fullest),
        _ => true,
    }
}

fn look(file: &WholeFile, known: Option<&Table>) -> Result<Look, StoreError> {
    let read = file.read().map_err(|error| fault("read the tokens", file.path(), error))?;
    let Some((content, before, identity)) = read else {
        let table = Some(Table::default());
        return Ok(Look::Good(Loaded { table, identity: None, is_settled: true }));
    };
    if before != identity {
        return Ok(Look::Changing);
    }
    let now = SystemTime::now();
    let is_settled = !identity.may_change_unseen(now);
    if known.is_some_and(|known| known.says(&content)) {
        return Ok(Look::Good(Loaded { table: None, identity: Some(identity), is_settled }));
    }
    let table = match parse(&content) {
        Ok(table) => table,
        Err(damage) => return Ok(Look::Damaged { identity, damage }),
    };
    let age = identity.age_if_written_in_place(now).unwrap_or(Duration::MAX);
    let is_early = age < QUIET && known.is_none_or(|known| table.lacks_a_row_of(known));
    let loaded = Loaded { table: Some(table), identity: Some(identity), is_settled };
    Ok(if is_early { Look::Early { identity, loaded } } else { Look::Good(loaded) })
}

fn parse(content: &[u8]) -> Result<Table, Damage> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = 1 + content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Damage::at(line, "invalid UTF-8")
    })?;
    Table::parse(text)
}

fn damaged(file: &WholeFile, damage: &Damage) -> StoreError {
    StoreError::of(StoreErrorKind::Damaged, "read the tokens")
        .evidence(format!("`{}`, {damage}", file.path().display()))
        .next_step(
            "an official SDK was perhaps interrupted while it wrote: store::repair, in a terminal `zoho tokens check \
             --repair`, takes such lines out and keeps a backup; or restore a copy; it was left as it is",
        )
}

fn always_changing(file: &WholeFile) -> StoreError {
    StoreError::of(StoreErrorKind::Busy, "read the tokens")
        .evidence(format!("another program keeps writing `{}`", file.path().display()))
        .next_step("try again when that program has finished")
}
