//! What the clones of an authenticator share: from the token that a caller asks for to the one that it gets.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::accounts::OAuthClient;
use crate::error::{Error, Invalid, LoginReason};
use crate::login::Grant;
use crate::persistence::Persistence;
use crate::store::coordination::LeaseKey;
use crate::token::{OAuthToken, UserSignature, epoch_milliseconds, fingerprint};

use super::access::{AccessToken, Obtained};
use super::cache::{Cache, Remembered};
use super::exchange::{Exchange, Login};
use super::flight::{Flight, Flights};
use super::lookout::Lookout;
use super::margins::Margins;
use super::parts::Parts;
use super::recovery::{Recovery, Unsaved};
use super::renewal::Renewal;
use super::rows::{missing, name_of};
use super::subject::Subject;
use super::wish::{Demand, Wish};

/// How long a caller whose token is inside its margin waits for the renewal. The token is valid, so it can go on with it.
const RENEWAL_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Core {
    pub(super) parts: Arc<Parts>,
    pub(super) cache: Cache,
    lookout: Arc<Lookout>,
    recovery: Recovery,
    tokens: Flights<(Subject, Demand), AccessToken>,
    logins: Flights<LeaseKey, Login>,
}

impl Core {
    pub(super) fn new(parts: Parts, cache: Cache) -> Self {
        let parts = Arc::new(parts);
        let lookout = Arc::new(Lookout::new(parts.clone(), cache.watch.clone()));
        let (tokens, logins) = (Flights::new(parts.machine.clone()), Flights::new(parts.machine.clone()));
        Self { parts, cache, lookout, recovery: Recovery::default(), tokens, logins }
    }

    /// A fresh token of `user`. From memory, it takes no allocation.
    pub(super) async fn fresh(self: &Arc<Self>, user: &UserSignature) -> Result<AccessToken, Error> {
        let now = self.look_if_due();
        let asked = || (Subject::User(user.clone()), OAuthToken::new().with_user(user));
        if let Some(remembered) = self.cache.of_user(user, now) {
            return Ok(self.serve(remembered, asked));
        }
        let (subject, wanted) = asked();
        self.fresh_from_store(subject, wanted).await
    }

    /// A fresh token for `subject`, which was made from `wanted`.
    pub(super) async fn fresh_for(
        self: &Arc<Self>,
        subject: Subject,
        wanted: &OAuthToken,
    ) -> Result<AccessToken, Error> {
        let now = self.look_if_due();
        if let Some(remembered) = self.cache.of(&subject, now) {
            return Ok(self.serve(remembered, || (subject.clone(), wanted.clone())));
        }
        self.fresh_from_store(subject, wanted.clone()).await
    }

    /// A fresh token that memory alone cannot vouch for. A caller that can go on with the last one waits a short time.
    async fn fresh_from_store(
        self: &Arc<Self>,
        subject: Subject,
        wanted: OAuthToken,
    ) -> Result<AccessToken, Error> {
        let Some((last, fresh_until)) = self.cache.last_of(&subject).filter(|(last, _)| self.will_do(last))
        else {
            return self.obtain(subject, wanted, Demand::Fresh).await;
        };
        let patience = if self.now() < fresh_until { self.cache.watch.patience } else { RENEWAL_PATIENCE };
        tokio::select! {
            biased;
            obtained = self.look_and_obtain(subject, wanted) => obtained,
            () = self.parts.machine.sleep(patience) => Ok(last),
        }
    }

    /// The token in memory, if the look under way confirms it, or else the one in the store.
    async fn look_and_obtain(
        self: &Arc<Self>,
        subject: Subject,
        wanted: OAuthToken,
    ) -> Result<AccessToken, Error> {
        self.lookout.next_look().await;
        match self.cache.of(&subject, self.now()) {
            Some(remembered) => Ok(self.serve(remembered, || (subject, wanted))),
            None => self.obtain(subject, wanted, Demand::Fresh).await,
        }
    }

    /// Joins the flight that obtains a token for `subject`, or starts it.
    pub(super) async fn obtain(
        self: &Arc<Self>,
        subject: Subject,
        wanted: OAuthToken,
        demand: Demand,
    ) -> Result<AccessToken, Error> {
        self.launch(subject, wanted, demand).await
    }

    /// Joins the flight that exchanges `grant`, or starts it.
    pub(super) async fn exchange(
        self: &Arc<Self>,
        grant: Grant,
        client: OAuthClient,
    ) -> Result<Login, Error> {
        let core = self.clone();
        let key = LeaseKey::exchange(&grant.code);
        let work = || async move {
            core.recovery.before_first_use(&core.unsaved()).await;
            core.exchange_now(grant, client, OAuthToken::new()).await
        };
        self.logins.join(key, work).await
    }

    /// An access token that a caller passed alone: it is neither looked up nor renewed nor stored.
    pub(super) fn as_it_is(&self, token: &OAuthToken) -> Result<AccessToken, Error> {
        let environment = self.parts.rows.environment_of(token)?;
        AccessToken::not_managed(token, environment).ok_or_else(|| Invalid::EmptyToken.into())
    }

