//! The image of a record.

use serde_json::{Value, json};

use crate::bodies::{error, invalid_module, missing_key, success, unknown_id};
use crate::crm::request::Request;
use crate::http::{File, Response};
use crate::model::metadata::Kind;
use crate::world::state::State;

/// The maximum size of an image: 10 MB.
const MAX_PHOTO: usize = 10 << 20;

pub(crate) fn photo(request: &Request<'_>) -> Result<Response, Response> {
    let mut state = request.world.state();
    let id = record_with_image(request, &mut state)?;
    let Some(photo) = state.contents.get(&id) else { return Ok(Response::empty(204)) };
    Ok(Response::bytes(200, "application/octet-stream", photo.clone())
        .with_header("content-disposition", format!("attachment;filename=\"{id}.png\"")))
}

/// Sets the image of a record to the file in the form field `file`.
pub(crate) fn upload_photo(request: &Request<'_>) -> Result<Response, Response> {
    let mut state = request.world.state();
    let id = record_with_image(request, &mut state)?;
    let file = file_in_body(request, MAX_PHOTO)?;
    state.contents.insert(id, file.content.clone());
    set_image(request, &mut state, id, json!(format!("photo{id}")))?;
    Ok(Response::json(200, &success(&json!({}), "photo uploaded successfully")))
}

pub(crate) fn delete_photo(request: &Request<'_>) -> Result<Response, Response> {
    let mut state = request.world.state();
    let id = record_with_image(request, &mut state)?;
    state.contents.remove(&id);
    set_image(request, &mut state, id, Value::Null)?;
    Ok(Response::json(200, &success(&json!({}), "photo deleted successfully")))
}

/// The file in the form field `file` of a multipart body.
pub(crate) fn file_in_body<'a>(request: &Request<'a>, maximum: usize) -> Result<&'a File, Response> {
    let file = request
        .call
        .files
        .iter()
        .find(|file| file.field == "file")
        .ok_or_else(|| missing_key("file", "$.file"))?;
    if file.content.len() > maximum {
        let details = json!({ "maximum_size": maximum });
        return Err(error(413, "REQUEST_ENTITY_TOO_LARGE", &details, "the file is too large"));
    }
    Ok(file)
}

/// The record in the path, if its module has images.
fn record_with_image(request: &Request<'_>, state: &mut State) -> Result<u64, Response> {
    let module = request.module()?;
    if module.fields.iter().all(|field| field.kind != Kind::RecordImage) {
        return Err(invalid_module(&json!({ "resource_path_index": 0 })));
    }
    let known = state.records.get(request.organization(), &module.api_name, request.id());
    known.map(|record| record.id).ok_or_else(|| unknown_id(request.id()))
}

/// Sets or clears `Record_Image`.
fn set_image(request: &Request<'_>, state: &mut State, id: u64, image: Value) -> Result<(), Response> {
    let module = request.module()?;
    let table = state.records.table_mut(request.organization(), &module.api_name);
    table.change(id, |record| {
        record.set([("Record_Image".to_owned(), image)].into_iter().collect());
    });
    Ok(())
}
