//! The file of a bulk write: a ZIP that is uploaded in advance, to the content host.
//! <https://www.zoho.com/crm/developer/docs/api/v8/bulk-write/upload-file.html>

use serde_json::json;

use super::archive;
use crate::bodies::error;
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::files::StoredFile;
use crate::timestamp::iso8601;

/// 25 MB.
const MAX_SIZE: usize = 25 << 20;

/// `POST upload`
pub(crate) fn upload(request: &Request<'_>) -> Result<Response, Response> {
    let feature = request.call.header("feature");
    if feature.is_none() || request.call.header("x-crm-org") != Some(&request.caller.user.zgid) {
        return Err(bad_headers());
    }
    let now = request.world.now_ms();
    let details = json!({ "created_time": iso8601(now) });
    if feature != Some("bulk-write") {
        return Err(error(200, "NOT_SUPPORTED_FEATURE", &details, "Feature is not supported"));
    }
    let file = request.call.files.iter().find(|file| file.field == "file");
    let file = file.filter(|file| file.content.len() > MAX_SIZE || archive::is_zip(&file.content));
    let Some(file) = file else {
        let message = "invalid file format. only zip format is supported";
        return Err(error(200, "INVALID_FILE_FORMAT", &details, message));
    };
    if file.content.len() > MAX_SIZE {
        return Err(error(413, "FILE_TOO_LARGE", &details, "File size too large to process"));
    }
    let mut state = request.world.state();
    let id = state.records.new_id().to_string();
    let stored = StoredFile { name: file.name.clone(), content: file.content.clone() };
    state.uploads.insert(request.organization(), &id, stored);
    Ok(Response::json(
        200,
        &json!({
            "status": "success",
            "code": "FILE_UPLOAD_SUCCESS",
            "message": "file uploaded.",
            "details": { "file_id": id, "created_time": iso8601(now) },
        }),
    ))
}

/// The error of the content host, which has its own format.
fn bad_headers() -> Response {
    Response::json(
        400,
        &json!({
            "ERROR_CODE": 400,
            "ERROR_MESSAGE": "Bad Request",
            "x-error": "check if headers [feature, X-CRM-ORG] are present and valid",
        }),
    )
}
