//! The record that related records belong to.

use serde_json::json;

use crate::bodies::error;
use crate::crm::request::Request;
use crate::http::Response;
use crate::world::state::State;

/// The record in the path.
pub(super) fn parent(request: &Request<'_>, state: &State) -> Result<u64, Response> {
    let module = request.module()?;
    let known = state.records.get(request.organization(), &module.api_name, request.id());
    known
        .map(|record| record.id)
        .ok_or_else(|| error(404, "INVALID_DATA", &json!({}), "the id given seems to be invalid"))
}

/// 400: the module has no such related list.
pub(super) fn unknown_relation() -> Response {
    let details = json!({ "resource_path_index": 2 });
    error(400, "INVALID_DATA", &details, "the relation name given seems to be invalid")
}
