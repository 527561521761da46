//! What one emulator was told to be.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::identity::{ClientApp, User};
use crate::metadata::Module;

/// Everything that the builder collects. It does not change while the emulator runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) locations: Vec<String>,
    pub(crate) clients: Vec<ClientApp>,
    pub(crate) users: Vec<User>,
    pub(crate) token_lifetime: Duration,
    pub(crate) code_lifetime: Duration,
    pub(crate) clock_speed: f64,
    pub(crate) expiry_in_real_seconds: bool,
    pub(crate) legacy_expiry_units: bool,
    pub(crate) limits: Limits,
    pub(crate) throttle_status: u16,
    pub(crate) localised_throttle: bool,
    /// The only modules there are.
    pub(crate) modules: Option<Vec<String>>,
    /// Modules besides the standard ones, or in their place.
    pub(crate) own_modules: Vec<Module>,
    /// Records that are there from the beginning, by module.
    pub(crate) seeds: Vec<(String, Vec<Value>)>,
    pub(crate) forbidden_modules: BTreeSet<String>,
    pub(crate) daily_credits: u64,
    pub(crate) concurrent_calls: usize,
    pub(crate) response_delay: Duration,
    pub(crate) bulk_job_duration: Duration,
    pub(crate) consenting_user: Option<String>,
    pub(crate) journal_capacity: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            locations: vec!["us".to_owned()],
            clients: Vec::new(),
            users: Vec::new(),
            token_lifetime: Duration::from_secs(3600),
            code_lifetime: Duration::from_secs(120),
            clock_speed: 1.0,
            expiry_in_real_seconds: false,
            legacy_expiry_units: false,
            limits: Limits::default(),
            throttle_status: 400,
            localised_throttle: false,
            modules: None,
            own_modules: Vec::new(),
            seeds: Vec::new(),
            forbidden_modules: BTreeSet::new(),
            daily_credits: 100_000,
            concurrent_calls: 10,
            response_delay: Duration::ZERO,
            bulk_job_duration: Duration::from_millis(200),
            consenting_user: None,
            journal_capacity: 100_000,
        }
    }
}

/// Zoho's quotas on tokens.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// The length of the window in which requests are counted.
    pub(crate) window: Duration,
    /// How many access tokens one refresh token gives in a window.
    pub(crate) access_tokens_per_window: usize,
    /// Whether the access token of the code exchange counts as one of them.
    pub(crate) count_code_exchange: bool,
    /// How many access tokens of one refresh token are alive at once.
    pub(crate) live_access_tokens: usize,
    /// How many refresh tokens a user has in a data center.
    pub(crate) refresh_tokens_per_user: usize,
    /// How many grant codes one client gets in a window.
    pub(crate) codes_per_window: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(600),
            access_tokens_per_window: 10,
            count_code_exchange: false,
            live_access_tokens: 15,
            refresh_tokens_per_user: 20,
            codes_per_window: 10,
        }
    }
}
