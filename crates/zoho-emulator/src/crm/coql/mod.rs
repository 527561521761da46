//! COQL: queries over the records of a module. <https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html>

mod check;
mod evaluate;
mod lexer;
mod parser;
mod query;
mod rejection;
mod token;

use serde_json::{Value, json};

use self::evaluate::Source;
use self::query::Query;
use self::rejection::Rejection;
use crate::crm::request::Request;
use crate::http::{Call, Response};

/// `POST coql`: runs a query.
pub(crate) fn query(request: &Request<'_>) -> Result<Response, Response> {
    let body = request.body()?;
    let Some(text) = body.get("select_query").and_then(Value::as_str) else {
        let details = json!({ "api_name": "select_query" });
        return Err(Rejection::new("MANDATORY_NOT_FOUND", details, "mandatory key not found").into_response());
    };
    let with_fields = wants_fields(body.get("include_meta"))?;
    let query = parser::parse(text).map_err(Rejection::into_response)?;
    let module = request.metadata().module(&query.module).ok_or_else(unknown_module)?;
    request.needs_module(&module, "READ")?;
    let kinds = check::check(&query, &module, request.metadata()).map_err(Rejection::into_response)?;
    let state = request.world.state();
    let source = Source { records: &state.records, organization: request.organization(), kinds };
    let (rows, more) = evaluate::rows(&query, &source);
    drop(state);
    if rows.is_empty() {
        return Ok(Response::empty(204));
    }
    let mut response = json!({ "data": rows, "info": { "count": rows.len(), "more_records": more } });
    if with_fields {
        response["fields"] = fields_of(&query, request);
    }
    Ok(Response::json(200, &response))
}

/// The price of a query in API credits: one for up to 200 records, two for up to 1,000, three for more.
/// <https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html>
pub(crate) fn cost(call: &Call) -> u64 {
    let body: Option<Value> = call.json();
    let text = body.as_ref().and_then(|body| body.get("select_query")?.as_str());
    match text.and_then(|text| parser::parse(text).ok()).map_or(0, |query| query.limit()) {
        0..=200 => 1,
        201..=1000 => 2,
        _ => 3,
    }
}

/// Restricts a query to `maximum` rows. `None`: the query has a higher limit.
pub(crate) fn limited(text: &str, maximum: usize) -> Option<String> {
    match parser::parse(text) {
        Ok(query) if query.limit.is_some_and(|limit| limit > maximum) => None,
        Ok(query) if query.limit.is_none() && query.offset == 0 => Some(format!("{text} limit {maximum}")),
        // A malformed query is rejected when it runs.
        _ => Some(text.to_owned()),
    }
}

/// Whether the request asks for a description of the columns.
fn wants_fields(include_meta: Option<&Value>) -> Result<bool, Response> {
    let invalid = |path: &str, expected: &str| {
        let details =
            json!({ "expected_data_type": expected, "api_name": "include_meta", "json_path": path });
        Rejection::new("INVALID_DATA", details, "invalid data").into_response()
    };
    match include_meta {
        None => Ok(false),
        Some(Value::Array(wanted)) if wanted.iter().all(|name| name == "fields") => Ok(!wanted.is_empty()),
        Some(Value::Array(_)) => Err(invalid("$.include_meta[0]", "text")),
        Some(_) => Err(invalid("$.include_meta", "jsonarray")),
    }
}

fn fields_of(query: &Query, request: &Request<'_>) -> Value {
    let metadata = request.metadata();
    let module = metadata.module(&query.module);
    let described = query.columns.iter().enumerate().filter_map(|(index, column)| {
        let field = module.as_ref()?.find(&column.field)?;
        Some((column.key(), field.body(index + 1, &|name| metadata.module_id(name))))
    });
    Value::Object(described.collect())
}

fn unknown_module() -> Response {
    Rejection::new("INVALID_MODULE", json!({}), "the given module is not supported in api").into_response()
}
