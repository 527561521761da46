//! The bodies that all parts of the CRM answer with.

use serde_json::{Value, json};

use crate::http::Answer;

/// The result for one of several things in a request: what is said of a success, or of a failure.
pub(crate) type Outcome = Result<Value, Value>;

/// An error that concerns the whole request.
pub(crate) fn error(status: u16, code: &str, details: &Value, message: &str) -> Answer {
    Answer::json(status, &failure(code, details, message))
}

/// 429: credits or concurrency, Zoho does not say which, and not for how long.
pub(crate) fn too_many_requests() -> Answer {
    error(429, "TOO_MANY_REQUESTS", &json!({}), "You have made too many requests. Please try again later.")
}

/// 403 `NO_PERMISSION`.
pub(crate) fn no_permission(permission: &str) -> Answer {
    error(403, "NO_PERMISSION", &json!({ "permissions": [permission] }), "permission denied")
}

/// 401 when the scopes of the token are not enough. A new token with the same scopes would not help.
pub(crate) fn scope_mismatch() -> Answer {
    error(401, "OAUTH_SCOPE_MISMATCH", &json!({}), "invalid oauth scope to access this URL")
}

/// 400 `INVALID_MODULE`: there is no such module, or what is asked for is not done with it.
pub(crate) fn invalid_module(details: &Value) -> Answer {
    error(400, "INVALID_MODULE", details, "the module name given seems to be invalid")
}

/// 400 `REQUIRED_PARAM_MISSING`.
pub(crate) fn missing_parameter(name: &str) -> Answer {
    let details = json!({ "param_name": name });
    error(400, "REQUIRED_PARAM_MISSING", &details, "One of the expected parameter is missing")
}

/// 400 `INVALID_DATA` for a parameter of the query.
pub(crate) fn invalid_parameter(name: &str) -> Answer {
    error(400, "INVALID_DATA", &json!({ "param_name": name }), "invalid data")
}

/// 400 `LIMIT_EXCEEDED` for a parameter of the query or a list of the body.
pub(crate) fn too_many(limit: usize, name: &str) -> Answer {
    let due_to = json!([{ "api_name": name, "json_path": format!("$.{name}") }]);
    let details = json!({ "limit": limit, "limit_due_to": due_to });
    error(400, "LIMIT_EXCEEDED", &details, "the number of records exceeds the limit")
}

/// 400 `MANDATORY_NOT_FOUND` for a part of the body.
pub(crate) fn missing_key(name: &str, json_path: &str) -> Answer {
    Answer::json(400, &mandatory_not_found(name, json_path))
}

/// 400 `INVALID_DATA` for a part of the body.
pub(crate) fn wrong_type(name: &str, expected: &str, json_path: &str) -> Answer {
    Answer::json(400, &invalid_data(name, expected, json_path))
}

/// 400 `INVALID_DATA`: the record or thing in the path is not there.
pub(crate) fn unknown_id(id: &str) -> Answer {
    Answer::json(400, &invalid_id(id))
}

/// That one thing was done.
pub(crate) fn success(details: &Value, message: &str) -> Value {
    json!({ "code": "SUCCESS", "details": details, "message": message, "status": "success" })
}

/// That one thing was not done.
pub(crate) fn failure(code: &str, details: &Value, message: &str) -> Value {
    json!({ "code": code, "details": details, "message": message, "status": "error" })
}

/// That something has to be there.
pub(crate) fn mandatory_not_found(name: &str, json_path: &str) -> Value {
    failure(
        "MANDATORY_NOT_FOUND",
        &json!({ "api_name": name, "json_path": json_path }),
        "required field not found",
    )
}

/// That something is of the wrong type.
pub(crate) fn invalid_data(name: &str, expected: &str, json_path: &str) -> Value {
    let details = json!({ "expected_data_type": expected, "api_name": name, "json_path": json_path });
    failure("INVALID_DATA", &details, "invalid data")
}

/// That there is no record with this id.
pub(crate) fn invalid_id(id: &str) -> Value {
    failure("INVALID_DATA", &json!({ "id": id }), "the id given seems to be invalid")
}

/// One answer for many results under a name.
pub(crate) fn many(success_status: u16, key: &str, outcomes: impl IntoIterator<Item = Outcome>) -> Answer {
    let (status, results) = together(success_status, outcomes);
    Answer::json(status, &json!({ key: results }))
}

/// Many results, and the status for them: that of a success, 207 for some of both, 400 if all failed.
pub(crate) fn together(
    success_status: u16,
    outcomes: impl IntoIterator<Item = Outcome>,
) -> (u16, Vec<Value>) {
    let outcomes: Vec<Outcome> = outcomes.into_iter().collect();
    let failures = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let status = match failures {
        0 => success_status,
        _ if failures == outcomes.len() => 400,
        _ => 207,
    };
    (status, outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|failure| failure)).collect())
}
