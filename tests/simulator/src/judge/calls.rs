//! Calls of callers: a token has to be right, an error and a delay need a reason.

use std::time::Duration;

use zoho_oauth::{AccessToken, Error, Login, LoginReason, OAuthErrorCode, Persistence};

use crate::fault::Fault;
use crate::invariant::Invariant;
use crate::plan::CONNECT_TIMEOUT;
use crate::records::{CallKind, OpenCall, ProcessId, Trouble};
use crate::secret::{ACCESS, number};
use crate::world::World;

use super::{AFTERMATH, DISAGREEMENT, REASON, is_throttle_true, rows};

/// What can make any call take long.
const DELAYS: [Trouble; 6] = [
    Trouble::RefusedStore,
    Trouble::LostStore,
    Trouble::RejectedWrite,
    Trouble::LostAccounts,
    Trouble::Slow,
    Trouble::Reverted,
];

/// How long a failure is shared with callers that can go on with the token that they have, and some time for the call.
const SHARED_FOR: Duration = Duration::from_secs(40);

/// Notes that a call begins.
pub(crate) fn begin(world: &mut World, process: ProcessId, user: usize, kind: CallKind) -> OpenCall {
    world.records.calls_made += 1;
    let call = OpenCall { number: world.records.calls_made, process, user, kind, began_at: world.now };
    world.records.open_calls.push(call);
    let record = &mut world.records.users[user];
    record.demands += usize::from(kind.is_demand());
    if matches!(kind, CallKind::LogOut | CallKind::Revoke) {
        record.logged_out_at = Some(world.now);
    }
    call
}

/// Judges how a call for an access token ended.
pub(crate) fn ended(world: &mut World, call: OpenCall, result: &Result<AccessToken, Error>) {
    close(world, call);
    world.note(Some(call.process), Some(call.user), || match result {
        Ok(token) => format!("{:?} -> {}", call.kind, token.expose_secret()),
        Err(error) => format!("{:?} -> {error}", call.kind),
    });
    match result {
        Ok(token) => judge_token(world, call, token),
        Err(error) => {
            world.records.calls_failed += 1;
            judge_error(world, call, error);
        }
    }
    judge_duration(world, call);
}

/// Judges how a login ended.
pub(crate) fn login_ended(world: &mut World, call: OpenCall, result: &Result<Login, Error>) {
    close(world, call);
    let credential = result.as_ref().ok().and_then(|login| rows::credential_of(login.token()));
    world.note(Some(call.process), Some(call.user), || match result {
        Ok(login) => format!("LogIn -> refresh token {credential:?}, {}", login.persistence()),
        Err(error) => format!("LogIn -> {error}"),
    });
    if let (Some(credential), Ok(login)) = (credential, result) {
        let is_durable = matches!(login.persistence(), Persistence::Stored | Persistence::Spooled { .. });
        world.records.logins.entry(credential).or_default().is_acknowledged = is_durable;
    }
}

/// Notes that a call has ended.
pub(crate) fn close(world: &mut World, call: OpenCall) {
    world.records.open_calls.retain(|open| open.number != call.number);
    if call.kind.is_demand() {
        world.records.users[call.user].demanded_at = Some(world.now);
    }
}

fn judge_token(world: &mut World, call: OpenCall, token: &AccessToken) {
    let OpenCall { process, user, kind, began_at, .. } = call;
    let Some(access) = number(ACCESS, token.expose_secret()) else {
        world.fail(Invariant::OwnToken, Some(user), "a token that Zoho never issued".to_owned());
        return;
    };
    let issued = &world.accounts.issued[access];
    let owner = world.accounts.credentials[issued.credential].user;
    let (expires_at, revoked_at) = (issued.expires_at, issued.revoked_at);
    if owner != user {
        let message = format!("p{process} got access token {access} of u{owner} for u{user}");
        world.fail(Invariant::OwnToken, Some(user), message);
    }
    // Expiry times are by the store's clock.
    let is_known = !world.plan.faults.contains(Fault::StepStoreClock);
    // The caller's process may have been stopped between the decision and this moment.
    if expires_at + DISAGREEMENT <= began_at && is_known {
        let ago = (began_at - expires_at).as_secs_f64();
        let message = format!(
            "{kind:?} of p{process} returned access token {access}, which expired {ago:.3} s before the call"
        );
        world.fail(Invariant::ValidToken, Some(user), message);
    }
    let visible_after = world.plan.store.poll_interval + Duration::from_secs(5);
    // A row whose deletion was lost, or rejected, is served until the API rejects its token.
    if world.plan.is_lossless() && revoked_at.is_some_and(|at| at + visible_after < began_at) {
        let message =
            format!("{kind:?} of p{process} returned access token {access}, which was revoked long ago");
        world.fail(Invariant::ValidToken, Some(user), message);
    }
}

