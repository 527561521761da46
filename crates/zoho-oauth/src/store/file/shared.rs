//! One token file, shared by the clones of its store: the table in memory, and its synchronization with the disk.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::SystemTime;

use crate::store::coordination::{Lease, machine_clock};
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::lock_file::LockFile;

use super::disk::{self, WholeFile, fault};
use super::draft::{Draft, Plan};
use super::identity::Identity;
use super::job::Job;
use super::load::load;
use super::state::{State, StateFile};
use super::table::Table;

/// The maximum number of attempts at a write. An attempt fails if a program that takes no lock has written the file.
pub(super) const MAX_ATTEMPTS: usize = 8;

/// A token file with its side files.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) file: WholeFile,
    lock: PathBuf,
    state: StateFile,
    content: RwLock<Content>,
    /// Held from reading the file to replacing the content, so that readers of the content never wait for the disk.
    replacing: Mutex<()>,
}

/// The content of the file when it was last read or written.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) table: Table,
    identity: Option<Identity>,
    trust: Trust,
    /// Whether the file has existed since the store was opened.
    has_existed: bool,
}

impl Content {
    /// Whether this is the content of the file with that identity.
    pub(super) fn is_of(&self, identity: Identity) -> bool {
        self.identity == Some(identity)
    }

    /// Whether the file was deleted while the store was open.
    fn is_gone(&self) -> bool {
        self.has_existed && self.identity.is_none()
    }
}

/// How reliable the content is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trust {
    /// The file was never read.
    #[default]
    Unread,
    /// It was read so soon after a write that a further change may not change the identity.
    Compare,
    /// It is current while the identity of the file is the same.
    Full,
}

impl Trust {
    fn of(is_settled: bool) -> Self {
        if is_settled { Self::Full } else { Self::Compare }
    }
}

