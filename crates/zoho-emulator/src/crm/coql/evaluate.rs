//! The rows of a query.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::query::{Column, Function, Kinds, Order, Query};
use crate::digits;
use crate::model::criteria::{comparable, compare};
use crate::model::metadata::Kind;
use crate::model::records::{Record, RecordStore};

/// The records that a query reads.
pub(super) struct Source<'a> {
    pub(super) records: &'a RecordStore,
    pub(super) organization: &'a str,
    pub(super) kinds: Kinds,
}

type Row = Map<String, Value>;

/// The rows of a query, and whether there are more.
pub(super) fn rows(query: &Query, source: &Source<'_>) -> (Vec<Row>, bool) {
    let table = source.records.table(source.organization, &query.module);
    let records = table.into_iter().flat_map(|table| table.iter());
    let mut matching =
        records.filter(|record| query.criterion.matches(&|field| source.comparable(record, field)));
    if query.is_grouped() {
        let mut rows = grouped(query, source, &matching.collect::<Vec<_>>());
        rows.sort_by(|one, other| {
            let key = |row, by: &str| source.as_compared(query.field_of(by), key_in(query, by, row));
            in_order(&query.order_by, |by| key(one, by), |by| key(other, by))
        });
        let more = rows.len() > query.offset + query.limit();
        return (rows.into_iter().skip(query.offset).take(query.limit()).collect(), more);
    }
    let view = |record: &Record| source.row(&query.columns, record);
    if query.order_by.is_empty() {
        let mut rest = matching.by_ref().skip(query.offset);
        let rows: Vec<Row> = rest.by_ref().take(query.limit()).map(view).collect();
        return (rows, rest.next().is_some());
    }
    let mut matching: Vec<&Record> = matching.collect();
    matching.sort_by(|one, other| {
        let key = |record, by: &str| source.comparable(record, query.field_of(by));
        in_order(&query.order_by, |by| key(one, by), |by| key(other, by))
    });
    let more = matching.len() > query.offset + query.limit();
    (matching.into_iter().skip(query.offset).take(query.limit()).map(view).collect(), more)
}

impl Query {
    /// Resolves an alias to its field. Any other name is a field.
    fn field_of<'q>(&'q self, name: &'q str) -> &'q str {
        let aliased = self.columns.iter().find(|column| column.alias.as_deref() == Some(name));
        aliased.map_or(name, |column| column.field.as_str())
    }
}

impl<'a> Source<'a> {
    fn value(&self, record: &'a Record, path: &str) -> Cow<'a, Value> {
        self.records.value_along(self.organization, record, path)
    }

    /// The value at a path as it compares.
    fn comparable(&self, record: &'a Record, path: &str) -> Cow<'a, Value> {
        self.as_compared(path, self.value(record, path))
    }

    /// A value at a path as it compares. Several values of a pick list compare as one text, `Art;Chess`.
    fn as_compared<'v>(&self, path: &str, value: Cow<'v, Value>) -> Cow<'v, Value> {
        match (self.kinds.get(path), value.as_ref()) {
            (Some(Kind::MultiSelectPickList(_)), Value::Array(chosen)) => {
                let chosen: Vec<&str> = chosen.iter().filter_map(Value::as_str).collect();
                Cow::Owned(if chosen.is_empty() { Value::Null } else { json!(chosen.join(";")) })
            }
            (kind, _) => comparable(kind, value),
        }
    }

    /// The columns of a record, and its id in any case.
    fn row(&self, columns: &[Column], record: &'a Record) -> Row {
        let mut row: Row = columns
            .iter()
            .map(|column| (column.key(), self.value(record, &column.field).into_owned()))
            .collect();
        if !columns.iter().any(|column| column.field == "id") {
            row.insert("id".to_owned(), json!(record.id()));
        }
        row
    }
}

