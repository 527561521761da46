//! `Crm`: the facade of the crate; and `CrmBuilder`, its settings.

use std::time::Duration;

use secrecy::SecretString;
use zoho_oauth::{Authenticator, OAuthToken, UserSignature};

use crate::account;
#[cfg(feature = "bulk")]
use crate::bulk::{BulkRead, BulkWrite, StartBulkRead, StartBulkWrite};
use crate::caller::Caller;
use crate::composite::Composite;
use crate::coql::{Coql, CoqlQuery};
use crate::error::Error;
use crate::files::Files;
use crate::message::Method;
use crate::metadata::Metadata;
use crate::notifications::Notifications;
use crate::operation::Api;
use crate::record::Record;
use crate::records::Records;
use crate::request::{Request, Response};
use crate::tags::Tags;
use crate::transport::{Retries, Settings, Transport};

/// A client of Zoho CRM for one user.
///
/// It asks an [`Authenticator`] for the user's token before each call. It is cheap to clone, and clones share the connection
/// pool and the limit on concurrent calls. Creating one does no I/O.
#[derive(Clone, Debug)]
pub struct Crm {
    caller: Caller,
}

impl Crm {
    /// Creates a client for a user whose token is stored.
    ///
    /// The client has its own connection pool and its own limit on concurrent calls. Zoho counts the calls of a whole
    /// organization together, so create one client for each organization and derive those of its other users with
    /// [`as_user`](Self::as_user).
    pub fn new(authenticator: &Authenticator, user: impl Into<UserSignature>) -> Self {
        Self::builder(authenticator).build_for(user)
    }

    /// Creates a client for the user that `token` identifies: by the id of a stored row, by a refresh token, or by an access
    /// token alone.
    #[must_use]
    pub fn for_token(authenticator: &Authenticator, token: OAuthToken) -> Self {
        Self::builder(authenticator).build_for_token(token)
    }

    /// Starts a builder, to set timeouts, retries, the limit on concurrent calls and a proxy.
    pub fn builder(authenticator: &Authenticator) -> CrmBuilder {
        CrmBuilder { authenticator: authenticator.clone(), settings: Settings::default() }
    }

    /// Returns a client for another user of the same organization. Both share the connection pool and the limit on
    /// concurrent calls, which Zoho counts by organization.
    #[must_use]
    pub fn as_user(&self, user: impl Into<UserSignature>) -> Self {
        self.with_token(OAuthToken::new().with_user(user))
    }

    /// Returns a client for another user of the same organization, whom `token` identifies as in
    /// [`for_token`](Self::for_token).
    #[must_use]
    pub fn with_token(&self, token: OAuthToken) -> Self {
        Self { caller: self.caller.with_token(token) }
    }

    /// Reads the user to whom the token belongs: `id`, `email`, `full_name` and more.
    ///
    /// # Errors
    /// If the call fails, or the response contains no user. Needs the scope `ZohoCRM.users.READ`.
    pub async fn current_user(&self) -> Result<Response<Record>, Error> {
        account::current_user(&self.caller).await
    }

    /// Reads the user's organization: `id`, `zgid`, `company_name` and more.
    ///
    /// # Errors
    /// If the call fails, or the response contains no organization. Needs the scope `ZohoCRM.org.READ`.
    pub async fn organization(&self) -> Result<Response<Record>, Error> {
        account::organization(&self.caller).await
    }

    /// The records of a module, given by its API name: `Leads`, `Contacts`, `Students`.
    #[must_use]
    pub fn records(&self, module: impl Into<String>) -> Records {
        Records::new(&self.caller, module.into())
    }

    /// A query in Zoho's query language: a text, which is sent unchanged, or a [`Select`](crate::Select), which is checked
    /// and quoted.
    pub fn coql(&self, query: impl Into<CoqlQuery>) -> Coql {
        Coql::new(&self.caller, query.into())
    }

    /// Several requests in one call.
    pub fn composite(&self) -> Composite {
        Composite::new(&self.caller)
    }

    /// Notifications: calls of a URL by Zoho when records change.
    #[must_use]
    pub fn notifications(&self) -> Notifications {
        Notifications::new(&self.caller)
    }

    /// The notes on all records. They are a module, so they are listed, created, updated and deleted like other records, and
    /// can be decoded as [`Note`](crate::Note). For the notes on one record see [`Records::notes`].
    #[must_use]
    pub fn notes(&self) -> Records {
        self.records("Notes")
    }

    /// The tags of a module, given by its API name.
    #[must_use]
    pub fn tags(&self, module: impl Into<String>) -> Tags {
        Tags::new(&self.caller, module.into())
    }

