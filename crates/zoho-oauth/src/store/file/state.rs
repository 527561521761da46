//! The side file: leases, ledgers and the highest id, beside the token file and never in it. It may be missing:
//! official SDKs write none.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::store::coordination::{LeaseEntry, LeaseKey, machine_clock};
use crate::store::error::StoreError;

use super::disk::{WholeFile, fault};
use super::identity::Identity;

/// What the side file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// Ids up to this one were given out, whether or not their rows are still there. Raised before a row is
    /// deleted; a row that is there speaks for its own id.
    pub(super) highest_id: u64,
    /// Who may spend which credential.
    pub(super) leases: BTreeMap<LeaseKey, LeaseEntry>,
}

impl State {
    /// Drops the entries that nobody needs any more.
    pub(super) fn forget_the_old(&mut self) {
        let now = machine_clock();
        self.leases.retain(|_, entry| !entry.may_be_forgotten(now));
    }
}

/// The side file, and what it said when it was last read.
#[derive(Debug)]
pub(super) struct StateFile {
    file: WholeFile,
    known: Mutex<(Option<Identity>, Arc<State>)>,
}

/// What a read of the side file came to.
enum Content {
    Readable(Arc<State>),
    Damaged,
}

impl StateFile {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { file: WholeFile::at(path), known: Mutex::default() }
    }

    /// What the file says. Without the lock: a damaged file counts as none and is left alone.
    pub(super) fn look(&self) -> Result<Arc<State>, StoreError> {
        match self.read()? {
            Content::Readable(state) => Ok(state),
            Content::Damaged => Ok(Arc::default()),
        }
    }

    /// What the file says. The caller holds the lock: a damaged file is set aside.
    pub(super) fn take(&self) -> Result<Arc<State>, StoreError> {
        match self.read()? {
            Content::Readable(state) => Ok(state),
            Content::Damaged => {
                let path = self.file.path();
                let aside = path.with_extension("state.damaged");
                tracing::warn!(
                    file = %path.display(), kept_as = %aside.display(),
                    "the side file cannot be understood: leases and ledgers start anew"
                );
                std::fs::rename(path, &aside)
                    .map_err(|error| fault("set its damaged side file aside", path, error))?;
                Ok(Arc::default())
            }
        }
    }

    /// Writes `state`, durably. The caller holds the lock.
    pub(super) fn write(&self, state: Arc<State>) -> Result<(), StoreError> {
        let path = self.file.path();
        let failed = |error: io::Error| fault("write its side file", path, error);
        let text = serde_json::to_string(&*state).map_err(|error| failed(error.into()))?;
        let before = self.file.identity().map_err(failed)?;
        let after = self.file.replace(before, &text).map_err(failed)?;
        // Only a hand that takes no lock can have changed it in between; the next write will do.
        let identity = after.ok_or_else(|| failed(io::Error::other("it changed while it was written")))?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = (Some(identity), state);
        Ok(())
    }

    /// Whether a killed process left something, or another is writing.
    pub(super) fn has_leftover(&self) -> bool {
        self.file.has_leftover()
    }

    /// Removes what a killed process left. The caller holds the lock.
    pub(super) fn remove_leftover(&self) -> io::Result<()> {
        self.file.remove_leftover()
    }

    fn read(&self) -> Result<Content, StoreError> {
        let failed = |error| fault("read its side file", self.file.path(), error);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.file.identity().map_err(failed)? == known.0 {
            return Ok(Content::Readable(known.1.clone()));
        }
        let Some((content, _, identity)) = self.file.read().map_err(failed)? else {
            *known = (None, Arc::default());
            return Ok(Content::Readable(known.1.clone()));
        };
        let Ok(state) = serde_json::from_slice::<State>(&content) else { return Ok(Content::Damaged) };
        *known = (Some(identity), Arc::new(state));
        Ok(Content::Readable(known.1.clone()))
    }
}
