//! One token file, as every clone of its store sees it: the table in memory, and how it is kept in step with
//! the disk.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::SystemTime;

use crate::store::coordination::{Lease, machine_clock};
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::lock_file::LockFile;

use super::disk::{self, WholeFile, fault};
use super::draft::{Draft, Plan};
use super::identity::Identity;
use super::load::load;
use super::state::{State, StateFile};
use super::table::Table;
use super::writer::Job;

/// How often a group is drafted anew because a program that takes no lock wrote in between.
pub(super) const ATTEMPTS: usize = 8;

/// One token file with its companions.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) file: WholeFile,
    lock: PathBuf,
    state: StateFile,
    content: RwLock<Content>,
    /// Held while the content is replaced, from the reading of the file on: readers of the content never wait
    /// for the disk.
    replacing: Mutex<()>,
}

/// What the file said when it was last read or written.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) table: Table,
    identity: Option<Identity>,
    trust: Trust,
}

impl Content {
    /// Whether this is what the file said in that state.
    pub(super) fn is_of(&self, identity: Identity) -> bool {
        self.identity == Some(identity)
    }
}

/// How far the content may be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trust {
    /// The file was never read.
    #[default]
    Unread,
    /// It was read so soon after it was written that it may have changed without a trace.
    Compare,
    /// It is what the file says for as long as the file's identity is the same.
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
            state: StateFile::at(beside(".state")),
            file: WholeFile::at(path),
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

    /// Whether the content is what the file says. Costs one `stat`.
    pub(super) fn is_current(&self) -> Result<bool, StoreError> {
        let identity = self.identity()?;
        let content = self.content();
        Ok(content.trust == Trust::Full && content.identity == identity)
    }

    /// A number that changes whenever anybody changes the file.
    pub(super) fn version(&self) -> Result<u64, StoreError> {
        Ok(self.identity()?.map_or(0, |identity| identity.version(SystemTime::now())))
    }

    /// Makes the content what the file says. Blocks.
    pub(super) fn refresh(&self) -> Result<(), StoreError> {
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh_while_replacing()
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
        content.trust = Trust::of(loaded.is_settled);
        let replaced = loaded.table.map(|mut table| {
            table.remember_highest_id(content.table.highest_id());
            std::mem::replace(&mut content.table, table)
        });
        // Dropping a large text takes a while; nobody has to wait for that.
        drop(content);
        drop(replaced);
        Ok(())
    }

    /// Takes the right to write, among all processes. Blocks.
    pub(super) fn lock(&self) -> Result<LockFile, StoreError> {
        disk::lock(&self.lock)
    }

    /// Does a group of jobs in one write. All or none of them are on the disk afterwards. Blocks.
    pub(super) fn commit(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..ATTEMPTS {
            self.refresh_while_replacing()?;
            let stored_state = self.state.take()?;
            let plan = {
                let content = self.content();
                let mut draft = Draft::over(&content.table, stored_state);
                for job in &mut *jobs {
                    job.run(&mut draft);
                }
                draft.into_plan()
            };
            if let Some(releases) = self.write(plan)? {
                self.give_back(&releases);
                return Ok(());
            }
        }
        Err(self.always_changing("save"))
    }

    /// What is said of a file that a program which takes no lock writes over and over.
    pub(super) fn always_changing(&self, action: &'static str) -> StoreError {
        StoreError::of(StoreErrorKind::Busy, action)
            .evidence(format!("{} is being written over and over", self.file.path().display()))
            .next_step("try again when the program that writes it is done")
    }

    /// Writes what is planned; `None` if the file was changed by somebody who takes no lock. Hands back the
    /// leases that can now be given back.
    fn write(&self, plan: Plan) -> Result<Option<Vec<Lease>>, StoreError> {
        if let Some(state) = plan.state {
            self.state.write(state)?;
        }
        if plan.changes.is_empty() {
            return Ok(Some(plan.releases));
        }
        let (text, expected) = {
            let content = self.content();
            (content.table.text_with(&plan.changes), content.identity)
        };
        let replaced = self.file.replace(expected, &text);
        let replaced = replaced.map_err(|error| fault("write the tokens", self.file.path(), error))?;
        let Some(identity) = replaced else { return Ok(None) };
        let is_settled = !identity.may_change_unseen(SystemTime::now());
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        let old_text = content.table.apply(plan.changes, text);
        content.identity = Some(identity);
        content.trust = Trust::of(is_settled);
        drop(content);
        drop(old_text);
        Ok(Some(plan.releases))
    }

    /// The tokens are saved by now. A lease that cannot be given back ends by itself.
    fn give_back(&self, releases: &[Lease]) {
        if releases.is_empty() {
            return;
        }
        let given_back = self.state.take().and_then(|state| {
            let mut state = State::clone(&state);
            for lease in releases {
                if let Some(entry) = state.leases.get_mut(&lease.key) {
                    entry.release(lease, machine_clock());
                }
            }
            self.state.write(Arc::new(state))
        });
        if let Err(error) = given_back {
            tracing::warn!(%error, "a lease could not be given back and will run out by itself");
        }
    }

    /// Removes what a killed process left, if nobody is writing. A folder that cannot be written has nothing to
    /// be tidied.
    pub(super) fn tidy(&self) {
        let may_be_left = self.file.has_leftover() || self.state.has_leftover();
        if may_be_left && let Ok(Some(_lock)) = LockFile::take_if_free(&self.lock) {
            let _ = self.file.remove_leftover();
            let _ = self.state.remove_leftover();
        }
    }

    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        self.file.identity().map_err(|error| fault("look at the token file", self.file.path(), error))
    }
}
