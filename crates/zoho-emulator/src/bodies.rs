//! The response bodies that all parts of the CRM share: errors, and the results for single records.

use serde_json::{Value, json};

use crate::http::Response;

/// The result for one item of a request: the body of a success, or of a failure.
pub(crate) type Outcome = Result<Value, Value>;

/// An error response for the whole request.
pub(crate) fn error(status: u16, code: &str, details: &Value, message: &str) -> Response {
    Response::json(status, &failure(code, details, message))
}

/// 429, for credits and for concurrency. Zoho says neither which of the two it is nor when to retry.
pub(crate) fn too_many_requests() -> Response {
    error(429, "TOO_MANY_REQUESTS", &json!({}), "You have made too many requests. Please try again later.")
}

/// 403 `NO_PERMISSION`.
pub(crate) fn no_permission(permission: &str) -> Response {
    error(403, "NO_PERMISSION", &json!({ "permissions": [permission] }), "permission denied")
}

/// 401: the token lacks a scope. A new token with the same scopes would not help.
pub(crate) fn scope_mismatch() -> Response {
    error(401, "OAUTH_SCOPE_MISMATCH", &json!({}), "invalid oauth scope to access this URL")
}

/// 400 `INVALID_MODULE`: the module does not exist, or does not support the request.
pub(crate) fn invalid_module(details: &Value) -> Response {
    error(400, "INVALID_MODULE", details, "the module name given seems to be invalid")
}

/// 400 `REQUIRED_PARAM_MISSING` for a parameter of the query.
pub(crate) fn missing_parameter(name: &str) -> Response {
    let details = json!({ "param_name": name });
    error(400, "REQUIRED_PARAM_MISSING", &details, "One of the expected parameter is missing")
}

/// 400 `INVALID_DATA` for a parameter of the query.
pub(crate) fn invalid_parameter(name: &str) -> Response {
    error(400, "INVALID_DATA", &json!({ "param_name": name }), "invalid data")
}

/// 400 `LIMIT_EXCEEDED` for a parameter of the query.
pub(crate) fn too_many_in_parameter(limit: usize, name: &str, message: &str) -> Response {
    error(400, "LIMIT_EXCEEDED", &json!({ "limit": limit, "param_name": name }), message)
}

/// 400 `LIMIT_EXCEEDED` for a list of the body.
pub(crate) fn too_many(limit: usize, name: &str) -> Response {
    let due_to = json!([{ "api_name": name, "json_path": format!("$.{name}") }]);
    let details = json!({ "limit": limit, "limit_due_to": due_to });
    error(400, "LIMIT_EXCEEDED", &details, "the number of records exceeds the limit")
}

/// 400 `MANDATORY_NOT_FOUND` for a part of the body.
pub(crate) fn missing_key(name: &str, json_path: &str) -> Response {
    Response::json(400, &mandatory_not_found(name, json_path))
}

/// 400 `INVALID_DATA` for a part of the body.
pub(crate) fn wrong_type(name: &str, expected: &str, json_path: &str) -> Response {
    Response::json(400, &invalid_data(name, expected, json_path))
}

/// 400 `INVALID_DATA`: the id in the path is unknown.
pub(crate) fn unknown_id(id: &str) -> Response {
    Response::json(400, &invalid_id(id))
}

/// The result of an item that succeeded.
pub(crate) fn success(details: &Value, message: &str) -> Value {
    json!({ "code": "SUCCESS", "details": details, "message": message, "status": "success" })
}

/// The result of an item that failed.
pub(crate) fn failure(code: &str, details: &Value, message: &str) -> Value {
    json!({ "code": code, "details": details, "message": message, "status": "error" })
}

/// The failure for a missing value.
pub(crate) fn mandatory_not_found(name: &str, json_path: &str) -> Value {
    failure(
        "MANDATORY_NOT_FOUND",
        &json!({ "api_name": name, "json_path": json_path }),
        "required field not found",
    )
}

/// The failure for a value of the wrong type.
pub(crate) fn invalid_data(name: &str, expected: &str, json_path: &str) -> Value {
    let details = json!({ "expected_data_type": expected, "api_name": name, "json_path": json_path });
    failure("INVALID_DATA", &details, "invalid data")
}

/// The failure for an unknown record id.
pub(crate) fn invalid_id(id: &str) -> Value {
    failure("INVALID_DATA", &json!({ "id": id }), "the id given seems to be invalid")
}

/// A response with the results of many items under `key`.
pub(crate) fn many(success_status: u16, key: &str, outcomes: impl IntoIterator<Item = Outcome>) -> Response {
    let (status, results) = together(success_status, 207, outcomes);
    Response::json(status, &json!({ key: results }))
}

/// The [combined status](combined_status) and the results of many items.
pub(crate) fn together(
    success_status: u16,
    mixed_status: u16,
    outcomes: impl IntoIterator<Item = Outcome>,
) -> (u16, Vec<Value>) {
    let outcomes: Vec<Outcome> = outcomes.into_iter().collect();
    let failures = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let status = combined_status(success_status, mixed_status, failures, outcomes.len());
    (status, outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|failure| failure)).collect())
}

/// The status for many items: `success` if none failed, 400 if all failed, otherwise `mixed`.
pub(crate) fn combined_status(success: u16, mixed: u16, failures: usize, items: usize) -> u16 {
    match failures {
        0 => success,
        _ if failures == items => 400,
        _ => mixed,
    }
}

/// The `info` of a page that was requested by number.
pub(crate) fn page_info(page: usize, per_page: usize, count: usize, more_records: bool) -> Value {
    json!({ "per_page": per_page, "count": count, "page": page, "more_records": more_records })
}
