//! One renewal for all processes: lease, second look at the store, ledger, request, fenced save.

use std::time::Duration;

use secrecy::SecretString;

use crate::accounts::Denied;
use crate::backoff::Backoff;
use crate::error::{Error, LoginReason, OAuthErrorCode};
use crate::ledger::Failure;
use crate::spool::Origin;
use crate::store::coordination::{Fenced, LeaseKey, LeaseState};
use crate::token::OAuthToken;

use super::access::Obtained;
use super::clocked::Clock;
use super::held_lease::{HeldLease, LEASE_POLL, RETRY, Take};
use super::margins::EARLY_RETRY_AFTER;
use super::parts::Parts;
use super::rows::{life_of, name_of};
use super::wish::{Demand, Wish};

/// How long a failure is shared with callers that come after it, in this process and others, so that a fleet does not
/// overload a server that is in trouble. It is measured by the store's clock. If that counts whole seconds, as Secrets
/// Manager's does, it can be up to two seconds.
const FAILURE_LIFE: Duration = Duration::from_secs(1);

/// The renewal of one row. Any number of processes that run it at the same time cause one request.
pub(super) struct Renewal<'a> {
    pub(super) parts: &'a Parts,
    pub(super) wish: &'a Wish,
}

/// The outcome of one step.
enum Step {
    Done(Obtained),
    /// The row has changed, or another process was at work with it: it is to be looked at again.
    Again(OAuthToken),
}

/// The lease of another process that is waited for.
struct Followed {
    key: LeaseKey,
    epoch: u64,
    delays: Backoff,
}

/// What the credential's past allows.
enum Verdict {
    HandOut,
    Fail(Error),
    Renew,
}