    /// Revokes the token of the row that `token` identifies, and deletes the row unless a new login has put another
    /// token there in the meantime.
    pub(super) async fn revoke(&self, token: &OAuthToken) -> Result<(), Error> {
        let Parts { rows, accounts, .. } = &*self.parts;
        let row = rows.find(token).await?.ok_or_else(|| missing(token))?;
        let environment = rows.environment_of(&row)?;
        if let Some(secret) = revocable_secret(&row) {
            accounts.revoke(&environment, secret).await?;
        }
        let current = rows.store.find_token_by_id(row.id().unwrap_or_default()).await?;
        let exposed = |row| revocable_secret(row).map(ExposeSecret::expose_secret);
        if current.as_ref().is_some_and(|current| exposed(current) == exposed(&row)) {
            self.delete(&row).await?;
        }
        self.cache.forget(&row);
        Ok(())
    }

    /// Deletes the row that `token` identifies, if there is one.
    pub(super) async fn log_out(&self, token: &OAuthToken) -> Result<bool, Error> {
        match self.parts.rows.find(token).await? {
            Some(row) => self.delete(&row).await,
            None => Ok(false),
        }
    }

    pub(super) async fn recover(&self) -> Result<usize, Error> {
        self.recovery.run(&self.unsaved()).await
    }

    /// Deletes a row and its spooled tokens. The cache forgets it before, and again after, for callers that read the
    /// row in between.
    async fn delete(&self, row: &OAuthToken) -> Result<bool, Error> {
        self.cache.forget(row);
        self.parts.spool.forget(row);
        let was_there = self.parts.rows.store.delete_token(row.id().unwrap_or_default()).await;
        self.cache.forget(row);
        Ok(was_there?)
    }

    /// Starts a look at the store for changes of other processes, at its interval. Returns the time.
    fn look_if_due(self: &Arc<Self>) -> u64 {
        let now = self.now();
        if self.lookout.look_if_due(now) && self.cache.has_unsaved() {
            let core = self.clone();
            let recovery = async move { core.recovery.run_if_idle(&core.unsaved()).await };
            self.parts.machine.spawn(Box::pin(recovery));
        }
        now
    }

    /// The time of day, in epoch milliseconds.
    fn now(&self) -> u64 {
        epoch_milliseconds(self.parts.machine.now())
    }

    /// Hands out a token from memory, and starts what this caller has to start in the background.
    fn serve(
        self: &Arc<Self>,
        remembered: Remembered,
        asked: impl FnOnce() -> (Subject, OAuthToken),
    ) -> AccessToken {
        let Remembered { token, starts_renewal, starts_reading } = remembered;
        if starts_renewal || starts_reading {
            let (subject, wanted) = asked();
            if starts_reading {
                drop(self.launch(subject.clone(), wanted.clone(), Demand::Fresh));
            }
            if starts_renewal {
                self.renew_early(subject, wanted, &token);
            }
        }
        token
    }

    /// Renews `token` in the background: no caller waits for it.
    fn renew_early(self: &Arc<Self>, subject: Subject, wanted: OAuthToken, token: &AccessToken) {
        let demand = Demand::Early(fingerprint(token.secret()));
        drop(self.launch(subject, wanted, demand));
    }

    /// Joins the flight that obtains a token for `subject`, or starts it.
    fn launch(self: &Arc<Self>, subject: Subject, wanted: OAuthToken, demand: Demand) -> Flight<AccessToken> {
        let core = self.clone();
        let work_on = (subject.clone(), demand.clone());
        self.tokens.launch((subject, demand), || core.obtain_now(work_on.0, wanted, work_on.1))
    }

    async fn obtain_now(
        self: Arc<Self>,
        subject: Subject,
        wanted: OAuthToken,
        demand: Demand,
    ) -> Result<AccessToken, Error> {
        self.recovery.before_first_use(&self.unsaved()).await;
        let reading = self.cache.watch.reading(self.now());
        let row = match self.find(&subject, &wanted).await {
            Ok(row) => row,
            Err(error) => return self.still_valid(&subject, &demand).ok_or(error),
        };
        let wish = Wish::new(demand, row.as_ref(), self.parts.settings.margins);
        let obtained = self.obtained(&subject, &wanted, row, &wish).await.inspect_err(|error| {
            if matches!(wish.demand, Demand::Early(_)) {
                tracing::warn!(%error, "could not renew a token early; the current one is still valid");
            }
        })?;
        let margins = wish.margins.for_life(obtained.life);
        self.cache.put(&subject, obtained.access.clone(), margins, reading);
        // Without this, a token that is read again for each caller would never be renewed early.
        if wish.demand == Demand::Fresh && self.cache.claim_early_renewal(&subject, self.now()) {
            self.renew_early(subject, wanted, &obtained.access);
        }
        Ok(obtained.access)
    }

