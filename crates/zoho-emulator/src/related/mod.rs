//! What hangs on a record: related records, notes, attachments and tags.

mod attachments;
mod lists;
mod notes;
mod record_tags;
mod tags;

use serde_json::json;

pub(crate) use attachments::*;
pub(crate) use lists::*;
pub(crate) use notes::{check_note, create_notes};
pub(crate) use record_tags::*;
pub(crate) use tags::*;

use crate::crm::{Request, error};
use crate::http::Answer;
use crate::state::State;

/// The record in the path, on which something hangs.
fn parent(request: &Request<'_>, state: &State) -> Result<u64, Answer> {
    let module = request.module()?;
    let known = state.records.get(request.organisation(), &module.api_name, request.id());
    known
        .map(|record| record.id)
        .ok_or_else(|| error(404, "INVALID_DATA", &json!({}), "the id given seems to be invalid"))
}

/// 400: the record's module has no such related list.
fn unknown_relation() -> Answer {
    let details = json!({ "resource_path_index": 2 });
    error(400, "INVALID_DATA", &details, "the relation name given seems to be invalid")
}
