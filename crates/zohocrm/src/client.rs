//! `Crm`: the CRM as one user sees it; and `CrmBuilder`, how calls are made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use zoho_oauth::{AccessToken, Authenticator, OAuthToken, UserSignature};

use crate::composite::Composite;
use crate::coql::{Coql, CoqlQuery};
use crate::error::Error;
use crate::files::Files;
use crate::metadata::Metadata;
use crate::notifications::Notifications;
use crate::record::Record;
use crate::records::Records;
use crate::request::{Method, Request, Response};
use crate::tags::Tags;
use crate::transport::{Retries, Settings, Transport};

/// The CRM as one user sees it: an [`Authenticator`], whose token it is asked for, and a connection pool.
///
/// Cheap to clone; clones share the connections and the count of calls at once. Making one does no I/O.
#[derive(Clone)]
pub struct Crm {
    authenticator: Authenticator,
    whose: Arc<OAuthToken>,
    transport: Arc<Transport>,
}

impl Crm {
    /// The CRM of a user whose token is stored.
    ///
    /// It has connections, and a count of calls at once, of its own. Make one for each organisation, and the others of
    /// its users with [`as_user`](Self::as_user): else each counts for itself what Zoho counts for all.
    pub fn new(authenticator: &Authenticator, user: impl Into<UserSignature>) -> Self {
        Self::builder(authenticator).build_for(user)
    }

    /// The CRM of whomever `token` means: a row by its id, a refresh token, or an access token alone.
    #[must_use]
    pub fn for_token(authenticator: &Authenticator, token: OAuthToken) -> Self {
        Self::builder(authenticator).build_for_token(token)
    }

    /// Says how calls are made: time-outs, retries, how many at once, a proxy.
    pub fn builder(authenticator: &Authenticator) -> CrmBuilder {
        CrmBuilder { authenticator: authenticator.clone(), settings: Settings::default() }
    }

    /// The same CRM as another user of the organisation sees it. Zoho counts the calls at once by organisation, so both
    /// share them.
    #[must_use]
    pub fn as_user(&self, user: impl Into<UserSignature>) -> Self {
        self.with_token(OAuthToken::new().with_user(user))
    }

    /// The same CRM as somebody else of the organisation sees it: whomever `token` means, as in
    /// [`for_token`](Self::for_token).
    #[must_use]
    pub fn with_token(&self, token: OAuthToken) -> Self {
        Self { whose: Arc::new(token), ..self.clone() }
    }

    /// The user whose token this is, as the CRM knows them: `id`, `email`, `full_name` and more.
    ///
    /// # Errors
    /// When the call fails, or the answer names nobody. Needs the scope `ZohoCRM.users.READ`.
    pub async fn current_user(&self) -> Result<Response<Record>, Error> {
        let request = self.request(Method::Get, "/crm/v8/users").query("type", "CurrentUser");
        request.scopes(&["ZohoCRM.users.READ"]).only_item_of("users").await
    }

    /// The user's organisation: `id`, `zgid`, `company_name` and more.
    ///
    /// # Errors
    /// When the call fails, or the answer names none. Needs the scope `ZohoCRM.org.READ`.
    pub async fn organization(&self) -> Result<Response<Record>, Error> {
        let request = self.request(Method::Get, "/crm/v8/org");
        request.scopes(&["ZohoCRM.org.READ"]).only_item_of("org").await
    }

    /// The records of a module, by its API name: `Leads`, `Contacts`, `Students`.
    #[must_use]
    pub fn records(&self, module: impl Into<String>) -> Records {
        Records::new(self, module.into())
    }

    /// A query in Zoho's query language: its text, which is sent as it is, or a [`Select`](crate::Select), which is quoted
    /// and checked.
    pub fn coql(&self, query: impl Into<CoqlQuery>) -> Coql {
        Coql::new(self, query.into())
    }

    /// Several requests in one call.
    pub fn composite(&self) -> Composite {
        Composite::new(self)
    }

    /// What Zoho tells of changes, and where.
    #[must_use]
    pub fn notifications(&self) -> Notifications {
        Notifications::new(self)
    }

    /// The notes on all records, which are a module: listed, created, updated and deleted like other records, and read
    /// and written as [`Note`](crate::Note). Those on one record: [`Records::notes`].
    #[must_use]
    pub fn notes(&self) -> Records {
        self.records("Notes")
    }

    /// The tags that a module has, by its API name.
    #[must_use]
    pub fn tags(&self, module: impl Into<String>) -> Tags {
        Tags::new(self, module.into())
    }

