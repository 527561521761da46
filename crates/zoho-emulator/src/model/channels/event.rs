//! What happened to a record.

use crate::model::records::Fields;

/// The kind of change of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Create,
    Edit,
    Delete,
}

/// A change of a record.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) organization: &'a str,
    pub(crate) module: &'a str,
    pub(crate) id: &'a str,
    pub(crate) event: Event,
    /// The fields that the change set.
    pub(crate) fields: &'a Fields,
}

impl Event {
    /// The name in subscriptions, as in `Leads.create`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Delete => "delete",
        }
    }

    /// The name in messages.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Create => "insert",
            Self::Edit => "update",
            Self::Delete => "delete",
        }
    }
}
