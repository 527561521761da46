//! Reading the token file beside programs that write it in place: official SDKs truncate it first.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::store::error::{StoreError, StoreErrorKind};

use super::csv::Damage;
use super::disk::{WholeFile, fault};
use super::identity::Identity;
use super::table::Table;

/// How long a file that cannot be understood, and does not change, is given to become whole.
const DAMAGE_PATIENCE: Duration = Duration::from_millis(500);
/// How long a file that keeps changing is given.
const CHANGE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a file that was just written in place has to stay the same, when it is read for the first time or
/// lacks rows that were known: a program that is half way through, at the end of a row, leaves no other trace.
const QUIET: Duration = Duration::from_millis(250);

/// What a load came to.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The content; `None` when it is what was known already.
    pub(super) table: Option<Table>,
    /// What the file was then; `None` when it is missing.
    pub(super) identity: Option<Identity>,
    /// Whether the file will show by its identity that it changed.
    pub(super) is_settled: bool,
}

/// How the file looked, once.
enum Look {
    Good(Loaded),
    /// It reads well, but may not be all there.
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

/// Reads the file, waiting a moment for it to become whole. `known` is what it said before.
///
/// # Errors
/// [`StoreErrorKind::Damaged`] when it stays as it is and cannot be understood; [`StoreErrorKind::Busy`] when it
/// is written over and over.
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
                // A file that is rewritten all the time is never quiet: the fullest of many looks is whole.
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
        Damage::at(line, "a byte that is no UTF-8")
    })?;
    Table::parse(text)
}

fn damaged(file: &WholeFile, damage: &Damage) -> StoreError {
    StoreError::of(StoreErrorKind::Damaged, "read the tokens")
        .evidence(format!("{}, {damage}", file.path().display()))
        .next_step(
            "an official SDK was perhaps interrupted while it wrote: store::repair, in a terminal `zoho tokens check \
             --repair`, takes such lines out and keeps a backup; or restore a copy; it was left as it is",
        )
}

fn always_changing(file: &WholeFile) -> StoreError {
    StoreError::of(StoreErrorKind::Busy, "read the tokens")
        .evidence(format!("{} is being written over and over", file.path().display()))
        .next_step("try again when the program that writes it is done")
}
