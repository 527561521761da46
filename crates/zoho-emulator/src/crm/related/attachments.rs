//! Files and links attached to a record.

use std::sync::Arc;

use serde_json::{Value, json};

use super::parent::{parent, unknown_relation};
use crate::bodies::{Outcome, invalid_id, many, missing_parameter, success, unknown_id};
use crate::crm::records::{
    Draft, List, Order, Page, View, Writer, fields_parameter, file_in_body, page_response, written,
};
use crate::crm::request::Request;
use crate::http::{File, Response};
use crate::model::metadata::Module;
use crate::model::records::{Fields, parse_id};
use crate::world::state::State;

/// The maximum size of a file: 20 MB.
const MAX_ATTACHMENT: usize = 20 << 20;

pub(crate) fn attachments(request: &Request<'_>) -> Result<Response, Response> {
    let order = Order::of(request)?;
    let page = Page::of(request, order)?;
    let fields = fields_parameter(request)?.ok_or_else(|| missing_parameter("fields"))?;
    let module = module(request)?;
    let mut state = request.world.state();
    let parent = parent(request, &state)?;
    let mut ids = attached(request, &mut state, parent);
    if let Some(wanted) = request.ids_parameter()? {
        ids.retain(|id| wanted.contains(&id.to_string().as_str()));
    }
    let table = state.records.table_mut(request.organization(), &module.api_name);
    let list = List { table, order, ids: Some(ids), listed: Box::new(|_| true) };
    Ok(page_response(request, &list, &page, &View::of_many(&module, Some(fields))))
}

/// Attaches the file of a multipart body, or the link in `attachmentUrl`.
pub(crate) fn attach(request: &Request<'_>) -> Result<Response, Response> {
    let module = module(request)?;
    let writer = Writer::of(request)?;
    let url = request.call.parameter("attachmentUrl");
    let file = if url.is_none() { Some(file_in_body(request, MAX_ATTACHMENT)?) } else { None };
    let state = &mut *request.world.state();
    parent(request, state)?;
    let fields = new_attachment(request, state, file, url)?;
    let record = writer.insert(state, &module, Draft { fields, owner: None });
    let (id, details) = (record.id, written(record));
    if let Some(file) = file {
        state.contents.insert(id, file.content.clone());
        let table = state.records.table_mut(request.organization(), &module.api_name);
        let file_id = [("$file_id".to_owned(), json!(format!("file{id}")))];
        table.change(id, |record| record.set(file_id.into_iter().collect()));
    }
    Ok(Response::json(200, &json!({ "data": [success(&details, "attachment uploaded successfully")] })))
}

/// The fields of a new attachment of the record in the path.
fn new_attachment(
    request: &Request<'_>,
    state: &State,
    file: Option<&File>,
    url: Option<&str>,
) -> Result<Fields, Response> {
    let title = request.call.parameter("title").or(url).unwrap_or_default();
    let (name, size) = file.map_or((title, 0), |file| (file.name.as_str(), file.content.len()));
    let of = request.module()?;
    let parent = state.records.get(request.organization(), &of.api_name, request.id());
    let parent_name = parent.map(|record| record.value(&of.display_field).into_owned());
    let fields = [
        ("File_Name", json!(name)),
        ("Size", json!(size.to_string())),
        ("Parent_Id", json!({ "name": parent_name, "id": request.id() })),
        ("$se_module", json!(of.api_name)),
        ("$type", json!(if url.is_some() { "Link URL" } else { "Attachment" })),
        ("$link_url", json!(url)),
        ("$state", json!("save")),
    ];
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Downloads an attachment.
pub(crate) fn attachment(request: &Request<'_>) -> Result<Response, Response> {
    let module = module(request)?;
    let mut state = request.world.state();
    let parent = parent(request, &state)?;
    let wanted = request.part("related_id");
    let id = parse_id(wanted).filter(|id| attached(request, &mut state, parent).contains(id));
    let id = id.ok_or_else(|| unknown_id(wanted))?;
    let Some(content) = state.contents.get(&id) else { return Ok(Response::empty(204)) };
    let table = state.records.table(request.organization(), &module.api_name);
    let name = table.and_then(|table| table.get(id)).map(|record| record.value("File_Name").into_owned());
    let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
    // Percent-encoding keeps any name intact in a header.
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let name = name.replace('+', "%20");
    Ok(Response::bytes(200, "application/octet-stream;charset=UTF-8", content.clone())
        .with_header("content-disposition", format!("attachment;filename*=UTF-8''{name}")))
}

/// Deletes the attachments in `ids`.
pub(crate) fn delete_attachments(request: &Request<'_>) -> Result<Response, Response> {
    let ids = request.ids()?;
    delete_all(request, &ids)
}

/// Deletes the attachment in the path.
pub(crate) fn delete_attachment(request: &Request<'_>) -> Result<Response, Response> {
    delete_all(request, &[request.part("related_id")])
}

fn delete_all(request: &Request<'_>, ids: &[&str]) -> Result<Response, Response> {
    let module = module(request)?;
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let parent = parent(request, state)?;
    let attached = attached(request, state, parent);
    let outcomes: Vec<Outcome> = ids
        .iter()
        .map(|id| {
            let known = parse_id(id).filter(|id| attached.contains(id)).ok_or_else(|| invalid_id(id))?;
            state.contents.remove(&known);
            writer.delete(state, &module.api_name, id)
        })
        .collect();
    Ok(many(200, "data", outcomes))
}

fn attached(request: &Request<'_>, state: &mut State, parent: u64) -> Vec<u64> {
    let table = state.records.table_mut(request.organization(), "Attachments");
    table.find("Parent_Id", &json!({ "id": parent.to_string() }))
}

fn module(request: &Request<'_>) -> Result<Arc<Module>, Response> {
    request.metadata().module("Attachments").ok_or_else(unknown_relation)
}
