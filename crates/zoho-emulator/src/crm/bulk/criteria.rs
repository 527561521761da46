//! The `criteria` of a bulk read: comparisons and groups of comparisons, as JSON.

use serde_json::{Value, json};

use crate::bodies::error;
use crate::http::Response;
use crate::model::criteria::{Condition, Criterion, Operator, can_be};
use crate::model::metadata::Module;

const MAX_CONDITIONS: usize = 25;
const MAX_DEPTH: usize = 25;

/// Parses criteria and checks them against the fields of the module.
pub(super) fn read(criteria: &Value, module: &Module) -> Result<Criterion, Response> {
    let criterion = group(criteria, module, 0)?;
    if criterion.conditions().len() > MAX_CONDITIONS {
        let details = json!({ "limit": MAX_CONDITIONS });
        return Err(error(
            400,
            "CRITERIA_LIMIT_EXCEEDED",
            &details,
            "the number of criteria exceeds the limit",
        ));
    }
    Ok(criterion)
}

fn group(criteria: &Value, module: &Module, depth: usize) -> Result<Criterion, Response> {
    let Some(members) = criteria["group"].as_array().filter(|members| !members.is_empty()) else {
        return condition(criteria, module).map(Criterion::Is);
    };
    if depth > MAX_DEPTH {
        return Err(invalid());
    }
    let members = members.iter().map(|member| group(member, module, depth + 1)).collect::<Result<_, _>>()?;
    match criteria["group_operator"].as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("and") => Ok(Criterion::And(members)),
        Some("or") => Ok(Criterion::Or(members)),
        _ => {
            let details = json!({ "supported": ["and", "or"] });
            Err(error(400, "GROUP_OPERATOR_NOT_SUPPORTED", &details, "group operator is not supported"))
        }
    }
}

fn condition(criteria: &Value, module: &Module) -> Result<Condition, Response> {
    let name = criteria["field"]["api_name"].as_str().or_else(|| criteria["api_name"].as_str());
    let name = name.ok_or_else(invalid)?;
    let details = json!({ "api_name": name, "module": module.api_name });
    let field = module.find(name).ok_or_else(|| {
        error(400, "FIELD_IN_CRITERIA_NOT_AVAILABLE", &details, "field in criteria is not available")
    })?;
    let comparator = criteria["comparator"].as_str().unwrap_or_default();
    let named = if comparator == "equal" { "equals" } else { comparator };
    let operator =
        Operator::of_search(named).filter(|operator| operator.fits(&field.kind)).ok_or_else(|| {
            let details = json!({ "api_name": name, "comparator": comparator });
            let code = "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE";
            error(400, code, &details, "field and comparator in criteria are not compatible")
        })?;
    let values = match &criteria["value"] {
        Value::Array(values) => values.iter().map(one_value).collect(),
        value => vec![one_value(value)],
    };
    if !values.iter().all(|value| can_be(&field.kind, value)) {
        let code = "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE";
        return Err(error(400, code, &details, "field and value in criteria are not compatible"));
    }
    Ok(Condition { field: name.to_owned(), operator, values })
}

/// A value to compare with: the id of a lookup; `null` for `${EMPTY}`.
fn one_value(value: &Value) -> Value {
    match value {
        Value::Object(lookup) => lookup.get("id").cloned().unwrap_or_default(),
        Value::String(text) if text == "${EMPTY}" => Value::Null,
        _ => value.clone(),
    }
}

fn invalid() -> Response {
    error(400, "INVALID_CRITERIA", &json!({}), "criteria is not valid")
}
