//! The settings of an emulator.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::model::grants::TokenPolicy;
use crate::model::identity::{ClientApp, User};
use crate::model::metadata::Module;

/// Everything that the builder collects. Settings do not change while the emulator runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) locations: Vec<String>,
    pub(crate) clients: Vec<ClientApp>,
    pub(crate) users: Vec<User>,
    pub(crate) tokens: TokenPolicy,
    pub(crate) clock_speed: f64,
    pub(crate) expiry_in_real_seconds: bool,
    pub(crate) legacy_expiry_units: bool,
    /// The API domain in token responses; `None`: the emulator's own URL.
    pub(crate) api_domain: Option<String>,
    pub(crate) throttle_status: u16,
    pub(crate) localized_throttle: bool,
    /// The only modules; `None`: the standard modules and those of `own_modules`.
    pub(crate) modules: Option<Vec<String>>,
    /// Modules in addition to the standard ones, or in place of one with the same name.
    pub(crate) own_modules: Vec<Module>,
    /// Records that exist from the start, by module.
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
            tokens: TokenPolicy::default(),
            clock_speed: 1.0,
            expiry_in_real_seconds: false,
            legacy_expiry_units: false,
            api_domain: None,
            throttle_status: 400,
            localized_throttle: false,
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
