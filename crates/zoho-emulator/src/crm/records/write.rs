//! Creates, updates, upserts and deletes up to 100 records in a request, each with its own result.

use serde_json::{Map, Value, json};

use super::writer::Writer;
use crate::bodies::{Outcome, error, invalid_data, many, wrong_type};
use crate::crm::request::{Request, id_in, list_in};
use crate::http::Response;
use crate::model::metadata::Module;
use crate::world::state::State;

pub(crate) fn create(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let writer = Writer::of(request)?;
    let sent = request.list_in_body("data")?;
    let state = &mut *request.world.state();
    Ok(respond(201, each(sent, |fields, path| writer.create(state, module, fields, path))))
}

/// Updates the records whose ids are in the body.
pub(crate) fn update(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let writer = Writer::of(request)?;
    let sent = request.list_in_body("data")?;
    let state = &mut *request.world.state();
    let outcomes = each(sent, |fields, path| {
        let id = id_in(&fields, "id", path)?;
        writer.update(state, module, &id, fields, path)
    });
    Ok(respond(200, outcomes))
}

/// Updates the record in the path.
pub(crate) fn update_one(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let writer = Writer::of(request)?;
    let mut sent = request.list_in_body("data")?;
    sent.truncate(1);
    let state = &mut *request.world.state();
    Ok(respond(200, each(sent, |fields, path| writer.update(state, module, request.id(), fields, path))))
}

/// Updates the record that has the same value in a field of `duplicate_check_fields`, or creates one.
pub(crate) fn upsert(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let writer = Writer::of(request)?;
    let mut body = request.body()?;
    let requested = duplicate_check_fields(&mut body, module)?;
    let sent = list_in(&mut body, "data")?;
    let state = &mut *request.world.state();
    Ok(respond(200, each(sent, |fields, path| writer.upsert(state, module, fields, &requested, path))))
}

/// The fields in `duplicate_check_fields`, which must be fields of the module.
fn duplicate_check_fields(body: &mut Map<String, Value>, module: &Module) -> Result<Vec<String>, Response> {
    let key = "duplicate_check_fields";
    let names = match body.remove(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(names)) => names,
        Some(_) => return Err(wrong_type(key, "jsonarray", &format!("$.{key}"))),
    };
    let names = names.iter().enumerate().map(|(index, name)| {
        let field = name.as_str().and_then(|name| module.find(name));
        let field = field.map(|field| field.api_name.clone());
        field.ok_or_else(|| {
            let details = json!({ "api_name": key, "json_path": format!("$.{key}[{index}]") });
            error(400, "INVALID_DATA", &details, "invalid data")
        })
    });
    names.collect()
}

/// Deletes the records in `ids`.
pub(crate) fn delete(request: &Request<'_>) -> Result<Response, Response> {
    let ids = request.ids()?;
    delete_all(request, &ids)
}

/// Deletes the record in the path.
pub(crate) fn delete_one(request: &Request<'_>) -> Result<Response, Response> {
    delete_all(request, &[request.id()])
}

fn delete_all(request: &Request<'_>, ids: &[&str]) -> Result<Response, Response> {
    let module = request.module()?;
    let writer = Writer::of(request)?;
    let state: &mut State = &mut request.world.state();
    let outcomes: Vec<Outcome> = ids.iter().map(|id| writer.delete(state, &module.api_name, id)).collect();
    Ok(respond(200, outcomes))
}

/// Applies a write to each record, with the path of the record in the body.
fn each(sent: Vec<Value>, mut one: impl FnMut(Map<String, Value>, &str) -> Outcome) -> Vec<Outcome> {
    let each = sent.into_iter().enumerate().map(|(index, record)| {
        let path = format!("$.data[{index}]");
        match record {
            Value::Object(fields) => one(fields, &path),
            _ => Err(invalid_data("data", "jsonobject", &path)),
        }
    });
    each.collect()
}

/// The response to a write: 412 if every record failed because it was modified in the meantime.
fn respond(status: u16, outcomes: Vec<Outcome>) -> Response {
    let was_modified = |outcome: &Outcome| {
        let code = outcome.as_ref().err().map(|failure| &failure["code"]);
        code.is_some_and(|code| *code == json!("RECORD_MODIFIED") || *code == json!("ALREADY_MODIFIED"))
    };
    let all_were_modified = outcomes.iter().all(was_modified);
    let mut response = many(status, "data", outcomes);
    if all_were_modified {
        response.status = 412;
    }
    response
}
