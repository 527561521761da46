//! The tags of a module: `settings/tags`.

use serde_json::{Value, json};

use crate::bodies::{
    Outcome, error, failure, invalid_data, invalid_id, mandatory_not_found, many, success, unknown_id,
};
use crate::crm::request::{Request, id_in};
use crate::http::Response;
use crate::model::records::{Tag, id_of};
use crate::timestamp::iso8601;
use crate::world::state::State;

pub(crate) fn tags(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    let state = request.world.state();
    let tags: Vec<Value> =
        state.tags.of(request.organization(), &module.api_name).iter().map(details).collect();
    if tags.is_empty() {
        return Ok(Response::empty(204));
    }
    let info = json!({ "count": tags.len(), "allowed_count": 200 });
    Ok(Response::json(200, &json!({ "tags": tags, "info": info })))
}

pub(crate) fn create_tags(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    let sent = request.list_in_body("tags")?;
    let state = &mut *request.world.state();
    let outcomes = sent.iter().enumerate().map(|(index, tag)| {
        let path = format!("$.tags[{index}]");
        let known = state.tags.of(request.organization(), &module.api_name);
        let (name, color_code) = check(known, tag, None, &path)?;
        let made =
            Tag::new(state.records.new_id(), name, color_code, request.person(), request.world.now_ms());
        let outcome = success(&details(&made), "tags created successfully");
        state.tags.of_mut(request.organization(), &module.api_name).push(made);
        Ok(outcome)
    });
    Ok(many(201, "tags", outcomes.collect::<Vec<_>>()))
}

/// Updates the tags whose ids are in the body.
pub(crate) fn update_tags(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    let sent = request.list_in_body("tags")?;
    let state = &mut *request.world.state();
    let outcomes = sent.iter().enumerate().map(|(index, tag)| {
        let path = format!("$.tags[{index}]");
        let id = tag.as_object().map(|tag| id_in(tag, "id", &path));
        let id = id.unwrap_or_else(|| Err(invalid_data("tags", "jsonobject", &path)))?;
        update(request, state, &module.api_name, &id, tag, &path)
    });
    Ok(many(200, "tags", outcomes.collect::<Vec<_>>()))
}

/// Updates the tag in the path.
pub(crate) fn update_tag(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    let sent = request.list_in_body("tags")?;
    let state = &mut *request.world.state();
    Ok(many(200, "tags", [update(request, state, &module.api_name, request.id(), &sent[0], "$.tags[0]")]))
}

/// Deletes a tag and removes it from the records that have it.
pub(crate) fn delete_tag(request: &Request<'_>) -> Result<Response, Response> {
    let state = &mut *request.world.state();
    replace(request, state, request.id(), None)?;
    Ok(Response::json(
        200,
        &json!({ "tags": success(&json!({ "id": request.id() }), "tags deleted successfully") }),
    ))
}

/// Replaces the tag `conflict_id` by the tag in the path, in all records, and deletes it.
pub(crate) fn merge_tag(request: &Request<'_>) -> Result<Response, Response> {
    let sent = request.list_in_body("tags")?;
    let conflict = id_of(&sent[0]["conflict_id"]);
    let conflict = conflict
        .ok_or_else(|| Response::json(400, &mandatory_not_found("conflict_id", "$.tags[0].conflict_id")))?;
    let state = &mut *request.world.state();
    let kept = state.tags.module_of(request.organization(), request.id());
    let kept = kept.and_then(|(_, tags)| tags.iter().find(|tag| tag.id == request.id()).cloned());
    let kept = kept.ok_or_else(|| unknown_id(request.id()))?;
    replace(request, state, &conflict, Some(&kept))?;
    Ok(Response::json(200, &json!({ "tags": [success(&details(&kept), "tags merged successfully")] })))
}

/// The number of records that have a tag.
pub(crate) fn count_tagged(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    let state = request.world.state();
    let table = state.records.table(request.organization(), &module.api_name);
    let tagged = table.into_iter().flat_map(|table| table.iter()).filter(|record| {
        let tags = record.fields.get("Tag").and_then(Value::as_array);
        tags.into_iter().flatten().any(|tag| tag["id"] == request.id())
    });
    Ok(Response::json(200, &json!({ "count": tagged.count().to_string() })))
}

