//! Tokens that Zoho issued and the store rejected: in a folder of small files until the store accepts them.
//!
//! Every process that can see the folder uses these tokens. There is one file for each refresh token: a newer token is
//! durable before the file of an older one is removed.

mod entry;
mod folders;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::machine::Machine;
use crate::persistence::Persistence;
use crate::store::identity::{StoreIdentity, absolute};
use crate::store::{AnyStore, StoreError, StoredToken};
use crate::token::OAuthToken;

pub(crate) use entry::{Entry, LoginFacts, Origin};

use entry::{Content, Place};
use folders::Folders;

/// The spool of one store. Folders are tried in order: beside the store, if that is a file, then under the home
/// folder, for a disk that is full or a folder that cannot be written.
///
/// Tokens go in and out with moments by the store's clock.
#[derive(Debug)]
pub(crate) struct Spool {
    folders: Folders,
    /// The store's address.
    address: String,
    identity: KnownIdentity,
    /// The tokens that this process uses although the store does not have them.
    in_use: Mutex<Vec<InUse>>,
}

/// The identity that the store itself holds, once it was read; `None` in it if the store holds none.
///
/// Tokens belong to that identity. So they are found at another address of the same server, and not by another database
/// at the same address. If the store holds no identity, tokens belong to its address. As long as the store could not be
/// asked, it could not take a token either, and the spool counts as empty.
pub(crate) type KnownIdentity = Arc<OnceLock<Option<StoreIdentity>>>;

/// Where a token is that the store rejected, and whether the store has accepted it since.
#[derive(Clone, Debug)]
pub(crate) struct Unsaved {
    pub(crate) persistence: Persistence,
    is_settled: Arc<AtomicBool>,
}

#[derive(Debug)]
struct InUse {
    entry: Entry,
    is_settled: Arc<AtomicBool>,
}

impl Spool {
    pub(crate) fn new(
        machine: Arc<dyn Machine>,
        store: &AnyStore,
        identity: KnownIdentity,
        chosen: Option<PathBuf>,
    ) -> Self {
        let home = home_folder().filter(|_| store.is_durable());
        let folders = match (chosen, store.place()) {
            (Some(folder), _) => vec![folder],
            (None, Some(file)) => {
                let mut beside = absolute(file).into_os_string();
                beside.push(".spool");
                vec![PathBuf::from(beside)]
            }
            (None, None) => Vec::new(),
        };
        let folders = Folders::new(machine, folders.into_iter().chain(home).collect());
        Self { folders, address: store.identity().to_string(), identity, in_use: Mutex::default() }
    }

    /// Spools a token before it is stored, so that a killed process loses nothing. A failure is no reason to stop: the
    /// store may well accept the token.
    pub(crate) fn journal(&self, token: &OAuthToken, origin: Origin, login: LoginFacts) {
        if let Err(error) = self.put(token.into(), origin, login) {
            tracing::debug!(
                target: Persistence::LOG_TARGET,
                %error,
                "could not spool a new token before it is stored"
            );
        }
    }

    /// Spools a token that the store rejected with `error`, in place of older ones for the same refresh token.
    pub(crate) fn keep(
        &self,
        token: &OAuthToken,
        origin: Origin,
        login: LoginFacts,
        error: StoreError,
    ) -> Unsaved {
        let token = StoredToken::from(token);
        let put = self.put(token.clone(), origin, login.clone());
        let entry = put.unwrap_or_else(|spool_error| {
            // A login is in the journal already, although without its user's name.
            let is_same = |entry: &Entry| entry.token.access_token == token.access_token;
            let in_journal = self.of_credential(&token).into_iter().find(is_same);
            let place = Place::Memory(Arc::new(spool_error));
            in_journal.unwrap_or(Entry { token, origin, login, place })
        });
        match &entry.place {
            Place::File(path) => tracing::error!(
                target: Persistence::LOG_TARGET,
                %error, path = %path.display(),
                "could not store a new token; it is spooled"
            ),
            Place::Memory(spool_error) => tracing::error!(
                target: Persistence::LOG_TARGET,
                %error, %spool_error,
                "could not store a new token, nor spool it: it is in memory only"
            ),
        }
        self.use_unsaved(entry, error)
    }

    /// Notes that this process uses a token although the store has rejected it with `error`.
    pub(crate) fn use_unsaved(&self, entry: Entry, error: StoreError) -> Unsaved {
        let persistence = entry.persistence(error);
        let mut in_use = self.in_use();
        if let Some(known) = in_use.iter_mut().find(|known| known.entry.is_copy_of(&entry)) {
            known.entry = entry;
            return Unsaved { persistence, is_settled: known.is_settled.clone() };
        }
        let is_settled = Arc::<AtomicBool>::default();
        settle(&mut in_use, |known| entry.replaces(known));
        in_use.push(InUse { entry, is_settled: is_settled.clone() });
        Unsaved { persistence, is_settled }
    }

    /// Whether this process uses a token that the store does not have.
    pub(crate) fn is_in_use(&self) -> bool {
        !self.in_use().is_empty()
    }

    /// Whether there may be tokens to find. This needs no store.
    pub(crate) fn may_hold_tokens(&self) -> bool {
        self.is_in_use() || !self.folders.files(&[String::new()]).is_empty()
    }