fn judge_error(world: &mut World, call: OpenCall, error: &Error) {
    let OpenCall { process, user, kind, began_at, .. } = call;
    let since = began_at.saturating_sub(REASON + world.plan.longest_pause());
    // So long a change by another process may go unnoticed.
    let unnoticed_since = since.saturating_sub(world.plan.store.poll_interval);
    let host = Some(world.processes[process].host);
    let had = |troubles: &[Trouble], host| world.records.had(troubles, host, since);
    let store = [Trouble::RefusedStore, Trouble::LostStore, Trouble::RejectedWrite];
    let says_quota = |evidence: &str| evidence.contains("quota");
    let is_reasoned = match error {
        Error::Store(_) => had(&store, host),
        Error::Unreachable { .. } | Error::InvalidResponse { .. } => {
            had(&[Trouble::RefusedAccounts, Trouble::LostAccounts], host)
        }
        Error::Throttled { .. } => is_throttle_true(world, user),
        Error::SharedFailure { evidence } if says_quota(evidence) => is_throttle_true(world, user),
        Error::SharedFailure { .. } => {
            had(&[Trouble::RefusedAccounts], host)
                || had(&[Trouble::LostAccounts], None)
                || failed_by_the_stores_clock(world, host)
        }
        // The row of the rejected token may have been deleted long ago, and the user may have logged in since.
        Error::LoginRequired { reason: LoginReason::Deleted, .. } => {
            world.records.users[user].logged_out_at.is_some() || world.plan.faults.contains(Fault::Revert)
        }
        Error::LoginRequired { .. } | Error::NotFound { .. } => may_lack_login(world, user, unnoticed_since),
        Error::Rejected { code: OAuthErrorCode::InvalidCode, .. } => {
            may_lack_login(world, user, unnoticed_since)
        }
        _ => false,
    };
    if is_reasoned {
        return;
    }
    let is_of_another_host =
        matches!(error, Error::SharedFailure { .. }) && had(&[Trouble::RefusedAccounts], None);
    let invariant = match error {
        Error::Throttled { .. } => Invariant::TrueThrottle,
        Error::SharedFailure { evidence } if says_quota(evidence) => Invariant::TrueThrottle,
        _ if is_of_another_host => Invariant::LocalFailure,
        _ => Invariant::ReasonedError,
    };
    world.fail(invariant, Some(user), format!("{kind:?} of p{process} failed without a reason: {error}"));
}

/// Whether a request failed so recently by the store's clock, by which ledgers are kept, that the failure is shared. If that
/// clock was set back, it can be long ago.
fn failed_by_the_stores_clock(world: &World, host: Option<usize>) -> bool {
    let now = world.store.clock(world.now);
    let shared = now.saturating_sub(SHARED_FOR.as_millis() as u64)..=now;
    world.records.had_by_store(&[Trouble::RefusedAccounts], host, shared.clone())
        || world.records.had_by_store(&[Trouble::LostAccounts], None, shared)
}

/// Whether a user may have to log in: the store has no live login, or it changed since `moment`.
fn may_lack_login(world: &World, user: usize, moment: Duration) -> bool {
    world.records.users[user].login_changed_at.is_some_and(|at| at >= moment) || !world.has_login(user)
}

fn judge_duration(world: &mut World, call: OpenCall) {
    const ORDINARY: Duration = Duration::from_secs(5);
    let OpenCall { process, user, kind, began_at, .. } = call;
    let since = began_at.saturating_sub(AFTERMATH);
    let host = world.processes[process].host;
    let is_cut_off = world.records.had(&[Trouble::RefusedAccounts], Some(host), since);
    let explained = if is_cut_off {
        // Those that cannot connect take turns in trying to, three times each, and chance decides who is next.
        AFTERMATH + CONNECT_TIMEOUT * 3 * world.plan.processes as u32
    } else if world.records.had(&DELAYS, None, since) || world.plan.faults.contains(Fault::StepStoreClock) {
        AFTERMATH
    } else {
        let strikes = world.records.count_since(&[Trouble::Struck], since) as u32;
        // Each other host may hold the lease while it tries to connect, three times.
        let refusals = world.records.had(&[Trouble::RefusedAccounts], None, since);
        let others = if refusals { world.plan.hosts as u32 - 1 } else { 0 };
        let lease = world.plan.tokens.lease_life + Duration::from_secs(2);
        ORDINARY + CONNECT_TIMEOUT * 3 * others + lease * strikes
    };
    let took = world.now - began_at;
    // A paused process takes as long as its pause.
    let was_paused =
        world.plan.faults.contains(Fault::Pause) && world.processes[process].paused_until >= began_at;
    if took > explained && !was_paused {
        let message = format!(
            "{kind:?} of p{process} took {:.1} s; what went wrong explains {:.1} s",
            took.as_secs_f64(),
            explained.as_secs_f64()
        );
        world.fail(Invariant::PromptCall, Some(user), message);
    }
}
