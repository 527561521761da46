//! `EmulatorBuilder`: the settings of an emulator that has not started yet.

use std::io;
use std::time::Duration;

use serde_json::Value;

use crate::emulator::Emulator;
use crate::model::identity::{ClientApp, User};
use crate::model::metadata::Module;
use crate::world::settings::Settings;

/// The settings of an emulator that has not started yet. Returned by [`Emulator::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "an emulator runs only after `start`"]
pub struct EmulatorBuilder {
    settings: Settings,
}

impl Emulator {
    /// Starts an emulator on a free port of 127.0.0.1, with one data center (`us`), one client app and one user
    /// (`ada@example.com`).
    ///
    /// # Panics
    ///
    /// If no port is available.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }
}

impl EmulatorBuilder {
    /// Sets the port of the first data center. The others get the ports after it. Default: 0, any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.settings.port = port;
        self
    }

    /// Sets the location code of a single data center. Default: `us`.
    pub fn data_center(self, location: impl Into<String>) -> Self {
        self.data_centers([location])
    }

    /// Sets several data centers, each with its own address. Users that name no data center belong to the first.
    pub fn data_centers(mut self, locations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.locations = locations.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a client app. Default: one with a random id and secret.
    pub fn client(mut self, client: ClientApp) -> Self {
        self.settings.clients.push(client);
        self
    }

    /// Adds a user. Default: `ada@example.com`.
    pub fn user(mut self, user: User) -> Self {
        self.settings.users.push(user);
        self
    }

    /// Sets the lifetime of access tokens, in simulated time. Default: one hour.
    pub fn token_lifetime(mut self, life: Duration) -> Self {
        self.settings.tokens.token_lifetime = life;
        self
    }

    /// Sets the lifetime of grant codes, in simulated time. Default: two minutes.
    pub fn code_lifetime(mut self, life: Duration) -> Self {
        self.settings.tokens.code_lifetime = life;
        self
    }

    /// Sets how many simulated seconds pass per real second. Default: 1.0.
    pub fn clock_speed(mut self, simulated_seconds_per_second: f64) -> Self {
        self.settings.clock_speed = simulated_seconds_per_second;
        self
    }

    /// Reports the lifetime of tokens in real seconds: `expires_in` is the lifetime divided by the clock speed.
    ///
    /// For clients whose own clock runs at normal speed. Default: `false`.
    pub fn expiry_in_real_seconds(mut self, real: bool) -> Self {
        self.settings.expiry_in_real_seconds = real;
        self
    }

    /// Responds as Zoho did until 2019: `expires_in` in milliseconds, and `expires_in_sec` in seconds. Default: `false`.
    pub fn legacy_expiry_units(mut self, legacy: bool) -> Self {
        self.settings.legacy_expiry_units = legacy;
        self
    }

    /// Sets the API domain in token responses, such as Zoho's own for a sandbox. Default: the emulator's URL.
    pub fn api_domain(mut self, domain: impl Into<String>) -> Self {
        self.settings.api_domain = Some(domain.into());
        self
    }

    /// Sets how many access tokens a refresh token may issue per quota window. Default: 10.
    pub fn access_tokens_per_window(mut self, tokens: usize) -> Self {
        self.settings.tokens.access_tokens_per_window = tokens;
        self
    }

    /// Sets the length of the quota window, in simulated time. Default: ten minutes.
    pub fn quota_window(mut self, window: Duration) -> Self {
        self.settings.tokens.window = window;
        self
    }

    /// Counts the access token of the code exchange towards the quota. Zoho does not document whether it counts.
    /// Default: `false`.
    pub fn count_code_exchange(mut self, counts: bool) -> Self {
        self.settings.tokens.count_code_exchange = counts;
        self
    }

    /// Sets how many access tokens of a refresh token can be valid at the same time. One more evicts the oldest.
    /// Default: 15.
    pub fn live_access_tokens(mut self, tokens: usize) -> Self {
        self.settings.tokens.live_access_tokens = tokens;
        self
    }

    /// Sets how many refresh tokens a user can have in a data center. One more evicts the oldest. Default: 20.
    pub fn refresh_tokens_per_user(mut self, tokens: usize) -> Self {
        self.settings.tokens.refresh_tokens_per_user = tokens;
        self
    }

    /// Sets how many grant codes a client may get through the browser per quota window. Default: 10.
    pub fn grant_codes_per_window(mut self, codes: usize) -> Self {
        self.settings.tokens.codes_per_window = codes;
        self
    }

    /// Sets the HTTP status of the token endpoint's throttle. Default: 400; some sources report 200.
    pub fn throttle_status(mut self, status: u16) -> Self {
        self.settings.throttle_status = status;
        self
    }

    /// Writes the throttle in Chinese, unless the request has `Accept-Language: en`. Default: `false`.
    pub fn localized_throttle(mut self, localized: bool) -> Self {
        self.settings.localized_throttle = localized;
        self
    }

    /// Skips the login pages: this user accepts every valid request immediately.
    pub fn auto_consent(mut self, email: impl Into<String>) -> Self {
        self.settings.consenting_user = Some(email.into());
        self
    }

    /// Restricts the modules to these; any other gets 400 `INVALID_MODULE`. Default: the standard modules, `Students` and
    /// those added with [`module`](Self::module). An unknown name becomes a custom module.
    pub fn modules(mut self, modules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.modules = Some(modules.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a module, or replaces the one with the same name.
    pub fn module(mut self, module: Module) -> Self {
        self.settings.own_modules.push(module);
        self
    }

    /// Adds records to the organization of the first user, as JSON objects.
    ///
    /// They are not validated, so that hundreds of thousands load quickly. `Created_Time` and `Modified_Time` are used if
    /// given; an `id` is ignored. Values that are not objects are skipped.
    pub fn records(mut self, module: impl Into<String>, records: Vec<Value>) -> Self {
        self.settings.seeds.push((module.into(), records));
        self
    }

    /// Forbids a module: every request for it gets 403 `NO_PERMISSION`.
    pub fn forbidden_module(mut self, module: impl Into<String>) -> Self {
        self.settings.forbidden_modules.insert(module.into());
        self
    }

    /// Sets how many API credits an organization has per 24 hours. Calls beyond that get 429 `TOO_MANY_REQUESTS`.
    /// Default: 100,000.
    pub fn daily_credits(mut self, credits: u64) -> Self {
        self.settings.daily_credits = credits;
        self
    }

    /// Sets how many calls of an organization may be in progress at the same time. One more gets 429
    /// `TOO_MANY_REQUESTS`. Default: 10.
    pub fn concurrent_calls(mut self, calls: usize) -> Self {
        self.settings.concurrent_calls = calls;
        self
    }

    /// Delays the response to every call of the CRM, in real time. The call is processed when it arrives. Default: no
    /// delay.
    pub fn response_delay(mut self, time: Duration) -> Self {
        self.settings.response_delay = time;
        self
    }

    /// Sets how long a bulk job takes, in simulated time. It is `ADDED` in the first quarter, `QUEUED` in the second, and
    /// then `IN PROGRESS`. Default: 200 milliseconds.
    pub fn bulk_job_duration(mut self, time: Duration) -> Self {
        self.settings.bulk_job_duration = time;
        self
    }

    /// Sets how many entries the journal keeps. Counts include discarded entries. Default: 100,000.
    pub fn journal_capacity(mut self, entries: usize) -> Self {
        self.settings.journal_capacity = entries;
        self
    }

    /// Starts the emulator.
    ///
    /// # Panics
    ///
    /// If [`try_start`](Self::try_start) fails.
    pub async fn start(self) -> Emulator {
        self.try_start().await.expect("the emulator could not start")
    }

    /// Starts the emulator.
    ///
    /// # Errors
    ///
    /// If a port is in use, there is no data center, or a setting is invalid, such as records for an unknown module.
    pub async fn try_start(self) -> io::Result<Emulator> {
        self.start_blocking()
    }

    /// Starts the emulator. Needs no tokio runtime.
    ///
    /// # Errors
    ///
    /// As [`try_start`](Self::try_start).
    pub fn start_blocking(mut self) -> io::Result<Emulator> {
        if self.settings.clients.is_empty() {
            self.settings.clients.push(ClientApp::random());
        }
        if self.settings.users.is_empty() {
            self.settings.users.push(User::new("ada@example.com").named("Ada", "Lovelace"));
        }
        self.check()?;
        Emulator::serve(self.settings)
    }

    fn check(&self) -> io::Result<()> {
        let Settings { locations, users, clock_speed, consenting_user, .. } = &self.settings;
        let invalid = |what: String| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        if locations.is_empty() {
            return invalid("no data center is configured; name at least one, such as `us`".to_owned());
        }
        if !clock_speed.is_finite() || *clock_speed <= 0.0 {
            return invalid(format!("invalid clock speed `{clock_speed}`; expected a positive number"));
        }
        let homes = users.iter().filter_map(|user| user.location.as_ref());
        if let Some(unknown) = homes.into_iter().find(|home| !locations.contains(home)) {
            return invalid(format!(
                "a user belongs to the unknown data center `{unknown}`; expected one of {}",
                locations.join(", ")
            ));
        }
        match consenting_user {
            Some(email) if !users.iter().any(|user| user.email == *email) => {
                invalid(format!("unknown user `{email}` for `auto_consent`; add the user to the builder"))
            }
            _ => Ok(()),
        }
    }
}
