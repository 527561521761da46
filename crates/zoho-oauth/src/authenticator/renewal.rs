//! One renewal for all processes: lease, second look at the store, ledger, request, fenced save.

use std::time::Duration;

use secrecy::SecretString;

use crate::accounts::Denied;
use crate::backoff::Backoff;
use crate::error::{Error, LoginReason, OAuthErrorCode, OAuthRequest};
use crate::ledger::{Failure, Ledger};
use crate::origin::host_of;
use crate::rejections::Requester;
use crate::spool::{LoginFacts, Origin};
use crate::store::coordination::{Fenced, LeaseKey, LeaseState};
use crate::token::OAuthToken;

use super::access::Obtained;
use super::clock::Clock;
use super::events::{self, Leader};
use super::held_lease::{HeldLease, LEASE_POLL, RETRY, Take, YIELD};
use super::parts::Parts;
use super::rows::{life_of, name_of};
use super::spooled::Spooled;
use super::verdict::{Past, Verdict};
use super::wish::Wish;

/// The renewal of one row. Any number of processes that run it at the same time cause one request.
pub(super) struct Renewal<'a> {
    pub(super) parts: &'a Parts,
    pub(super) wish: &'a Wish,
}

/// The outcome of one step.
enum Step {
    /// The row has a new token.
    Renewed(Obtained, Leader),
    /// A token that was there before is handed out.
    Done(Obtained),
    /// The row has changed, or another process was at work with it: it is to be looked at again.
    Again(OAuthToken),
}

/// How far a renewal has come.
struct Progress {
    /// The lease of another process that it waits for.
    followed: Option<Followed>,
    /// How many requests it has attempted.
    attempts: usize,
    /// The epoch of the lease under which it could not send one.
    own_failure: Option<u64>,
    /// Why its requests brought no token.
    failure: Option<Error>,
    /// Its delays without a lease.
    yields: Backoff,
}

/// The lease of another process.
struct Followed {
    key: LeaseKey,
    epoch: u64,
    delays: Backoff,
}

/// The outcome of a request to the accounts server.
enum Requested {
    /// The row with the new token, and how long that lives.
    Issued(OAuthToken, Duration),
    /// Another process took the lease before anything was sent.
    Overtaken,
    /// The request did not leave this machine.
    NotSent { error: Error, tries_again: bool },
}