/// The name and color of a tag, if they are valid and no other tag has the name.
fn check<'a>(
    known: &[Tag],
    tag: &'a Value,
    own: Option<&str>,
    path: &str,
) -> Result<(&'a str, Value), Value> {
    let name_path = format!("{path}.name");
    let name = match &tag["name"] {
        Value::String(name) if !name.is_empty() => name,
        Value::Null | Value::String(_) => return Err(mandatory_not_found("name", &name_path)),
        _ => return Err(invalid_data("name", "text", &name_path)),
    };
    let twin = known.iter().find(|tag| tag.name.eq_ignore_ascii_case(name) && Some(tag.id.as_str()) != own);
    if let Some(twin) = twin {
        let details = json!({ "api_name": "name", "json_path": name_path, "id": twin.id });
        return Err(failure("DUPLICATE_DATA", &details, "duplicate data"));
    }
    let color_code = tag["color_code"].clone();
    if color_code.as_str().is_some_and(|code| code.len() > 7) {
        let details = json!({ "api_name": "color_code", "maximum_length": 7, "json_path": format!("{path}.color_code") });
        return Err(failure("INVALID_DATA", &details, "invalid data"));
    }
    Ok((name, color_code))
}

fn update(
    request: &Request<'_>,
    state: &mut State,
    module: &str,
    id: &str,
    sent: &Value,
    path: &str,
) -> Outcome {
    let tags = state.tags.of_mut(request.organization(), module);
    let at = tags.iter().position(|tag| tag.id == id).ok_or_else(|| invalid_id(id))?;
    let (name, color_code) = check(tags, sent, Some(id), path)?;
    let tag = &mut tags[at];
    name.clone_into(&mut tag.name);
    if !color_code.is_null() {
        tag.color_code = color_code;
    }
    tag.modified_ms = request.world.now_ms();
    tag.modified_by = std::sync::Arc::clone(request.person());
    let changed = tag.clone();
    retag(request, state, module, id, Some(&changed));
    Ok(success(&details(&changed), "tags updated successfully"))
}

/// Deletes a tag. The records that have it get the tag `by`, or none.
fn replace(request: &Request<'_>, state: &mut State, id: &str, by: Option<&Tag>) -> Result<(), Response> {
    let Some((module, tags)) = state.tags.module_of(request.organization(), id) else {
        return Err(error(400, "INVALID_DATA", &json!({ "id": id }), "the id given seems to be invalid"));
    };
    let module = module.to_owned();
    tags.retain(|tag| tag.id != id);
    retag(request, state, &module, id, by);
    Ok(())
}

/// Replaces a tag in all records by the tag `by`, or removes it.
fn retag(request: &Request<'_>, state: &mut State, module: &str, id: &str, by: Option<&Tag>) {
    let table = state.records.table_mut(request.organization(), module);
    let has = |tags: Option<&Value>| {
        tags.and_then(Value::as_array).is_some_and(|tags| tags.iter().any(|tag| tag["id"] == id))
    };
    let tagged: Vec<u64> =
        table.iter().filter(|record| has(record.fields.get("Tag"))).map(|record| record.id).collect();
    for record in tagged {
        table.change(record, |record| {
            let Some(tags) = record.fields.get_mut("Tag").and_then(Value::as_array_mut) else { return };
            tags.retain(|tag| tag["id"] != id);
            let new = by.map(Tag::reference).filter(|new| !tags.contains(new));
            tags.extend(new);
        });
    }
}

fn details(tag: &Tag) -> Value {
    json!({
        "id": tag.id,
        "name": tag.name,
        "color_code": tag.color_code,
        "created_time": iso8601(tag.created_ms),
        "modified_time": iso8601(tag.modified_ms),
        "created_by": tag.created_by.with_name(),
        "modified_by": tag.modified_by.with_name(),
    })
}
