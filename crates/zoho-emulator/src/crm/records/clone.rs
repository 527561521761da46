//! Copies records.

use serde_json::Value;

use super::writer::Writer;
use crate::bodies::{invalid_id, many};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::metadata::Kind;

/// Creates a record with the values of another, except for those that the body sets.
pub(crate) fn clone(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let writer = Writer::of(request)?;
    let changes = if request.call.body.is_empty() { Vec::new() } else { request.list_in_body("data")? };
    let state = &mut *request.world.state();
    let known = state.records.get(request.organization(), &module.api_name, request.id());
    let Some(known) = known else {
        return Ok(many(201, "data", [Err(invalid_id(request.id()))]));
    };
    let mut fields = known.fields.clone();
    fields.insert("Owner".to_owned(), known.owner.with_email());
    for field in module.fields.iter().filter(|field| matches!(field.kind, Kind::Subform(_))) {
        // The rows of the copy get new ids.
        let rows = fields.get_mut(&field.api_name).and_then(Value::as_array_mut);
        rows.into_iter().flatten().filter_map(Value::as_object_mut).for_each(|row| {
            row.shift_remove("id");
        });
    }
    if let Some(Value::Object(changes)) = changes.into_iter().next() {
        fields.extend(changes);
    }
    Ok(many(201, "data", [writer.create(state, module, fields, "$.data[0]")]))
}
