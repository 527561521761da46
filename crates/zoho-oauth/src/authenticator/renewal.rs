//! One renewal, whoever asks: lease, look again, ledger, request, fenced save.

use std::time::{Duration, SystemTime};

use rand::RngExt;
use secrecy::SecretString;

use crate::accounts::{Denied, Issued};
use crate::error::{Error, LoginReason, OAuthErrorCode};
use crate::ledger::{Failure, Ledger};
use crate::spool::Origin;
use crate::store::StoreError;
use crate::store::coordination::{Acquired, Fenced, Lease, LeaseKey, LeaseState};
use crate::token::OAuthToken;

use super::Core;
use super::cache::EARLY_AGAIN_AFTER;
use super::clocked::Clock;
use super::obtain::{Demand, Obtained, Wish};
use super::rows::{missing, name_of};

/// How long a failure speaks for the fleet: a caller that comes within this time shares it and sends no request. It is
/// measured by the store's clock. If that counts whole seconds, as Secrets Manager's does, it can be up to two seconds.
const FAILURE_LIFE: Duration = Duration::from_secs(1);

impl Core {
    /// A renewed token in place of `row`, which may not be stored yet. Any number of processes that do this at
    /// once cause one request.
    pub(super) async fn renew(&self, mut row: OAuthToken, wish: &Wish) -> Result<Obtained, Error> {
        let mut followed = None;
        let mut pauses = Pauses::default();
        loop {
            let Some(refresh_token) = row.refresh_token().cloned() else {
                return Err(nothing_to_renew_with(&row));
            };
            let key = LeaseKey::refresh(&refresh_token);
            let state = self.store.lease_state(&key).await?;
            if !state.remaining.is_zero() {
                followed = Some(state.epoch);
                tokio::time::sleep(pauses.next(state.remaining)).await;
            } else {
                match self.verdict(&state, followed, &row, wish) {
                    Verdict::HandOut => return self.hand_out_of_life(&row, &state.ledger),
                    Verdict::Fail(error) => return self.despite(error, &row, wish),
                    Verdict::Renew => {}
                }
                if let Acquired::Granted(lease) =
                    self.store.acquire(&key, &new_holder(), self.settings.lease_life).await?
                {
                    return self.renew_under(lease, row, refresh_token, wish).await;
                }
            }
            // Somebody else is at it, or has just done it.
            row = self.look_again(row).await?;
            if wish.is_granted_by(&row, None) {
                return self.hand_out(&row);
            }
        }
    }

    /// With the lease in hand: the store is looked at once more, then the accounts server is asked.
    async fn renew_under(
        &self,
        mut lease: Lease,
        row: OAuthToken,
        refresh_token: SecretString,
        wish: &Wish,
    ) -> Result<Obtained, Error> {
        let clock = Clock::set_to(lease.granted_at);
        let row = match self.look_again(row).await {
            Ok(row) => row,
            Err(error) => {
                self.release(&lease).await;
                return Err(error);
            }
        };
        let state = LeaseState::of(&lease);
        let is_replaced = row.refresh_token().is_none_or(|token| LeaseKey::refresh(token) != lease.key);
        match self.verdict(&state, None, &row, wish) {
            Verdict::Renew if !is_replaced => {}
            Verdict::Fail(error) if !is_replaced => {
                self.release(&lease).await;
                return self.despite(error, &row, wish);
            }
            _ => {
                self.release(&lease).await;
                return if wish.is_granted_by(&row, self.last_issue(&lease.ledger).filter(|_| !is_replaced)) {
                    self.hand_out_of_life(&row, &lease.ledger)
                } else {
                    // A new login put another refresh token here; it is renewed with that one.
                    Box::pin(self.renew(row, wish)).await
                };
            }
        }
        lease.row = row.id().map(str::to_owned);
        match self.ask(&mut lease, &clock, &row, &refresh_token).await {
            Ok(Some(issued)) => self.keep(lease, self.with_client(row)?, issued, wish).await,
            Ok(None) => Box::pin(self.renew(row, wish)).await,
            Err(error) => {
                self.release(&lease).await;
                self.despite(error, &row, wish)
            }
        }
    }

