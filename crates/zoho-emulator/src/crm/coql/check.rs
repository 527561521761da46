//! Checks a query against Zoho's limits and the fields of its module.
//! <https://www.zoho.com/crm/developer/docs/api/v8/COQL-Limitations.html>

use serde_json::json;

use super::query::{Column, Kinds, Query, operator_of};
use super::rejection::Rejection;
use crate::model::criteria::{Condition, can_be};
use crate::model::metadata::{Field, Kind, Metadata, Module};

const MAX_COLUMNS: usize = 50;
const MAX_CRITERIA: usize = 25;
const MAX_ORDER: usize = 10;
const MAX_GROUPS: usize = 4;
const MAX_AGGREGATES: usize = 5;
const MAX_VALUES: usize = 50;
const MAX_LIMIT: usize = 2_000;
const MAX_REACH: usize = 100_000;
/// How many lookups a column may follow.
const MAX_RELATIONS: usize = 2;

/// Checks a parsed query. Returns the kinds of the fields in it.
pub(super) fn check(query: &Query, module: &Module, metadata: &Metadata) -> Result<Kinds, Rejection> {
    check_limits(query)?;
    check_aliases(&query.columns)?;
    check_duplicates(query)?;
    check_groups(query)?;
    let aliases: Vec<&str> = query.columns.iter().filter_map(|column| column.alias.as_deref()).collect();
    let selected = query.columns.iter().map(|column| column.field.as_str());
    let ordered = query.order_by.iter().map(|order| order.by.as_str()).filter(|by| !aliases.contains(by));
    let mut kinds = Kinds::new();
    for path in selected.chain(query.group_by.iter().map(String::as_str)).chain(ordered) {
        let field = find(path, module, metadata)?;
        kinds.extend(field.map(|field| (path.to_owned(), field.kind)));
    }
    for condition in query.criterion.conditions() {
        let field = find(&condition.field, module, metadata)?;
        check_condition(condition, field.as_ref())?;
        kinds.extend(field.map(|field| (condition.field.clone(), field.kind)));
    }
    Ok(kinds)
}

fn check_limits(query: &Query) -> Result<(), Rejection> {
    let conditions = query.criterion.conditions();
    let aggregates = query.columns.iter().filter(|column| column.function.is_some()).count();
    let values = conditions.iter().map(|condition| condition.values.len()).max().unwrap_or_default();
    let limits = [
        ("select", query.columns.len(), MAX_COLUMNS),
        ("where", conditions.len(), MAX_CRITERIA),
        ("order by", query.order_by.len(), MAX_ORDER),
        ("group by", query.group_by.len(), MAX_GROUPS),
        ("aggregate", aggregates, MAX_AGGREGATES),
        ("in", values, MAX_VALUES),
        ("limit", query.limit(), MAX_LIMIT),
        ("offset", query.offset.saturating_add(query.limit()), MAX_REACH),
    ];
    if query.limit() == 0 {
        return Err(Rejection::new("INVALID_DATA", json!({}), "limit should be greater than 0"));
    }
    match limits.into_iter().find(|(_, used, limit)| used > limit) {
        Some((by, _, limit)) => Err(Rejection::limit_exceeded(by, limit)),
        None => Ok(()),
    }
}

fn check_aliases(columns: &[Column]) -> Result<(), Rejection> {
    for (index, column) in columns.iter().enumerate() {
        let Some(alias) = &column.alias else { continue };
        let details = json!({ "column_name": column.field, "alias": alias });
        if alias.is_empty() {
            return Err(Rejection::new("INVALID_ALIAS", details, "alias name cannot be an empty string"));
        }
        if columns.iter().any(|other| other.alias.is_none() && other.key() == *alias) {
            let message = "column name or property name given in select columns without alias name cannot be an \
                           alias name for other select columns";
            return Err(Rejection::invalid_query(details, message));
        }
        if let Some(other) = columns[..index].iter().find(|other| other.alias.as_ref() == Some(alias)) {
            let details = json!({ "referred_columns": [other.field, column.field], "alias": alias });
            return Err(Rejection::new(
                "DUPLICATE_ALIAS",
                details,
                "same alias cannot refer more than one column",
            ));
        }
    }
    Ok(())
}

