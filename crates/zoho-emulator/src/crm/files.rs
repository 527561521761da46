//! Files that are uploaded before a record refers to them.
//! <https://www.zoho.com/crm/developer/docs/api/v8/upload-files-to-zfs.html>

use serde_json::{Value, json};

use crate::bodies::{error, missing_parameter, success};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::files::StoredFile;
use crate::secret;

/// 20 MB.
const MAX_SIZE: usize = 20 << 20;
const MAX_FILES: usize = 10;

/// `POST files`: one or several files; all of them or none.
pub(crate) fn upload(request: &Request<'_>) -> Result<Response, Response> {
    let files: Vec<_> = request.call.files.iter().filter(|file| file.field == "file").collect();
    if files.is_empty() {
        let message = "Problem in uploading attachment. kindly upload the file properly";
        return Err(error(400, "failure_in_attachment_handling", &json!({}), message));
    }
    if files.len() > MAX_FILES {
        let details = json!({ "limit": MAX_FILES, "api_name": "file" });
        return Err(error(400, "LIMIT_EXCEEDED", &details, "the number of files exceeds the limit"));
    }
    if files.iter().any(|file| file.content.len() > MAX_SIZE) {
        let details = json!({ "maximum_size": MAX_SIZE });
        return Err(error(413, "REQUEST_ENTITY_TOO_LARGE", &details, "the file is larger than allowed"));
    }
    let mut state = request.world.state();
    let results: Vec<Value> = files
        .into_iter()
        .map(|file| {
            let id = secret::opaque();
            let stored = StoredFile { name: file.name.clone(), content: file.content.clone() };
            state.files.insert(request.organization(), &id, stored);
            let message = format!("{} uploaded successfully", file.name);
            success(&json!({ "name": file.name, "id": id }), &message)
        })
        .collect();
    Ok(Response::json(200, &json!({ "data": results })))
}

/// `GET files?id=…`
pub(crate) fn download(request: &Request<'_>) -> Result<Response, Response> {
    let id = id(request)?;
    let state = request.world.state();
    let file = state.files.get(request.organization(), id).ok_or_else(unknown)?;
    Ok(Response::download(&file.name, file.content.clone()))
}

/// `DELETE files?id=…`
pub(crate) fn delete(request: &Request<'_>) -> Result<Response, Response> {
    let id = id(request)?;
    if !request.world.state().files.remove(request.organization(), id) {
        return Err(unknown());
    }
    let result = success(&json!({ "id": id }), "file deleted successfully");
    Ok(Response::json(200, &json!({ "data": [result] })))
}

fn id<'a>(request: &Request<'a>) -> Result<&'a str, Response> {
    request.call.query_value("id").ok_or_else(|| missing_parameter("id"))
}

fn unknown() -> Response {
    error(400, "INVALID_DATA", &json!({ "param_name": "id" }), "the id given seems to be invalid")
}