/// One row for each group. A query without `group by` has one group, even without records.
fn grouped(query: &Query, source: &Source<'_>, records: &[&Record]) -> Vec<Row> {
    let mut groups: Vec<(Vec<Value>, Vec<&Record>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    if query.group_by.is_empty() {
        groups.push((Vec::new(), records.to_vec()));
    } else {
        for record in records {
            let names = query.group_by.iter().map(|name| query.field_of(name));
            let values: Vec<Value> = names.map(|name| source.value(record, name).into_owned()).collect();
            let place = *places.entry(json!(values).to_string()).or_insert(groups.len());
            if place == groups.len() {
                groups.push((values, Vec::new()));
            }
            groups[place].1.push(record);
        }
    }
    groups.iter().map(|(_, records)| group_row(&query.columns, source, records)).collect()
}

fn group_row(columns: &[Column], source: &Source<'_>, records: &[&Record]) -> Row {
    let value_of = |column: &Column| {
        let values = records.iter().map(|record| source.value(record, &column.field));
        match column.function {
            Some(function) => {
                let values = values.filter(|value| !value.is_null());
                function.of(values, |value| source.as_compared(&column.field, Cow::Borrowed(value)))
            }
            None => values.into_iter().next().map(Cow::into_owned).unwrap_or_default(),
        }
    };
    columns.iter().map(|column| (column.key(), value_of(column))).collect()
}

impl Function {
    fn of<'v>(
        self,
        values: impl Iterator<Item = Cow<'v, Value>>,
        as_compared: impl Fn(&Value) -> Cow<'_, Value>,
    ) -> Value {
        let values: Vec<Cow<'v, Value>> = values.collect();
        let numbers = || values.iter().filter_map(|value| digits::as_f64(&as_compared(value)));
        let extreme = |wanted: Ordering| {
            let better = |best: Cow<'v, Value>, next: &Cow<'v, Value>| {
                let order = compare(&as_compared(next), &as_compared(&best));
                if order == Some(wanted) { next.clone() } else { best }
            };
            let first = values.first().cloned();
            first.map_or(Value::Null, |first| values.iter().fold(first, better).into_owned())
        };
        match self {
            Self::Count => json!(values.len()),
            Self::Sum => {
                let sum = digits::sum(values.iter().map(|value| as_compared(value)));
                sum.unwrap_or_else(|| number(numbers().sum()))
            }
            Self::Average if values.is_empty() => Value::Null,
            Self::Average => number(numbers().sum::<f64>() / values.len() as f64),
            Self::Minimum => extreme(Ordering::Less),
            Self::Maximum => extreme(Ordering::Greater),
        }
    }
}

/// Writes a whole number without a decimal point.
fn number(sum: f64) -> Value {
    if sum.fract() == 0.0 && sum.abs() < 9e15 { json!(sum as i64) } else { json!(sum) }
}

/// The sort key of a row of a grouped query.
fn key_in<'r>(query: &Query, by: &str, row: &'r Row) -> Cow<'r, Value> {
    let column = query.columns.iter().find(|column| column.field == by && column.function.is_none());
    let key = column.map_or_else(|| by.to_owned(), Column::key);
    row.get(&key).map_or(Cow::Owned(Value::Null), Cow::Borrowed)
}

/// The order of two rows. `null` sorts first; a lookup sorts by its name.
fn in_order<'v>(
    order_by: &[Order],
    one: impl Fn(&str) -> Cow<'v, Value>,
    other: impl Fn(&str) -> Cow<'v, Value>,
) -> Ordering {
    let by_name = |value: Cow<'v, Value>| match value.get("name") {
        Some(name) => Cow::Owned(name.clone()),
        None => value,
    };
    let mut orders = order_by.iter().map(|order| {
        let (one, other) = (by_name(one(&order.by)), by_name(other(&order.by)));
        let ascending = match (one.is_null(), other.is_null()) {
            (false, false) => compare(&one, &other).unwrap_or(Ordering::Equal),
            (one_is_null, other_is_null) => other_is_null.cmp(&one_is_null),
        };
        if order.descending { ascending.reverse() } else { ascending }
    });
    orders.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}
