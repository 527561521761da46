//! Leases on the server, by the rules of `LeaseEntry`. Where one round trip must be enough, the scripts repeat its rules.

use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::token::OAuthToken;

use super::super::coordination::{
    Acquired, Fenced, Lease, LeaseEntry, LeaseKey, LeaseState, life_milliseconds,
};
use super::super::stored::StoredToken;
use super::super::stored_entry::StoredEntry;
use super::fault::Fault;
use super::rounds::Rounds;
use super::row::{look_up, look_up_id};
use super::save::Draft;
use super::server::{Fence, Server, View};

/// For how many milliseconds the server keeps the entry of a lease after it was last written: longer than
/// `LeaseEntry::may_be_forgotten` requires.
const RETENTION: u64 = 31 * 24 * 60 * 60 * 1_000;

/// Acquires the lease on `key`, unless another holder has it.
pub(super) async fn acquire(
    server: &Server,
    key: &LeaseKey,
    holder: &str,
    life: Duration,
) -> Result<Acquired, Fault> {
    let mut rounds = Rounds::over(&server.link);
    loop {
        // If a response was lost, the next attempt finds the lease with this holder, who may acquire it again.
        let round = acquire_now(server, key, holder, life).await;
        if let Some(acquired) = rounds.judge(round).await? {
            return Ok(acquired);
        }
    }
}

/// Extends the lease to `life` from now.
pub(super) async fn renew(server: &Server, lease: &Lease, life: Duration) -> Result<bool, Fault> {
    let ledger = ledger(lease)?;
    let fence = fence(lease, &ledger);
    let mut rounds = Rounds::over(&server.link);
    loop {
        let round = server.update_lease(&fence, Some(life_milliseconds(life))).await.map(Some);
        if let Some(is_renewed) = rounds.judge(round).await? {
            return Ok(is_renewed);
        }
    }
}

/// Releases the lease.
pub(super) async fn release(server: &Server, lease: &Lease) -> Result<bool, Fault> {
    let ledger = ledger(lease)?;
    let fence = fence(lease, &ledger);
    let mut rounds = Rounds::over(&server.link);
    loop {
        let round = server.update_lease(&fence, None).await.map(Some);
        match rounds.judge(round).await? {
            Some(false) if rounds.was_lost() => {
                let view = server.view(Some(lease.key.as_str()), &[]).await?;
                return Ok(was_released(&entry(&view, &lease.key), lease));
            }
            Some(is_released) => return Ok(is_released),
            None => {}
        }
    }
}

/// Returns the state of the lease on `key`.
pub(super) async fn lease_state(server: &Server, key: &LeaseKey) -> Result<LeaseState, Fault> {
    let view = server.view(Some(key.as_str()), &[]).await?;
    Ok(entry(&view, key).lease_state(view.now))
}