impl Shared {
    pub(super) fn at(path: PathBuf) -> Self {
        let beside = |suffix: &str| {
            let mut path = path.clone().into_os_string();
            path.push(suffix);
            PathBuf::from(path)
        };
        Self {
            lock: beside(".lock"),
            state: StateFile::at(WholeFile::beside(&path, beside(".state"))),
            file: WholeFile::store(path),
            content: RwLock::default(),
            replacing: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> &StateFile {
        &self.state
    }

    pub(super) fn content(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the content is current. Costs one `stat`.
    pub(super) fn is_current(&self) -> Result<bool, StoreError> {
        let identity = self.identity()?;
        let content = self.content();
        Ok(content.trust == Trust::Full && content.identity == identity)
    }

    /// Returns a number that changes whenever the file changes.
    pub(super) fn version(&self) -> Result<u64, StoreError> {
        Ok(self.identity()?.map_or(0, |identity| identity.version(SystemTime::now())))
    }

    /// Loads the file if it has changed. Blocks.
    pub(super) fn refresh(&self) -> Result<(), StoreError> {
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh_while_replacing()
    }

    /// Fails if the file was deleted while the store was open. To look up a token in the empty table would say that the
    /// user never logged in.
    pub(super) fn check_exists(&self) -> Result<(), StoreError> {
        if !self.content().is_gone() {
            return Ok(());
        }
        Err(StoreError::of(StoreErrorKind::Other, "read the tokens")
            .evidence(format!("`{}` was deleted while it was open", self.file.path().display()))
            .next_step("restore the file, or log in again to create a new one"))
    }

    /// Fails if the file has no room for what a save writes.
    fn check_columns(&self) -> Result<(), StoreError> {
        if !self.content().table.has_six_columns() {
            return Ok(());
        }
        Err(StoreError::of(StoreErrorKind::Rejected, "write the tokens")
            .evidence(format!(
                "`{}` has the six columns of the first SDKs (`zcrmsdk` 3), without an id, a client secret and an API domain",
                self.file.path().display()
            ))
            .next_step(
                "copy it with `zoho tokens copy --from file:OLD --to file:NEW` and use the copy; the file was not changed",
            ))
    }

    fn refresh_while_replacing(&self) -> Result<(), StoreError> {
        if self.is_current()? {
            return Ok(());
        }
        let loaded = {
            let content = self.content();
            load(&self.file, (content.trust != Trust::Unread).then_some(&content.table))?
        };
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        content.identity = loaded.identity;
        content.has_existed |= loaded.identity.is_some();
        content.trust = Trust::of(loaded.is_settled);
        let replaced = loaded.table.map(|mut table| {
            table.remember_highest_id(content.table.highest_id());
            std::mem::replace(&mut content.table, table)
        });
        // Dropping a large text takes a while; no caller should wait for it.
        drop(content);
        drop(replaced);
        Ok(())
    }

    /// Takes the write lock between processes, and overtakes a process that has stopped while it held it. Blocks.
    pub(super) fn lock(&self) -> Result<LockFile, StoreError> {
        let failed = |error| fault("check its files", self.file.path(), error);
        let lock = disk::lock(&self.lock, self.file.trust().map_err(failed)?)?;
        if !lock.tag().is_empty() {
            disk::remove_unfinished(self.file.path()).map_err(failed)?;
        }
        Ok(lock)
    }

    /// Runs a group of jobs in one write. Afterwards, either all of them are on disk or none. Blocks.
    pub(super) fn commit(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let lock = self.lock()?;
            let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
            self.refresh_while_replacing()?;
            self.check_columns()?;
            let stored_state = self.state.read_locked()?;
            let plan = {
                let content = self.content();
                let mut draft = Draft::over(&content.table, stored_state);
                for job in &mut *jobs {
                    job.run(&mut draft);
                }
                draft.into_plan()
            };
            if let Some(releases) = self.write(&lock, plan)? {
                self.release(&lock, &releases);
                return Ok(());
            }
        }
        Err(self.always_changing("save"))
    }

    /// The error for a file that a program without locks keeps writing.
    pub(super) fn always_changing(&self, action: &'static str) -> StoreError {
        StoreError::of(StoreErrorKind::Busy, action)
            .evidence(format!("another program keeps writing `{}`", self.file.path().display()))
            .next_step("try again when that program has finished")
    }

    /// Writes the plan and returns the leases to release. Returns `None` if a program without locks has changed the
    /// file, or if another process has overtaken this one.
    fn write(&self, lock: &LockFile, plan: Plan) -> Result<Option<Vec<Lease>>, StoreError> {
        if let Some(state) = plan.state
            && !self.state.write(lock, state)?
        {
            return Ok(None);
        }
        if plan.changes.is_empty() {
            return Ok(Some(plan.releases));
        }
        let (text, expected) = {
            let content = self.content();
            (content.table.text_with(&plan.changes), content.identity)
        };
        let replaced = self.file.replace(lock, expected, &text);
        let replaced = replaced.map_err(|error| fault("write the tokens", self.file.path(), error))?;
        let Some(identity) = replaced else { return Ok(None) };
        let is_settled = !identity.may_change_unseen(SystemTime::now());
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        let old_text = content.table.apply(plan.changes, text);
        content.identity = Some(identity);
        content.has_existed = true;
        content.trust = Trust::of(is_settled);
        drop(content);
        drop(old_text);
        Ok(Some(plan.releases))
    }

    /// Releases leases. The tokens are saved; a lease that cannot be released expires.
    fn release(&self, lock: &LockFile, releases: &[Lease]) {
        if releases.is_empty() {
            return;
        }
        let released = self.state.read_locked().and_then(|state| {
            let mut state = State::clone(&state);
            for lease in releases {
                if let Some(entry) = state.leases.get_mut(&lease.key) {
                    entry.release(lease, machine_clock());
                }
            }
            self.state.write(lock, Arc::new(state))
        });
        if let Err(error) = released {
            tracing::warn!(%error, "could not release a lease; it expires on its own");
        }
    }

    /// Removes the unfinished files of a killed process, unless another process is writing. Does nothing in a read-only
    /// folder.
    pub(super) fn remove_leftovers(&self) {
        let may_be_left = self.file.has_leftover() || self.state.has_leftover();
        if may_be_left
            && let Ok(trust) = self.file.trust()
            && let Ok(Some(_lock)) = LockFile::take_if_free(&self.lock, trust)
        {
            let _ = disk::remove_unfinished(self.file.path());
        }
    }

    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        self.file
            .identity()
            .map_err(|error| fault("read the metadata of the token file", self.file.path(), error))
    }
}
