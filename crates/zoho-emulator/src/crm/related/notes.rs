//! Notes of a record. The notes of all records are the module `Notes`.

use serde_json::{Value, json};

use super::parent::{parent, unknown_relation};
use crate::bodies::{invalid_data, many};
use crate::crm::records::Writer;
use crate::crm::request::Request;
use crate::http::Response;

/// Adds notes to the record in the path.
pub(crate) fn create_notes(request: &Request<'_>) -> Result<Response, Response> {
    let writer = Writer::of(request)?;
    let sent = request.list_in_body("data")?;
    let notes = request.metadata().module("Notes").ok_or_else(unknown_relation)?;
    let state = &mut *request.world.state();
    let parent = parent(request, state)?;
    let outcomes = sent.into_iter().enumerate().map(|(index, note)| {
        let path = format!("$.data[{index}]");
        let Value::Object(mut fields) = note else { return Err(invalid_data("data", "jsonobject", &path)) };
        fields.insert("Parent_Id".to_owned(), json!({ "id": parent.to_string() }));
        writer.create(state, &notes, fields, &path)
    });
    Ok(many(201, "data", outcomes.collect::<Vec<_>>()))
}