/// Returns those of these keys whose entries are damaged.
pub(super) async fn damaged(server: &Server, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, Fault> {
    const CONCURRENT: usize = 32;
    let views = stream::iter(keys.to_vec()).map(|key| async move {
        let view = server.view(Some(key.as_str()), &[]).await?;
        Ok::<_, Fault>(stored(&view).is_damaged.then_some(key))
    });
    let damaged: Vec<Option<LeaseKey>> = views.buffered(CONCURRENT).try_collect().await?;
    Ok(damaged.into_iter().flatten().collect())
}

/// Saves a token and releases the lease, if the lease is still held and permits a save over the row.
pub(super) async fn save_and_release(
    server: &Server,
    lease: &Lease,
    token: StoredToken,
) -> Result<Fenced, Fault> {
    let tokens = [token];
    let ledger = ledger(lease)?;
    let mut rounds = Rounds::over(&server.link);
    loop {
        let round = save_and_release_now(server, lease, &tokens, &ledger, rounds.may_have_written()).await;
        if let Some(fenced) = rounds.judge(round).await? {
            return Ok(fenced);
        }
    }
}

async fn acquire_now(
    server: &Server,
    key: &LeaseKey,
    holder: &str,
    life: Duration,
) -> Result<Option<Acquired>, Fault> {
    let view = server.view(Some(key.as_str()), &[]).await?;
    let mut entry = entry(&view, key);
    let acquired = entry.acquire(key, holder, view.now, life);
    if let Acquired::Granted(_) = acquired {
        let after = values(&entry)?;
        let is_written = server.put_lease(key.as_str(), &view.lease, &after, RETENTION).await?;
        return Ok(is_written.then_some(acquired));
    }
    Ok(Some(acquired))
}

async fn save_and_release_now(
    server: &Server,
    lease: &Lease,
    tokens: &[StoredToken],
    ledger: &str,
    may_have_written: bool,
) -> Result<Option<Fenced>, Fault> {
    let mut look_ups: Vec<String> = tokens.iter().map(look_up).collect();
    look_ups.extend(lease.row.as_deref().map(look_up_id));
    let view = server.view(Some(lease.key.as_str()), &look_ups).await?;
    let (draft, rejection) = Draft::of(tokens, &view.found, may_have_written)?;
    let entry = entry(&view, &lease.key);
    if !entry.is_held_under(lease) {
        let is_ours = may_have_written && was_released(&entry, lease);
        let is_saved = is_ours && rejection.is_none() && draft.is_written();
        return Ok(Some(if is_saved { saved(draft.saved()) } else { Fenced::Superseded }));
    }
    if lease.row.is_some() {
        let row = view.found.last().and_then(|rows| rows.first()).map(|row| row.token()).transpose()?;
        if !lease.permits(row.map(OAuthToken::from).as_ref()) {
            release(server, lease).await?;
            return Ok(Some(Fenced::Superseded));
        }
    }
    if let Some(error) = rejection {
        return Err(error.into());
    }
    let seen: Vec<_> = look_ups.into_iter().zip(view.found).collect();
    let rows = draft.write(server, &seen, Some(fence(lease, ledger))).await?;
    Ok(rows.map(saved))
}

fn saved(rows: Vec<StoredToken>) -> Fenced {
    rows.into_iter().next().map_or(Fenced::Superseded, |row| Fenced::Saved(row.into()))
}

/// Whether the lease was released, which only its holder can do, and no other holder has acquired it since.
fn was_released(entry: &LeaseEntry, lease: &Lease) -> bool {
    entry.epoch == lease.epoch && entry.holder.is_empty()
}

fn fence<'c>(lease: &'c Lease, ledger: &'c str) -> Fence<'c> {
    let Lease { key, epoch, holder, .. } = lease;
    Fence { key: key.as_str(), epoch: *epoch, holder, ledger, retention: RETENTION }
}

/// Returns the entry of the lease on `key`. What is damaged in it counts as empty.
fn entry(view: &View, key: &LeaseKey) -> LeaseEntry {
    stored(view).usable(key.as_str())
}

/// Reads a lease's entry from its five values. A lease that was never acquired has the default entry.
fn stored(view: &View) -> StoredEntry {
    if view.lease.iter().all(Option::is_none) {
        return StoredEntry::default();
    }
    StoredEntry::of_fields(std::array::from_fn(|position| view.lease.get(position)?.as_deref()))
}

fn values(entry: &LeaseEntry) -> Result<[String; 5], Fault> {
    let LeaseEntry { epoch, holder, until, touched, ledger } = entry;
    let ledger = serde_json::to_string(ledger).map_err(|_| unreadable())?;
    Ok([epoch.to_string(), holder.clone(), until.to_string(), touched.to_string(), ledger])
}

fn ledger(lease: &Lease) -> Result<String, Fault> {
    serde_json::to_string(&lease.ledger).map_err(|_| unreadable())
}

fn unreadable() -> Fault {
    Fault::Unreadable("cannot write a lease as text".into())
}
