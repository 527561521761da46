//! Overwriting an older state of a token, while other programs may renew it.

use std::time::{Duration, Instant};

use crate::token::OAuthToken;

use super::super::coordination::{Coordination, Fenced, Lease, LeaseKey};
use super::super::error::StoreError;
use super::super::stored::StoredToken;
use super::super::token_store::{AnyStore, TokenStore};
use super::super::waiting::wait_for_lease;
use super::step::Verdict;
use super::with_retries;

/// How long to wait for another process that renews the token.
const LEASE_TIMEOUT: Duration = Duration::from_secs(10);

/// The result of overwriting a row.
#[allow(clippy::large_enum_variant, reason = "short-lived: one row")]
pub(super) enum Replaced {
    /// The row was written; this is its new content.
    Written(OAuthToken),
    /// The target store has the same content by now.
    Same,
    /// The target store has a newer state by now.
    Newer,
    /// Another program has changed or locked the row.
    Changed,
}

/// Overwrites `there` with `row`, unless another program renews, replaces or deletes the token.
pub(super) async fn replace(
    row: &StoredToken,
    there: &StoredToken,
    to: &AnyStore,
) -> Result<Replaced, StoreError> {
    let token = OAuthToken::from(StoredToken { id: there.id.clone(), ..row.clone() });
    let Some(refresh_token) = there.refresh_token.as_deref().filter(|token| !token.is_empty()) else {
        // Without a refresh token, no program can renew it, and no lease is needed.
        return Ok(Replaced::Written(with_retries(|| to.save_token(&token)).await?));
    };
    let key = LeaseKey::refresh(&refresh_token.into());
    let holder = format!("copy {:032x}", rand::random::<u128>());
    let until = Instant::now() + LEASE_TIMEOUT;
    let Some(lease) = with_retries(|| wait_for_lease(to, &key, &holder, until)).await? else {
        return Ok(Replaced::Changed);
    };
    let lease = Lease { row: there.id.clone(), ..lease };
    let replaced = replace_under(&lease, row, &token, to).await;
    if !matches!(replaced, Ok(Replaced::Written(_)))
        && let Err(error) = to.release(&lease).await
    {
        tracing::warn!(%error, "could not release a lease; it expires on its own");
    }
    replaced
}

async fn replace_under(
    lease: &Lease,
    row: &StoredToken,
    token: &OAuthToken,
    to: &AnyStore,
) -> Result<Replaced, StoreError> {
    let id = token.id().unwrap_or_default();
    // The row may have changed before the lease was taken.
    let there = with_retries(|| to.find_token_by_id(id)).await?.as_ref().map(StoredToken::from);
    match there.map(|there| Verdict::of(row, &there)) {
        None => Ok(Replaced::Changed),
        Some(Verdict::Same) => Ok(Replaced::Same),
        Some(Verdict::Older) => Ok(Replaced::Newer),
        Some(Verdict::Newer) => match with_retries(|| to.save_and_release(lease, token)).await? {
            Fenced::Saved(saved) => Ok(Replaced::Written(saved)),
            Fenced::Superseded => Ok(Replaced::Changed),
        },
    }
}
