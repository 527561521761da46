//! Notes of a record. Those of all records are the module `Notes`.

use serde_json::{Value, json};

use super::{parent, unknown_relation};
use crate::crm::{Request, failure, invalid_data, many};
use crate::http::Answer;
use crate::records::Writer;
use crate::store::Fields;

/// Adds notes to the record in the path.
pub(crate) fn create_notes(request: &Request<'_>) -> Result<Answer, Answer> {
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

/// Whether a new note says anything.
pub(crate) fn check_note(fields: &Fields, path: &str) -> Result<(), Value> {
    let says = |name: &str| fields.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if says("Note_Content") || says("Note_Title") {
        return Ok(());
    }
    let expected = ["Note_Content", "Note_Title"]
        .map(|name| json!({ "api_name": name, "json_path": format!("{path}.{name}") }));
    let details = json!({ "expected_fields": expected });
    Err(failure("EXPECTED_FIELD_MISSING", &details, "should contain either content or title"))
}
