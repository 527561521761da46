//! Single records.

use serde_json::json;

use super::view::{View, fields_parameter};
use crate::crm::request::Request;
use crate::http::Answer;

/// An id that is not there gets 204, as an empty list does.
pub(crate) fn read(request: &Request<'_>) -> Result<Answer, Answer> {
    let module = request.module()?;
    let view = View::of_one(module, fields_parameter(request)?);
    let since_ms = request.moment_header("if-modified-since")?;
    let state = request.world.state();
    let Some(record) = state.records.get(request.organisation(), &module.api_name, request.id()) else {
        return Ok(Answer::empty(204));
    };
    // The header has whole seconds.
    if since_ms.is_some_and(|since| record.modified_ms / 1000 <= since / 1000) {
        return Ok(Answer::empty(304));
    }
    Ok(Answer::json(200, &json!({ "data": [view.show(record)] })))
}