    /// Asks the accounts server, a bounded number of times while the failure may pass. Each attempt is in the
    /// ledger before it is sent. `None`: the lease went to somebody else before anything was sent.
    async fn ask(
        &self,
        lease: &mut Lease,
        clock: &Clock,
        row: &OAuthToken,
        refresh_token: &SecretString,
    ) -> Result<Option<Issued>, Error> {
        let environment = self.environment_of(row)?;
        let client = self.client_of(row)?;
        let quota = self.settings.quota;
        let (mut attempt, mut last) = (1, None);
        let error = loop {
            if let Some(at) = lease.ledger.retry_at(clock.now(), quota) {
                break last.unwrap_or(Error::Throttled { retry_at: clock.as_ours(at) });
            }
            lease.ledger.note_issue(clock.now(), quota);
            if !self.store.renew(lease, self.settings.lease_life).await? {
                return Ok(None);
            }
            tracing::debug!(user = name_of(row), host = environment.accounts_url(), attempt, "renewing");
            let answer =
                self.while_holding(lease, self.accounts.refresh(&environment, &client, refresh_token)).await;
            match answer {
                Ok(issued) => return Ok(Some(issued)),
                Err(Denied::Rejected(error)) => {
                    lease.ledger.note_failure(lease.epoch, clock.now(), failure_of(&error));
                    return Err(*error);
                }
                Err(Denied::Throttled) => {
                    lease.ledger.note_throttle(clock.now(), quota);
                    let at = lease.ledger.retry_at(clock.now(), quota).unwrap_or_else(|| clock.now());
                    return Err(Error::Throttled { retry_at: clock.as_ours(at) });
                }
                Err(Denied::Failed { error, .. }) => {
                    tracing::info!(user = name_of(row), %error, attempt, "a renewal attempt failed");
                    if attempt == self.settings.attempts.get() {
                        break *error;
                    }
                    self.while_holding(lease, tokio::time::sleep(backoff(attempt))).await;
                    attempt += 1;
                    last = Some(*error);
                }
            }
        };
        lease.ledger.note_failure(lease.epoch, clock.now(), Failure::Transient(error.to_string()));
        Err(error)
    }

    /// Stores what was issued, unless somebody stored something newer; hands it out either way.
    async fn keep(
        &self,
        lease: Lease,
        row: OAuthToken,
        issued: Issued,
        wish: &Wish,
    ) -> Result<Obtained, Error> {
        let life = issued.expires_at.duration_since(SystemTime::now()).ok();
        let mut token = self.merged(row, issued);
        if self.settings.find_user && token.user_signature().is_none() {
            self.while_holding(&lease, self.name(&mut token)).await;
        }
        match self.save_under(&lease, &token).await {
            Ok(Fenced::Saved(saved)) => Ok(Obtained { life, ..self.hand_out(&saved)? }),
            Ok(Fenced::Superseded) => {
                tracing::info!(
                    user = name_of(&token),
                    "somebody else renewed this token meanwhile; theirs is used"
                );
                let current = self.look_again(token).await?;
                if wish.is_granted_by(&current, None) {
                    self.hand_out(&current)
                } else {
                    Box::pin(self.renew(current, wish)).await
                }
            }
            Err(error) => {
                self.release(&lease).await;
                let persistence = self.spool(&token, Origin::Renewal, error);
                Ok(Obtained { life, ..self.hand_out_unsaved(&token, persistence)? })
            }
        }
    }

    /// The row with the client app that renews it: whoever opens the store next needs no other.
    fn with_client(&self, row: OAuthToken) -> Result<OAuthToken, Error> {
        let client = self.client_of(&row)?;
        Ok(row.with_client(client.id, client.secret))
    }

    /// The row with what was issued in it. An API domain that belongs to no environment we serve is not taken
    /// over: Zoho also answers with a generic one.
    pub(super) fn merged(&self, mut token: OAuthToken, issued: Issued) -> OAuthToken {
        token.access_token = Some(issued.access_token);
        token.expires_at = Some(issued.expires_at);
        // Zoho does not rotate refresh tokens; should one come, it is the newer one.
        token.refresh_token = issued.refresh_token.or(token.refresh_token);
        let known = issued.api_domain.filter(|domain| self.environments.names(domain));
        token.api_domain =
            known.or(token.api_domain).or_else(|| Some(self.environments.primary.api_url().to_owned()));
        token
    }

    /// Names an unnamed token after its user. A failure leaves it unnamed: no token is lost for a name.
    pub(super) async fn name(&self, token: &mut OAuthToken) {
        let (Ok(environment), Some(access_token)) = (self.environment_of(token), token.access_token()) else {
            return;
        };
        match self.accounts.user_name(&environment, access_token).await {
            Ok(name) => token.user_signature = Some(name),
            Err(error) => {
                tracing::warn!(%error, "the user's name could not be had; the token is stored without one")
            }
        }
    }

