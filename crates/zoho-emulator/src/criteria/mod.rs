//! Conditions on records: the `criteria` of searches and counts.

mod compare;
mod json;
mod parse;

use std::borrow::Cow;

use serde_json::{Value, json};

pub(crate) use compare::{can_be, compare, contains, equal, starts_with};

use crate::crm::error;
use crate::http::Answer;
use crate::metadata::{Kind, Module};

/// A condition, or several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Criterion {
    /// All of them.
    And(Vec<Self>),
    /// At least one of them.
    Or(Vec<Self>),
    /// One condition.
    Is(Condition),
}

/// What the value of one field has to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) field: String,
    pub(crate) operator: Operator,
    /// One; two for `between`; any number for `in`. `null` is a value, too.
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

/// The most conditions of a search.
/// <https://www.zoho.com/crm/developer/docs/api/v8/search-records.html>
const MAXIMUM_CONDITIONS: usize = 10;

impl Criterion {
    /// Reads the `criteria` of a search, and checks it against the module's fields.
    pub(crate) fn of_search(text: &str, module: &Module) -> Result<Self, Answer> {
        parse::criteria(text).ok_or_else(|| invalid_query(&json!({})))?.checked(module)
    }

    /// Reads the `filters` of a body, and checks them against the module's fields.
    pub(crate) fn of_filters(filters: &Value, module: &Module) -> Result<Self, Answer> {
        Self::of_json(filters).ok_or_else(|| invalid_query(&json!({})))?.checked(module)
    }

    fn checked(self, module: &Module) -> Result<Self, Answer> {
        let conditions = self.conditions();
        if conditions.len() > MAXIMUM_CONDITIONS {
            let details = json!({ "limit": MAXIMUM_CONDITIONS, "param_name": "criteria" });
            return Err(error(400, "LIMIT_EXCEEDED", &details, "the number of criteria exceeds the limit"));
        }
        conditions.into_iter().try_for_each(|condition| condition.check(module))?;
        Ok(self)
    }

    /// Whether it is true, where `value` gives the value of a field.
    pub(crate) fn matches<'r>(&self, value: &impl Fn(&str) -> Cow<'r, Value>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(value)),
            Self::Or(any) => any.iter().any(|one| one.matches(value)),
            Self::Is(condition) => condition.matches(&value(&condition.field)),
        }
    }

    /// Every condition in it.
    pub(crate) fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::And(inner) | Self::Or(inner) => inner.iter().flat_map(Self::conditions).collect(),
            Self::Is(condition) => vec![condition],
        }
    }
}

impl Condition {
    /// Whether a value fulfils it. Only `null` equals `null`, and nothing is greater or less than it.
    pub(crate) fn matches(&self, value: &Value) -> bool {
        let first = self.values.first().unwrap_or(&Value::Null);
        let is_any = || self.values.iter().any(|wanted| equal(value, wanted));
        let order = compare(value, first);
        let between = || {
            let above = order.is_some_and(std::cmp::Ordering::is_ge);
            let last = self.values.last().unwrap_or(&Value::Null);
            above && compare(value, last).is_some_and(std::cmp::Ordering::is_le)
        };
        match self.operator {
            Operator::Equals => equal(value, first),
            Operator::NotEqual => !equal(value, first),
            Operator::StartsWith => starts_with(value, first),
            Operator::EndsWith => compare::ends_with(value, first),
            Operator::Contains => contains(value, first),
            Operator::NotContains => !contains(value, first),
            Operator::In => is_any(),
            Operator::NotIn => !is_any(),
            Operator::GreaterThan => order.is_some_and(std::cmp::Ordering::is_gt),
            Operator::GreaterEqual => order.is_some_and(std::cmp::Ordering::is_ge),
            Operator::LessThan => order.is_some_and(std::cmp::Ordering::is_lt),
            Operator::LessEqual => order.is_some_and(std::cmp::Ordering::is_le),
            Operator::Between => between(),
            Operator::NotBetween => !between(),
        }
    }

    /// Whether the module has the field, the field can be compared in this way, and the value can be one of it.
    fn check(&self, module: &Module) -> Result<(), Answer> {
        let name = &self.field;
        let field = module.find(name).filter(|field| !field.only_in_single_records());
        let Some(field) = field else {
            let details = json!({ "api_name": name, "reason": "the field is not available for search" });
            return Err(invalid_query(&details));
        };
        if !self.operator.fits(&field.kind) {
            let details = json!({ "api_name": name, "operator": self.operator.name(), "reason": "unsupported operator" });
            return Err(invalid_query(&details));
        }
        let wrong = self.values.iter().any(|value| !compare::can_be(&field.kind, value));
        if wrong || (self.operator == Operator::Between && self.values.len() != 2) {
            let details = json!({ "api_name": name, "expected_data_type": field.kind.data_type() });
            return Err(invalid_query(&details));
        }
        Ok(())
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

    /// The operator that a search calls so.
    pub(crate) fn of_search(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Whether a field of this kind can be compared in this way.
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

/// 400 `INVALID_QUERY`.
pub(crate) fn invalid_query(details: &Value) -> Answer {
    error(400, "INVALID_QUERY", details, "Invalid query formed")
}
