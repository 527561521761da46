//! Composite requests: up to five requests in one.
//! <https://www.zoho.com/crm/developer/docs/api/v8/composite-api.html>

mod reference;
mod sub_request;

use serde_json::{Map, Value, json};

use self::sub_request::{KEY, SubRequest};
use crate::bodies::{error, failure, invalid_data, missing_key, success};
use crate::crm::request::Request;
use crate::http::Answer;

const MAXIMUM: usize = 5;

/// `POST v8/__composite_requests`
pub(crate) fn answer(request: &Request<'_>) -> Result<Answer, Answer> {
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
        Some(_) => return Err(Answer::json(400, &invalid_data(KEY, "jsonarray", &path))),
    };
    if bodies.len() > MAXIMUM {
        let details = json!({ "api_name": KEY, "json_path": path, "maximum_length": MAXIMUM });
        return Err(error(400, "INVALID_DATA", &details, "invalid data"));
    }
    let sub_requests = bodies.iter().enumerate().map(|(index, body)| SubRequest::read(body, index));
    let mut run = Run { request, sub_requests: sub_requests.collect(), results: vec![None; bodies.len()] };
    run.refuse_duplicate_ids();
    if rollback { Ok(run.all_or_none()) } else { Ok(run.each_on_its_own(parallel)) }
}

fn flag(body: &Map<String, Value>, names: &[&str]) -> Result<Option<bool>, Answer> {
    let Some((name, value)) = names.iter().find_map(|name| Some((name, body.get(*name)?))) else {
        return Ok(None);
    };
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        _ => Err(Answer::json(400, &invalid_data(name, "boolean", &format!("$.{name}")))),
    }
}

/// A composite request while it is carried out.
struct Run<'r, 'a> {
    request: &'r Request<'a>,
    sub_requests: Vec<Result<SubRequest, Value>>,
    /// What came of each. `None`: it was not carried out yet.
    results: Vec<Option<SubResult>>,
}

/// What came of one of the requests.
#[derive(Clone, Debug)]
enum SubResult {
    /// It was carried out; this was answered.
    Answered { status: u16, body: Value, headers: Value },
    /// It was not carried out.
    Refused(Value),
}

impl Run<'_, '_> {
    fn refuse_duplicate_ids(&mut self) {
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

    /// In parallel, a request waits for those that it refers to; otherwise they are carried out in their order.
    fn each_on_its_own(mut self, parallel: bool) -> Answer {
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
            self.results[index] = Some(SubResult::Refused(looping));
        }
        let results: Vec<SubResult> = self.results.into_iter().flatten().collect();
        let refused = results.iter().filter(|result| matches!(result, SubResult::Refused(_))).count();
        let status = match refused {
            0 => 200,
            _ if refused == results.len() => 400,
            _ => 207,
        };
        to_answer(status, results.iter().map(SubResult::body))
    }

    /// One after the other; when one fails, what was done is undone.
    fn all_or_none(mut self) -> Answer {
        let before = self.request.world.state().records.clone();
        for index in 0..self.sub_requests.len() {
            self.carry_out(index);
            if self.results[index].as_ref().is_some_and(SubResult::has_failed) {
                self.request.world.state().records.roll_back_to(before);
                return self.rolled_back(index);
            }
        }
        to_answer(200, self.results.iter().flatten().map(SubResult::body))
    }

    fn rolled_back(&self, by: usize) -> Answer {
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
        to_answer(400, results)
    }

    fn carry_out(&mut self, index: usize) {
        let result = match &self.sub_requests[index] {
            Err(refusal) => SubResult::Refused(refusal.clone()),
            Ok(sub_request) => match sub_request.to_call(index, |id| self.result_of(id)) {
                Err(refusal) => SubResult::Refused(refusal),
                Ok(call) => SubResult::of(&self.request.answer_part(&call)),
            },
        };
        self.results[index] = Some(result);
    }

    /// What the request with this id was answered, if it succeeded.
    fn result_of(&self, id: &str) -> Option<Value> {
        let index = self.index_of(id)?;
        match self.results[index].as_ref()? {
            SubResult::Answered { status, body, .. } if *status < 400 => Some(body.clone()),
            _ => None,
        }
    }

    fn index_of(&self, id: &str) -> Option<usize> {
        let has_id =
            |sub: &Result<SubRequest, Value>| sub.as_ref().is_ok_and(|sub| sub.id.as_deref() == Some(id));
        self.sub_requests.iter().position(has_id)
    }

    /// A request whose references, if it has any, have been carried out or will never be.
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
    fn of(answer: &Answer) -> Self {
        let headers: Map<String, Value> =
            answer.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        Self::Answered {
            status: answer.status,
            body: serde_json::from_slice(&answer.body).unwrap_or_default(),
            headers: Value::Object(headers),
        }
    }

    /// Whether it was not carried out, was answered with an error, or has one for one of its records.
    fn has_failed(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Answered { status, body, .. } => {
                let records = body["data"].as_array().map_or(&[][..], Vec::as_slice);
                *status >= 400 || records.iter().any(|record| record["status"] == "error")
            }
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Answered { status, body, headers } => {
                let response = json!({ "headers": headers, "body": body, "status_code": status });
                let message = "composite sub request executed successfully";
                success(&json!({ "response": response }), message)
            }
        }
    }
}

fn to_answer(status: u16, results: impl Iterator<Item = Value>) -> Answer {
    Answer::json(status, &json!({ KEY: results.collect::<Vec<_>>() }))
}
