//! The tags of records: `actions/add_tags` and `actions/remove_tags`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::bodies::{invalid_id, success, together};
use crate::crm::records::{Writer, named_tags};
use crate::crm::request::{Request, ids_in, list_in};
use crate::http::Response;
use crate::model::records::{id_of, parse_id};
use crate::world::state::State;

/// Adds tags to the record in the path.
pub(crate) fn add_tags_to_one(request: &Request<'_>) -> Result<Response, Response> {
    let mut body = request.body()?;
    add(request, &mut body, &[request.id().to_owned()])
}

/// Adds tags to the records whose ids are in the body.
pub(crate) fn add_tags(request: &Request<'_>) -> Result<Response, Response> {
    let mut body = request.body()?;
    let ids = ids(request, &mut body)?;
    add(request, &mut body, &ids)
}

/// Removes tags from the record in the path.
pub(crate) fn remove_tags_from_one(request: &Request<'_>) -> Result<Response, Response> {
    let mut body = request.body()?;
    remove(request, &mut body, &[request.id().to_owned()])
}

/// Removes tags from the records whose ids are in the body.
pub(crate) fn remove_tags(request: &Request<'_>) -> Result<Response, Response> {
    let mut body = request.body()?;
    let ids = ids(request, &mut body)?;
    remove(request, &mut body, &ids)
}

/// The ids in the body, or in the parameter `ids`.
fn ids(request: &Request<'_>, body: &mut Map<String, Value>) -> Result<Vec<String>, Response> {
    if body.contains_key("ids") {
        return ids_in(body);
    }
    Ok(request.ids()?.into_iter().map(str::to_owned).collect())
}

fn add(request: &Request<'_>, body: &mut Map<String, Value>, ids: &[String]) -> Result<Response, Response> {
    let sent = list_in(body, "tags")?;
    let in_body = body.get("over_write").and_then(Value::as_bool).unwrap_or(false);
    let over_write = request.parameter("over_write", in_body)?;
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let module = &request.module()?.api_name;
    let new = named_tags(&writer, state, module, &sent, "$.tags");
    let new = new.map_err(|failure| Response::json(400, &json!({ "tags": [failure] })))?;
    change(request, state, ids, |tags| {
        if over_write {
            tags.clear();
        }
        for tag in &new {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
    })
}

fn remove(
    request: &Request<'_>,
    body: &mut Map<String, Value>,
    ids: &[String],
) -> Result<Response, Response> {
    let sent = list_in(body, "tags")?;
    let names = |tag: &Value| {
        sent.iter().any(|sent| id_of(&tag["id"]) == id_of(&sent["id"]) || tag["name"] == sent["name"])
    };
    let state = &mut *request.world.state();
    change(request, state, ids, |tags| tags.retain(|tag| !names(tag)))
}

fn change(
    request: &Request<'_>,
    state: &mut State,
    ids: &[String],
    change: impl Fn(&mut Vec<Value>),
) -> Result<Response, Response> {
    let (writer, module) = (Writer::of(request)?, &request.module()?.api_name);
    let now = request.world.now_ms();
    let outcomes = ids.iter().map(|id| {
        let table = state.records.table_mut(request.organization(), module);
        let mut tags = Vec::new();
        let changed = parse_id(id).and_then(|number| {
            table.change(number, |record| {
                tags = record.fields.get("Tag").and_then(Value::as_array).cloned().unwrap_or_default();
                change(&mut tags);
                record.fields.insert("Tag".to_owned(), json!(tags));
                record.modified_ms = now;
                record.modified_by = Arc::clone(request.person());
            })
        });
        changed.ok_or_else(|| invalid_id(id))?;
        let fields = [("Tag".to_owned(), json!(tags))].into_iter().collect();
        writer.notify_change(state, module, id, &fields);
        let details = json!({ "id": id, "affected_data": null, "tags": tags });
        Ok(success(&details, "tags updated successfully"))
    });
    let (status, data) = together(200, 207, outcomes);
    Ok(Response::json(status, &json!({ "data": data, "locked_count": "0" })))
}
