//! Bulk write: up to 25,000 rows of a CSV, written as records one by one.
//! <https://www.zoho.com/crm/developer/docs/api/v8/bulk-write/create-job.html>

use std::time::Duration;

use serde_json::{Value, json};

use super::order::{callback_of, not_found, order_job};
use super::rows::Rows;
use crate::bodies::error;
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::jobs::job::{Job, Stage};
use crate::model::jobs::write::{Mapping, Operation, Order, Outcome};
use crate::model::metadata::Module;
use crate::timestamp::iso8601;
use crate::world::World;

const RESULT_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

type WriteJob = Job<Order, Outcome>;

/// `POST bulk/write`
pub(crate) fn create(request: &Request<'_>) -> Result<Response, Response> {
    let body = Value::Object(request.body()?);
    let callback = callback_of(&body)?;
    let order = read_order(request, &body)?;
    let mut state = request.world.state();
    let job = order_job(request, &mut state, callback, order);
    let details = json!({ "id": job.id.to_string(), "created_by": job.ordered_by });
    state.jobs.writes.add(job);
    let created = json!({ "status": "success", "code": "SUCCESS", "message": "success", "details": details });
    Ok(Response::json(201, &created))
}

/// `GET bulk/write/{id}`
pub(crate) fn details(request: &Request<'_>) -> Result<Response, Response> {
    let state = request.world.state();
    let job = state.jobs.writes.get(request.organization(), request.id());
    let job = job.ok_or_else(|| not_found(400, request.id()))?;
    Ok(Response::json(200, &body(job, request.world)))
}

/// `GET /v2/crm/{zgid}/bulk-write/{id}/{id}.zip`
pub(crate) fn result(request: &Request<'_>) -> Result<Response, Response> {
    let state = request.world.state();
    let now = request.world.now_ms();
    let job = state.jobs.writes.get(request.organization(), request.id());
    let job = job.filter(|job| job.is_fresh(now, RESULT_LIFETIME));
    match job.and_then(|job| job.outcome.as_ref()?.as_ref().ok()) {
        Some(outcome) => Ok(Response::download(&format!("{}.zip", request.id()), outcome.zip.clone())),
        None => {
            let body = json!({ "info": "Forbidden", "x-info": "Link not valid", "http_status": "403" });
            Err(Response::json(403, &body))
        }
    }
}

/// Runs a job. Returns the URL and body of the callback, if one is wanted.
pub(super) fn run(world: &World, id: u64) -> Option<(String, Value)> {
    let mut state = world.state();
    let job = state.jobs.writes.get_mut(id)?;
    let (order, organization) = (job.order.clone(), job.organization.clone());
    let (user, fails) = (job.user.clone(), job.fails);
    let outcome = match world.user(&user) {
        Some(user) if !fails => {
            Rows::read(&order).map(|rows| rows.write(world, &mut state, &organization, user))
        }
        _ => Err(json!({ "code": "INTERNAL_ERROR" })),
    };
    let job = state.jobs.writes.get_mut(id)?;
    job.outcome = Some(outcome);
    Some((job.callback.clone()?, body(job, world)))
}

fn read_order(request: &Request<'_>, body: &Value) -> Result<Order, Response> {
    let operation = match required(body, "operation")?.as_str() {
        Some("insert") => Operation::Insert,
        Some("update") => Operation::Update,
        Some("upsert") => Operation::Upsert,
        _ => return Err(invalid("INVALID_DATA", "operation", "invalid operation")),
    };
    let resource = required(body, "resource")?.get(0).ok_or_else(|| missing("resource"))?;
    let name = required(resource, "module")?["api_name"].as_str().unwrap_or_default();
    let module = request.metadata().module(name).ok_or_else(|| {
        let message = format!("Requested module '{name}' is not available.");
        error(400, "MODULE_NOT_AVAILABLE", &json!({ "module": name }), &message)
    })?;
    let needed: &[&str] = match operation {
        Operation::Insert => &["CREATE"],
        Operation::Update => &["UPDATE"],
        Operation::Upsert => &["CREATE", "UPDATE"],
    };
    needed.iter().try_for_each(|operation| request.needs_module(&module, operation))?;
    if matches!(name, "Attachments" | "Notes" | "Events" | "Calls") {
        return Err(error(400, "NOT_SUPPORTED", &json!({ "module": name }), "module not supported"));
    }
    let file_id = required(resource, "file_id")?;
    let file_id = file_id.as_str().map_or_else(|| file_id.to_string(), str::to_owned);
    let file = request.world.state().uploads.get(request.organization(), &file_id).cloned();
    let file = file.ok_or_else(|| invalid("INVALID_FILE_ID", "file_id", "improper file id"))?;
    let find_by = resource["find_by"].as_str().map(str::to_owned);
    if let Some(field) = find_by.as_deref().filter(|field| module.find(field).is_none()) {
        return Err(invalid_mapping(field));
    }
    if operation == Operation::Update && find_by.is_none() {
        return Err(missing("find_by"));
    }
    let mappings = mappings(&resource["field_mappings"], &module)?;
    let is_mapped = |name: &str| mappings.iter().any(|mapping| mapping.field == name);
    let mandatory = module.fields.iter().filter(|field| field.mandatory && !is_mapped(&field.api_name));
    let unmapped: Vec<&str> = mandatory.map(|field| field.api_name.as_str()).collect();
    if operation != Operation::Update && !mappings.is_empty() && !unmapped.is_empty() {
        let message = "All mandatory fields are not mapped for the layout";
        return Err(error(400, "MANDATORY_FIELDS_NOT_MAPPED", &json!({ "fields": unmapped }), message));
    }
    let mut echo = resource.clone();
    echo["module"] = module.reference();
    Ok(Order {
        operation,
        module: module.api_name.clone(),
        mappings,
        find_by,
        ignore_empty: resource["ignore_empty"]
            .as_bool()
            .or_else(|| body["ignore_empty"].as_bool())
            .unwrap_or(false),
        file: file.content,
        resource: echo,
    })
}