impl Renewal<'_> {
    /// Renews `row`, which need not be stored yet.
    pub(super) async fn run(&self, row: OAuthToken) -> Result<Obtained, Error> {
        let (user, started) = (name_of(&row), self.parts.machine.uptime());
        let mut progress =
            Progress { followed: None, attempts: 0, own_failure: None, failure: None, yields: YIELD };
        let outcome = self.steps(row, &mut progress).await;
        // A failure that another process shares, and a token that was there before, are no event of this process.
        let result = match (&outcome, &progress.failure) {
            (Ok((_, Some(leader))), _) => Some(Ok(*leader)),
            (_, failure) => failure.as_ref().map(Err),
        };
        if let Some(result) = result {
            let duration = self.parts.machine.uptime().saturating_sub(started);
            events::renewal(&user, self.wish.demand.reason(), duration, result);
        }
        outcome.map(|(obtained, _)| obtained)
    }

    async fn steps(
        &self,
        mut row: OAuthToken,
        progress: &mut Progress,
    ) -> Result<(Obtained, Option<Leader>), Error> {
        loop {
            match self.step(row, progress).await? {
                Step::Renewed(obtained, leader) => return Ok((obtained, Some(leader))),
                Step::Done(obtained) => return Ok((obtained, None)),
                Step::Again(current) => row = current,
            }
        }
    }

    async fn step(&self, row: OAuthToken, progress: &mut Progress) -> Result<Step, Error> {
        let Some(refresh_token) = row.refresh_token() else {
            return Err(Error::LoginRequired { user: name_of(&row), reason: LoginReason::NoRefreshToken });
        };
        let key = LeaseKey::refresh(refresh_token);
        let store = &self.parts.rows.store;
        let state = store.lease_state(&key).await?;
        let followed = progress.followed.take().filter(|followed| followed.key == key);
        let spooled = self.spooled(&row, &state.ledger).await;
        let verdict = match state.remaining.is_zero() {
            true => self.verdict(&state, followed.as_ref(), progress, &row, refresh_token),
            false => Verdict::Wait,
        };
        match verdict {
            Verdict::Renew => {}
            // It is saved under the lease, or handed out.
            Verdict::Fail(_) | Verdict::Rejected(_) | Verdict::Postpone(_) | Verdict::Exhausted(_)
                if spooled.is_some() => {}
            Verdict::Wait => {
                if let Some(spooled) = spooled {
                    let error = self.parts.not_yet("another process is at work with it");
                    return self.parts.hand_out(spooled, error).map(Step::Done);
                }
                let delays = followed.map_or(LEASE_POLL, |followed| followed.delays);
                let followed = progress.followed.insert(Followed { key, epoch: state.epoch, delays });
                self.wait(followed, &state).await;
                return self.look_again(row).await;
            }
            settled => return self.settle(settled, &state, row).await,
        }
        match HeldLease::take(store, &key, self.parts.settings.lease_life).await {
            Ok(Take::Granted(lease)) => self.renew_under(lease, row, progress).await,
            Ok(Take::Held(_)) => {
                progress.followed = followed;
                self.look_again(row).await
            }
            Err(error) => match spooled {
                Some(spooled) => self.parts.hand_out(spooled, error).map(Step::Done),
                None => Err(error.into()),
            },
        }
    }

    /// With the lease: reads the store once more, because another process may have renewed the row in between, then
    /// asks the accounts server.
    async fn renew_under(
        &self,
        mut lease: HeldLease<'_>,
        row: OAuthToken,
        progress: &mut Progress,
    ) -> Result<Step, Error> {
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
        let state = lease.state();
        let verdict = self.verdict(&state, None, progress, &row, &refresh_token);
        lease.tie_to(&row);
        if !matches!(verdict, Verdict::HandOut)
            && let Some(spooled) = self.spooled(&row, &state.ledger).await
        {
            return match self.parts.save_spooled(lease, spooled).await? {
                Some(obtained) => Ok(Step::Done(obtained)),
                None => self.look_again(row).await,
            };
        }
        if !matches!(verdict, Verdict::Renew) {
            lease.release().await;
            return self.settle(verdict, &state, row).await;
        }
        match self.request(&mut lease, &row, &refresh_token, progress).await {
            Ok(Requested::Issued(token, life)) => self.save(lease, token, life).await,
            Ok(Requested::Overtaken) => Ok(Step::Again(row)),
            Ok(Requested::NotSent { error, tries_again }) => {
                let epoch = lease.epoch();
                lease.release().await;
                if !tries_again {
                    progress.failure = Some(error.clone());
                    return self.despite(error, &row).await;
                }
                progress.own_failure = Some(epoch);
                self.sleep(&mut progress.yields).await;
                self.look_again(row).await
            }
            Err(error) => {
                lease.release().await;
                progress.failure = Some(error.clone());
                self.despite(error, &row).await
            }
        }
    }

    /// Requests a token from the accounts server, with a bounded number of retries after temporary failures. Each
    /// attempt is in the ledger before it is sent, and is taken back if it could not be sent.
    async fn request(
        &self,
        lease: &mut HeldLease<'_>,
        row: &OAuthToken,
        refresh_token: &SecretString,
        progress: &mut Progress,
    ) -> Result<Requested, Error> {
        let Parts { rows, accounts, settings, .. } = self.parts;
        let (environment, client) = (rows.environment_of(row)?, rows.client_of(row)?);
        let requester = &rows.requester_of(row, refresh_token)?;
        // Its token may expire meanwhile.
        let max_attempts = || match self.wish.can_wait(row, self.parts.now()) {
            true => 1,
            false => settings.attempts.get(),
        };
        let (mut last, mut delays) = (None, RETRY);
        let failure = loop {
            if let Some(retry_at) = lease.retry_at(settings.quota) {
                break last.unwrap_or(Error::Throttled { retry_at });
            }
            if !lease.note_issue(settings.quota).await? {
                return Ok(Requested::Overtaken);
            }
            progress.attempts += 1;
            let attempt = progress.attempts;
            tracing::debug!(user = name_of(row), host = environment.accounts_url(), attempt, "renewing");
            let response = lease.while_working(accounts.refresh(&environment, &client, refresh_token)).await;
            lease.note_response();
            match response {
                Ok(issued) => {
                    // With its client app, the row can be renewed by every program that opens the store.
                    let row = row.clone().with_client(client.id, client.secret);
                    let life = issued.life;
                    return Ok(Requested::Issued(rows.with_issued(row, issued), life));
                }
                Err(Denied::Rejected(error)) => {
                    note_rejection(lease, requester, &error);
                    return Err(*error);
                }
                Err(Denied::Throttled) => {
                    return Err(Error::Throttled { retry_at: lease.note_throttle(settings.quota) });
                }
                Err(Denied::NotSent(error)) => {
                    tracing::debug!(user = name_of(row), %error, attempt, "a renewal request could not be sent");
                    let tries_again = error.is_transient() && attempt < max_attempts();
                    self.take_back(lease, requester, &error, tries_again);
                    return Ok(Requested::NotSent { error: *error, tries_again });
                }
                Err(Denied::Failed(error)) => {
                    tracing::debug!(user = name_of(row), %error, attempt, "a renewal attempt failed");
                    if attempt >= max_attempts() {
                        break *error;
                    }
                    lease.while_working(self.sleep(&mut delays)).await;
                    last = Some(*error);
                }
            }
        };
        lease.note_failure(requester, Failure::Transient(failure.to_string()));
        Err(failure)
    }

    /// Notes that a request did not leave this machine: it costs nothing, and says nothing about other networks.
    fn take_back(&self, lease: &mut HeldLease<'_>, requester: &Requester, error: &Error, tries_again: bool) {
        lease.take_back_issue();
        // A setting of this program that has to be changed concerns no other.
        if error.is_transient() {
            let network = self.parts.machine.network();
            lease.note_failure(
                requester,
                Failure::NotSent { network, evidence: error.to_string(), tries_again },
            );
        }
    }

    /// Saves the renewed token unless the store has a newer one, and hands it out even if the store rejects it.
    async fn save(
        &self,
        mut lease: HeldLease<'_>,
        mut token: OAuthToken,
        life: Duration,
    ) -> Result<Step, Error> {
        let Parts { rows, spool, .. } = self.parts;
        if let Some(access_token) = token.access_token() {
            lease.note_token(access_token, life);
        }
        self.parts.name(&lease, &mut token).await;
        // A row without an id was never stored: it is that of a spooled login.
        let origin = if token.id().is_some() { Origin::Renewal } else { Origin::Login };
        let journal = || spool.journal(&token, origin, LoginFacts::default());
        let obtained = match lease.save_or(journal, &token).await {
            Ok(Fenced::Saved(row)) => {
                spool.remove_older_than(&row);
                rows.obtained(&row)?
            }
            Ok(Fenced::Superseded) => {
                tracing::debug!(
                    user = name_of(&token),
                    "another process has renewed this token; using its token"
                );
                return self.look_again(token).await;
            }
            Err(error) => {
                // Before the lease is released, so that no other process asks for one more token.
                let unsaved = spool.keep(&token, origin, LoginFacts::default(), error);
                lease.release().await;
                rows.obtained_unsaved(&token, unsaved)?
            }
        };
        Ok(Step::Renewed(Obtained { life: Some(life), ..obtained }, Leader::ThisProcess))
    }

    /// The spooled token for the refresh token of `row` that satisfies the caller.
    async fn spooled(&self, row: &OAuthToken, ledger: &Ledger) -> Option<Spooled> {
        let now = self.parts.now();
        let is_wanted = |token: &OAuthToken| self.wish.is_granted_by(token, life_of(token, ledger), now);
        self.parts.spooled_for(row, is_wanted).await
    }

    async fn look_again(&self, row: OAuthToken) -> Result<Step, Error> {
        self.unless_granted(self.parts.rows.reload(row).await?)
    }

    fn unless_granted(&self, row: OAuthToken) -> Result<Step, Error> {
        if self.wish.is_granted_by(&row, None, self.parts.now()) {
            let obtained = self.parts.rows.obtained(&row)?;
            Ok(Step::Renewed(obtained, Leader::AnotherProcess))
        } else {
            Ok(Step::Again(row))
        }
    }

    async fn despite(&self, failure: Error, row: &OAuthToken) -> Result<Step, Error> {
        self.parts.despite(failure, row, self.wish).await.map(Step::Done)
    }

    /// Ends the renewal with a verdict, except for one to renew or to wait.
    async fn settle(&self, verdict: Verdict, state: &LeaseState, row: OAuthToken) -> Result<Step, Error> {
        match verdict {
            Verdict::HandOut => {
                let obtained = self.parts.rows.obtained_with_life(&row, &state.ledger)?;
                Ok(Step::Renewed(obtained, Leader::AnotherProcess))
            }
            Verdict::Fail(error) => self.despite(error, &row).await,
            Verdict::Rejected(code) => self.despite(self.rejected(code, &row)?, &row).await,
            // By now its token may have expired.
            Verdict::Postpone(error) => self.despite(error, &row).await.or(Ok(Step::Again(row))),
            Verdict::Exhausted(moment) => {
                let retry_at = Clock::showing(state.now, self.parts.machine.clone()).as_ours(moment);
                self.despite(Error::Throttled { retry_at }, &row).await
            }
            Verdict::Renew | Verdict::Wait => self.unless_granted(row),
        }
    }

    /// The error for a row whose renewal was rejected with this code before.
    fn rejected(&self, code: OAuthErrorCode, row: &OAuthToken) -> Result<Error, Error> {
        let host = host_of(self.parts.rows.environment_of(row)?.accounts_url());
        Ok(match code.needs_login() {
            true => {
                let reason = LoginReason::RefreshTokenRejected { host, code };
                Error::LoginRequired { user: name_of(row), reason }
            }
            false => Error::Rejected { host, request: OAuthRequest::Refresh, code },
        })
    }

    /// Waits before a lease is looked at again, at most until it expires.
    async fn wait(&self, followed: &mut Followed, state: &LeaseState) {
        let delay = followed.delays.next_delay(self.parts.machine.random());
        let left = Some(state.remaining).filter(|remaining| !remaining.is_zero());
        self.parts.machine.sleep(left.map_or(delay, |left| delay.min(left))).await;
    }

    async fn sleep(&self, delays: &mut Backoff) {
        let machine = &self.parts.machine;
        machine.sleep(delays.next_delay(machine.random())).await;
    }

    fn verdict(
        &self,
        state: &LeaseState,
        followed: Option<&Followed>,
        progress: &Progress,
        row: &OAuthToken,
        refresh_token: &SecretString,
    ) -> Verdict {
        let Parts { machine, settings, rows, .. } = self.parts;
        let past = Past {
            state,
            requester: rows.requester_of(row, refresh_token),
            followed: followed.map(|followed| followed.epoch),
            own_failure: progress.own_failure,
            network: &machine.network(),
        };
        past.verdict(row, self.wish, settings.quota, self.parts.now())
    }
}

/// Records in the ledger that Zoho rejected the request, so that other processes do not repeat it: for a moment, or for
/// longer if the same request would be rejected again.
fn note_rejection(lease: &mut HeldLease<'_>, requester: &Requester, rejection: &Error) {
    let transient = || Failure::Transient(rejection.to_string());
    let Error::Rejected { code, .. } = rejection else { return lease.note_failure(requester, transient()) };
    if let Some(life) = code.is_remembered_for() {
        lease.note_rejection(requester, code.as_str(), life);
    }
    lease.note_failure(
        requester,
        match code {
            OAuthErrorCode::InvalidCode => Failure::Rejected(code.as_str().to_owned()),
            _ => transient(),
        },
    );
}
