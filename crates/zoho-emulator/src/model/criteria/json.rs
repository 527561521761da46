//! Conditions as JSON: the `filters` and `criteria` of bodies, such as
//! `{"group_operator": "AND", "group": [{"field": {"api_name": "City"}, "comparator": "equal", "value": "York"}]}`.

use serde_json::Value;

use super::criterion::{Condition, Criterion, Operator};

/// The maximum depth of nested groups.
const MAX_DEPTH: usize = 32;

impl Criterion {
    /// Parses conditions. `None`: they are malformed.
    pub(crate) fn of_json(value: &Value) -> Option<Self> {
        read(value, 0)
    }
}

fn read(value: &Value, depth: usize) -> Option<Criterion> {
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(group) = value.get("group") {
        let group = group.as_array().filter(|group| !group.is_empty())?;
        let inner = group.iter().map(|value| read(value, depth + 1)).collect::<Option<Vec<_>>>()?;
        return match value.get("group_operator")?.as_str()?.to_ascii_lowercase().as_str() {
            "and" => Some(Criterion::And(inner)),
            "or" => Some(Criterion::Or(inner)),
            _ => None,
        };
    }
    let field = value.get("field")?;
    let field = field.get("api_name").unwrap_or(field).as_str()?.to_owned();
    let operator = match value.get("comparator")?.as_str()? {
        "equal" => Operator::Equals,
        other => Operator::of_search(other)?,
    };
    let values = match value.get("value")? {
        Value::Array(values) => values.iter().map(plain).collect(),
        value => vec![plain(value)],
    };
    Some(Criterion::Is(Condition { field, operator, values }))
}

/// `${EMPTY}` means `null`.
fn plain(value: &Value) -> Value {
    if value == "${EMPTY}" { Value::Null } else { value.clone() }
}
