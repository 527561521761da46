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
use crate::http::{Answer, Call};

/// Carries out a query.
pub(crate) fn query(request: &Request<'_>) -> Result<Answer, Answer> {
    let body = request.body()?;
    let Some(text) = body.get("select_query").and_then(Value::as_str) else {
        let details = json!({ "api_name": "select_query" });
        return Err(Rejection::new("MANDATORY_NOT_FOUND", details, "mandatory key not found").into_answer());
    };
    let with_fields = wants_fields(body.get("include_meta"))?;
    let query = parser::parse(text).map_err(Rejection::into_answer)?;
    let module = request.metadata().module(&query.module).ok_or_else(unknown_module)?;
    request.needs_module(&module, "READ")?;
    check::check(&query, &module, request.metadata()).map_err(Rejection::into_answer)?;
    let state = request.world.state();
    let source = Source { records: &state.records, organisation: request.organisation() };
    let (rows, more) = evaluate::rows(&query, &source);
    drop(state);
    if rows.is_empty() {
        return Ok(Answer::empty(204));
    }
    let mut answer = json!({ "data": rows, "info": { "count": rows.len(), "more_records": more } });
    if with_fields {
        answer["fields"] = fields_of(&query, request);
    }
    Ok(Answer::json(200, &answer))
}

/// What a query costs in API credits: up to 200 records one, up to 1,000 two, beyond that three.
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

/// The query with at most this limit: one that names none gets it. `None`: the query names a greater one.
pub(crate) fn limited(text: &str, maximum: usize) -> Option<String> {
    match parser::parse(text) {
        Ok(query) if query.limit.is_some_and(|limit| limit > maximum) => None,
        Ok(query) if query.limit.is_none() && query.offset == 0 => Some(format!("{text} limit {maximum}")),
        // A query that cannot be read is refused when it is carried out.
        _ => Some(text.to_owned()),
    }
}

/// Whether the request asks for the description of its columns.
fn wants_fields(include_meta: Option<&Value>) -> Result<bool, Answer> {
    let invalid = |path: &str, expected: &str| {
        let details =
            json!({ "expected_data_type": expected, "api_name": "include_meta", "json_path": path });
        Rejection::new("INVALID_DATA", details, "invalid data").into_answer()
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

fn unknown_module() -> Answer {
    Rejection::new("INVALID_MODULE", json!({}), "the given module is not supported in api").into_answer()
}
