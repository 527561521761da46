//! Deleted records: the list of a module, and the recycle bin of the organization.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::page::Page;
use crate::bodies::{Outcome, error, failure, invalid_id, many, missing_parameter, page_info, success};
use crate::crm::request::{Request, ids_in};
use crate::digits;
use crate::http::Response;
use crate::model::criteria::Criterion;
use crate::model::metadata::Module;
use crate::model::records::{Deleted, Table, parse_id};
use crate::timestamp::iso8601;

/// The deleted records of a module, recycled or purged, most recent deletion first.
pub(crate) fn deleted(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let page = Page::by_number(request)?;
    let since_ms = request.timestamp_header("if-modified-since")?;
    let kind = request.call.query_value("type").unwrap_or("all");
    if !matches!(kind, "all" | "recycle" | "permanent") {
        let message = "Please check whether the input values are correct";
        let rejection = failure("PATTERN_NOT_MATCHED", &json!({ "param_name": "type" }), message);
        return Err(Response::json(400, &json!({ "data": [rejection] })));
    }
    let state = request.world.state();
    let Some(table) = state.records.table(request.organization(), &module.api_name) else {
        return Ok(Response::empty(204));
    };
    let recycled = table.bin.records.values().filter(|_| kind != "permanent").map(|deleted| {
        (
            deleted.deleted_ms,
            json!({
                "id": deleted.record.id(),
                "display_name": deleted.record.value(&module.display_field),
                "type": "recycle",
                "deleted_by": deleted.deleted_by.with_name(),
                "created_by": deleted.record.created_by.with_name(),
                "deleted_time": iso8601(deleted.deleted_ms),
            }),
        )
    });
    let purged = table.bin.purged.iter().filter(|_| kind != "recycle").map(|(id, purged_ms)| {
        (
            *purged_ms,
            json!({
                "id": id.to_string(),
                "display_name": null,
                "type": "permanent",
                "deleted_by": null,
                "created_by": null,
                "deleted_time": iso8601(*purged_ms),
            }),
        )
    });
    let all = recycled.chain(purged).filter(|(time, _)| since_ms.is_none_or(|since| *time > since));
    Ok(respond("data", &page, all.collect()))
}

/// The recycle bin: the deleted records of all modules of the organization.
pub(crate) fn recycle_bin(request: &Request<'_>) -> Result<Response, Response> {
    let page = Page::by_number(request)?;
    let ids = request.ids_parameter()?;
    let filter = filter_parameter(request)?;
    let entries = entries(request).into_iter().filter(|(_, body)| {
        let id_fits = ids.as_ref().is_none_or(|ids| ids.iter().any(|id| body["id"] == *id));
        id_fits && filter.as_ref().is_none_or(|filter| fits(filter, body))
    });
    Ok(respond("recycle_bin", &page, entries.collect()))
}

/// An entry of the recycle bin.
pub(crate) fn recycle_bin_entry(request: &Request<'_>) -> Result<Response, Response> {
    let entry = entries(request).into_iter().find(|(_, body)| body["id"] == request.id());
    Ok(entry.map_or_else(
        || Response::empty(204),
        |(_, body)| Response::json(200, &json!({ "recycle_bin": [body] })),
    ))
}

/// Permanently deletes entries of the recycle bin.
pub(crate) fn purge(request: &Request<'_>) -> Result<Response, Response> {
    each_requested(request, purge_entry)
}

/// Permanently deletes one entry of the recycle bin.
pub(crate) fn purge_one(request: &Request<'_>) -> Result<Response, Response> {
    Ok(many(200, "recycle_bin", [purge_entry(request, request.id())]))
}

/// Restores entries of the recycle bin.
pub(crate) fn restore(request: &Request<'_>) -> Result<Response, Response> {
    each_requested(request, restore_entry)
}

/// Restores one entry of the recycle bin.
pub(crate) fn restore_one(request: &Request<'_>) -> Result<Response, Response> {
    Ok(many(200, "recycle_bin", [restore_entry(request, request.id())]))
}

fn purge_entry(request: &Request<'_>, id: &str) -> Outcome {
    let now = request.world.now_ms();
    in_bin(request, id, |table, id| table.purge(id, now), "record deleted")
}

