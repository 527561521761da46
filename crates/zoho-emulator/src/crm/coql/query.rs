//! A parsed query.

use std::collections::HashMap;

use crate::model::criteria::{Condition, Criterion, Operator};
use crate::model::metadata::Kind;

/// The kinds of the fields in a query, by path.
pub(super) type Kinds = HashMap<String, Kind>;

/// `select … from … where … group by … order by … limit …`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) columns: Vec<Column>,
    pub(super) module: String,
    pub(super) criterion: Criterion,
    pub(super) group_by: Vec<String>,
    pub(super) order_by: Vec<Order>,
    /// The limit in the query, if it has one.
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
}

/// One column of the result.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) function: Option<Function>,
    /// A field, or a path of lookups that ends in a field.
    pub(super) field: String,
    pub(super) alias: Option<String>,
}

/// An aggregate function over the records of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Count,
    Sum,
    Average,
    Minimum,
    Maximum,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    /// A field, or the alias of a column.
    pub(super) by: String,
    pub(super) descending: bool,
}

impl Column {
    /// The key of the column in the response.
    pub(super) fn key(&self) -> String {
        match (&self.alias, self.function) {
            (Some(alias), _) => alias.clone(),
            (None, Some(function)) => format!("{}({})", function.name(), self.field),
            (None, None) => self.field.clone(),
        }
    }
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Count, Self::Sum, Self::Average, Self::Minimum, Self::Maximum];
        all.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Count => "COUNT",
            Self::Sum => "SUM",
            Self::Average => "AVG",
            Self::Minimum => "MIN",
            Self::Maximum => "MAX",
        }
    }
}

/// The number of rows if the query has no limit.
const DEFAULT_LIMIT: usize = 200;

impl Query {
    /// The maximum number of rows.
    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// Whether the result has a row for each group instead of each record.
    pub(super) fn is_grouped(&self) -> bool {
        !self.group_by.is_empty() || self.columns.iter().any(|column| column.function.is_some())
    }
}

/// The operator of a condition, as a query writes it.
pub(super) fn operator_of(condition: &Condition) -> &'static str {
    let is_null = condition.values.iter().all(serde_json::Value::is_null);
    match condition.operator {
        Operator::Equals if is_null => "is null",
        Operator::NotEqual if is_null => "is not null",
        Operator::Equals => "=",
        Operator::NotEqual => "!=",
        Operator::GreaterThan => ">",
        Operator::GreaterEqual => ">=",
        Operator::LessThan => "<",
        Operator::LessEqual => "<=",
        Operator::In => "in",
        Operator::NotIn => "not in",
        Operator::Between => "between",
        Operator::NotBetween => "not between",
        Operator::NotContains => "not like",
        Operator::StartsWith | Operator::EndsWith | Operator::Contains => "like",
    }
}
