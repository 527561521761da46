//! Bulk read: up to 200,000 records of a module as CSV.
//! <https://www.zoho.com/crm/developer/docs/api/v8/bulk-read/create-job.html>

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::order::{callback_of, not_found, order_job};
use super::{archive, criteria};
use crate::bodies::error;
use crate::crm::request::Request;
use crate::digits;
use crate::http::Response;
use crate::model::criteria::comparable;
use crate::model::jobs::job::{Job, Stage};
use crate::model::jobs::read::{Order, Outcome};
use crate::model::metadata::{Kind, Module};
use crate::model::records::{Record, RecordStore, SortBy};
use crate::timestamp::{iso8601, milliseconds};
use crate::world::World;

/// The maximum number of records of a job.
const PAGE: usize = 200_000;
const MAX_PAGE: usize = 50;
const RESULT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

type ReadJob = Job<Order, Outcome>;

/// `POST bulk/read`
pub(crate) fn create(request: &Request<'_>) -> Result<Response, Response> {
    let body = Value::Object(request.body()?);
    let callback = callback_of(&body)?;
    let order = read_order(request, &body)?;
    let mut state = request.world.state();
    let job = order_job(request, &mut state, callback, order);
    let details = json!({
        "id": job.id.to_string(),
        "operation": "read",
        "state": "ADDED",
        "created_by": job.ordered_by,
        "created_time": iso8601(job.created_ms),
    });
    state.jobs.reads.add(job);
    let result = json!({
        "status": "success", "code": "ADDED_SUCCESSFULLY", "message": "Added successfully.", "details": details,
    });
    Ok(Response::json(201, &json!({ "data": [result], "info": {} })))
}

/// `GET bulk/read/{id}`
pub(crate) fn details(request: &Request<'_>) -> Result<Response, Response> {
    let state = request.world.state();
    let job = state.jobs.reads.get(request.organization(), request.id());
    let job = job.ok_or_else(|| not_found(404, request.id()))?;
    Ok(Response::json(200, &json!({ "data": [body(job, request.world.now_ms())] })))
}

/// `GET bulk/read/{id}/result`
pub(crate) fn result(request: &Request<'_>) -> Result<Response, Response> {
    let state = request.world.state();
    let now = request.world.now_ms();
    let job = state.jobs.reads.get(request.organization(), request.id());
    let job = job.filter(|job| job.is_fresh(now, RESULT_LIFETIME));
    match job.and_then(|job| job.outcome.as_ref()?.as_ref().ok()) {
        Some(outcome) => Ok(Response::download(&format!("{}.zip", request.id()), outcome.zip.clone())),
        None => Err(not_found(400, request.id())),
    }
}

/// Runs a job. Returns the URL and body of the callback, if one is wanted.
pub(super) fn run(world: &World, id: u64) -> Option<(String, Value)> {
    let mut state = world.state();
    let state = &mut *state;
    let metadata = state.metadata();
    let job = state.jobs.reads.get_mut(id)?;
    job.outcome = Some(if job.fails {
        Err(json!({
            "code": "INTERNAL_ERROR", "details": {}, "message": "Internal Server Error", "status": "error",
        }))
    } else {
        let module = metadata.module(&job.order.module);
        Ok(carry_out(&job.order, module.as_deref(), &state.records, &job.organization, id))
    });
    let callback = job.callback.clone()?;
    let stage = body(job, world.now_ms());
    Some((
        callback,
        json!({ "job_id": id.to_string(), "operation": "read", "state": stage["state"], "query": stage["query"], "result": stage["result"] }),
    ))
}

fn read_order(request: &Request<'_>, body: &Value) -> Result<Order, Response> {
    let query = &body["query"];
    let from_token =
        query["page_token"].as_str().map(|token| Continuation::read(token, request)).transpose()?;
    let name = query["module"]["api_name"].as_str().unwrap_or_default();
    let name = from_token.as_ref().map_or(name, |continuation| continuation.module.as_str());
    let Some(module) = request.metadata().module(name) else {
        let details = json!({ "module": name });
        let message = format!("Requested module '{name}' is not available.");
        return Err(error(400, "MODULE_NOT_AVAILABLE", &details, &message));
    };
    request.needs_module(&module, "READ")?;
    let file_type = body["file_type"].as_str().or_else(|| query["file_type"].as_str()).unwrap_or("csv");
    if file_type != "csv" {
        let details = json!({ "file_type": file_type });
        let message = "the emulator supports only CSV; Zoho also supports ICS for Events";
        return Err(error(400, "NOT_SUPPORTED_FEATURE", &details, message));
    }
    if !query["cvid"].is_null() {
        let message = "the emulator has no custom views";
        return Err(error(400, "CVID_NOT_SUPPORTED", &json!({ "cvid": query["cvid"] }), message));
    }
    let page = match &query["page"] {
        Value::Null => 1,
        page => page.as_u64().and_then(|page| usize::try_from(page).ok()).unwrap_or_default(),
    };
    if !(1..=MAX_PAGE).contains(&page) {
        let details = json!({ "max_limit": MAX_PAGE });
        return Err(error(400, "PAGE_RANGE_EXCEEDED", &details, "page range exceeds the limit"));
    }
    let criterion = match &query["criteria"] {
        Value::Null => None,
        criteria => Some(criteria::read(criteria, &module)?),
    };
    let mut echo = query.clone();
    echo["module"] = module.reference();
    echo["page"] = json!(page);
    Ok(Order {
        version: request.version,
        columns: columns(query, &module)?,
        module: module.api_name.clone(),
        criterion,
        page,
        after: from_token.map(|continuation| continuation.last_id),
        query: echo,
    })
}