fn check_duplicates(query: &Query) -> Result<(), Rejection> {
    let columns = &query.columns;
    for (index, column) in columns.iter().enumerate() {
        let same = |other: &Column| other.field == column.field && other.function == column.function;
        if columns[..index].iter().any(same) {
            return Err(match column.function {
                Some(function) => {
                    let details = json!({ "column_name": column.field, "aggregate": function.name() });
                    Rejection::new("DUPLICATE_DATA", details, "duplicate aggregate function")
                }
                None => duplicate(&column.field, "duplicate select column"),
            });
        }
    }
    let groups: Vec<&str> = query.group_by.iter().map(String::as_str).collect();
    let orders: Vec<&str> = query.order_by.iter().map(|order| order.by.as_str()).collect();
    for (names, message) in [(groups, "duplicate group by column"), (orders, "duplicate order by column")] {
        let twice = names.iter().enumerate().find(|(index, name)| names[..*index].contains(*name));
        if let Some((_, name)) = twice {
            return Err(duplicate(name, message));
        }
    }
    Ok(())
}

fn duplicate(column: &str, message: &'static str) -> Rejection {
    Rejection::new("DUPLICATE_DATA", json!({ "column_name": column }), message)
}

/// Every column of a grouped query must be in `group by` or be a function.
fn check_groups(query: &Query) -> Result<(), Rejection> {
    if !query.is_grouped() {
        return Ok(());
    }
    let loose = query.columns.iter().find(|column| {
        let named = |name: &String| *name == column.field || Some(name) == column.alias.as_ref();
        column.function.is_none() && !query.group_by.iter().any(named)
    });
    match loose {
        Some(column) => {
            let details = json!({ "column_name": column.field, "reason": "column is not in group by" });
            Err(Rejection::invalid_query(details, "Invalid query formed"))
        }
        None => Ok(()),
    }
}

/// The field at the end of a path such as `Account_Name.Parent_Account.Account_Name`. `None`: it belongs to a record
/// whose module is only known when the query runs.
fn find(path: &str, module: &Module, metadata: &Metadata) -> Result<Option<Field>, Rejection> {
    if path.matches('.').count() > MAX_RELATIONS {
        return Err(Rejection::unknown_column(path));
    }
    let unknown = || Rejection::unknown_column(path);
    let Some((lookup, rest)) = path.split_once('.') else {
        let field = module.find(path).filter(|field| !field.only_in_single_records());
        return field.cloned().map(Some).ok_or_else(unknown);
    };
    match &module.find(lookup).ok_or_else(unknown)?.kind {
        Kind::Lookup(name) => {
            let module = metadata.module(name).ok_or_else(unknown)?;
            find(rest, &module, metadata).map_err(|_| unknown())
        }
        Kind::AnyRecord | Kind::User | Kind::Owner => Ok(None),
        _ => Err(unknown()),
    }
}

fn check_condition(condition: &Condition, field: Option<&Field>) -> Result<(), Rejection> {
    let Some(field) = field else { return Ok(()) };
    let operator = operator_of(condition);
    let is_null = condition.values.iter().all(serde_json::Value::is_null);
    if field.kind == Kind::TextArea {
        let details = json!({ "cv_criteria": false, "column_name": condition.field, "operator": operator });
        return Err(Rejection::invalid_query(details, "unsupported column in criteria"));
    }
    if !is_null && !condition.operator.fits(&field.kind) && !is_id(field) {
        let details = json!({
            "reason": "invalid operator found", "column_name": condition.field, "operator": operator,
        });
        return Err(Rejection::invalid_query(details, "Invalid query formed"));
    }
    let wrong = condition.values.iter().any(|value| !can_be(&field.kind, value));
    if wrong {
        let details = json!({
            "column_name": condition.field, "expected_data_type": field.kind.data_type(), "operator": operator,
        });
        return Err(Rejection::invalid_query(details, "value given seems to be invalid for the column"));
    }
    Ok(())
}

/// Ids have an order, although they are strings.
fn is_id(field: &Field) -> bool {
    field.api_name == "id"
}
