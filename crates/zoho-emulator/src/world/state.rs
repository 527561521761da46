//! Everything that changes while the emulator runs, made of parts that do not depend on it.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::settings::Settings;
use crate::model::channels::Channels;
use crate::model::consents::{Consents, Session};
use crate::model::credits::Credits;
use crate::model::files::FileStore;
use crate::model::grants::Grants;
use crate::model::jobs::Jobs;
use crate::model::metadata::Metadata;
use crate::model::records::{RecordStore, TagStore};

/// The part of an emulator that requests change.
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
    /// The files of bulk write jobs.
    pub(crate) uploads: FileStore,
    pub(crate) files: FileStore,
    pub(crate) channels: Channels,
    /// Browser sessions of the login page, by cookie.
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) consents: Consents,
    /// The number of requests that got the throttle response.
    pub(crate) throttle_events: usize,
}

/// How many calls of the CRM an organization may make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// API credits in 24 hours.
    pub(crate) daily_credits: u64,
    /// Calls in progress at the same time.
    pub(crate) concurrent_calls: usize,
}

impl State {
    pub(super) fn new(settings: &Settings) -> Self {
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
            uploads: FileStore::default(),
            files: FileStore::default(),
            channels: Channels::default(),
            sessions: HashMap::new(),
            consents: Consents::default(),
            throttle_events: 0,
        }
    }

    /// Modules and fields, as they are now.
    pub(crate) fn metadata(&self) -> Arc<Metadata> {
        Arc::clone(&self.metadata)
    }

    /// Modules and fields, to be changed for later requests.
    pub(crate) fn metadata_mut(&mut self) -> &mut Metadata {
        Arc::make_mut(&mut self.metadata)
    }

    /// Revokes a refresh token. With the last token, the user's consent goes too, and the next login shows the consent
    /// page again.
    pub(crate) fn revoke_refresh_token(&mut self, refresh_token: &str) -> bool {
        let Some(grant) = self.grants.remove_refresh_token(refresh_token) else { return false };
        if !self.grants.has_refresh_token(&grant) {
            self.consents.withdraw(&grant);
        }
        true
    }
}
