//! `Emulator`: the handle of a running emulator.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::accounts;
use crate::model::grants::Grant;
use crate::model::identity::{ClientApp, User};
use crate::model::metadata::{Field, Module};
use crate::scope::Scopes;
use crate::server;
use crate::server::ServerThread;
use crate::world::faults::Fault;
use crate::world::journal::Journal;
use crate::world::settings::Settings;
use crate::world::{DataCenter, World};

/// A running emulator. Dropping it stops it and closes every connection.
///
/// It runs on a separate thread, so that a test may block its thread or pause tokio's clock.
#[derive(Debug)]
pub struct Emulator {
    world: Arc<World>,
    /// Dropping this stops the servers.
    _servers: ServerThread,
}

impl Emulator {
    pub(crate) fn serve(mut settings: Settings) -> io::Result<Self> {
        let seeds = std::mem::take(&mut settings.seeds);
        let mut listeners = Vec::new();
        let mut data_centers = Vec::new();
        for (location, offset) in settings.locations.iter().zip(0..) {
            let port = if settings.port == 0 { 0 } else { settings.port.saturating_add(offset) };
            let listener = server::listen(port)?;
            let base_url = format!("http://{}", listener.local_addr()?);
            data_centers.push(DataCenter { location: location.clone(), base_url });
            listeners.push(listener);
        }
        let world = Arc::new(World::new(settings, data_centers));
        for (module, records) in seeds {
            if world.state().metadata().module(&module).is_none() {
                let what =
                    format!("records for the unknown module `{module}`; add it with `module` or `modules`");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            }
            world.seed(&world.settings.users[0], &module, records);
        }
        let servers = ServerThread::start(listeners, &world)?;
        Ok(Self { world, _servers: servers })
    }

