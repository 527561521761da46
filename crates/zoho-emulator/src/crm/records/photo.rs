//! The image of a record.

use serde_json::{Value, json};

use crate::bodies::{error, invalid_module, missing_key, success, unknown_id};
use crate::crm::request::Request;
use crate::http::{Answer, File};
use crate::model::metadata::Kind;
use crate::world::state::State;

/// The largest image, in bytes: 10 MB.
const MAXIMUM_PHOTO: usize = 10 << 20;

pub(crate) fn photo(request: &Request<'_>) -> Result<Answer, Answer> {
    let mut state = request.world.state();
    let id = record_with_image(request, &mut state)?;
    let Some(photo) = state.contents.get(&id) else { return Ok(Answer::empty(204)) };
    Ok(Answer::bytes(200, "application/octet-stream", photo.clone())
        .with_header("content-disposition", format!("attachment;filename=\"{id}.png\"")))
}

/// Takes the file of the field `file` as the record's image, in place of the one before.
pub(crate) fn upload_photo(request: &Request<'_>) -> Result<Answer, Answer> {
    let mut state = request.world.state();
    let id = record_with_image(request, &mut state)?;
    let file = file_in_body(request, MAXIMUM_PHOTO)?;
    state.contents.insert(id, file.content.clone());
    set_image(request, &mut state, id, json!(format!("photo{id}")))?;
    Ok(Answer::json(200, &success(&json!({}), "photo uploaded successfully")))
}

pub(crate) fn delete_photo(request: &Request<'_>) -> Result<Answer, Answer> {
    let mut state = request.world.state();
    let id = record_with_image(request, &mut state)?;
    state.contents.remove(&id);
    set_image(request, &mut state, id, Value::Null)?;
    Ok(Answer::json(200, &success(&json!({}), "photo deleted successfully")))
}

/// The file that a multipart body has under `file`.
pub(crate) fn file_in_body<'a>(request: &Request<'a>, maximum: usize) -> Result<&'a File, Answer> {
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

/// The record in the path, whose module has to have images.
fn record_with_image(request: &Request<'_>, state: &mut State) -> Result<u64, Answer> {
    let module = request.module()?;
    if module.fields.iter().all(|field| field.kind != Kind::RecordImage) {
        return Err(invalid_module(&json!({ "resource_path_index": 0 })));
    }
    let known = state.records.get(request.organisation(), &module.api_name, request.id());
    known.map(|record| record.id).ok_or_else(|| unknown_id(request.id()))
}

/// Writes into the record that it has an image, or none.
fn set_image(request: &Request<'_>, state: &mut State, id: u64, image: Value) -> Result<(), Answer> {
    let module = request.module()?;
    let table = state.records.table_mut(request.organisation(), &module.api_name);
    table.change(id, |record| {
        record.set([("Record_Image".to_owned(), image)].into_iter().collect());
    });
    Ok(())
}