    /// Files that fields of records refer to.
    #[must_use]
    pub fn files(&self) -> Files {
        Files::new(&self.caller)
    }

    /// The organization's modules, fields and layouts, and checks of records against them.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        Metadata::new(&self.caller)
    }

    /// Reads up to 200,000 records of a module in one background job.
    #[cfg(feature = "bulk")]
    pub fn bulk_read(&self, module: impl Into<String>) -> StartBulkRead {
        StartBulkRead::new(&self.caller, &module.into())
    }

    /// A bulk read that was started before, given by its id.
    #[cfg(feature = "bulk")]
    #[must_use]
    pub fn bulk_read_job(&self, id: impl Into<String>) -> BulkRead {
        BulkRead::new(&self.caller, id.into())
    }

    /// Writes many records of a module in background jobs.
    #[cfg(feature = "bulk")]
    pub fn bulk_write(&self, module: impl Into<String>) -> StartBulkWrite {
        StartBulkWrite::new(&self.caller, module.into())
    }

    /// A bulk write that was started before, given by its id.
    #[cfg(feature = "bulk")]
    #[must_use]
    pub fn bulk_write_job(&self, id: impl Into<String>) -> BulkWrite {
        BulkWrite::new(&self.caller, id.into())
    }

    /// Every operation of the API that Zoho describes, by area: `crm.api().roles().list()`. Each area is behind a feature:
    /// see [`api`](crate::api).
    #[must_use]
    pub fn api(&self) -> Api {
        Api { caller: self.caller.clone() }
    }

    /// Any call, given by a path such as `/crm/v8/settings/modules` or by a URL on one of the token's own hosts.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request {
        Request::new(&self.caller, method, path)
    }
}

/// Builds a [`Crm`]; from [`Crm::builder`].
///
/// ```
/// use std::time::Duration;
/// use zohocrm::{Authenticator, Crm, DataCenter, OAuthClient, Retries};
///
/// # fn main() -> Result<(), zohocrm::Error> {
/// let authenticator = Authenticator::builder(DataCenter::Eu.production())
///     .client(OAuthClient::new("1000.EXAMPLE", "secret"))
///     .build()?;
/// let crm = Crm::builder(&authenticator)
///     .timeout(Duration::from_secs(20))
///     .retries(Retries::new().attempts(6))
///     .concurrency(20)
///     .credits_floor(5_000)
///     .build_for("ada@example.com:60000001");
/// # let _ = crm;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct CrmBuilder {
    authenticator: Authenticator,
    settings: Settings,
}

impl CrmBuilder {
    /// Sets how long one attempt may take until its response begins, and how long each gap in the response may last.
    /// Default: 60 seconds. A large response may take longer in total. An upload gets one more second for each 64 KiB.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Sets how long it may take to connect. Default: ten seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// Sets when calls are retried.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.settings.retries = retries;
        self
    }

    /// Sets the maximum number of concurrent calls. Default: 10. Further calls wait.
    ///
    /// For each organization and client application Zoho allows 5 (Free), 10 (Standard), 15 (Professional), 20 (Enterprise)
    /// or 25 (Ultimate) concurrent calls, and in every edition 10 of COQL, conversions and large writes. It rejects further
    /// ones, which are then retried. <https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html>
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.settings.concurrency = calls;
        self
    }

    /// Reserves API credits for other programs that work with the same organization. Default: 0.
    ///
    /// While fewer credits than this are left, calls fail with [`Error::CreditsShort`] and are not sent, except for one a
    /// minute, which finds out whether there are more. Zoho reports credits only after half of the day's have been used.
    pub fn credits_floor(mut self, credits: u64) -> Self {
        self.settings.credits_floor = credits;
        self
    }

    /// Sends all calls through a proxy, such as `http://proxy.example:3128`. Default: the environment variables
    /// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.proxy = Some(SecretString::from(url.into()));
        self
    }

    /// Sets the maximum size of a response that is read as a whole, in bytes. Default: 64 MiB. Downloads have no such limit.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = bytes;
        self
    }

    /// Creates a client for a user whose token is stored.
    #[must_use]
    pub fn build_for(self, user: impl Into<UserSignature>) -> Crm {
        self.build_for_token(OAuthToken::new().with_user(user))
    }

    /// Creates a client for the user that `token` identifies: by the id of a stored row, by a refresh token, or by an access
    /// token alone.
    #[must_use]
    pub fn build_for_token(self, token: OAuthToken) -> Crm {
        Crm { caller: Caller::new(self.authenticator, token, Transport::new(self.settings)) }
    }
}
