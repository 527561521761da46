//! Sessions of the login page, and what users have consented to.

use std::sync::Arc;

use super::grants::Grant;

/// The session of a user who is signed in on the login page.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user: String,
    /// The consent form returns this token, so that no other page can submit the form.
    pub(crate) form_token: String,
}

/// A user's consent, given by pressing Accept.
#[derive(Debug)]
pub(crate) struct Consent {
    pub(crate) grant: Arc<Grant>,
    /// Whether the consent was for `access_type=offline`.
    pub(crate) offline: bool,
}

/// The consents that users have given on the consent page.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    given: Vec<Consent>,
}

impl Consents {
    pub(crate) fn add(&mut self, consent: Consent) {
        self.given.push(consent);
    }

    /// Whether the user has already consented to all of this.
    pub(crate) fn include(&self, grant: &Grant) -> bool {
        self.given
            .iter()
            .any(|consent| consent.is_between_those_of(grant) && consent.grant.scopes.include(&grant.scopes))
    }

    /// Whether the user has already consented to offline access by this client.
    pub(crate) fn include_offline(&self, grant: &Grant) -> bool {
        self.given.iter().any(|consent| consent.offline && consent.is_between_those_of(grant))
    }

    /// Removes the user's consents for this client.
    pub(crate) fn withdraw(&mut self, grant: &Grant) {
        self.given.retain(|consent| !consent.is_between_those_of(grant));
    }
}

impl Consent {
    /// Whether user, client and data center are the same.
    fn is_between_those_of(&self, grant: &Grant) -> bool {
        let own = &self.grant;
        own.client_id == grant.client_id && own.user == grant.user && own.location == grant.location
    }
}
