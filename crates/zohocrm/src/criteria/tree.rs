//! The structure of criteria, independent of how they are encoded.

use super::checked_name;
use crate::error::{Error, Invalid};
use crate::value::Value;

/// Conditions and groups. An `And` contains no `And` directly, and an `Or` no `Or`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    And(Vec<Self>),
    Or(Vec<Self>),
    Is(Condition),
    Raw(String),
}

impl Tree {
    pub(super) fn parts_of_and(self) -> Vec<Self> {
        match self {
            Self::And(parts) => parts,
            other => vec![other],
        }
    }

    pub(super) fn parts_of_or(self) -> Vec<Self> {
        match self {
            Self::Or(parts) => parts,
            other => vec![other],
        }
    }

    pub(super) fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::conditions).collect(),
            Self::Is(condition) => vec![condition],
            Self::Raw(_) => Vec::new(),
        }
    }
}

/// A comparison of one field with values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) field: String,
    pub(crate) operator: Operator,
    /// Two for `Between` and `NotBetween`, any number for `In` and `NotIn`, one for all others.
    pub(crate) values: Vec<Value>,
}

impl Condition {
    pub(super) fn check(&self, limits: Limits) -> Result<(), Error> {
        let field = checked_name(&self.field)?;
        let count = self.values.len();
        if count == 0 {
            return Err(Invalid::NoValues(field.to_owned()).into());
        }
        if count > limits.values {
            return Err(Invalid::TooManyValues { field: field.to_owned(), count, max: limits.values }.into());
        }
        let is_comparable = |value: &Value| match value {
            Value::Null | Value::Array(_) | Value::Object(_) => false,
            Value::Number(number) => number.is_finite(),
            Value::Bool(_) | Value::String(_) => true,
        };
        match self.values.iter().all(is_comparable) {
            true => Ok(()),
            false => Err(Invalid::Incomparable(field.to_owned()).into()),
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    NotEqual,
    /// Its value is [`EMPTY`].
    IsNull,
    /// Its value is [`EMPTY`].
    IsNotNull,
    StartsWith,
    EndsWith,
    Contains,
    NotContains,
    In,
    NotIn,
    GreaterThan,
    GreaterEqual,
    LessThan,
    LessEqual,
    Between,
    NotBetween,
}

impl Operator {
    /// Those with names of their own.
    const NAMED: [Self; 14] = [
        Self::Equals,
        Self::NotEqual,
        Self::StartsWith,
        Self::EndsWith,
        Self::Contains,
        Self::NotContains,
        Self::In,
        Self::NotIn,
        Self::GreaterThan,
        Self::GreaterEqual,
        Self::LessThan,
        Self::LessEqual,
        Self::Between,
        Self::NotBetween,
    ];

    /// The operator with this name, in a search or in JSON.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "equal" => Some(Self::Equals),
            name => Self::NAMED.into_iter().find(|operator| operator.name() == name),
        }
    }

    /// Whether it compares a field with several values.
    pub(super) fn takes_several(self) -> bool {
        matches!(self, Self::In | Self::NotIn | Self::Between | Self::NotBetween)
    }

    /// The name in a search. JSON has another one for equality: see `json.rs`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Equals | Self::IsNull => "equals",
            Self::NotEqual | Self::IsNotNull => "not_equal",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::Contains => "contains",
            Self::NotContains => "not_contains",
            Self::In => "in",
            Self::NotIn => "not_in",
            Self::GreaterThan => "greater_than",
            Self::GreaterEqual => "greater_equal",
            Self::LessThan => "less_than",
            Self::LessEqual => "less_equal",
            Self::Between => "between",
            Self::NotBetween => "not_between",
        }
    }
}

/// Zoho's limits on conditions, and on values in one condition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) conditions: usize,
    pub(crate) values: usize,
}

/// Zoho's value for an empty field, in forms without a `null`.
pub(super) const EMPTY: &str = "${EMPTY}";
