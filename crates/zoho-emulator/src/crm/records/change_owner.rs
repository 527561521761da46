//! Changes the owner of records.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::writer::Writer;
use crate::bodies::{Outcome, error, invalid_id, missing_key, success, together};
use crate::crm::request::{Request, ids_in};
use crate::http::Response;
use crate::model::records::{Fields, id_of, parse_id};

/// Changes the owner of the record in the path.
pub(crate) fn change_owner_of_one(request: &Request<'_>) -> Result<Response, Response> {
    let body = request.body()?;
    change(request, &body, &[request.id()])
}

/// Changes the owner of the records whose ids are in the body.
pub(crate) fn change_owner(request: &Request<'_>) -> Result<Response, Response> {
    let mut body = request.body()?;
    let ids = ids_in(&mut body)?;
    change(request, &body, &ids.iter().map(String::as_str).collect::<Vec<_>>())
}

fn change(request: &Request<'_>, body: &Map<String, Value>, ids: &[&str]) -> Result<Response, Response> {
    let module = request.module()?;
    let writer = Writer::of(request)?;
    let id = body.get("owner").ok_or_else(|| missing_key("owner", "$.owner"))?;
    let id = id.get("id").and_then(id_of).ok_or_else(|| missing_key("id", "$.owner.id"))?;
    let owner = writer.colleague(Some(&id), None).ok_or_else(|| {
        let details = json!({ "api_name": "id", "json_path": "$.owner.id" });
        error(400, "INVALID_DATA", &details, "the owner id given is invalid")
    })?;
    let now = request.world.now_ms();
    let state = &mut *request.world.state();
    let fields: Fields = [("Owner".to_owned(), owner.with_name())].into_iter().collect();
    let outcomes: Vec<Outcome> = ids
        .iter()
        .map(|id| {
            let table = state.records.table_mut(request.organization(), &module.api_name);
            let changed = parse_id(id).and_then(|id| {
                table.change(id, |record| {
                    record.owner = Arc::clone(&owner);
                    record.modified_ms = now;
                    record.modified_by = Arc::clone(request.person());
                })
            });
            changed.ok_or_else(|| invalid_id(id))?;
            writer.notify_change(state, &module.api_name, id, &fields);
            Ok(success(&json!({ "id": id }), "owner is successfully updated"))
        })
        .collect();
    // In Zoho's example, a mixed result has this status, while other writes have 207.
    let (status, results) = together(200, 202, outcomes);
    Ok(Response::json(status, &json!({ "data": results })))
}
