//! What the clones of an authenticator share: from the token that a caller asks for to the one that it gets.

use std::sync::Arc;
use std::time::Duration;

use crate::accounts::OAuthClient;
use crate::error::{Error, Invalid, LoginReason};
use crate::login::Grant;
use crate::spool::Unsaved;
use crate::store::coordination::LeaseKey;
use crate::token::{OAuthToken, UserSignature, fingerprint};

use super::access::{AccessToken, Obtained};
use super::cache::{Cache, Remembered};
use super::clock::Moment;
use super::exchange::{Exchange, Exchanged, Login};
use super::flight::{Flight, Flights};
use super::lookout::Lookout;
use super::margins::Margins;
use super::parts::Parts;
use super::recovery::Recovery;
use super::removal::Removal;
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
    recovery: Arc<Recovery>,
    tokens: Flights<(Subject, Demand), AccessToken>,
    logins: Flights<LeaseKey, Login>,
}

impl Core {
    pub(super) fn new(parts: Parts, cache: Cache) -> Self {
        let parts = Arc::new(parts);
        let lookout = Arc::new(Lookout::new(parts.clone(), cache.watch.clone()));
        let (tokens, logins) = (Flights::new(parts.machine.clone()), Flights::new(parts.machine.clone()));
        let recovery = Arc::new(Recovery::new(parts.clone()));
        Self { parts, cache, lookout, recovery, tokens, logins }
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

    /// Obtains a fresh token if the one in memory was not confirmed recently. A caller whose last token is still valid
    /// waits only briefly.
    async fn fresh_from_store(
        self: &Arc<Self>,
        subject: Subject,
        wanted: OAuthToken,
    ) -> Result<AccessToken, Error> {
        let Some((last, fresh_until)) = self.cache.last_of(&subject).filter(|(last, _)| self.will_do(last))
        else {
            return self.obtain(subject, wanted, Demand::Fresh).await;
        };
        let patience =
            if self.this_moment().store < fresh_until { self.cache.watch.patience } else { RENEWAL_PATIENCE };
        let obtaining = self.look_and_obtain(subject.clone(), wanted);
        tokio::pin!(obtaining);
        tokio::select! {
            biased;
            obtained = &mut obtaining => return obtained,
            () = self.parts.machine.sleep(patience) => {}
        }
        // By now it may be known that its row was deleted.
        match self.cache.last_of(&subject) {
            Some(_) => Ok(last),
            None => obtaining.await,
        }
    }

    /// The token in memory, if the look under way confirms it, or else the one in the store.
    async fn look_and_obtain(
        self: &Arc<Self>,
        subject: Subject,
        wanted: OAuthToken,
    ) -> Result<AccessToken, Error> {
        self.lookout.next_look().await;
        match self.cache.of(&subject, self.this_moment()) {
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
        let obtained = self.launch(subject.clone(), wanted.clone(), demand.clone()).await?;
        // The store may have been so slow, or the machine have slept, that the token has expired since it was issued.
        if obtained.stored_expiry().is_none_or(|end| end > self.parts.now()) {
            return Ok(obtained);
        }
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
            core.recovery.run_for(&OAuthToken::new().with_grant_token(grant.code.clone())).await;
            let exchanged = core.exchange_now(grant, client, OAuthToken::new()).await?;
            Ok(exchanged.into_login(core.parts.rows.store.clock()))
        };
        self.logins.join(key, work).await
    }

    /// An access token that a caller passed alone: it is neither looked up nor renewed nor stored.
    pub(super) fn as_it_is(&self, token: &OAuthToken) -> Result<AccessToken, Error> {
        let environment = self.parts.rows.environment_of(token)?;
        AccessToken::not_managed(token, environment).ok_or_else(|| Invalid::EmptyToken.into())
    }

    /// Revokes a token at Zoho and deletes its row.
    pub(super) async fn revoke(&self, token: &OAuthToken) -> Result<(), Error> {
        self.removal().revoke(token).await
    }

    /// Deletes a row.
    pub(super) async fn log_out(&self, token: &OAuthToken) -> Result<bool, Error> {
        self.removal().log_out(token).await
    }

    fn removal(&self) -> Removal<'_> {
        Removal { parts: &self.parts, cache: &self.cache }
    }

    /// Stores the unsaved tokens, and returns how many there were.
    pub(super) async fn recover(&self) -> Result<usize, Error> {
        self.recovery.run().await.map(|recovered| recovered.stored)
    }

    /// Starts a look at the store for changes of other processes, at its interval. Returns the time.
    fn look_if_due(self: &Arc<Self>) -> Moment {
        let now = self.this_moment();
        if self.lookout.look_if_due(now) && self.parts.spool.is_in_use() {
            let recovery = self.recovery.clone();
            self.parts.machine.spawn(Box::pin(async move { recovery.run_if_idle().await }));
        }
        now
    }

    fn this_moment(&self) -> Moment {
        self.parts.rows.store.clock().this_moment()
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

    /// Renews `token` in the background.
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
        match self.obtain_once(&subject, &wanted, &demand).await {
            // Another process may be finishing the login of this user, or may have been killed before it did.
            Err(error) if error.needs_login() && self.parts.spool.may_hold_tokens() => {
                self.recovery.run_for(&wanted).await;
                match self.obtain_once(&subject, &wanted, &demand).await {
                    Err(again) if again.needs_login() => Err(error),
                    outcome => outcome,
                }
            }
            outcome => outcome,
        }
    }