/// The mappings of columns to fields; empty if the header of the file names the fields.
fn mappings(mappings: &Value, module: &Module) -> Result<Vec<Mapping>, Response> {
    let mappings = mappings.as_array().map_or(&[][..], Vec::as_slice).iter().map(|mapping| {
        let field = required(mapping, "api_name")?.as_str().unwrap_or_default();
        if module.find(field).is_none() {
            return Err(invalid_mapping(field));
        }
        let index = mapping["index"].as_u64().and_then(|index| usize::try_from(index).ok());
        let default = mapping["default_value"].get("value").cloned();
        if index.is_none() && default.is_none() {
            let message = format!("required key index for field {field} is not found in request body.");
            return Err(error(400, "MISSING_REQUIRED_KEY", &json!({ "api_name": field }), &message));
        }
        // Date formats are accepted but ignored: dates always have the format of the API.
        if !mapping["format"].is_null() && !mapping["format"].is_string() {
            return Err(invalid("INVALID_DATA", "format", "invalid data"));
        }
        let find_by = mapping["find_by"].as_str().filter(|field| *field != "id").map(str::to_owned);
        Ok(Mapping { field: field.to_owned(), index, default, find_by })
    });
    mappings.collect()
}

fn required<'b>(body: &'b Value, key: &str) -> Result<&'b Value, Response> {
    body.get(key).filter(|value| !value.is_null()).ok_or_else(|| missing(key))
}

fn missing(key: &str) -> Response {
    let message = format!("required key {key} is not found in request body.");
    error(400, "MISSING_REQUIRED_KEY", &json!({ "api_name": key }), &message)
}

fn invalid(code: &str, key: &str, message: &str) -> Response {
    error(400, code, &json!({ "api_name": key }), message)
}

fn invalid_mapping(field: &str) -> Response {
    let message = format!("invalid mapping. invalid api_name {field}.");
    error(400, "INVALID_FIELD_NAME", &json!({ "api_name": field }), &message)
}

/// The details of a job.
fn body(job: &WriteJob, world: &World) -> Value {
    let status = match (job.stage(world.now_ms()), &job.outcome) {
        (Stage::Over, Some(Ok(_))) => "COMPLETED",
        (Stage::Over, _) => "FAILED",
        (Stage::Added, _) => "ADDED",
        (Stage::Queued | Stage::InProgress, _) => "IN PROGRESS",
    };
    let mut resource = job.order.resource.clone();
    resource["status"] = json!(status);
    let mut body = json!({
        "id": job.id.to_string(),
        "status": status,
        "character_encoding": "UTF-8",
        "operation": job.order.operation.name(),
        "created_by": job.ordered_by,
        "created_time": iso8601(job.created_ms),
    });
    if let Some(url) = &job.callback {
        body["callback"] = json!({ "url": url, "method": "post" });
    }
    match &job.outcome {
        None => {}
        Some(Err(why)) => resource["code"] = why["code"].clone(),
        Some(Ok(outcome)) => {
            resource["file"] = outcome.counts.body(&outcome.file_name, status);
            body["result"] = json!({ "download_url": download_url(job, world) });
        }
    }
    body["resource"] = json!([resource]);
    body
}

/// The URL of the result. Zoho serves it from a separate host; the emulator has one host for everything.
fn download_url(job: &WriteJob, world: &World) -> String {
    let user = world.user(&job.user);
    let (base_url, zgid) =
        user.map_or(("", ""), |user| (world.home_of(user).base_url.as_str(), user.zgid.as_str()));
    format!("{base_url}/v2/crm/{zgid}/bulk-write/{id}/{id}.zip", id = job.id)
}