    /// Saves under the lease; tries again for a moment when the store is in trouble.
    pub(super) async fn save_under(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let mut attempt = 0;
        loop {
            match self.store.save_and_release(lease, token).await {
                Err(error) if attempt < 2 => {
                    attempt += 1;
                    tracing::info!(%error, attempt, "could not store a new token; retrying");
                    tokio::time::sleep(backoff(attempt)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Does `work` and keeps the lease meanwhile. If the lease is lost the work goes on: whether its result may be
    /// written is decided when it is written.
    pub(super) async fn while_holding<T>(&self, lease: &Lease, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                result = &mut work => return result,
                () = tokio::time::sleep(self.settings.lease_life / 3) => {
                    if let Err(error) = self.store.renew(lease, self.settings.lease_life).await {
                        tracing::debug!(%error, "a lease could not be renewed");
                    }
                }
            }
        }
    }

    /// Gives the lease back with its ledger. Where that fails it ends by itself.
    pub(super) async fn release(&self, lease: &Lease) {
        if let Err(error) = self.store.release(lease).await {
            tracing::debug!(%error, "a lease could not be given back; it ends by itself");
        }
    }

    /// What the credential's past allows.
    fn verdict(&self, state: &LeaseState, followed: Option<u64>, row: &OAuthToken, wish: &Wish) -> Verdict {
        let ledger = &state.ledger;
        if wish.is_granted_by(row, self.last_issue(ledger)) {
            return Verdict::HandOut;
        }
        if let Some(code) = ledger.rejection() {
            return Verdict::Fail(Error::LoginRequired {
                user: name_of(row),
                reason: LoginReason::RefreshTokenRejected { code: OAuthErrorCode::parse(code) },
            });
        }
        let shared = followed.and_then(|epoch| ledger.failure_of(epoch));
        let failure_life = if wish.demand == Demand::Early { EARLY_AGAIN_AFTER } else { FAILURE_LIFE };
        let recent = || ledger.recent_failure(state.now, failure_life);
        if let Some(Failure::Transient(evidence)) = shared.or_else(recent) {
            return Verdict::Fail(Error::SharedFailure { evidence: evidence.clone() });
        }
        match ledger.retry_at(state.now, self.settings.quota) {
            Some(at) => Verdict::Fail(Error::Throttled { retry_at: Clock::set_to(state.now).as_ours(at) }),
            None => Verdict::Renew,
        }
    }

    /// The valid token that is left, where the caller would rather have that than the failure.
    pub(super) fn despite(&self, failure: Error, row: &OAuthToken, wish: &Wish) -> Result<Obtained, Error> {
        if wish.is_content_with(row, &failure) { self.hand_out(row) } else { Err(failure) }
    }

    /// When a token was last asked for, by this machine's clock.
    fn last_issue(&self, ledger: &Ledger) -> Option<SystemTime> {
        ledger.last_issue().map(|moment| self.store.as_ours(moment))
    }

    fn hand_out_of_life(&self, row: &OAuthToken, ledger: &Ledger) -> Result<Obtained, Error> {
        let life = self
            .last_issue(ledger)
            .zip(row.expires_at())
            .and_then(|(issued, end)| end.duration_since(issued).ok());
        Ok(Obtained { life, ..self.hand_out(row)? })
    }

    /// The row as it is stored now. A token that was never stored stays as it is; one that was, and is gone, was
    /// deleted.
    async fn look_again(&self, row: OAuthToken) -> Result<OAuthToken, Error> {
        match row.id() {
            Some(id) => match self.store.find_token_by_id(id).await? {
                Some(stored) => Ok(stored),
                None => Err(missing(&OAuthToken { id: None, ..row })),
            },
            None => Ok(self.find(&row).await?.unwrap_or(row)),
        }
    }
}

/// A refusal in the form in which other processes hear of it. A dead refresh token stays dead; a wrong secret can
/// be put right without a new login.
fn failure_of(refusal: &Error) -> Failure {
    match refusal {
        Error::Rejected { code: OAuthErrorCode::InvalidCode, .. } => {
            Failure::Rejected(OAuthErrorCode::InvalidCode.as_str().to_owned())
        }
        other => Failure::Transient(other.to_string()),
    }
}

enum Verdict {
    HandOut,
    Fail(Error),
    Renew,
}

impl LeaseState {
    fn of(lease: &Lease) -> Self {
        Self {
            epoch: lease.epoch,
            remaining: Duration::ZERO,
            now: lease.granted_at,
            ledger: lease.ledger.clone(),
        }
    }
}

fn nothing_to_renew_with(row: &OAuthToken) -> Error {
    Error::LoginRequired { user: name_of(row), reason: LoginReason::NoRefreshToken }
}

/// A name for one attempt of one process.
pub(super) fn new_holder() -> String {
    format!("{}-{:016x}", std::process::id(), rand::rng().random::<u64>())
}

/// How long to wait before looking again at a lease that somebody else has: twenty milliseconds, and half as much
/// again each time, up to a quarter of a second. A fleet that waits for a slow answer does not wear the store out.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    so_far: i32,
}

impl Pauses {
    pub(super) fn next(&mut self, remaining: Duration) -> Duration {
        const SHORTEST: f64 = 0.02;
        const LONGEST: f64 = 0.25;
        let seconds = (SHORTEST * 1.5_f64.powi(self.so_far)).min(LONGEST);
        self.so_far = self.so_far.saturating_add(1);
        Duration::from_secs_f64(seconds).mul_f64(rand::rng().random_range(0.5..1.5)).min(remaining)
    }
}

/// Fifty milliseconds, doubling, with as much again at random.
pub(super) fn backoff(attempt: usize) -> Duration {
    let base =
        Duration::from_millis(50) * 2u32.saturating_pow(u32::try_from(attempt).unwrap_or(u32::MAX).min(6));
    base.mul_f64(1.0 + rand::rng().random::<f64>())
}
