//! Reads single records.

use serde_json::json;

use super::view::{View, fields_parameter};
use crate::crm::request::Request;
use crate::http::Response;

/// Responds with a record; 204 if the id is unknown.
pub(crate) fn read(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let view = View::of_one(module, fields_parameter(request)?);
    let since_ms = request.timestamp_header("if-modified-since")?;
    let state = request.world.state();
    let Some(record) = state.records.get(request.organization(), &module.api_name, request.id()) else {
        return Ok(Response::empty(204));
    };
    // The header has a resolution of one second.
    if since_ms.is_some_and(|since| record.modified_ms / 1000 <= since / 1000) {
        return Ok(Response::empty(304));
    }
    Ok(Response::json(200, &json!({ "data": [view.show(record)] })))
}
