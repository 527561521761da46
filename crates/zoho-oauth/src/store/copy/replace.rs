//! Writing over an older state of a token, beside programs that may be renewing it.

use std::time::{Duration, Instant};

use crate::token::OAuthToken;

use super::super::any::AnyStore;
use super::super::coordination::{Coordination, Fenced, Lease, LeaseKey};
use super::super::error::StoreError;
use super::super::stored::StoredToken;
use super::super::token_store::TokenStore;
use super::super::waiting::wait_for_lease;
use super::patiently;
use super::step::Verdict;

/// How long to wait for somebody who is renewing the token.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
#[allow(clippy::large_enum_variant, reason = "an outcome lives for one row")]
pub(super) enum Replaced {
    /// It is written; the row as it is now.
    Written(OAuthToken),
    /// The other store says the same by now.
    Same,
    /// The other store has a newer state by now.
    Newer,
    /// Somebody else was at it.
    Changed,
}

/// Writes `row` over `there`, unless somebody renews that meanwhile, logs in anew or deletes it.
pub(super) async fn replace(
    row: &StoredToken,
    there: &StoredToken,
    to: &AnyStore,
) -> Result<Replaced, StoreError> {
    let token = OAuthToken::from(StoredToken { id: there.id.clone(), ..row.clone() });
    let Some(refresh_token) = there.refresh_token.as_deref().filter(|token| !token.is_empty()) else {
        // Nobody can renew it.
        return Ok(Replaced::Written(patiently(|| to.save_token(&token)).await?));
    };
    let key = LeaseKey::refresh(&refresh_token.into());
    let holder = format!("copy {:032x}", rand::random::<u128>());
    let until = Instant::now() + PATIENCE;
    let Some(lease) = patiently(|| wait_for_lease(to, &key, &holder, until)).await? else {
        return Ok(Replaced::Changed);
    };
    let lease = Lease { row: there.id.clone(), ..lease };
    let replaced = replace_under(&lease, row, &token, to).await;
    if !matches!(replaced, Ok(Replaced::Written(_)))
        && let Err(error) = to.release(&lease).await
    {
        tracing::warn!(%error, "a lease could not be given back and will run out by itself");
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
    // What was read before the lease was taken may be old by now.
    let there = patiently(|| to.find_token_by_id(id)).await?.as_ref().map(StoredToken::from);
    match there.map(|there| Verdict::of(row, &there)) {
        None => Ok(Replaced::Changed),
        Some(Verdict::Same) => Ok(Replaced::Same),
        Some(Verdict::Older) => Ok(Replaced::Newer),
        Some(Verdict::Newer) => match patiently(|| to.save_and_release(lease, token)).await? {
            Fenced::Saved(saved) => Ok(Replaced::Written(saved)),
            Fenced::Superseded => Ok(Replaced::Changed),
        },
    }
}