    /// Files that fields of records refer to.
    #[must_use]
    pub fn files(&self) -> Files {
        Files::new(self)
    }

    /// Which modules there are, which fields they have, and whether a record fits them.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        Metadata::new(self)
    }

    /// Reads up to 200,000 records of a module at once, as a job in the background.
    #[cfg(feature = "bulk")]
    pub fn bulk_read(&self, module: impl Into<String>) -> crate::bulk::StartBulkRead {
        crate::bulk::StartBulkRead::new(self, &module.into())
    }

    /// A bulk read that was started before, by its id.
    #[cfg(feature = "bulk")]
    #[must_use]
    pub fn bulk_read_job(&self, id: impl Into<String>) -> crate::bulk::BulkRead {
        crate::bulk::BulkRead::new(self, id.into())
    }

    /// Writes many records of a module, as jobs in the background.
    #[cfg(feature = "bulk")]
    pub fn bulk_write(&self, module: impl Into<String>) -> crate::bulk::StartBulkWrite {
        crate::bulk::StartBulkWrite::new(self, module.into())
    }

    /// A bulk write that was started before, by its id.
    #[cfg(feature = "bulk")]
    #[must_use]
    pub fn bulk_write_job(&self, id: impl Into<String>) -> crate::bulk::BulkWrite {
        crate::bulk::BulkWrite::new(self, id.into())
    }

    /// Every operation of the API that Zoho describes, by area: `crm.api().roles().list()`. Which areas there are depends
    /// on the features: see [`api`](crate::api).
    #[must_use]
    pub fn api(&self) -> Api {
        Api { crm: self.clone() }
    }

    /// Any call: a path such as `/crm/v8/settings/modules`, or a whole URL on one of the token's own hosts.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request {
        Request::new(self, method, path)
    }

    /// An access token that is good now.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, Error> {
        Ok(self.authenticator.access_token_for(&self.whose).await?)
    }

    /// An access token in place of one that Zoho has just turned down.
    pub(crate) async fn replace(&self, rejected: &AccessToken) -> Result<AccessToken, Error> {
        Ok(self.authenticator.replace(rejected).await?)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }
}

impl fmt::Debug for Crm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Crm").field("whose", &self.whose).finish_non_exhaustive()
    }
}

/// Every operation of the API that Zoho describes, by area; from [`Crm::api`].
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "which areas there are depends on the features")]
pub struct Api {
    pub(crate) crm: Crm,
}

/// How calls are made; from [`Crm::builder`].
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
    /// Sets how long one attempt may take until its answer begins, and how long each pause in the answer may be; 60
    /// seconds if not set. A file may take longer as a whole; one that is uploaded gets a second more for each 64 KiB.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Sets how long a connection may take to be made; ten seconds if not set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// Sets when a call is sent again.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.settings.retries = retries;
        self
    }

    /// Sets how many calls are under way at once; 10 if not set. More wait for their turn. Zoho allows 5 (Free), 10
    /// (Standard), 15 (Professional), 20 (Enterprise) or 25 (Ultimate) by organisation and client application, and 10 of
    /// COQL, conversions and large writes in every edition: more of those are turned away and tried again.
    /// <https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html>
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.settings.concurrency = calls;
        self
    }

    /// Keeps so many API credits back, for others who work with the same organisation: once Zoho says that fewer are
    /// left, calls fail with [`Error::CreditsShort`] before they are sent, but for one a minute that looks whether there
    /// are more. 0 if not set. Zoho speaks of credits only when half of the day's are used up.
    pub fn credits_floor(mut self, credits: u64) -> Self {
        self.settings.credits_floor = credits;
        self
    }

    /// Sends everything through a proxy: `http://proxy.example:3128`. If not set, the environment variables
    /// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.proxy = Some(SecretString::from(url.into()));
        self
    }

    /// Sets how many bytes an answer may have that is read as a whole; 64 MiB if not set. Files have no such limit.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = bytes;
        self
    }

    /// The CRM of a user whose token is stored.
    #[must_use]
    pub fn build_for(self, user: impl Into<UserSignature>) -> Crm {
        self.build_for_token(OAuthToken::new().with_user(user))
    }

    /// The CRM of whomever `token` means: a row by its id, a refresh token, or an access token alone.
    #[must_use]
    pub fn build_for_token(self, token: OAuthToken) -> Crm {
        let transport = Arc::new(Transport::new(self.settings));
        Crm { authenticator: self.authenticator, whose: Arc::new(token), transport }
    }
}
