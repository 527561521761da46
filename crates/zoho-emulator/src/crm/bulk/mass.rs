//! Mass actions: one change to many records. Records given by id are changed immediately, those of a custom view in a
//! job. Every custom view stands for all records of the module.
//! <https://www.zoho.com/crm/developer/docs/api/v8/mass-update-records.html>

use serde_json::{Map, Value, json};

use super::order::order_job;
use crate::bodies::{error, invalid_parameter, many, missing_key, missing_parameter, success, wrong_type};
use crate::crm::records::Writer;
use crate::crm::request::{Request, ids_up_to, list_in};
use crate::http::Response;
use crate::model::jobs::job::{Job, Stage};
use crate::model::jobs::mass::{Change, Order, Outcome};
use crate::model::metadata::Module;
use crate::model::records::{Fields, Person, id_of, parse_id};
use crate::world::World;
use crate::world::state::State;

/// How many records may be given by id.
const MAX_IDS: usize = 500;

type MassJob = Job<Order, Outcome>;

/// `POST {module}/actions/mass_update`
pub(crate) fn update(request: &Request<'_>) -> Result<Response, Response> {
    let mut body = request.body()?;
    let Value::Object(fields) = list_in(&mut body, "data")?.swap_remove(0) else {
        return Err(wrong_type("data", "jsonobject", "$.data[0]"));
    };
    let scheduled = Scheduled { status: 200, code: "SUCCESS", message: "mass update scheduled successfully" };
    carry_out(request, body, Change::Set(fields), &scheduled)
}

/// `POST {module}/actions/mass_delete`
pub(crate) fn delete(request: &Request<'_>) -> Result<Response, Response> {
    let body = request.body()?;
    let scheduled = Scheduled { status: 200, code: "SUCCESS", message: "mass delete scheduled successfully" };
    carry_out(request, body, Change::Delete, &scheduled)
}

/// `POST {module}/actions/mass_change_owner`
pub(crate) fn change_owner(request: &Request<'_>) -> Result<Response, Response> {
    let body = request.body()?;
    let owner = body.get("owner").or_else(|| body.get("Owner"));
    let owner = owner.filter(|owner| id_of(&owner["id"]).is_some());
    let owner = owner.ok_or_else(|| missing_key("owner", "$.owner"))?;
    let fields = Fields::from_iter([("Owner".to_owned(), owner.clone())]);
    let message = "change owner is successfully scheduled";
    carry_out(request, body, Change::Set(fields), &Scheduled { status: 202, code: "SCHEDULED", message })
}

/// `GET` on each of these three paths, with `job_id`.
pub(crate) fn status(request: &Request<'_>) -> Result<Response, Response> {
    let id = request.call.query_value("job_id").ok_or_else(|| missing_parameter("job_id"))?;
    let state = request.world.state();
    let job = state.jobs.mass.get(request.organization(), id).ok_or_else(|| invalid_parameter("job_id"))?;
    let table = state.records.table(request.organization(), &job.order.module);
    let waiting = table.map_or(0, |table| table.len());
    Ok(Response::json(200, &json!({ "data": [body(job, request.world.now_ms(), waiting)] })))
}

/// The response to an action that became a job.
struct Scheduled {
    status: u16,
    code: &'static str,
    message: &'static str,
}

/// Changes the records in `ids`, or creates a job for the records of the custom view `cvid`.
fn carry_out(
    request: &Request<'_>,
    mut body: Map<String, Value>,
    change: Change,
    scheduled: &Scheduled,
) -> Result<Response, Response> {
    let module = request.module()?;
    if !body.contains_key("ids") {
        return schedule(request, &body, change, scheduled);
    }
    let ids = ids_up_to(MAX_IDS, &mut body)?;
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let outcomes = ids.iter().map(|id| apply(&change, &writer, state, module, id));
    Ok(many(200, "data", outcomes.collect::<Vec<_>>()))
}

fn schedule(
    request: &Request<'_>,
    body: &Map<String, Value>,
    change: Change,
    scheduled: &Scheduled,
) -> Result<Response, Response> {
    let view = body.get("cvid").ok_or_else(|| missing_key("cvid", "$.cvid"))?;
    if id_of(view).and_then(|id| parse_id(&id)).is_none() {
        let details = json!({ "api_name": "cvid", "json_path": "$.cvid" });
        return Err(error(400, "INVALID_DATA", &details, "the cvid given seems to be invalid"));
    }
    let order = Order { module: request.module()?.api_name.clone(), change };
    let mut state = request.world.state();
    let job = order_job(request, &mut state, None, order);
    let id = job.id;
    state.jobs.mass.add(job);
    let mut result = success(&json!({ "job_id": id.to_string() }), scheduled.message);
    result["code"] = json!(scheduled.code);
    Ok(Response::json(scheduled.status, &json!({ "data": [result] })))
}

/// Runs a job.
pub(super) fn run(world: &World, id: u64) {
    let mut state = world.state();
    let Some(job) = state.jobs.mass.get_mut(id) else { return };
    let (order, organization) = (job.order.clone(), job.organization.clone());
    let user = world.user(&job.user).filter(|_| !job.fails);
    let metadata = state.metadata();
    let outcome = match (user, metadata.module(&order.module)) {
        (Some(user), Some(module)) => {
            let person = Person::of(user);
            let writer = Writer {
                world,
                organization: &organization,
                metadata: &metadata,
                person: &person,
                unmodified_since_ms: None,
            };
            Ok(apply_to_all(&order.change, &writer, &mut state, &module))
        }
        _ => Err(json!({ "code": "INTERNAL_ERROR" })),
    };
    if let Some(job) = state.jobs.mass.get_mut(id) {
        job.outcome = Some(outcome);
    }
}

fn apply(
    change: &Change,
    writer: &Writer<'_>,
    state: &mut State,
    module: &Module,
    id: &str,
) -> crate::bodies::Outcome {
    match change {
        Change::Set(fields) => writer.update(state, module, id, fields.clone(), "$.data[0]"),
        Change::Delete => writer.delete(state, &module.api_name, id),
    }
}

fn apply_to_all(change: &Change, writer: &Writer<'_>, state: &mut State, module: &Module) -> Outcome {
    let table = state.records.table(writer.organization, &module.api_name);
    let ids: Vec<String> =
        table.into_iter().flat_map(|table| table.iter()).map(|record| record.id()).collect();
    let mut outcome = Outcome::default();
    for id in ids {
        match apply(change, writer, state, module, &id) {
            Ok(_) => outcome.done += 1,
            Err(_) => outcome.failed += 1,
        }
    }
    outcome
}

/// The status of a job. `waiting` is the number of records to change, if the job has not run.
fn body(job: &MassJob, now: u64, waiting: usize) -> Value {
    let (done, failed, waiting) = match &job.outcome {
        None => (0, 0, waiting),
        Some(Err(_)) => (0, waiting, 0),
        Some(Ok(outcome)) => (outcome.done, outcome.failed, 0),
    };
    let status = match (job.stage(now), &job.outcome) {
        (Stage::Added, _) => "SCHEDULED",
        (Stage::Queued | Stage::InProgress, _) => "RUNNING",
        (Stage::Over, Some(Err(_))) => "FAILED",
        (Stage::Over, _) => "COMPLETED",
    };
    let mut body =
        json!({ "Status": status, "Failed_Count": failed, "Total_Count": done + failed + waiting });
    match job.order.change {
        Change::Delete => body["Deleted_Count"] = json!(done),
        Change::Set(_) => {
            body["Updated_Count"] = json!(done);
            body["Not_Updated_Count"] = json!(failed + waiting);
        }
    }
    body
}