    /// The tokens of this store. Removes what killed processes have left of incomplete files.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let files = self.folders.files(&self.tags());
        self.folders.remove_torn(&files);
        let mut entries: Vec<Entry> = files.into_iter().filter_map(|path| self.read(path)).collect();
        self.add_those_in_use(&mut entries, |_| true);
        entries
    }

    /// The tokens that were issued for the same refresh token as `token`, the one that expires last first.
    pub(crate) fn of_credential(&self, token: &StoredToken) -> Vec<Entry> {
        let prefix = |tag: String| format!("{tag}-{}", entry::credential_tag(token));
        let prefixes: Vec<String> = self.tags().into_iter().map(prefix).collect();
        let files = self.folders.files(&prefixes).into_iter();
        let mut entries: Vec<Entry> = files.filter_map(|path| self.read(path)).collect();
        entries.retain(|entry| entry.is_of_credential_of(token));
        self.add_those_in_use(&mut entries, |entry| entry.is_of_credential_of(token));
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.token.expiry_milliseconds()));
        entries
    }

    /// Removes a token that is stored by now, or that the store no longer needs.
    pub(crate) fn remove(&self, entry: &Entry) {
        settle(&mut self.in_use(), |known| known.is_copy_of(entry));
        if let Place::File(path) = &entry.place {
            self.folders.remove(path);
        }
    }

    /// Removes the tokens that `saved`, which is stored now, replaces.
    pub(crate) fn remove_older_than(&self, saved: &OAuthToken) {
        let saved = StoredToken::from(saved);
        let is_older = |entry: &&Entry| entry.token.expiry_milliseconds() <= saved.expiry_milliseconds();
        self.of_credential(&saved).iter().filter(is_older).for_each(|entry| self.remove(entry));
    }

    /// Removes the tokens of a row that is being deleted.
    pub(crate) fn forget(&self, row: &OAuthToken) {
        let row = StoredToken::from(row);
        let is_of_row = |entry: &&Entry| {
            (row.id.is_some() && entry.token.id == row.id)
                || (row.refresh_token.is_some() && entry.token.refresh_token == row.refresh_token)
        };
        self.entries().iter().filter(is_of_row).for_each(|entry| self.remove(entry));
    }

    /// Writes `token` durably, and then removes older ones for the same refresh token.
    fn put(&self, token: StoredToken, origin: Origin, login: LoginFacts) -> io::Result<Entry> {
        let before = self.of_credential(&token);
        // The row of a login is not known to be stored, whatever was renewed since.
        let (origin, login) = match before.iter().find(|entry| entry.origin == Origin::Login) {
            Some(Entry { login: known, .. }) => {
                let instead_of = login.instead_of.or_else(|| known.instead_of.clone());
                (Origin::Login, LoginFacts { at: login.at.or(known.at), instead_of })
            }
            None => (origin, login),
        };
        let (store, store_identity) = (self.address.clone(), self.stored_identity());
        let tag = entry::tag(store_identity.as_ref().unwrap_or(&store));
        let name = format!("{tag}-{}", entry::name(&token));
        let content = Content { store, store_identity, origin, login, token };
        let path = self.folders.write(&name, &content)?;
        let entry = Entry::of(content, path);
        for older in before.iter().filter(|older| entry.replaces(older) && older.path() != entry.path()) {
            if let Place::File(path) = &older.place {
                self.folders.remove(path);
            }
        }
        Ok(entry)
    }

    /// The token in this file, if the file is complete and belongs to this store.
    fn read(&self, path: PathBuf) -> Option<Entry> {
        let content = self.folders.read(&path).filter(|content| self.owns(content))?;
        Some(Entry::of(content, path))
    }

    /// Adds the tokens that this process uses, unless they are in `entries` already.
    fn add_those_in_use(&self, entries: &mut Vec<Entry>, is_wanted: impl Fn(&Entry) -> bool) {
        for known in self.in_use().iter().map(|known| &known.entry) {
            if is_wanted(known) && !entries.iter().any(|entry| entry.is_copy_of(known)) {
                entries.push(known.clone());
            }
        }
    }

    /// Whether a file belongs to this store. One without an identity was written before the store held one.
    fn owns(&self, content: &Content) -> bool {
        let Some(identity) = self.identity.get() else { return false };
        match (&content.store_identity, identity) {
            (Some(theirs), Some(ours)) => *theirs == ours.to_string(),
            (None, _) => content.store == self.address,
            (Some(_), None) => false,
        }
    }

    /// The beginnings of the names of this store's files.
    fn tags(&self) -> Vec<String> {
        let names = self.stored_identity().into_iter().chain([self.address.clone()]);
        names.map(|name| entry::tag(&name)).collect()
    }

    fn stored_identity(&self) -> Option<String> {
        self.identity.get()?.as_ref().map(ToString::to_string)
    }

    fn in_use(&self) -> MutexGuard<'_, Vec<InUse>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsaved {
    /// Whether the token was stored since, or replaced by a newer one.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_settled.load(Ordering::Acquire)
    }
}

/// Ends the use of the tokens that are stored now, or replaced by newer ones.
fn settle(in_use: &mut Vec<InUse>, is_settled: impl Fn(&Entry) -> bool) {
    for settled in in_use.extract_if(.., |known| is_settled(&known.entry)) {
        settled.is_settled.store(true, Ordering::Release);
    }
}

fn home_folder() -> Option<PathBuf> {
    std::env::home_dir()
        .filter(|home| home.is_absolute())
        .map(|home| home.join(".local/state/zoho-oauth/spool"))
}

#[cfg(test)]
mod tests;
