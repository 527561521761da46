//! Composite requests: up to five requests in one.
//! <https://www.zoho.com/crm/developer/docs/api/v8/composite-api.html>

mod reference;
mod sub_request;

use serde_json::{Map, Value, json};

use self::sub_request::{KEY, SubRequest};
use crate::bodies::{combined_status, error, failure, invalid_data, missing_key, success};
use crate::crm::request::Request;
use crate::digits;
use crate::http::Response;

const MAX_SUB_REQUESTS: usize = 5;

/// `POST __composite_requests`
pub(crate) fn respond(request: &Request<'_>) -> Result<Response, Response> {
    let body = request.body()?;
    let rollback = flag(&body, &["rollback_on_fail"])?.unwrap_or(false);
    let parallel = flag(&body, &["parallel_execution", "concurrent_execution"])?.unwrap_or(!rollback);
    if rollback && parallel {
        let names = ["rollback_on_fail", "parallel_execution"];
        let due_to = names.map(|name| json!({ "api_name": name, "json_path": format!("$.{name}") }));
        let details = json!({ "ambiguity_due_to": due_to });
        let message = "rollback_on_fail and parallel_execution cannot both be true";
        return Err(error(400, "AMBIGUITY_DURING_PROCESSING", &details, message));
    }
    let path = format!("$.{KEY}");
    let bodies = match body.get(KEY) {
        Some(Value::Array(bodies)) if !bodies.is_empty() => bodies,
        None | Some(Value::Null) => return Err(missing_key(KEY, &path)),
        Some(_) => return Err(Response::json(400, &invalid_data(KEY, "jsonarray", &path))),
    };
    if bodies.len() > MAX_SUB_REQUESTS {
        let details = json!({ "api_name": KEY, "json_path": path, "maximum_length": MAX_SUB_REQUESTS });
        return Err(error(400, "INVALID_DATA", &details, "invalid data"));
    }
    let sub_requests = bodies.iter().enumerate();
    let sub_requests = sub_requests.map(|(index, body)| SubRequest::read(body, index, request.version));
    let mut run = Run { request, sub_requests: sub_requests.collect(), results: vec![None; bodies.len()] };
    run.reject_duplicate_ids();
    if rollback { Ok(run.all_or_none()) } else { Ok(run.each_on_its_own(parallel)) }
}

fn flag(body: &Map<String, Value>, names: &[&str]) -> Result<Option<bool>, Response> {
    let Some((name, value)) = names.iter().find_map(|name| Some((name, body.get(*name)?))) else {
        return Ok(None);
    };
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        _ => Err(Response::json(400, &invalid_data(name, "boolean", &format!("$.{name}")))),
    }
}

/// A composite request that is being processed.
struct Run<'r, 'a> {
    request: &'r Request<'a>,
    sub_requests: Vec<Result<SubRequest, Value>>,
    /// The result of each sub-request; `None` until it has been processed.
    results: Vec<Option<SubResult>>,
}

/// The result of a sub-request.
#[derive(Clone, Debug)]
enum SubResult {
    /// It was processed, with this response.
    Responded { status: u16, body: Value, headers: Value },
    /// It was not processed.
    Rejected(Value),
}

impl Run<'_, '_> {
    fn reject_duplicate_ids(&mut self) {
        let ids: Vec<Option<String>> =
            self.sub_requests.iter().map(|sub| sub.as_ref().ok().and_then(|sub| sub.id.clone())).collect();
        for (index, id) in ids.iter().enumerate().filter(|(_, id)| id.is_some()) {
            let same: Vec<usize> = (0..ids.len()).filter(|other| ids[*other] == *id).collect();
            if same.len() > 1 {
                let details = json!({
                    "api_name": "sub_request_id",
                    "json_path": format!("$.{KEY}[{index}].sub_request_id"),
                    "sub_request_indexes": same,
                });
                self.sub_requests[index] = Err(failure("DUPLICATE_DATA", &details, "duplicate data"));
            }
        }
    }

    /// Processes the sub-requests independently. In parallel mode, each is processed after those that it refers to,
    /// otherwise they are processed in order.
    fn each_on_its_own(mut self, parallel: bool) -> Response {
        if !parallel {
            for index in 0..self.sub_requests.len() {
                self.carry_out(index);
            }
        }
        while let Some(index) = self.next_that_waits_for_nothing() {
            self.carry_out(index);
        }
        let waiting: Vec<usize> =
            (0..self.results.len()).filter(|index| self.results[*index].is_none()).collect();
        let dependent: Vec<Value> = waiting.iter().filter_map(|index| self.dependence(*index)).collect();
        for index in waiting {
            let details = json!({ "dependent_data": dependent });
            let looping = failure("LOOPING_FOUND", &details, "the sub requests refer to each other");
            self.results[index] = Some(SubResult::Rejected(looping));
        }
        let results: Vec<SubResult> = self.results.into_iter().flatten().collect();
        let rejected = results.iter().filter(|result| matches!(result, SubResult::Rejected(_))).count();
        let status = combined_status(200, 207, rejected, results.len());
        to_response(status, results.iter().map(SubResult::body))
    }

