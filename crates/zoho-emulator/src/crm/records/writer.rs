//! `Writer`: a user who writes records of an organization.

use std::sync::Arc;

use crate::crm::request::Request;
use crate::http::Response;
use crate::model::metadata::Metadata;
use crate::model::records::Person;
use crate::world::World;

/// A user who writes records of an organization.
pub(crate) struct Writer<'a> {
    pub(crate) world: &'a World,
    pub(crate) organization: &'a str,
    pub(crate) metadata: &'a Metadata,
    pub(crate) person: &'a Arc<Person>,
    /// Records that were modified after this time are not changed.
    pub(crate) unmodified_since_ms: Option<u64>,
}

impl<'a> Writer<'a> {
    /// The caller of a request as a writer.
    pub(crate) fn of(request: &'a Request<'_>) -> Result<Self, Response> {
        Ok(Self {
            world: request.world,
            organization: request.organization(),
            metadata: request.metadata(),
            person: request.person(),
            unmodified_since_ms: request.timestamp_header("if-unmodified-since")?,
        })
    }

    /// A user of the same organization.
    pub(crate) fn colleague(&self, id: Option<&str>, email: Option<&str>) -> Option<Arc<Person>> {
        let users = self.world.settings.users.iter();
        let mut colleagues = users.filter(|user| self.world.organization_of(user) == self.organization);
        let fits = |wanted: Option<&str>, known: &str| wanted.is_none_or(|wanted| wanted == known);
        colleagues.find(|user| fits(id, &user.id) && fits(email, &user.email)).map(Person::of)
    }
}