fn restore_entry(request: &Request<'_>, id: &str) -> Outcome {
    in_bin(request, id, Table::restore, "record restored")
}

/// Applies `act` to the deleted record with this id, in any module.
fn in_bin(
    request: &Request<'_>,
    id: &str,
    mut act: impl FnMut(&mut Table, u64) -> bool,
    message: &str,
) -> Outcome {
    let mut state = request.world.state();
    let done = parse_id(id).is_some_and(|number| {
        let mut modules = request.metadata().modules();
        modules.any(|module| act(state.records.table_mut(request.organization(), &module.api_name), number))
    });
    if done { Ok(success(&json!({ "id": id }), message)) } else { Err(invalid_id(id)) }
}

/// Applies `one` to each entry that `ids` or `filters` select.
fn each_requested(
    request: &Request<'_>,
    one: fn(&Request<'_>, &str) -> Outcome,
) -> Result<Response, Response> {
    let mut in_body = if request.call.body.is_empty() { Map::new() } else { request.body()? };
    let filter = match in_body.get("filters") {
        Some(filters) => Some(Criterion::of_json(filters).ok_or_else(invalid_filters)?),
        None => filter_parameter(request)?,
    };
    let ids: Vec<String> = match filter {
        Some(filter) => {
            let entries = entries(request).into_iter().filter(|(_, body)| fits(&filter, body));
            entries.filter_map(|(_, body)| body["id"].as_str().map(str::to_owned)).collect()
        }
        None if in_body.contains_key("ids") => ids_in(&mut in_body)?,
        None => request.ids()?.into_iter().map(str::to_owned).collect(),
    };
    if ids.is_empty() {
        return Err(missing_parameter("ids"));
    }
    Ok(many(200, "recycle_bin", ids.iter().map(|id| one(request, id)).collect::<Vec<_>>()))
}

fn filter_parameter(request: &Request<'_>) -> Result<Option<Criterion>, Response> {
    let Some(text) = request.call.query_value("filters") else { return Ok(None) };
    let filters: Option<Value> = digits::parse(text).ok();
    let filter = filters.as_ref().and_then(Criterion::of_json);
    filter.map(Some).ok_or_else(invalid_filters)
}

fn invalid_filters() -> Response {
    error(400, "INVALID_DATA", &json!({ "param_name": "filters" }), "invalid data")
}

fn fits(filter: &Criterion, body: &Value) -> bool {
    filter.matches(&|name| {
        let value = &body[name];
        let named = value.get("api_name").unwrap_or(value);
        Cow::Borrowed(named)
    })
}

/// The entries of the recycle bin, each with the time of its deletion.
fn entries(request: &Request<'_>) -> Vec<(u64, Value)> {
    let state = request.world.state();
    let modules = request.metadata().modules();
    let of_module = |module: &Arc<Module>| {
        let table = state.records.table(request.organization(), &module.api_name);
        let deleted = table.into_iter().flat_map(|table| table.bin.records.values());
        deleted.map(|deleted| (deleted.deleted_ms, entry(module, deleted))).collect::<Vec<_>>()
    };
    modules.flat_map(of_module).collect()
}

fn entry(module: &Module, deleted: &Deleted) -> Value {
    json!({
        "id": deleted.record.id(),
        "display_name": deleted.record.value(&module.display_field),
        "module": module.reference(),
        "owner": deleted.record.owner.with_name(),
        "deleted_by": deleted.deleted_by.with_name(),
        "deleted_time": iso8601(deleted.deleted_ms),
    })
}

/// A page of entries, most recent deletion first.
fn respond(key: &str, page: &Page, mut entries: Vec<(u64, Value)>) -> Response {
    entries.sort_by_key(|(time, _)| Reverse(*time));
    let total = entries.len();
    let listed: Vec<Value> =
        entries.into_iter().map(|(_, body)| body).skip(page.skip).take(page.length).collect();
    if listed.is_empty() {
        return Response::empty(204);
    }
    let more = page.skip + listed.len() < total;
    let info = page_info(page.number, page.length, listed.len(), more);
    Response::json(200, &json!({ key: listed, "info": info }))
}
