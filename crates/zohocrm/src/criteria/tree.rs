//! What criteria consist of, whichever language they are written in.

use serde_json::Value;

use super::checked_name;
use crate::error::Error;

/// Conditions and what joins them. Neither `And` nor `Or` holds one of its own kind directly.
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

/// What the value of one field has to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) field: String,
    pub(crate) operator: Operator,
    /// One; two for `Between`; any number for `In`.
    pub(crate) values: Vec<Value>,
}

impl Condition {
    pub(super) fn check(&self, limits: Limits) -> Result<(), Error> {
        let field = checked_name(&self.field)?;
        let count = self.values.len();
        if count == 0 {
            let why =
                format!("the list of values for {field} is empty; nothing is in it, so no call is needed");
            return Err(Error::Request(why));
        }
        if count > limits.values {
            let most = limits.values;
            return Err(Error::Request(format!(
                "{count} values for {field} are too many; Zoho takes {most} here"
            )));
        }
        let may_be_null = matches!(self.operator, Operator::Equals | Operator::NotEqual);
        let can_be_written = |value: &Value| match value {
            Value::Null => may_be_null,
            Value::Array(_) | Value::Object(_) => false,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        };
        match self.values.iter().all(can_be_written) {
            true => Ok(()),
            false => {
                Err(Error::Request(format!("{field} cannot be compared with null, a list or an object so")))
            }
        }
    }
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    NotEqual,
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
    /// As searches spell it. JSON differs in one: see `json.rs`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::NotEqual => "not_equal",
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

/// How many conditions Zoho takes, and how many values in one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) conditions: usize,
    pub(crate) values: usize,
}

/// How Zoho writes that a field is empty, where it has no word for it.
pub(super) const EMPTY: &str = "${EMPTY}";
