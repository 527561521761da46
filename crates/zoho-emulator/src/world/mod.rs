//! One running emulator: its settings, clock, journal and faults, and the state that requests change.

pub(crate) mod clock;
pub(crate) mod concurrency;
pub(crate) mod faults;
pub(crate) mod journal;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod webhooks;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use self::clock::Clock;
use self::concurrency::Concurrency;
use self::faults::Faults;
use self::journal::Journal;
use self::settings::Settings;
use self::state::State;
use self::webhooks::Webhooks;
use crate::model::channels::Change;
use crate::model::grants::Grant;
use crate::model::identity::{ClientApp, User};
use crate::model::records::{Person, Record};
use crate::scope::Scopes;
use crate::timestamp::parse_iso8601;

/// One emulator, shared by the servers of its data centers and by the handle that the test holds.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) data_centers: Vec<DataCenter>,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) concurrency: Concurrency,
    pub(crate) webhooks: Webhooks,
    state: Mutex<State>,
}

/// A data center: its location code, and the address of its accounts server, API and upload host in one.
#[derive(Clone, Debug)]
pub(crate) struct DataCenter {
    pub(crate) location: String,
    pub(crate) base_url: String,
}

impl World {
    pub(crate) fn new(settings: Settings, data_centers: Vec<DataCenter>) -> Self {
        Self {
            clock: Clock::new(settings.clock_speed),
            journal: Journal::new(settings.journal_capacity),
            faults: Faults::default(),
            concurrency: Concurrency::default(),
            webhooks: Webhooks::default(),
            state: Mutex::new(State::new(&settings)),
            settings,
            data_centers,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    pub(crate) fn client(&self, id: &str) -> Option<&ClientApp> {
        self.settings.clients.iter().find(|client| client.id() == id)
    }

    pub(crate) fn user(&self, email: &str) -> Option<&User> {
        self.settings.users.iter().find(|user| user.email == email)
    }

    /// The data center with this location code.
    pub(crate) fn data_center(&self, location: &str) -> Option<&DataCenter> {
        self.data_centers.iter().find(|data_center| data_center.location == location)
    }

    /// The data center of a user.
    pub(crate) fn home_of(&self, user: &User) -> &DataCenter {
        let named = user.location.as_deref().and_then(|location| self.data_center(location));
        named.unwrap_or(&self.data_centers[0])
    }

    /// The key of a user's organization, for its records and credits.
    pub(crate) fn organization_of(&self, user: &User) -> String {
        format!("{}/{}", self.home_of(user).location, user.zgid)
    }

    /// Adds records of a user without validating their fields.
    pub(crate) fn seed(&self, user: &User, module: &str, records: impl IntoIterator<Item = Value>) {
        let organization = self.organization_of(user);
        let (person, now) = (Person::of(user), self.now_ms());
        let mut state = self.state();
        for record in records {
            let Value::Object(mut fields) = record else { continue };
            fields.shift_remove("id");
            let mut timestamp = |name: &str| match fields.shift_remove(name)? {
                Value::String(text) => parse_iso8601(&text),
                _ => None,
            };
            let created_ms = timestamp("Created_Time").unwrap_or(now);
            let modified_ms = timestamp("Modified_Time").unwrap_or(created_ms);
            let id = state.records.new_id();
            let record = Record { created_ms, modified_ms, ..Record::new(id, fields, &person, now) };
            state.records.table_mut(&organization, module).insert(record);
        }
    }

    /// Posts a change of a record to every channel that watches for it.
    pub(crate) fn notify(&self, state: &State, change: &Change<'_>) {
        let now = self.now_ms();
        let location = change.organization.split('/').next().unwrap_or_default();
        let home = self.data_center(location).unwrap_or(&self.data_centers[0]);
        for channel in state.channels.live(change.organization, now) {
            if channel.watches(change) {
                self.webhooks.post(&channel.notify_url, &channel.message(change, &home.base_url, now));
            }
        }
    }

    /// A user's grant to a client, in the user's data center.
    pub(crate) fn grant(&self, client: &ClientApp, user: &User, scopes: Scopes) -> Arc<Grant> {
        Arc::new(Grant {
            client_id: client.id().to_owned(),
            user: user.email.clone(),
            location: self.home_of(user).location.clone(),
            scopes,
        })
    }
}
