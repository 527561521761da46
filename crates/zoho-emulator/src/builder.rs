//! `EmulatorBuilder`: how an emulator is told what to be.

use std::io;
use std::time::Duration;

use serde_json::Value;

use crate::emulator::Emulator;
use crate::model::identity::{ClientApp, User};
use crate::model::metadata::Module;
use crate::world::settings::Settings;

/// Settings of an emulator that has not started yet; from [`Emulator::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "an emulator runs only after `start`"]
pub struct EmulatorBuilder {
    settings: Settings,
}

impl Emulator {
    /// Starts on a free port of 127.0.0.1, with one data center (`us`), one client app and one user
    /// (`ada@example.com`).
    ///
    /// # Panics
    ///
    /// If no port can be had.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Settings first.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }
}

impl EmulatorBuilder {
    /// The port of the first data center; 0, the default, is any free one. The others get the ports after it.
    pub fn port(mut self, port: u16) -> Self {
        self.settings.port = port;
        self
    }

    /// The location code of the one data center: `us` unless told otherwise.
    pub fn data_center(self, location: impl Into<String>) -> Self {
        self.data_centers([location])
    }

    /// Several data centers in one emulator, each with its own address. The first is the home of users that
    /// name none.
    pub fn data_centers(mut self, locations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.locations = locations.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a client app. Without any, the emulator makes one up.
    pub fn client(mut self, client: ClientApp) -> Self {
        self.settings.clients.push(client);
        self
    }

    /// Adds a user. Without any, there is `ada@example.com`.
    pub fn user(mut self, user: User) -> Self {
        self.settings.users.push(user);
        self
    }

    /// How long access tokens live, in simulated time: an hour unless told otherwise.
    pub fn token_lifetime(mut self, life: Duration) -> Self {
        self.settings.tokens.token_lifetime = life;
        self
    }

    /// How long grant codes live, in simulated time: two minutes unless told otherwise.
    pub fn code_lifetime(mut self, life: Duration) -> Self {
        self.settings.tokens.code_lifetime = life;
        self
    }

    /// How many simulated seconds pass in a real one: 1.0 unless told otherwise.
    pub fn clock_speed(mut self, simulated_seconds_per_second: f64) -> Self {
        self.settings.clock_speed = simulated_seconds_per_second;
        self
    }

    /// Tells clients the life of a token in real seconds: `expires_in` is then the life divided by the clock speed.
    ///
    /// For clients that have no fast clock of their own.
    pub fn expiry_in_real_seconds(mut self, real: bool) -> Self {
        self.settings.expiry_in_real_seconds = real;
        self
    }

    /// Answers as Zoho did until 2019: `expires_in` in milliseconds, and `expires_in_sec` beside it.
    pub fn legacy_expiry_units(mut self, legacy: bool) -> Self {
        self.settings.legacy_expiry_units = legacy;
        self
    }

    /// How many access tokens one refresh token gives in ten minutes: 10 unless told otherwise.
    pub fn access_tokens_per_window(mut self, tokens: usize) -> Self {
        self.settings.tokens.access_tokens_per_window = tokens;
        self
    }

    /// How long the window of the quotas is, in simulated time: ten minutes unless told otherwise.
    pub fn quota_window(mut self, window: Duration) -> Self {
        self.settings.tokens.window = window;
        self
    }

    /// Counts the access token of the code exchange as one of the ten, too. Zoho does not say whether it is.
    pub fn count_code_exchange(mut self, counts: bool) -> Self {
        self.settings.tokens.count_code_exchange = counts;
        self
    }

    /// How many access tokens of one refresh token are alive: 15 unless told otherwise. One more ends the oldest.
    pub fn live_access_tokens(mut self, tokens: usize) -> Self {
        self.settings.tokens.live_access_tokens = tokens;
        self
    }

    /// How many refresh tokens a user has in a data center: 20 unless told otherwise. One more ends the oldest.
    pub fn refresh_tokens_per_user(mut self, tokens: usize) -> Self {
        self.settings.tokens.refresh_tokens_per_user = tokens;
        self
    }

    /// How many grant codes a client gets in the browser in ten minutes: 10 unless told otherwise.
    pub fn grant_codes_per_window(mut self, codes: usize) -> Self {
        self.settings.tokens.codes_per_window = codes;
        self
    }

    /// The HTTP status of the token endpoint's throttle: 400 unless told otherwise; sources also say 200.
    pub fn throttle_status(mut self, status: u16) -> Self {
        self.settings.throttle_status = status;
        self
    }

    /// Writes the throttle in Chinese unless the request says `Accept-Language: en`.
    pub fn localised_throttle(mut self, localised: bool) -> Self {
        self.settings.localised_throttle = localised;
        self
    }

    /// Skips the pages of the login: every valid request is accepted by this user at once.
    pub fn auto_consent(mut self, email: impl Into<String>) -> Self {
        self.settings.consenting_user = Some(email.into());
        self
    }

    /// The only modules that exist; others answer 400 `INVALID_MODULE`. Without this: the standard modules, `Students`
    /// and those of [`module`](Self::module). A name that is none of these becomes a custom module.
    pub fn modules(mut self, modules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.modules = Some(modules.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a module, in place of one with the same name.
    pub fn module(mut self, module: Module) -> Self {
        self.settings.own_modules.push(module);
        self
    }

    /// Records that are there from the beginning, as JSON objects, in the organisation of the first user.
    ///
    /// They are not validated, so that hundreds of thousands take no time. `Created_Time` and `Modified_Time` count;
    /// an `id` does not. What is no object is left out.
    pub fn records(mut self, module: impl Into<String>, records: Vec<Value>) -> Self {
        self.settings.seeds.push((module.into(), records));
        self
    }

    /// A module that nobody may use: 403 `NO_PERMISSION`.
    pub fn forbidden_module(mut self, module: impl Into<String>) -> Self {
        self.settings.forbidden_modules.insert(module.into());
        self
    }

    /// How many API credits an organisation has in 24 hours: 100,000 unless told otherwise. After the last one,
    /// every call answers 429 `TOO_MANY_REQUESTS`.
    pub fn daily_credits(mut self, credits: u64) -> Self {
        self.settings.daily_credits = credits;
        self
    }

    /// How many calls of one organisation may be under way at the same time: 10 unless told otherwise. One more
    /// answers 429 `TOO_MANY_REQUESTS`.
    pub fn concurrent_calls(mut self, calls: usize) -> Self {
        self.settings.concurrent_calls = calls;
        self
    }

    /// How long every call of the CRM takes, in real time: no time unless told otherwise. The call is carried out
    /// when it arrives.
    pub fn response_delay(mut self, time: Duration) -> Self {
        self.settings.response_delay = time;
        self
    }

    /// How long a bulk job takes, in simulated time: 200 milliseconds unless told otherwise. It is `ADDED` in the
    /// first quarter, `QUEUED` in the second, and `IN PROGRESS` after that.
    pub fn bulk_job_duration(mut self, time: Duration) -> Self {
        self.settings.bulk_job_duration = time;
        self
    }

    /// How many entries the journal keeps: 100,000 unless told otherwise. Counts go on beyond that.
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
    /// If a port is taken, no data center is named, or a setting contradicts another one, such as records for a module
    /// that does not exist.
    pub async fn try_start(self) -> io::Result<Emulator> {
        self.start_blocking()
    }

    /// Starts the emulator, also without a tokio runtime.
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
            return invalid("the emulator has no data center".to_owned());
        }
        if !clock_speed.is_finite() || *clock_speed <= 0.0 {
            return invalid(format!("the clock speed {clock_speed} is not a positive number"));
        }
        let homes = users.iter().filter_map(|user| user.location.as_ref());
        if let Some(unknown) = homes.into_iter().find(|home| !locations.contains(home)) {
            return invalid(format!(
                "a user lives in the data center `{unknown}`, which the emulator does not have"
            ));
        }
        match consenting_user {
            Some(email) if !users.iter().any(|user| user.email == *email) => {
                invalid(format!("`{email}` cannot consent: there is no such user"))
            }
            _ => Ok(()),
        }
    }
}
