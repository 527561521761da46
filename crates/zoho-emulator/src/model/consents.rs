//! Who is signed in on the login page, and what users have consented to.

use std::sync::Arc;

use super::grants::Grant;

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

/// What users have consented to on the consent page.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    given: Vec<Consent>,
}

impl Consents {
    pub(crate) fn add(&mut self, consent: Consent) {
        self.given.push(consent);
    }

    /// Whether the user has consented to all of this before.
    pub(crate) fn include(&self, grant: &Grant) -> bool {
        self.given
            .iter()
            .any(|consent| consent.is_between_those_of(grant) && consent.grant.scopes.include(&grant.scopes))
    }

    /// Whether the user has consented to offline access of this client before.
    pub(crate) fn include_offline(&self, grant: &Grant) -> bool {
        self.given.iter().any(|consent| consent.offline && consent.is_between_those_of(grant))
    }

    /// Forgets what the user has consented to for this client.
    pub(crate) fn withdraw(&mut self, grant: &Grant) {
        self.given.retain(|consent| !consent.is_between_those_of(grant));
    }
}

impl Consent {
    /// Whether it is of the same user, for the same client, in the same data center.
    fn is_between_those_of(&self, grant: &Grant) -> bool {
        let own = &self.grant;
        own.client_id == grant.client_id && own.user == grant.user && own.location == grant.location
    }
}
