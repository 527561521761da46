//! `FieldProblem`: why a record does not fit the fields of its module.

use std::fmt;

/// A problem with a field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldProblem {
    /// The field: its API name, or `Items[2].Price` in a row of a subform.
    pub field: String,
    /// The kind of problem.
    pub kind: FieldProblemKind,
    /// What to do about it, such as `give a number`.
    pub expected: String,
}

/// What can be wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldProblemKind {
    /// The module has no such field.
    Unknown,
    /// The field is mandatory.
    Missing,
    /// The value has another type.
    WrongType,
    /// The value is not in the pick list.
    NotInPickList,
    /// The value has too many characters or digits.
    TooLong,
    /// The field is read-only, for everyone or for this user.
    ReadOnly,
}

impl FieldProblemKind {
    /// Whether current metadata might not show this problem.
    pub(crate) fn may_be_stale(self) -> bool {
        matches!(self, Self::Unknown | Self::NotInPickList)
    }
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.kind {
            FieldProblemKind::Unknown => "is not a field of the module",
            FieldProblemKind::Missing => "is missing",
            FieldProblemKind::WrongType => "has the wrong type",
            FieldProblemKind::NotInPickList => "has a value that is not in the pick list",
            FieldProblemKind::TooLong => "is too long",
            FieldProblemKind::ReadOnly => "is read-only",
        };
        write!(formatter, "`{}` {why}; {}", self.field.escape_debug(), self.expected)
    }
}
