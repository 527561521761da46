//! The rule that applies only to notes.

use serde_json::{Value, json};

use crate::bodies::failure;
use crate::model::records::Fields;

/// Checks that a new note has a title or content.
pub(super) fn check_note(fields: &Fields, path: &str) -> Result<(), Value> {
    let says = |name: &str| fields.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if says("Note_Content") || says("Note_Title") {
        return Ok(());
    }
    let expected = ["Note_Content", "Note_Title"]
        .map(|name| json!({ "api_name": name, "json_path": format!("{path}.{name}") }));
    let details = json!({ "expected_fields": expected });
    Err(failure("EXPECTED_FIELD_MISSING", &details, "should contain either content or title"))
}