impl Renewal<'_> {
    /// Renews `row`, which need not be stored yet.
    pub(super) async fn run(&self, mut row: OAuthToken) -> Result<Obtained, Error> {
        let mut followed = None;
        loop {
            match self.step(row, &mut followed).await? {
                Step::Done(obtained) => return Ok(obtained),
                Step::Again(current) => row = current,
            }
        }
    }

    async fn step(&self, row: OAuthToken, followed: &mut Option<Followed>) -> Result<Step, Error> {
        let Some(refresh_token) = row.refresh_token() else {
            return Err(Error::LoginRequired { user: name_of(&row), reason: LoginReason::NoRefreshToken });
        };
        let key = LeaseKey::refresh(refresh_token);
        let (store, machine) = (&self.parts.rows.store, &self.parts.machine);
        let state = store.lease_state(&key).await?;
        let before = followed.take().filter(|followed| followed.key == key);
        if !state.remaining.is_zero() {
            let mut delays = before.map_or(LEASE_POLL, |followed| followed.delays);
            let delay = delays.next_delay(machine.random()).min(state.remaining);
            *followed = Some(Followed { key, epoch: state.epoch, delays });
            machine.sleep(delay).await;
            return self.look_again(row).await;
        }
        match self.verdict(&state, before.as_ref(), &row) {
            Verdict::HandOut => {
                return self.parts.rows.obtained_with_life(&row, &state.ledger).map(Step::Done);
            }
            Verdict::Fail(error) => return self.despite(error, &row),
            Verdict::Renew => {}
        }
        match HeldLease::take(store, &key, self.parts.settings.lease_life).await? {
            Take::Granted(lease) => self.renew_under(lease, row).await,
            Take::Held(_) => {
                *followed = before;
                self.look_again(row).await
            }
        }
    }

    /// With the lease: reads the store once more, because another process may have renewed the row in between, then
    /// asks the accounts server.
    async fn renew_under(&self, mut lease: HeldLease<'_>, row: OAuthToken) -> Result<Step, Error> {
        let rows = &self.parts.rows;
        let row = match rows.reload(row).await {
            Ok(row) => row,
            Err(error) => {
                lease.release().await;
                return Err(error);
            }
        };
        let refresh_token =
            row.refresh_token().filter(|token| lease.is_on(&LeaseKey::refresh(token))).cloned();
        let Some(refresh_token) = refresh_token else {
            // A new login has put another refresh token here: the row is renewed with that one.
            lease.release().await;
            return self.unless_granted(row);
        };
        match self.verdict(&lease.state(), None, &row) {
            Verdict::Renew => {}
            Verdict::HandOut => {
                let obtained = rows.obtained_with_life(&row, lease.ledger());
                lease.release().await;
                return obtained.map(Step::Done);
            }
            Verdict::Fail(error) => {
                lease.release().await;
                return self.despite(error, &row);
            }
        }
        lease.tie_to(&row);
        match self.request(&mut lease, &row, &refresh_token).await {
            Ok(Some(token)) => self.save(lease, token).await,
            Ok(None) => Ok(Step::Again(row)),
            Err(error) => {
                lease.release().await;
                self.despite(error, &row)
            }
        }
    }

    /// Requests a token from the accounts server, with a bounded number of retries after temporary failures. Each
    /// attempt is in the ledger before it is sent. `None`: another process took the lease before anything was sent.
    async fn request(
        &self,
        lease: &mut HeldLease<'_>,
        row: &OAuthToken,
        refresh_token: &SecretString,
    ) -> Result<Option<OAuthToken>, Error> {
        let Parts { machine, rows, accounts, settings, .. } = self.parts;
        let (environment, client) = (rows.environment_of(row)?, rows.client_of(row)?);
        let (mut attempt, mut last, mut delays) = (1, None, RETRY);
        let failure = loop {
            if let Some(retry_at) = lease.retry_at(settings.quota) {
                break last.unwrap_or(Error::Throttled { retry_at });
            }
            if !lease.note_issue(settings.quota).await? {
                return Ok(None);
            }
            tracing::debug!(user = name_of(row), host = environment.accounts_url(), attempt, "renewing");
            match lease.while_working(accounts.refresh(&environment, &client, refresh_token)).await {
                Ok(issued) => {
                    // With its client app, the row can be renewed by every program that opens the store.
                    let row = row.clone().with_client(client.id, client.secret);
                    return Ok(Some(rows.with_issued(row, issued)));
                }
                Err(Denied::Rejected(error)) => {
                    lease.note_failure(shared(&error));
                    return Err(*error);
                }
                Err(Denied::Throttled) => {
                    return Err(Error::Throttled { retry_at: lease.note_throttle(settings.quota) });
                }
                Err(Denied::Failed { error, .. }) => {
                    tracing::info!(user = name_of(row), %error, attempt, "a renewal attempt failed");
                    if attempt == settings.attempts.get() {
                        break *error;
                    }
                    lease.while_working(machine.sleep(delays.next_delay(machine.random()))).await;
                    attempt += 1;
                    last = Some(*error);
                }
            }
        };
        lease.note_failure(Failure::Transient(failure.to_string()));
        Err(failure)
    }

    /// Saves the renewed token unless the store has a newer one, and hands it out even if the store rejects it.
    async fn save(&self, mut lease: HeldLease<'_>, mut token: OAuthToken) -> Result<Step, Error> {
        let Parts { machine, rows, spool, .. } = self.parts;
        let life = token.expires_at().and_then(|end| end.duration_since(machine.now()).ok());
        if let (Some(access_token), Some(life)) = (token.access_token(), life) {
            lease.note_token(access_token, life);
        }
        self.parts.name(&lease, &mut token).await;
        let obtained = match lease.save_with_retries(&token).await {
            Ok(Fenced::Saved(row)) => rows.obtained(&row)?,
            Ok(Fenced::Superseded) => {
                tracing::info!(
                    user = name_of(&token),
                    "another process has renewed this token; using its token"
                );
                return self.look_again(token).await;
            }
            Err(error) => {
                lease.release().await;
                rows.obtained_unsaved(&token, spool.keep(&token, Origin::Renewal, error))?
            }
        };
        Ok(Step::Done(Obtained { life, ..obtained }))
    }

    async fn look_again(&self, row: OAuthToken) -> Result<Step, Error> {
        self.unless_granted(self.parts.rows.reload(row).await?)
    }

    fn unless_granted(&self, row: OAuthToken) -> Result<Step, Error> {
        if self.wish.is_granted_by(&row, None, self.parts.machine.now()) {
            self.parts.rows.obtained(&row).map(Step::Done)
        } else {
            Ok(Step::Again(row))
        }
    }

    fn despite(&self, failure: Error, row: &OAuthToken) -> Result<Step, Error> {
        self.parts.despite(failure, row, self.wish).map(Step::Done)
    }

    fn verdict(&self, state: &LeaseState, followed: Option<&Followed>, row: &OAuthToken) -> Verdict {
        let (ledger, machine) = (&state.ledger, &self.parts.machine);
        if self.wish.is_granted_by(row, life_of(row, ledger), machine.now()) {
            return Verdict::HandOut;
        }
        if let Some(code) = ledger.rejection() {
            return Verdict::Fail(Error::LoginRequired {
                user: name_of(row),
                reason: LoginReason::RefreshTokenRejected { code: OAuthErrorCode::parse(code) },
            });
        }
        let of_followed = followed.and_then(|followed| ledger.failure_of(followed.epoch));
        let failure_life =
            if matches!(self.wish.demand, Demand::Early(_)) { EARLY_RETRY_AFTER } else { FAILURE_LIFE };
        let recent = || ledger.recent_failure(state.now, failure_life);
        if let Some(Failure::Transient(evidence)) = of_followed.or_else(recent) {
            return Verdict::Fail(Error::SharedFailure { evidence: evidence.clone() });
        }
        match ledger.retry_at(state.now, self.parts.settings.quota) {
            Some(at) => {
                Verdict::Fail(Error::Throttled { retry_at: Clock::set_to(state.now, machine).as_ours(at) })
            }
            None => Verdict::Renew,
        }
    }
}

/// A rejection as other processes learn of it. A rejected refresh token stays so; a wrong client secret can be
/// corrected without a new login.
fn shared(rejection: &Error) -> Failure {
    match rejection {
        Error::Rejected { code: code @ OAuthErrorCode::InvalidCode, .. } => {
            Failure::Rejected(code.as_str().to_owned())
        }
        other => Failure::Transient(other.to_string()),
    }
}
