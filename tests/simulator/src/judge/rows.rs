//! What happens in the store and in the spools: leases, saves, deletions, files.

use zoho_oauth::store::coordination::{Acquired, Lease, LeaseKey};
use zoho_oauth::store::{Criterion, StoredToken};
use zoho_oauth::{ExposeSecret, OAuthToken};

use crate::fault::Fault;
use crate::invariant::Invariant;
use crate::records::{Grant, ProcessId};
use crate::secret::{ACCESS, REFRESH, number, number_in};
use crate::world::World;

use super::{DISAGREEMENT, credential_of_row, requests, stored};

/// The number of the refresh token in a token.
pub(crate) fn credential_of(token: &OAuthToken) -> Option<usize> {
    number(REFRESH, token.refresh_token()?.expose_secret())
}

/// Notes that a process asked for a lease, and what it could know at that moment.
pub(crate) fn lease_asked_for(world: &mut World, process: ProcessId, key: &LeaseKey, acquired: &Acquired) {
    let Some(credential) = world.accounts.of_key(key) else { return };
    let user = world.accounts.credentials[credential].user;
    match acquired {
        Acquired::Granted(lease) => {
            let freshest = freshest(world, process, credential);
            let epoch = lease.epoch;
            world.note(Some(process), Some(user), || {
                format!(
                    "store: lease on refresh token {credential}, epoch {epoch}; within reach: access token {freshest:?}"
                )
            });
            world.records.grants.insert((process, credential), Grant { at: world.now, freshest });
        }
        _ => world.note(Some(process), Some(user), || {
            format!("store: lease on refresh token {credential} is held by another process")
        }),
    }
}

/// Notes an operation under a lease.
pub(crate) fn lease_ended(
    world: &mut World,
    process: ProcessId,
    lease: &Lease,
    action: &str,
    was_held: bool,
) {
    let Some(credential) = world.accounts.of_key(&lease.key) else { return };
    let user = world.accounts.credentials[credential].user;
    if !was_held {
        requests::was_in_vain(world, credential);
    }
    let outcome = if was_held { "" } else { ": superseded" };
    world.note(Some(process), Some(user), || {
        format!("store: {action} lease on refresh token {credential}, epoch {}{outcome}", lease.epoch)
    });
}

/// The access token that lives longest of those that a process can find: in the store, in the spool of its host, and,
/// as long as no process loses its lease, in its own memory.
fn freshest(world: &World, process: ProcessId, credential: usize) -> Option<usize> {
    let disk = &world.hosts[world.processes[process].host].disk;
    let in_files = disk.contents().filter_map(|content| number_in(ACCESS, content));
    let remembers = !world.plan.may_lose_leases();
    // A logout removes what is spooled, even if the store then rejects the deletion of the row.
    let logged_out_at = world.records.users[world.accounts.credentials[credential].user].logged_out_at;
    let is_remembered = |token: &usize| {
        let issued_at = world.accounts.issued[*token].expires_at.saturating_sub(world.plan.tokens.life);
        remembers && logged_out_at.is_none_or(|at| at < issued_at)
    };
    let in_memory = world.processes[process].received.iter().copied().filter(is_remembered);
    let all = stored(world, credential).into_iter().chain(in_files).chain(in_memory);
    let of_credential = all.filter(|token| world.accounts.issued[*token].credential == credential);
    of_credential.max_by_key(|token| world.accounts.issued[*token].expires_at)
}

/// Checks that a save replaces no newer token.
pub(crate) fn about_to_save(world: &mut World, process: ProcessId, token: &OAuthToken) {
    let new = StoredToken::from(token);
    let Some(credential) = credential_of(token) else { return };
    let user = world.accounts.credentials[credential].user;
    let access = token.access_token().and_then(|secret| number(ACCESS, secret.expose_secret()));
    world.note(Some(process), Some(user), || {
        format!("store: save access token {access:?} with refresh token {credential}")
    });
    let position = Criterion::of(&new)
        .and_then(|criterion| criterion.position_in(&world.store.content.rows).ok().flatten());
    let before = position.map(|position| &world.store.content.rows[position]);
    let old_access = before.and_then(|row| number(ACCESS, row.access_token.as_deref()?));
    let old_credential = before.and_then(credential_of_row);
    if old_credential != Some(credential) {
        world.records.users[user].login_changed_at = Some(world.now);
    }
    let mut calls = world.records.open_calls.iter();
    let logs_in = calls.any(|call| call.process == process && call.user == user && call.kind.is_login());
    let login = world.records.logins.entry(credential).or_default();
    login.was_recovered |= login.was_on_disk && !login.was_stored && !logs_in;
    login.was_stored = true;
    let is_same_login = old_credential == Some(credential);
    let is_logging_in = world.records.open_calls.iter().any(|call| call.user == user && call.kind.is_login());
    if let (Some(replaced), true) = (old_credential.filter(|_| !is_same_login), is_logging_in) {
        world.records.logins.entry(replaced).or_default().was_replaced = true;
    }
    let (Some(access), Some(old_access)) = (access, old_access) else { return };
    // Hosts tell tokens apart by when they expire, and two of them may be wrong about that.
    let end = |access: usize| world.accounts.issued[access].expires_at;
    let is_older = match old_credential {
        // Of several logins that the store rejected on several hosts, no host knows which is the last one.
        Some(old) if !is_same_login => {
            let is_one_of_several = world.records.logins.get(&old).is_some_and(|login| login.was_recovered);
            credential < old && !is_logging_in && !is_one_of_several && !world.plan.can_hide_rows()
        }
        _ => end(access) + DISAGREEMENT * 2 < end(old_access),
    };
    // Expiry times are by the store's clock.
    if is_older && !world.plan.faults.contains(Fault::StepStoreClock) {
        world.fail(
            Invariant::NeverOlder,
            Some(user),
            format!(
                "p{process} saves access token {access} (refresh token {credential}) over access token {old_access} \
                 (refresh token {old_credential:?}), which was issued later"
            ),
        );
    }
}

/// Notes that a row is deleted.
pub(crate) fn about_to_delete(world: &mut World, process: ProcessId, id: &str) {
    let row = world.store.content.rows.iter().find(|row| row.id.as_deref() == Some(id));
    let Some(credential) = row.and_then(credential_of_row) else { return };
    let user = world.accounts.credentials[credential].user;
    let record = &mut world.records.users[user];
    (record.login_changed_at, record.logged_out_at) = (Some(world.now), Some(world.now));
    world.note(Some(process), Some(user), || format!("store: delete the row of refresh token {credential}"));
}

/// Notes that a file was written completely.
pub(crate) fn spooled(world: &mut World, process: ProcessId, content: &[u8]) {
    let Some(credential) = number_in(REFRESH, content) else { return };
    world.records.logins.entry(credential).or_default().was_on_disk = true;
    let user = world.accounts.credentials[credential].user;
    let access = number_in(ACCESS, content);
    world.note(Some(process), Some(user), || {
        format!("disk: has access token {access:?} with refresh token {credential}")
    });
}