    async fn obtain_once(
        self: &Arc<Self>,
        subject: &Subject,
        wanted: &OAuthToken,
        demand: &Demand,
    ) -> Result<AccessToken, Error> {
        let margins = self.parts.settings.margins;
        let reading = self.cache.watch.reading(self.this_moment());
        let mut row = match self.find(subject, wanted).await {
            Ok(row) => row,
            Err(error) => match self.still_valid(subject, demand) {
                Some(token) => return Ok(token),
                None if *demand == Demand::Fresh => return self.parts.despite_no_row(error, wanted),
                None => return Err(error),
            },
        };
        let is_fresh = row.as_ref().is_some_and(|row| margins.allow(row, self.parts.now()));
        if self.recovery.before_first_use(*demand == Demand::Fresh && is_fresh).await {
            row = self.find(subject, wanted).await?;
        }
        let spooled = match &row {
            _ if *demand != Demand::Newer => None,
            Some(row) => self.parts.spooled_for(row, |_| true).await,
            None => self.parts.spooled_login(wanted).await,
        };
        let current: Vec<_> = row.iter().chain(spooled.iter().map(|spooled| &spooled.token)).collect();
        let wish = Wish::new(demand.clone(), &current, margins);
        let obtained = self.obtained(subject, wanted, row, &wish).await.inspect_err(|error| {
            match error {
                _ if matches!(wish.demand, Demand::Early(_)) => {
                    tracing::warn!(%error, "could not renew a token early; the current one is still valid");
                }
                // Or else the next caller would be served from memory.
                Error::LoginRequired { .. } | Error::NotFound { .. } => self.cache.remove(subject),
                _ => {}
            }
        })?;
        let margins = wish.margins.for_life(obtained.life);
        self.cache.put(subject, obtained.access.clone(), margins, reading);
        // Without this, a token that is read again for each caller would never be renewed early.
        if wish.demand == Demand::Fresh && self.cache.claim_early_renewal(subject, self.this_moment()) {
            self.renew_early(subject.clone(), wanted.clone(), &obtained.access);
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
        match row {
            Some(row) if wish.is_granted_by(&row, None, self.parts.now()) => self.parts.rows.obtained(&row),
            Some(row) => match self.renew_or_exchange(row.clone(), wish).await {
                // A token that is still valid is handed out even if the store cannot be written.
                Err(error @ Error::Store(_)) => self.parts.despite(error, &row, wish).await,
                outcome => outcome,
            },
            None => self.obtained_without_row(subject, wanted, wish).await,
        }
    }

    /// A token for a user or credential that has no row in the store.
    async fn obtained_without_row(
        &self,
        subject: &Subject,
        wanted: &OAuthToken,
        wish: &Wish,
    ) -> Result<Obtained, Error> {
        let parts = &self.parts;
        match parts.spooled_login(wanted).await {
            Some(login) if wish.is_granted_by(&login.token, None, parts.now()) => {
                let error = parts.not_yet("it is still spooled");
                parts.hand_out(login, error)
            }
            Some(login) => self.renew_or_exchange(login.token, wish).await,
            None if matches!(subject, Subject::Id(_)) => Err(missing(wanted)),
            None => self.renew_or_exchange(parts.rows.store.as_theirs(wanted.clone()), wish).await,
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
            let grant = Grant { code: code.clone(), is_self_client, environment: None, redirect_url: None };
            let client = rows.client_of(&token)?;
            let Exchanged { row, unsaved } = self.exchange_now(grant, client, token).await?;
            if let Some(unsaved) = unsaved {
                return rows.obtained_unsaved(&row, unsaved);
            }
            // The code may have been exchanged long ago, so that the access token has expired since.
            if row.refresh_token().is_some() && !wish.is_granted_by(&row, None, self.parts.now()) {
                return renewal.run(row).await;
            }
            return rows.obtained(&row);
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
    ) -> Result<Exchanged, Error> {
        let exchanged = Exchange::new(&self.parts, grant, client, basis).run().await?;
        match &exchanged.unsaved {
            None => self.cache.forget(&exchanged.row),
            Some(unsaved) => self.serve_from_memory(&exchanged.row, unsaved),
        }
        Ok(exchanged)
    }

    /// Serves a login that could not be stored from memory.
    fn serve_from_memory(&self, token: &OAuthToken, unsaved: &Unsaved) {
        let margins = Margins { early_window: Duration::ZERO, ..self.parts.settings.margins };
        let obtained = self.parts.rows.obtained_unsaved(token, unsaved.clone());
        if let (Some(user), Ok(obtained)) = (token.user_signature(), obtained) {
            let reading = self.cache.watch.reading(self.this_moment());
            self.cache.put(&Subject::User(user.clone()), obtained.access, margins, reading);
        }
    }

    /// The cached token, if the store cannot be read: a valid token is not withheld because a disk is busy.
    fn still_valid(&self, subject: &Subject, demand: &Demand) -> Option<AccessToken> {
        let (last, _) = self.cache.last_of(subject).filter(|_| *demand == Demand::Fresh)?;
        last.stored_expiry().is_none_or(|end| end > self.parts.now()).then_some(last)
    }

    /// Whether `token` is valid until after a caller has waited for another one.
    fn will_do(&self, token: &AccessToken) -> bool {
        token.stored_expiry().is_none_or(|end| end > self.parts.now() + 2 * RENEWAL_PATIENCE)
    }
}