    /// The row that `wanted` identifies. A store that is slow or fails counts as in trouble if `subject` can be served
    /// from memory.
    async fn find(&self, subject: &Subject, wanted: &OAuthToken) -> Result<Option<OAuthToken>, Error> {
        let find = self.parts.rows.find(wanted);
        if self.cache.last_of(subject).is_none() {
            return find.await;
        }
        let found = self.lookout.patiently(Some(wanted), find).await;
        if found.as_ref().is_err_and(Error::is_transient) {
            self.lookout.wait_for_recovery(Some(wanted.clone()));
        }
        found
    }

    /// The token of `row`, renewed or exchanged if it does not satisfy the wish.
    async fn obtained(
        &self,
        subject: &Subject,
        wanted: &OAuthToken,
        row: Option<OAuthToken>,
        wish: &Wish,
    ) -> Result<Obtained, Error> {
        let Parts { machine, rows, .. } = &*self.parts;
        match row {
            Some(row) if wish.is_granted_by(&row, None, machine.now()) => rows.obtained(&row),
            Some(row) => match self.renew_or_exchange(row.clone(), wish).await {
                // A store that cannot be written is no reason to withhold a token that is still valid.
                Err(error @ Error::Store(_)) => self.parts.despite(error, &row, wish),
                outcome => outcome,
            },
            None if matches!(subject, Subject::Id(_)) => Err(missing(wanted)),
            None => self.renew_or_exchange(wanted.clone(), wish).await,
        }
    }

    async fn renew_or_exchange(&self, token: OAuthToken, wish: &Wish) -> Result<Obtained, Error> {
        let rows = &self.parts.rows;
        let renewal = Renewal { parts: &self.parts, wish };
        if token.refresh_token().is_some() {
            return renewal.run(token).await;
        }
        if let (Some(code), None) = (token.grant_token(), token.access_token()) {
            let is_self_client = token.redirect_url().is_none();
            let grant = Grant { code: code.clone(), is_self_client, environment: None };
            let client = rows.client_of(&token)?;
            let login = self.exchange_now(grant, client, token).await?;
            let row = login.token();
            if !matches!(login.persistence(), Persistence::Stored) {
                return rows.obtained_unsaved(row, login.persistence().clone());
            }
            // The code may have been exchanged long ago, so that the access token has expired since.
            if row.refresh_token().is_some() && !wish.is_granted_by(row, None, self.parts.machine.now()) {
                return renewal.run(row.clone()).await;
            }
            return rows.obtained(row);
        }
        let reason = match token.access_token() {
            Some(_) => LoginReason::NoRefreshToken,
            None if token.id().is_none() => return Err(missing(&token)),
            None => LoginReason::NoToken,
        };
        Err(Error::LoginRequired { user: name_of(&token), reason })
    }

    async fn exchange_now(
        &self,
        grant: Grant,
        client: OAuthClient,
        basis: OAuthToken,
    ) -> Result<Login, Error> {
        let login = Exchange::new(&self.parts, grant, client, basis).run().await?;
        match login.persistence() {
            Persistence::Stored => self.cache.forget(login.token()),
            unsaved => self.serve_from_memory(login.token(), unsaved),
        }
        Ok(login)
    }

    /// Serves a login that could not be stored from memory.
    fn serve_from_memory(&self, token: &OAuthToken, persistence: &Persistence) {
        let margins = Margins { early_window: Duration::ZERO, ..self.parts.settings.margins };
        let obtained = self.parts.rows.obtained_unsaved(token, persistence.clone());
        if let (Some(user), Ok(obtained)) = (token.user_signature(), obtained) {
            let reading = self.cache.watch.reading(self.now());
            self.cache.put(&Subject::User(user.clone()), obtained.access, margins, reading);
        }
    }

    /// The cached token, if the store cannot be read: a valid token is not withheld because a disk is busy.
    fn still_valid(&self, subject: &Subject, demand: &Demand) -> Option<AccessToken> {
        let (last, _) = self.cache.last_of(subject).filter(|_| *demand == Demand::Fresh)?;
        last.expires_at().is_none_or(|end| end > self.parts.machine.now()).then_some(last)
    }

    /// Whether `token` is valid until after a caller has waited for another one.
    fn will_do(&self, token: &AccessToken) -> bool {
        token.expires_at().is_none_or(|end| end > self.parts.machine.now() + 2 * RENEWAL_PATIENCE)
    }

    fn unsaved(&self) -> Unsaved<'_> {
        let Parts { rows, spool, settings, .. } = &*self.parts;
        Unsaved { spool, cache: &self.cache, store: &rows.store, lease_life: settings.lease_life }
    }
}

/// The secret to revoke: the refresh token, which invalidates its access tokens too, or else the access token.
fn revocable_secret(row: &OAuthToken) -> Option<&SecretString> {
    row.refresh_token().or(row.access_token())
}
