//! Tokens that the store would not take: spooled, and brought in when it does.

use crate::error::Error;
use crate::spool::Entry;
use crate::store::{StoreError, StoredToken, TokenStore};
use crate::token::OAuthToken;

use super::Core;

impl Core {
    /// Brings spooled tokens in before the first use. A failure is no reason not to go on.
    pub(super) async fn recover_once(&self) {
        self.recovered
            .get_or_init(|| async {
                if let Err(error) = self.recover().await {
                    tracing::warn!(%error, "spooled tokens could not be brought into the store");
                }
            })
            .await;
    }

    /// Saves every spooled token, unless the store has a newer one.
    pub(super) async fn recover(&self) -> Result<usize, Error> {
        let mut recovered = 0;
        for entry in self.spool.entries() {
            let token = OAuthToken::from(entry.token.clone());
            let stored = self.store.find_token(&super::obtain::identity(&token)).await?;
            let is_newer =
                |row: &OAuthToken| row.access_token().is_some() && row.expires_at() >= token.expires_at();
            if !stored.as_ref().is_some_and(is_newer) {
                self.store.save_token(&token).await?;
                recovered += 1;
                tracing::info!(path = %entry.path().display(), "a spooled token was brought into the store");
            }
            entry.remove();
        }
        self.cache.all_saved();
        Ok(recovered)
    }

    /// Writes down what an exchange brought, before it is saved.
    pub(super) fn journal(&self, token: &OAuthToken) -> Option<Entry> {
        match self.spool.put(StoredToken::from(token)) {
            Ok(entry) => Some(entry),
            Err(error) => {
                tracing::warn!(%error, "a new token could not be written down before it is saved");
                None
            }
        }
    }

    /// Spools a token that could not be saved; the error says where it is, or that it is in memory only.
    pub(super) fn spool(&self, token: &OAuthToken, error: StoreError) -> Error {
        match self.spool.put(StoredToken::from(token)) {
            Ok(entry) => self.kept_at(&entry, error),
            Err(failure) => {
                let next_step = format!(
                    "the token is in this process's memory only, since it could not be spooled either ({failure})"
                );
                Error::Store(error.next_step(next_step))
            }
        }
    }

    /// The same for a token that stands in the journal already, now with its user's name.
    pub(super) fn respool(&self, journal: &Entry, token: &OAuthToken, error: StoreError) -> Error {
        match self.spool.put(StoredToken::from(token)) {
            Ok(entry) => {
                journal.remove();
                self.kept_at(&entry, error)
            }
            Err(_) => self.kept_at(journal, error),
        }
    }

    /// Forgets spooled tokens of a row that is being deleted.
    pub(super) fn forget_spooled(&self, row: &OAuthToken) {
        let row = StoredToken::from(row);
        let is_of_row = |entry: &Entry| {
            (row.id.is_some() && entry.token.id == row.id)
                || (row.refresh_token.is_some() && entry.token.refresh_token == row.refresh_token)
        };
        self.spool.entries().iter().filter(|entry| is_of_row(entry)).for_each(Entry::remove);
    }

    fn kept_at(&self, entry: &Entry, error: StoreError) -> Error {
        let next_step =
            format!("the token waits in {} and is stored at the next start", entry.path().display());
        tracing::error!(%error, path = %entry.path().display(), "a new token could not be stored; it is spooled");
        Error::Store(error.next_step(next_step))
    }
}
