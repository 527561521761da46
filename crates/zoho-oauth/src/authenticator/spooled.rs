//! Tokens that the store rejected before: how they are found, and handed out instead of new ones.

use std::time::Duration;

use crate::error::Error;
use crate::spool::{Entry, Origin, Unsaved};
use crate::store::coordination::Fenced;
use crate::store::{Criterion, StoreError, StoreErrorKind, StoredToken};
use crate::token::OAuthToken;

use super::access::{AccessToken, Obtained};
use super::held_lease::HeldLease;
use super::parts::Parts;
use super::wish::Wish;

/// A token that the store rejected before.
#[derive(Debug)]
pub(super) struct Spooled {
    /// The row with this token.
    pub(super) token: OAuthToken,
    entry: Entry,
}

impl Parts {
    /// The spooled token for the refresh token of `row` that expires last, of those that are wanted and newer than the row's.
    pub(super) async fn spooled_for(
        &self,
        row: &OAuthToken,
        is_wanted: impl Fn(&OAuthToken) -> bool,
    ) -> Option<Spooled> {
        let entries =
            if self.has_spooled().await { self.spool.of_credential(&row.into()) } else { Vec::new() };
        let with_row = |entry: Entry| {
            let OAuthToken { access_token, expires_at, .. } = entry.token.clone().into();
            Spooled { token: OAuthToken { access_token, expires_at, ..row.clone() }, entry }
        };
        let is_newer =
            |token: &OAuthToken| row.access_token().is_none() || token.expires_at() > row.expires_at();
        entries
            .into_iter()
            .map(with_row)
            .find(|spooled| is_newer(&spooled.token) && is_wanted(&spooled.token))
    }

    /// The spooled login that `wanted` identifies, if exactly one does.
    pub(super) async fn spooled_login(&self, wanted: &OAuthToken) -> Option<Spooled> {
        let entries = if self.has_spooled().await { self.spool.entries() } else { Vec::new() };
        self.choose(wanted, entries.into_iter().filter(|entry| entry.origin == Origin::Login).collect())
    }

    /// The one of `entries` that `wanted` identifies.
    fn choose(&self, wanted: &OAuthToken, mut entries: Vec<Entry>) -> Option<Spooled> {
        let rows: Vec<StoredToken> = entries.iter().map(|entry| entry.token.clone()).collect();
        let wanted = StoredToken::from(&self.rows.wanted(wanted));
        let position = Criterion::of(&wanted)?.position_in(&rows).ok()??;
        let entry = entries.swap_remove(position);
        Some(Spooled { token: entry.token.clone().into(), entry })
    }

    /// Saves a spooled token under the lease on its refresh token, and hands it out even if the store rejects it again.
    /// `None`: the row has changed since.
    pub(super) async fn save_spooled(
        &self,
        lease: HeldLease<'_>,
        spooled: Spooled,
    ) -> Result<Option<Obtained>, Error> {
        match lease.while_working(lease.save(&spooled.token)).await {
            Ok(Fenced::Saved(row)) => {
                self.spool.remove_older_than(&row);
                self.rows.obtained(&row).map(Some)
            }
            Ok(Fenced::Superseded) => Ok(None),
            Err(error) => {
                lease.release().await;
                self.hand_out(spooled, error).map(Some)
            }
        }
    }

    /// Hands out a token that the store has rejected with `error`.
    pub(super) fn hand_out(&self, spooled: Spooled, error: StoreError) -> Result<Obtained, Error> {
        let (token, unsaved) = self.use_spooled(spooled, error);
        self.rows.obtained_unsaved(&token, unsaved)
    }

    /// The token itself, which this process uses although the store has rejected it with `error`.
    pub(super) fn use_spooled(&self, spooled: Spooled, error: StoreError) -> (OAuthToken, Unsaved) {
        (spooled.token, self.spool.use_unsaved(spooled.entry, error))
    }

    /// Removes the spooled tokens of a row that is being deleted.
    pub(super) async fn forget_spooled(&self, row: &OAuthToken) -> Result<(), Error> {
        if self.spool.may_hold_tokens() {
            self.rows.store.know_the_store().await?;
            self.spool.forget(row);
        }
        Ok(())
    }

    /// The valid token that is left after a failure, if it satisfies the caller better than the failure.
    pub(super) async fn despite(
        &self,
        failure: Error,
        row: &OAuthToken,
        wish: &Wish,
    ) -> Result<Obtained, Error> {
        let now = self.now();
        let is_enough = |token: &OAuthToken| wish.is_content_with(token, &failure, now);
        if let Some(spooled) = self.spooled_for(row, is_enough).await {
            let error = match failure {
                Error::Store(error) => error,
                _ => self.not_yet("it is still spooled"),
            };
            return self.hand_out(spooled, error);
        }
        if is_enough(row) { self.rows.obtained(row) } else { Err(failure) }
    }

    /// The valid token that is left after the store could not be read.
    pub(super) fn despite_no_row(&self, failure: Error, wanted: &OAuthToken) -> Result<AccessToken, Error> {
        let now = self.now();
        let is_valid = |spooled: &Spooled| spooled.token.is_fresh(now, Duration::ZERO);
        match (self.choose(wanted, self.spool.entries()).filter(is_valid), failure) {
            (Some(spooled), Error::Store(error)) => {
                self.hand_out(spooled, error).map(|obtained| obtained.access)
            }
            (_, failure) => Err(failure),
        }
    }

    /// The error for a spooled token that is handed out without another attempt to save it.
    pub(super) fn not_yet(&self, evidence: &str) -> StoreError {
        let name = self.rows.store.as_it_is().name();
        StoreError::of(StoreErrorKind::Busy, "save the token yet").in_store(name).evidence(evidence)
    }

    /// Whether the spool may have tokens of this store. If the store cannot be asked which one it is, it has none.
    async fn has_spooled(&self) -> bool {
        self.spool.may_hold_tokens() && self.rows.store.know_the_store().await.is_ok()
    }
}
