//! The side file: leases, ledgers and the highest id, beside the token file and never in it. It is optional, because
//! official SDKs do not write it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::store::coordination::{LeaseEntry, LeaseKey, machine_clock};
use crate::store::error::StoreError;
use crate::store::lock_file::LockFile;

use super::disk::{WholeFile, fault};
use super::identity::Identity;

/// The content of the side file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// The highest id that was assigned to a row which may be deleted by now. Raised before a row is deleted.
    pub(super) highest_id: u64,
    /// The leases by credential.
    pub(super) leases: BTreeMap<LeaseKey, LeaseEntry>,
}

impl State {
    /// Removes old entries.
    pub(super) fn forget_old(&mut self) {
        let now = machine_clock();
        self.leases.retain(|_, entry| !entry.may_be_forgotten(now));
    }
}

/// The side file, and its content when it was last read.
#[derive(Debug)]
pub(super) struct StateFile {
    file: WholeFile,
    known: Mutex<(Option<Identity>, Arc<State>)>,
}

/// The result of reading the side file.
enum Content {
    Readable(Arc<State>),
    Damaged,
}

impl StateFile {
    pub(super) fn at(file: WholeFile) -> Self {
        Self { file, known: Mutex::default() }
    }

    /// Returns the content, without the lock. A damaged file counts as missing and is not changed.
    pub(super) fn read(&self) -> Result<Arc<State>, StoreError> {
        match self.parse()? {
            Content::Readable(state) => Ok(state),
            Content::Damaged => Ok(Arc::default()),
        }
    }

    /// Returns the content. The caller holds the lock. A damaged file is renamed.
    pub(super) fn read_locked(&self) -> Result<Arc<State>, StoreError> {
        match self.parse()? {
            Content::Readable(state) => Ok(state),
            Content::Damaged => {
                let path = self.file.path();
                let aside = path.with_extension("state.damaged");
                tracing::warn!(
                    file = %path.display(), kept_as = %aside.display(),
                    "cannot parse the side file; starting with empty leases and ledgers"
                );
                std::fs::rename(path, &aside)
                    .map_err(|error| fault("rename its damaged side file", path, error))?;
                Ok(Arc::default())
            }
        }
    }

    /// Writes `state`, durably. Returns `false` without any change if another process has overtaken this one, or if a
    /// program without locks has changed the file meanwhile.
    pub(super) fn write(&self, lock: &LockFile, state: Arc<State>) -> Result<bool, StoreError> {
        let path = self.file.path();
        let failed = |error: io::Error| fault("write its side file", path, error);
        let text = serde_json::to_vec(&*state).map_err(|error| failed(error.into()))?;
        let before = self.file.identity().map_err(failed)?;
        let Some(identity) = self.file.replace(lock, before, &text).map_err(failed)? else {
            return Ok(false);
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = (Some(identity), state);
        Ok(true)
    }

    /// Whether there is an unfinished file, of a killed process or one that is writing.
    pub(super) fn has_leftover(&self) -> bool {
        self.file.has_leftover()
    }

    fn parse(&self) -> Result<Content, StoreError> {
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
