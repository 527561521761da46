//! What happened to a record.

use crate::model::records::Fields;

/// What was done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Create,
    Edit,
    Delete,
}

/// A record that was written.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) organisation: &'a str,
    pub(crate) module: &'a str,
    pub(crate) id: &'a str,
    pub(crate) event: Event,
    /// What was set.
    pub(crate) fields: &'a Fields,
}

impl Event {
    /// As subscriptions name it: `Leads.create`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Delete => "delete",
        }
    }

    /// As messages name it.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Create => "insert",
            Self::Edit => "update",
            Self::Delete => "delete",
        }
    }
}
