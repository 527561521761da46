//! Conditions, and whether a record meets them.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::compare::{compare, contains, ends_with, equal, starts_with};
use crate::model::metadata::Kind;

/// A condition, or a combination of conditions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Criterion {
    /// All of these are met.
    And(Vec<Self>),
    /// At least one of these is met.
    Or(Vec<Self>),
    /// This condition is met.
    Is(Condition),
}

/// A condition on the value of one field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) field: String,
    pub(crate) operator: Operator,
    /// One value; two for `between`; any number for `in`. `null` is a value.
    pub(crate) values: Vec<Value>,
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

impl Criterion {
    /// Whether a record meets the criterion. `value` returns the value of a field.
    pub(crate) fn matches<'r>(&self, value: &impl Fn(&str) -> Cow<'r, Value>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(value)),
            Self::Or(any) => any.iter().any(|one| one.matches(value)),
            Self::Is(condition) => condition.matches(&value(&condition.field)),
        }
    }

    /// All conditions.
    pub(crate) fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::And(inner) | Self::Or(inner) => inner.iter().flat_map(Self::conditions).collect(),
            Self::Is(condition) => vec![condition],
        }
    }
}

impl Condition {
    /// Whether a value meets the condition. Only `null` equals `null`, and `null` is neither greater nor less than
    /// anything.
    pub(crate) fn matches(&self, value: &Value) -> bool {
        let first = self.values.first().unwrap_or(&Value::Null);
        let is_any = || self.values.iter().any(|wanted| equal(value, wanted));
        let order = compare(value, first);
        let between = || {
            let above = order.is_some_and(Ordering::is_ge);
            let last = self.values.last().unwrap_or(&Value::Null);
            above && compare(value, last).is_some_and(Ordering::is_le)
        };
        match self.operator {
            Operator::Equals => equal(value, first),
            Operator::NotEqual => !equal(value, first),
            Operator::StartsWith => starts_with(value, first),
            Operator::EndsWith => ends_with(value, first),
            Operator::Contains => contains(value, first),
            Operator::NotContains => !contains(value, first),
            Operator::In => is_any(),
            Operator::NotIn => !is_any(),
            Operator::GreaterThan => order.is_some_and(Ordering::is_gt),
            Operator::GreaterEqual => order.is_some_and(Ordering::is_ge),
            Operator::LessThan => order.is_some_and(Ordering::is_lt),
            Operator::LessEqual => order.is_some_and(Ordering::is_le),
            Operator::Between => between(),
            Operator::NotBetween => !between(),
        }
    }
}

impl Operator {
    const NAMES: [(&'static str, Self); 14] = [
        ("equals", Self::Equals),
        ("not_equal", Self::NotEqual),
        ("starts_with", Self::StartsWith),
        ("ends_with", Self::EndsWith),
        ("contains", Self::Contains),
        ("not_contains", Self::NotContains),
        ("in", Self::In),
        ("not_in", Self::NotIn),
        ("greater_than", Self::GreaterThan),
        ("greater_equal", Self::GreaterEqual),
        ("less_than", Self::LessThan),
        ("less_equal", Self::LessEqual),
        ("between", Self::Between),
        ("not_between", Self::NotBetween),
    ];

    /// The operator with this name in a search.
    pub(crate) fn of_search(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }

    pub(super) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Whether fields of this kind support the operator.
    pub(crate) fn fits(self, kind: &Kind) -> bool {
        let ordered = matches!(
            kind,
            Kind::Integer
                | Kind::BigInteger
                | Kind::Double
                | Kind::Currency
                | Kind::Percent
                | Kind::Date
                | Kind::DateTime
        );
        match self {
            Self::Equals | Self::NotEqual | Self::In | Self::NotIn => true,
            Self::GreaterThan | Self::GreaterEqual | Self::LessThan | Self::LessEqual => ordered,
            Self::Between | Self::NotBetween => ordered,
            Self::StartsWith | Self::EndsWith | Self::Contains | Self::NotContains => {
                !ordered && *kind != Kind::Boolean
            }
        }
    }
}
