//! The world of one emulator: what it was told, and everything in it that changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use crate::bulk::{Jobs, Uploads};
use crate::clock::{Clock, parse_iso8601};
use crate::concurrency::Concurrency;
use crate::credits::Credits;
use crate::faults::Faults;
use crate::files::Files;
use crate::grants::{Grant, Grants};
use crate::identity::{ClientApp, User};
use crate::journal::Journal;
use crate::metadata::Metadata;
use crate::notifications::Notifications;
use crate::scope::Scopes;
use crate::settings::Settings;
use crate::store::{Person, Record, RecordStore, TagStore};
use crate::webhook::Webhooks;

/// One emulator: shared by the servers of its data centers and by the handle that the test holds.
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

/// One data center: a location code and the address that is its accounts server, API and upload host.
#[derive(Clone, Debug)]
pub(crate) struct DataCenter {
    pub(crate) location: String,
    pub(crate) base_url: String,
}

/// What changes while the emulator runs.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) grants: Grants,
    metadata: Arc<Metadata>,
    pub(crate) records: RecordStore,
    pub(crate) tags: TagStore,
    /// The images of records and the files of attachments, by the id of the record or attachment.
    pub(crate) contents: HashMap<u64, Bytes>,
    pub(crate) credits: Credits,
    pub(crate) allowance: Allowance,
    pub(crate) jobs: Jobs,
    pub(crate) uploads: Uploads,
    pub(crate) files: Files,
    pub(crate) notifications: Notifications,
    /// Browser sessions of the login page, by cookie.
    pub(crate) sessions: HashMap<String, Session>,
    /// What users have consented to on the consent page.
    pub(crate) consents: Vec<Consent>,
    /// How many requests got the throttle answer.
    pub(crate) throttle_events: usize,
}

/// How much an organisation may call the CRM.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// API credits in 24 hours.
    pub(crate) daily_credits: u64,
    /// Calls that are under way at the same time.
    pub(crate) concurrent_calls: usize,
}

/// A user who is signed in on the login page.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user: String,
    /// Comes back with the consent form, so that no other page can press Accept.
    pub(crate) form_token: String,
}

/// That a user once pressed Accept.
#[derive(Debug)]
pub(crate) struct Consent {
    pub(crate) grant: Arc<Grant>,
    /// Whether it was for `access_type=offline`.
    pub(crate) offline: bool,
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

    /// The data center a user lives in.
    pub(crate) fn home_of(&self, user: &User) -> &DataCenter {
        let named = user.location.as_deref().and_then(|location| self.data_center(location));
        named.unwrap_or(&self.data_centers[0])
    }

    /// The organisation of a user, as the key of its records and credits.
    pub(crate) fn organisation_of(&self, user: &User) -> String {
        format!("{}/{}", self.home_of(user).location, user.zgid)
    }

    /// Adds records of a user as they are, without a look at their fields.
    pub(crate) fn seed(&self, user: &User, module: &str, records: impl IntoIterator<Item = Value>) {
        let organisation = self.organisation_of(user);
        let (person, now) = (Person::of(user), self.now_ms());
        let mut state = self.state();
        for record in records {
            let Value::Object(mut fields) = record else { continue };
            fields.shift_remove("id");
            let mut moment = |name: &str| match fields.shift_remove(name)? {
                Value::String(text) => parse_iso8601(&text),
                _ => None,
            };
            let created_ms = moment("Created_Time").unwrap_or(now);
            let modified_ms = moment("Modified_Time").unwrap_or(created_ms);
            let id = state.records.new_id();
            let record = Record { created_ms, modified_ms, ..Record::new(id, fields, &person, now) };
            state.records.table_mut(&organisation, module).insert(record);
        }
    }

    /// What a user allows a client in the user's data center.
    pub(crate) fn grant(&self, client: &ClientApp, user: &User, scopes: Scopes) -> Arc<Grant> {
        Arc::new(Grant {
            client_id: client.id().to_owned(),
            user: user.email.clone(),
            location: self.home_of(user).location.clone(),
            scopes,
        })
    }
}

impl State {
    fn new(settings: &Settings) -> Self {
        Self {
            metadata: Arc::new(Metadata::new(&settings.own_modules, settings.modules.as_deref())),
            grants: Grants::default(),
            records: RecordStore::default(),
            tags: TagStore::default(),
            contents: HashMap::new(),
            credits: Credits::default(),
            allowance: Allowance {
                daily_credits: settings.daily_credits,
                concurrent_calls: settings.concurrent_calls,
            },
            jobs: Jobs::default(),
            uploads: Uploads::default(),
            files: Files::default(),
            notifications: Notifications::default(),
            sessions: HashMap::new(),
            consents: Vec::new(),
            throttle_events: 0,
        }
    }

    /// Modules and fields, as they are now.
    pub(crate) fn metadata(&self) -> Arc<Metadata> {
        Arc::clone(&self.metadata)
    }

    /// Changes modules and fields, for requests that come from now on.
    pub(crate) fn metadata_mut(&mut self) -> &mut Metadata {
        Arc::make_mut(&mut self.metadata)
    }

    /// Whether the user has consented to all of this before.
    pub(crate) fn has_consented(&self, grant: &Grant) -> bool {
        self.consents
            .iter()
            .any(|consent| consent.is_between_those_of(grant) && consent.grant.scopes.include(&grant.scopes))
    }

    /// Whether the user has consented to offline access of this client before.
    pub(crate) fn has_consented_offline(&self, grant: &Grant) -> bool {
        self.consents.iter().any(|consent| consent.offline && consent.is_between_those_of(grant))
    }

    /// Revokes a refresh token. With the last one, the user's consent goes too: the next login asks again.
    pub(crate) fn revoke_refresh_token(&mut self, refresh_token: &str) -> bool {
        let Some(grant) = self.grants.remove_refresh_token(refresh_token) else { return false };
        if !self.grants.has_refresh_token(&grant) {
            self.consents.retain(|consent| !consent.is_between_those_of(&grant));
        }
        true
    }
}

impl Consent {
    /// Whether it is of the same user, for the same client, in the same data center.
    fn is_between_those_of(&self, grant: &Grant) -> bool {
        let own = &self.grant;
        own.client_id == grant.client_id && own.user == grant.user && own.location == grant.location
    }
}