    /// Processes the sub-requests in order. If one fails, all changes are rolled back.
    fn all_or_none(mut self) -> Response {
        let before = self.request.world.state().records.clone();
        for index in 0..self.sub_requests.len() {
            self.carry_out(index);
            if self.results[index].as_ref().is_some_and(SubResult::has_failed) {
                self.request.world.state().records.roll_back_to(before);
                return self.rolled_back(index);
            }
        }
        to_response(200, self.results.iter().flatten().map(SubResult::body))
    }

    fn rolled_back(&self, by: usize) -> Response {
        let undone = |code: &str| {
            let message =
                "the transaction was rolled back since another sub request in the same transaction failed.";
            failure(code, &json!({ "rollbacked_by_sub_request_index": by }), message)
        };
        let results = self.results.iter().enumerate().map(|(index, result)| match result {
            Some(result) if index == by => result.body(),
            Some(_) => undone("ROLLBACK_PERFORMED"),
            None => undone("PROCESSING_STOPPED"),
        });
        to_response(400, results)
    }

    fn carry_out(&mut self, index: usize) {
        let result = match &self.sub_requests[index] {
            Err(rejection) => SubResult::Rejected(rejection.clone()),
            Ok(sub_request) => match sub_request.to_call(index, |id| self.result_of(id)) {
                Err(rejection) => SubResult::Rejected(rejection),
                Ok(call) => SubResult::of(&self.request.dispatch_part(&call)),
            },
        };
        self.results[index] = Some(result);
    }

    /// The response to the sub-request with this id, if it succeeded.
    fn result_of(&self, id: &str) -> Option<Value> {
        let index = self.index_of(id)?;
        match self.results[index].as_ref()? {
            SubResult::Responded { status, body, .. } if *status < 400 => Some(body.clone()),
            _ => None,
        }
    }

    fn index_of(&self, id: &str) -> Option<usize> {
        let has_id =
            |sub: &Result<SubRequest, Value>| sub.as_ref().is_ok_and(|sub| sub.id.as_deref() == Some(id));
        self.sub_requests.iter().position(has_id)
    }

    /// A sub-request that does not wait for another: what it refers to has been processed or does not exist.
    fn next_that_waits_for_nothing(&self) -> Option<usize> {
        (0..self.sub_requests.len()).find(|index| {
            let references =
                self.sub_requests[*index].as_ref().map(SubRequest::references).unwrap_or_default();
            let waits = references
                .iter()
                .filter_map(|id| self.index_of(id))
                .any(|other| self.results[other].is_none() && other != *index);
            self.results[*index].is_none() && !waits
        })
    }

    fn dependence(&self, index: usize) -> Option<Value> {
        let sub_request = self.sub_requests[index].as_ref().ok()?;
        Some(json!({
            "sub_request_id": sub_request.id, "referred_sub_request_ids": sub_request.references(),
        }))
    }
}

impl SubResult {
    fn of(response: &Response) -> Self {
        let headers: Map<String, Value> =
            response.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        Self::Responded {
            status: response.status,
            body: digits::parse(str::from_utf8(&response.body).unwrap_or_default()).unwrap_or_default(),
            headers: Value::Object(headers),
        }
    }

    /// Whether it was not processed, got an error response, or has an error for one of its records.
    fn has_failed(&self) -> bool {
        match self {
            Self::Rejected(_) => true,
            Self::Responded { status, body, .. } => {
                let records = body["data"].as_array().map_or(&[][..], Vec::as_slice);
                *status >= 400 || records.iter().any(|record| record["status"] == "error")
            }
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Rejected(rejection) => rejection.clone(),
            Self::Responded { status, body, headers } => {
                let response = json!({ "headers": headers, "body": body, "status_code": status });
                let message = "composite sub request executed successfully";
                success(&json!({ "response": response }), message)
            }
        }
    }
}

fn to_response(status: u16, results: impl Iterator<Item = Value>) -> Response {
    Response::json(status, &json!({ KEY: results.collect::<Vec<_>>() }))
}