/// The columns of the CSV: the id, then the requested fields or all fields.
fn columns(query: &Value, module: &Module) -> Result<Vec<String>, Response> {
    let is_column = |kind: &Kind| !matches!(kind, Kind::Subform(_) | Kind::FileUpload | Kind::ImageUpload);
    let mut columns = vec!["id".to_owned()];
    let Some(requested) = query["fields"].as_array() else {
        let all = module.fields.iter().filter(|field| is_column(&field.kind) && field.api_name != "id");
        columns.extend(all.map(|field| field.api_name.clone()));
        return Ok(columns);
    };
    for name in requested.iter().filter_map(Value::as_str).filter(|name| *name != "id") {
        let own = name.split('.').next().unwrap_or_default();
        let field = module.find(own).ok_or_else(|| {
            let details = json!({ "api_name": name, "module": module.api_name });
            error(400, "FIELD_NOT_AVAILABLE", &details, "field is not available")
        })?;
        if !is_column(&field.kind) {
            let details = json!({ "api_name": name, "module": module.api_name });
            return Err(error(400, "FIELD_NOT_SUPPORTED", &details, "field is not supported"));
        }
        columns.push(name.to_owned());
    }
    Ok(columns)
}

fn carry_out(
    order: &Order,
    module: Option<&Module>,
    records: &RecordStore,
    organization: &str,
    id: u64,
) -> Outcome {
    let table = records.table(organization, &order.module);
    let after = order.after.map(|last_id| (0, last_id));
    let all = table.into_iter().flat_map(|table| table.ordered(SortBy::Id, false, after));
    let matches = |record: &&Record| {
        let value = |name: &str| {
            let kind = module.and_then(|module| module.find(name)).map(|field| &field.kind);
            comparable(kind, record.value(name))
        };
        order.criterion.as_ref().is_none_or(|criterion| criterion.matches(&value))
    };
    let mut rest = all.filter(matches).skip((order.page - 1) * PAGE);
    let (mut count, mut last_id) = (0, 0);
    let packed = archive::pack(&format!("{id}.csv"), |file| {
        let mut csv = csv::Writer::from_writer(file);
        csv.write_record(&order.columns)?;
        for record in rest.by_ref().take(PAGE) {
            for column in &order.columns {
                csv.write_field(cell(&records.value_along(organization, record, column)).as_ref())?;
            }
            csv.write_record(None::<&[u8]>)?;
            (count, last_id) = (count + 1, record.id);
        }
        csv.flush().map_err(csv::Error::from)
    });
    // The file is written to memory, so this cannot fail.
    let zip = packed.unwrap_or_default();
    Outcome { count, more_records: rest.next().is_some(), last_id, zip }
}

/// A value as text. A lookup becomes its id; several values are joined by semicolons.
fn cell(value: &Value) -> std::borrow::Cow<'_, str> {
    if let Some(digits) = digits::of(value) {
        return digits;
    }
    match value {
        Value::Null => "".into(),
        Value::String(text) => text.into(),
        Value::Object(lookup) => lookup.get("id").map_or("".into(), cell),
        Value::Array(values) => {
            let values: Vec<_> =
                values.iter().map(|value| value.get("name").map_or_else(|| cell(value), cell)).collect();
            values.join(";").into()
        }
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
    }
}

/// The details of a job.
fn body(job: &ReadJob, now: u64) -> Value {
    let mut body = json!({
        "id": job.id.to_string(),
        "operation": "read",
        "state": match (job.stage(now), &job.outcome) {
            (Stage::Added, _) => "ADDED",
            (Stage::Queued, _) => "QUEUED",
            (Stage::InProgress, _) => "IN PROGRESS",
            (Stage::Over, Some(Err(_))) => "FAILURE",
            (Stage::Over, _) => "COMPLETED",
        },
        "query": job.order.query,
        "created_by": job.ordered_by,
        "created_time": iso8601(job.created_ms),
        "file_type": "csv",
    });
    match &job.outcome {
        None => {}
        Some(Err(why)) => body["result"] = json!({ "error_message": why }),
        Some(Ok(outcome)) => {
            let next = Continuation { module: job.order.module.clone(), last_id: outcome.last_id };
            body["result"] = json!({
                "page": job.order.page,
                "per_page": PAGE,
                "count": outcome.count,
                "download_url": format!("/crm/bulk/{}/read/{}/result", job.order.version, job.id),
                "more_records": outcome.more_records,
                "next_page_token": outcome.more_records.then(|| next.token(job)),
            });
        }
    }
    body
}

/// The content of a page token: the module, and the last record of the previous page.
struct Continuation {
    module: String,
    last_id: u64,
}

impl Continuation {
    fn token(&self, job: &ReadJob) -> String {
        let expires_ms = job.due_ms + milliseconds(RESULT_LIFETIME);
        URL_SAFE_NO_PAD.encode(format!("{expires_ms} {} {} {}", self.last_id, self.module, job.organization))
    }

    fn read(token: &str, request: &Request<'_>) -> Result<Self, Response> {
        let invalid = || {
            let details = json!({ "api_name": "page_token" });
            error(400, "INVALID_REQUEST", &details, "the page token is not valid")
        };
        let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(invalid)?;
        let mut parts = text.splitn(4, ' ');
        let mut next = || parts.next().ok_or_else(invalid);
        let (expires_ms, last_id, module, organization) = (next()?, next()?, next()?, next()?);
        let expired = expires_ms.parse().map_or(true, |expires_ms: u64| expires_ms <= request.world.now_ms());
        if expired || organization != request.organization() {
            return Err(invalid());
        }
        Ok(Self { module: module.to_owned(), last_id: last_id.parse().map_err(|_| invalid())? })
    }
}