    /// The URL of the first data center, such as `http://127.0.0.1:40123`: accounts server, API and upload host in one.
    /// It is also the `api_domain` in token responses.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.world.data_centers[0].base_url.clone()
    }

    /// The URL of a data center, by its location code.
    ///
    /// # Panics
    ///
    /// If the data center is unknown.
    #[must_use]
    pub fn base_url_of(&self, location: &str) -> String {
        let data_center = self.world.data_center(location);
        data_center.unwrap_or_else(|| panic!("unknown data center `{location}`")).base_url.clone()
    }

    /// The first client app.
    #[must_use]
    pub fn default_client(&self) -> ClientApp {
        self.world.settings.clients[0].clone()
    }

    /// Issues a grant code for the first client with every scope, as the Self Client page of the API console does.
    ///
    /// The code works once, in the user's data center. Its exchange issues a refresh token and needs no redirect URL. It
    /// does not count towards the quota of codes.
    ///
    /// # Panics
    ///
    /// If the user is unknown.
    #[must_use]
    pub fn self_client_code(&self, user_email: &str) -> String {
        self.self_client_code_for(self.world.settings.clients[0].id(), user_email)
    }

    /// Issues a grant code for any client; see [`self_client_code`](Self::self_client_code).
    ///
    /// # Panics
    ///
    /// If the client or user is unknown.
    #[must_use]
    pub fn self_client_code_for(&self, client_id: &str, user_email: &str) -> String {
        self.new_code(self.grant(client_id, user_email, Scopes::all()))
    }

    /// Issues a grant code for any client with these scopes, separated by commas.
    ///
    /// # Panics
    ///
    /// If the client or user is unknown, or the scopes are invalid.
    #[must_use]
    pub fn self_client_code_with_scopes(&self, client_id: &str, user_email: &str, scopes: &str) -> String {
        let scopes = Scopes::parse(scopes).unwrap_or_else(|| panic!("`{scopes}` are not scopes"));
        self.new_code(self.grant(client_id, user_email, scopes))
    }

    /// Does what a user does in the browser: opens the authorize URL, signs in and presses Accept.
    ///
    /// Returns the URL to which the browser is redirected, with `code`, or with `error` if the quota of codes is
    /// exhausted.
    ///
    /// # Errors
    ///
    /// If the request is invalid, with the text of the error page, such as `Invalid Redirect Uri`; or if the user is
    /// unknown.
    pub fn log_in(&self, authorize_url: &str, user_email: &str) -> Result<String, String> {
        accounts::log_in(&self.world, authorize_url, user_email)
    }

    /// Issues a refresh token with every scope, as if the user had logged in. If the user then has too many, the oldest is
    /// evicted.
    ///
    /// # Panics
    ///
    /// If the client or user is unknown.
    #[must_use]
    pub fn grant_refresh_token(&self, client_id: &str, user_email: &str) -> String {
        let grant = self.grant(client_id, user_email, Scopes::all());
        self.world.state().grants.new_refresh_token(grant, &self.world.settings.tokens)
    }

    /// Issues a refresh token with these scopes, separated by commas.
    ///
    /// # Panics
    ///
    /// If the client or user is unknown, or the scopes are invalid.
    #[must_use]
    pub fn grant_refresh_token_with_scopes(&self, client_id: &str, user_email: &str, scopes: &str) -> String {
        let scopes = Scopes::parse(scopes).unwrap_or_else(|| panic!("`{scopes}` are not scopes"));
        let grant = self.grant(client_id, user_email, scopes);
        self.world.state().grants.new_refresh_token(grant, &self.world.settings.tokens)
    }

    /// Issues an access token of a refresh token, past quota and journal. It counts as one of the 15 that can be valid at
    /// the same time.
    ///
    /// # Panics
    ///
    /// If the refresh token is invalid.
    #[must_use]
    pub fn issue_access_token(&self, refresh_token: &str) -> String {
        let now = self.world.now_ms();
        let grants = &mut self.world.state().grants;
        let grant = grants.refresh_grant(refresh_token).cloned().expect("the refresh token is invalid");
        grants.new_access_token(&grant, Some(refresh_token), now, &self.world.settings.tokens)
    }

    /// Invalidates every access token, as if its lifetime had ended.
    pub fn expire_access_tokens(&self) {
        self.world.state().grants.remove_access_tokens();
    }

    /// Invalidates one access token, as an eviction or a revocation by another program does.
    pub fn invalidate_access_token(&self, access_token: &str) {
        self.world.state().grants.remove_access_token(access_token);
    }

    /// Invalidates a refresh token and its access tokens, as the user's 21st login does.
    pub fn evict_refresh_token(&self, refresh_token: &str) {
        self.world.state().grants.remove_refresh_token(refresh_token);
    }

    /// Whether the CRM would accept this access token.
    #[must_use]
    pub fn is_access_token_valid(&self, access_token: &str) -> bool {
        self.world.state().grants.access(access_token, self.world.now_ms()).is_some()
    }

    /// Whether the accounts server would accept this refresh token.
    #[must_use]
    pub fn is_refresh_token_valid(&self, refresh_token: &str) -> bool {
        self.world.state().grants.refresh_grant(refresh_token).is_some()
    }

    /// The number of valid access tokens of a refresh token.
    #[must_use]
    pub fn live_access_tokens(&self, refresh_token: &str) -> usize {
        self.world.state().grants.live_access_tokens(refresh_token, self.world.now_ms())
    }

    /// The number of requests that got the throttle response of the token endpoint, by quota or by fault.
    #[must_use]
    pub fn throttle_events(&self) -> usize {
        self.world.state().throttle_events
    }

    /// Adds `count` records to a module of the user's organization, named (for leads, by `Last_Name`) `Record 1`,
    /// `Record 2` and so on. They are not validated.
    ///
    /// # Panics
    ///
    /// If the user or module is unknown.
    pub fn add_records(&self, user_email: &str, module: &str, count: usize) {
        let known = self.world.state().metadata().module(module);
        let known = known.unwrap_or_else(|| panic!("unknown module `{module}`"));
        let name = known.naming_field();
        let records = (1..=count).map(|number| json!({ name: format!("Record {number}") }));
        self.world.seed(self.user(user_email), module, records);
    }

    /// Adds a module, or replaces the one with the same name.
    pub fn add_module(&self, module: Module) {
        self.world.state().metadata_mut().add(module);
    }

    /// Adds a field to a module, or replaces the one with the same name.
    ///
    /// # Panics
    ///
    /// If the module is unknown.
    pub fn add_field(&self, module: &str, field: Field) {
        let known = self.world.state().metadata_mut().add_field(module, field);
        assert!(known, "unknown module `{module}`");
    }

    /// Sets how many API credits an organization has per 24 hours. Used credits stay used.
    pub fn set_daily_credits(&self, credits: u64) {
        self.world.state().allowance.daily_credits = credits;
    }

    /// Sets how many calls of an organization may be in progress at the same time.
    pub fn set_concurrent_calls(&self, calls: usize) {
        self.world.state().allowance.concurrent_calls = calls;
    }

    /// Makes the next bulk job fail: `FAILURE` for a read, `FAILED` for a write.
    pub fn fail_next_bulk_job(&self) {
        self.world.state().jobs.failures_ahead += 1;
    }

    /// The API credits that the user's organization has used in the last 24 hours.
    ///
    /// # Panics
    ///
    /// If the user is unknown.
    #[must_use]
    pub fn used_credits(&self, user_email: &str) -> u64 {
        let organization = self.world.organization_of(self.user(user_email));
        self.world.state().credits.used(&organization, self.world.now_ms())
    }

    /// The journal of the requests that arrived. It is live: later requests appear in it.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.world.journal.clone()
    }

    /// Installs a fault. Faults apply in the order of installation.
    pub fn fault(&self, fault: Fault) {
        self.world.faults.install(fault);
    }

    /// Removes every fault, and sends the responses that [`Fault::hold`] holds.
    pub fn clear_faults(&self) {
        self.world.faults.clear();
    }

    /// The number of faults that still apply to later requests.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.world.faults.pending()
    }

    /// Moves the simulated clock forward.
    pub fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
    }

    /// The time of the simulated clock, in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.world.now_ms()
    }

    fn new_code(&self, grant: Arc<Grant>) -> String {
        let now = self.world.now_ms();
        self.world.state().grants.new_code(grant, None, true, now, &self.world.settings.tokens)
    }

    fn grant(&self, client_id: &str, user_email: &str, scopes: Scopes) -> Arc<Grant> {
        let client = self.world.client(client_id);
        let client = client.unwrap_or_else(|| panic!("unknown client `{client_id}`"));
        self.world.grant(client, self.user(user_email), scopes)
    }

    fn user(&self, email: &str) -> &User {
        self.world.user(email).unwrap_or_else(|| panic!("unknown user `{email}`"))
    }
}
