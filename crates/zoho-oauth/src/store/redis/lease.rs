//! Leases on the server, by the rules of `LeaseEntry`. Where one round trip must be enough, the scripts repeat its rules.

use std::time::Duration;

use crate::token::OAuthToken;

use super::super::coordination::{Acquired, Fenced, Lease, LeaseEntry, LeaseKey, LeaseState};
use super::super::stored::StoredToken;
use super::fault::Fault;
use super::rounds::Rounds;
use super::row::{look_up, look_up_id};
use super::save::Draft;
use super::server::{Fence, Server, View};

/// How long the server keeps the entry of a lease after its end: longer than `LeaseEntry::may_be_forgotten` requires.
const RETENTION: Duration = Duration::from_secs(31 * 24 * 60 * 60);

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
    let fence = fence(lease, &ledger, life);
    let mut rounds = Rounds::over(&server.link);
    loop {
        let round = server.update_lease(&fence, Some(milliseconds(life))).await.map(Some);
        if let Some(is_renewed) = rounds.judge(round).await? {
            return Ok(is_renewed);
        }
    }
}

/// Releases the lease.
pub(super) async fn release(server: &Server, lease: &Lease) -> Result<bool, Fault> {
    let ledger = ledger(lease)?;
    let fence = fence(lease, &ledger, Duration::ZERO);
    let mut rounds = Rounds::over(&server.link);
    loop {
        let round = server.update_lease(&fence, None).await.map(Some);
        match rounds.judge(round).await? {
            Some(false) if rounds.was_lost() => {
                let view = server.view(Some(lease.key.as_str()), &[]).await?;
                return Ok(was_released(&entry(&view)?, lease));
            }
            Some(is_released) => return Ok(is_released),
            None => {}
        }
    }
}

/// Returns the state of the lease on `key`.
pub(super) async fn lease_state(server: &Server, key: &LeaseKey) -> Result<LeaseState, Fault> {
    let view = server.view(Some(key.as_str()), &[]).await?;
    Ok(entry(&view)?.lease_state(view.now))
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
    let mut entry = entry(&view)?;
    let acquired = entry.acquire(key, holder, view.now, life);
    if let Acquired::Granted(_) = acquired {
        let after = values(&entry)?;
        let is_written = server.put_lease(key.as_str(), &view.lease, &after, retention(life)).await?;
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
    let entry = entry(&view)?;
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
    let rows = draft.write(server, &seen, Some(fence(lease, ledger, Duration::ZERO))).await?;
    Ok(rows.map(saved))
}

fn saved(rows: Vec<StoredToken>) -> Fenced {
    rows.into_iter().next().map_or(Fenced::Superseded, |row| Fenced::Saved(row.into()))
}

/// Whether the lease was released, which only its holder can do, and no other holder has acquired it since.
fn was_released(entry: &LeaseEntry, lease: &Lease) -> bool {
    entry.epoch == lease.epoch && entry.holder.is_empty()
}

fn fence<'c>(lease: &'c Lease, ledger: &'c str, life: Duration) -> Fence<'c> {
    let Lease { key, epoch, holder, .. } = lease;
    Fence { key: key.as_str(), epoch: *epoch, holder, ledger, retention: retention(life) }
}

/// Parses a lease's entry from its five values. A lease that was never acquired has the default entry.
fn entry(view: &View) -> Result<LeaseEntry, Fault> {
    let text = |position: usize| view.lease.get(position).and_then(Option::as_deref).unwrap_or_default();
    if view.lease.iter().all(Option::is_none) {
        return Ok(LeaseEntry::default());
    }
    let number = |position| text(position).parse().map_err(|_| unreadable());
    Ok(LeaseEntry {
        epoch: number(0)?,
        holder: text(1).to_owned(),
        until: number(2)?,
        touched: number(3)?,
        ledger: serde_json::from_str(text(4)).map_err(|_| unreadable())?,
    })
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
    Fault::Unreadable("cannot parse a lease".into())
}

fn retention(life: Duration) -> u64 {
    milliseconds(RETENTION.saturating_add(life))
}

/// Limits a duration to 2⁵² ms, about 140,000 years: the scripts' numbers are floating-point, and exact up to 2⁵³.
fn milliseconds(duration: Duration) -> u64 {
    const MAX: u64 = 1 << 52;
    u64::try_from(duration.as_millis()).map_or(MAX, |milliseconds| milliseconds.min(MAX))
}
