//! From what is asked for to a token: the store first, then whatever flow the row allows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::{Error, LoginReason};
use crate::login::Grant;
use crate::persistence::Persistence;
use crate::store::{StoreError, StoreErrorKind};
use crate::token::{OAuthToken, fingerprint};

use super::Core;
use super::access::AccessToken;
use super::cache::Margins;
use super::rows::{missing, name_of};
use super::subject::Subject;

/// What a caller would be content with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Demand {
    /// Any token that is good for a while.
    Fresh,
    /// A token that outlives the early window; nobody waits for it.
    Early,
    /// Another token than the stored one, even if that is still good.
    Newer,
    /// Another token than the one with this fingerprint, which the API rejected.
    InsteadOf(String),
}

/// A demand, measured against the row that was stored when it was made.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) demand: Demand,
    unwanted: Option<String>,
    margins: Margins,
}

impl Core {
    /// Finds or makes a token that satisfies `demand`, and remembers it.
    pub(super) async fn obtain_now(
        self: Arc<Self>,
        subject: Subject,
        wanted: OAuthToken,
        demand: Demand,
    ) -> Result<AccessToken, Error> {
        self.recover_once().await;
        let generation = self.cache.generation();
        let row = match self.find(&wanted).await {
            Ok(row) => row,
            Err(error) => return self.still_valid(&subject, &demand).ok_or(error),
        };
        let wish = self.wish(demand, row.as_ref());
        let token = match row {
            Some(row) if wish.is_granted_by(&row, None) => self.hand_out(&row)?,
            Some(row) => match self.renew_or_exchange(row.clone(), &wish).await {
                // A store that cannot be written is no reason to withhold a token that is still valid.
                Err(error @ Error::Store(_)) => self.despite(error, &row, &wish)?,
                outcome => outcome?,
            },
            None if matches!(subject, Subject::Id(_)) => return Err(missing(&wanted)),
            None => self.renew_or_exchange(wanted, &wish).await?,
        };
        let margins = wish.margins.for_life(token.life);
        self.cache.put(subject, token.access.clone(), margins, generation);
        Ok(token.access)
    }

    async fn renew_or_exchange(&self, token: OAuthToken, wish: &Wish) -> Result<Obtained, Error> {
        if token.refresh_token().is_some() {
            return self.renew(token, wish).await;
        }
        if let (Some(code), true) = (token.grant_token(), token.access_token().is_none()) {
            let grant = Grant {
                code: code.clone(),
                is_self_client: token.redirect_url().is_none(),
                environment: None,
            };
            let client = self.client_of(&token)?;
            let login = self.exchange_now(grant, client, token).await?;
            let row = login.token().clone();
            // Somebody may have exchanged this code long ago.
            let is_stored = matches!(login.persistence(), Persistence::Stored);
            if is_stored && row.refresh_token().is_some() && !wish.is_granted_by(&row, None) {
                return self.renew(row, wish).await;
            }
            return if is_stored {
                self.hand_out(&row)
            } else {
                self.hand_out_unsaved(&row, login.persistence().clone())
            };
        }
        let reason = match token.access_token() {
            Some(_) => LoginReason::NoRefreshToken,
            None if token.id().is_none() => return Err(missing(&token)),
            None => LoginReason::NoToken,
        };
        Err(Error::LoginRequired { user: name_of(&token), reason })
    }

    /// A stored token as what a caller is handed.
    pub(super) fn hand_out(&self, row: &OAuthToken) -> Result<Obtained, Error> {
        let environment = self.environment_of(row)?;
        let access = AccessToken::stored(row, environment).ok_or_else(|| self.lost_access_token())?;
        Ok(Obtained { access, life: None })
    }

    /// A token that could not be stored, for the reason given, as what a caller is handed.
    pub(super) fn hand_out_unsaved(
        &self,
        token: &OAuthToken,
        persistence: Persistence,
    ) -> Result<Obtained, Error> {
        let environment = self.environment_of(token)?;
        let access =
            AccessToken::unsaved(token, environment, persistence).ok_or_else(|| self.lost_access_token())?;
        Ok(Obtained { access, life: None })
    }

    fn lost_access_token(&self) -> Error {
        let error = StoreError::of(StoreErrorKind::Damaged, "return the access token that was just stored");
        error.in_store(self.store.as_it_is().name()).into()
    }

    /// What is in memory, when the store cannot be read: a valid token is not withheld because a disk is busy.
    fn still_valid(&self, subject: &Subject, demand: &Demand) -> Option<AccessToken> {
        let last = self.cache.last_of(subject).filter(|_| *demand == Demand::Fresh)?;
        last.expires_at().is_none_or(|end| end > SystemTime::now()).then_some(last)
    }

    fn wish(&self, demand: Demand, row: Option<&OAuthToken>) -> Wish {
        let settings = &self.settings;
        let margins = Margins { margin: settings.margin, early_window: settings.early_window };
        let stored = || row.and_then(OAuthToken::access_token).map(fingerprint);
        let unwanted = match &demand {
            Demand::Fresh => None,
            Demand::Early | Demand::Newer => stored(),
            Demand::InsteadOf(rejected) => Some(rejected.clone()),
        };
        Wish { demand, unwanted, margins }
    }
}

/// A token on its way to the caller.
pub(super) struct Obtained {
    pub(super) access: AccessToken,
    /// How long it lives in all, where that is known.
    pub(super) life: Option<Duration>,
}

impl Wish {
    /// Whether `row` is what was asked for. `issued_at` is when its token was asked for, where that is known: a
    /// token that lives for a minute is not ended a minute before its end.
    pub(super) fn is_granted_by(&self, row: &OAuthToken, issued_at: Option<SystemTime>) -> bool {
        let life = issued_at.zip(row.expires_at()).and_then(|(issued, end)| end.duration_since(issued).ok());
        self.margins.for_life(life).allow(row, SystemTime::now()) && !self.is_unwanted(row)
    }

    /// Whether `row` may be handed out although a renewal failed: it is still valid, and the caller did not ask
    /// for another one at any price.
    pub(super) fn is_content_with(&self, row: &OAuthToken, failure: &Error) -> bool {
        let is_valid = row.is_fresh(SystemTime::now(), Duration::ZERO);
        let may_be_old = match self.demand {
            Demand::Fresh | Demand::Early => true,
            Demand::Newer => matches!(failure, Error::Throttled { .. }),
            Demand::InsteadOf(_) => !self.is_unwanted(row),
        };
        is_valid && may_be_old
    }

    fn is_unwanted(&self, row: &OAuthToken) -> bool {
        self.unwanted.is_some() && row.access_token().map(fingerprint) == self.unwanted
    }
}
