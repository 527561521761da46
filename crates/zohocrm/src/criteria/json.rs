//! Encodes criteria as JSON, for bulk reads and other calls with a `criteria` object.
//! <https://www.zoho.com/crm/developer/docs/api/v8/bulk-read/create-job.html>

use super::{Condition, Limits, Operator, Tree};
use crate::error::{Error, Invalid};
use crate::value::{Value, object};

/// Zoho documents the number of conditions. It documents none for values, so the limit of searches applies.
pub(super) const LIMITS: Limits = Limits { conditions: 25, values: 100 };

/// Encodes criteria that were checked.
pub(super) fn value_of(tree: &Tree) -> Result<Value, Error> {
    match tree {
        Tree::And(parts) => group("and", parts),
        Tree::Or(parts) => group("or", parts),
        Tree::Is(condition) => Ok(value_of_condition(condition)),
        Tree::Raw(_) => Err(Invalid::RawCriteria.into()),
    }
}

fn group(operator: &str, parts: &[Tree]) -> Result<Value, Error> {
    let group = parts.iter().map(value_of).collect::<Result<Vec<_>, _>>()?;
    Ok(object! { "group_operator": operator, "group": group }.into())
}

fn value_of_condition(condition: &Condition) -> Value {
    let Condition { field, operator, values } = condition;
    let value = match values.as_slice() {
        [value] if !matches!(operator, Operator::In | Operator::NotIn) => value.clone(),
        several => several.into(),
    };
    let comparator = match operator {
        Operator::Equals | Operator::IsNull => "equal",
        other => other.name(),
    };
    let field = object! { "api_name": field.as_str() };
    object! { "field": field, "comparator": comparator, "value": value }.into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Criteria;

    #[test]
    fn groups_and_conditions_have_the_json_of_a_bulk_read() {
        let criteria = Criteria::field("Last_Name")
            .equals("Burns, (B)")
            .and(Criteria::field("Amount").between(1, 2).or(Criteria::field("Owner").is_in(["7"])))
            .and(Criteria::field("Email").is_not_null());
        let condition = |field: &str, comparator: &str, value: Value| json!({ "field": { "api_name": field }, "comparator": comparator, "value": value });
        let expected = json!({ "group_operator": "and", "group": [
            condition("Last_Name", "equal", json!("Burns, (B)")),
            { "group_operator": "or", "group": [
                condition("Amount", "between", json!([1, 2])),
                condition("Owner", "in", json!(["7"])),
            ] },
            condition("Email", "not_equal", json!("${EMPTY}")),
        ] });
        assert_eq!(criteria.to_json().unwrap(), expected);
    }

    #[test]
    fn raw_criteria_have_no_json_form() {
        assert!(Criteria::field("A").equals(1).and(Criteria::raw("B:equals:2")).to_json().is_err());
    }
}
