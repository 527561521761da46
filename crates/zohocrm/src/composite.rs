//! `crm.composite()`: several requests in one call.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::caller::Caller;
use crate::error::{Error, Invalid, ResponseProblem};
use crate::message::{Headers, Method, OperationName, RawResponse};
use crate::request::{Judged, Request, Response, awaited};
use crate::value::{Map, Value};

/// Several requests that have not been sent; from [`Crm::composite`](crate::Crm::composite). Await it, or call
/// [`send`](Self::send). Zoho carries them out in one call, and a request can use parts of the response to another one.
///
/// ```no_run
/// use serde_json::{Value, json};
/// use zohocrm::{Method, SubRequest};
///
/// # async fn composite(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let create = SubRequest::new("create", Method::Post, "/crm/v8/Leads")
///     .json(json!({ "data": [{ "Last_Name": "Hopper" }] }));
/// let id = SubRequest::result_of("create", "$.data[0].details.id");
/// let read = SubRequest::new("read", Method::Get, format!("/crm/v8/Leads/{id}")).query("fields", "Last_Name");
///
/// let responses = crm.composite().add(create).add(read).parallel_execution(false).await?;
/// let lead = responses.get("read")?.json::<Value>()?;
/// println!("{lead:?}");
/// # Ok(())
/// # }
/// ```
///
/// A call costs one API credit, or two with [`rollback_on_fail`](Self::rollback_on_fail). A request can read 25 records or
/// write one. <https://www.zoho.com/crm/developer/docs/api/v8/composite-api.html>
#[derive(Clone, Debug)]
#[must_use = "a composite call does nothing until it is sent"]
pub struct Composite {
    caller: Caller,
    requests: Vec<SubRequest>,
    rollback_on_fail: Option<bool>,
    parallel_execution: Option<bool>,
}

impl Composite {
    /// The maximum number of requests in one call.
    pub const MAX_REQUESTS: usize = 5;

    pub(crate) fn new(caller: &Caller) -> Self {
        Self {
            caller: caller.clone(),
            requests: Vec::new(),
            rollback_on_fail: None,
            parallel_execution: None,
        }
    }

    /// Adds a request. One call has at most five.
    #[expect(clippy::should_implement_trait, reason = "it adds to a list; there is no sum")]
    pub fn add(mut self, request: SubRequest) -> Self {
        self.requests.push(request);
        self
    }

    /// Sets whether all requests are rolled back if one of them fails. Zoho's default: they are not. Cannot be combined with
    /// [`parallel_execution`](Self::parallel_execution).
    pub fn rollback_on_fail(self, rollback: bool) -> Self {
        Self { rollback_on_fail: Some(rollback), ..self }
    }

    /// Sets whether independent requests run in parallel. Zoho's default: they do, except with
    /// [`rollback_on_fail`](Self::rollback_on_fail).
    pub fn parallel_execution(self, parallel: bool) -> Self {
        Self { parallel_execution: Some(parallel), ..self }
    }

    /// Sends the requests and returns the response to each, in the order in which they were added.
    ///
    /// # Errors
    /// If the requests cannot be sent together, or the call fails as a whole. The failure of one request is not an error here:
    /// see [`CompositeResponse::get`]. Needs the scope `ZohoCRM.composite_requests.CUSTOM` and those of the requests.
    pub async fn send(&self) -> Result<Response<CompositeResponse>, Error> {
        self.check()?;
        let request = self.request();
        let judged = request.send_judged().await?;
        let entries = match serde_json::from_slice(judged.response().body()) {
            Ok(CompositeBody { entries }) if entries.len() == self.requests.len() => entries,
            // If one request has a fault, Zoho may reject the call without results for the others.
            _ => {
                return Err(Error::unusable(
                    &judged.accepted()?,
                    ResponseProblem::Unconfirmed,
                    "it has no result for each request",
                ));
            }
        };
        let response = judged.response();
        let read = |(request, entry): (&SubRequest, &RawValue)| {
            (request.id.clone(), request.response(response, entry))
        };
        let entries = entries.iter().map(|entry| &**entry);
        let responses = self.requests.iter().zip(entries).map(read).collect();
        Ok(Response::of(response, CompositeResponse { responses }))
    }

    fn request(&self) -> Request {
        let Self { requests, rollback_on_fail, parallel_execution, .. } = self;
        let (rollback_on_fail, parallel_execution) = (*rollback_on_fail, *parallel_execution);
        let only_reads = requests.iter().all(|request| request.method == Method::Get);
        let body = Body { requests, rollback_on_fail, parallel_execution };
        let request = Request::new(&self.caller, Method::Post, "/crm/v8/__composite_requests").body(&body);
        request.scopes(&["ZohoCRM.composite_requests.CUSTOM"]).repeatable(only_reads)
    }

    /// Checks what Zoho would reject as a whole.
    fn check(&self) -> Result<(), Error> {
        let count = self.requests.len();
        if !(1..=Self::MAX_REQUESTS).contains(&count) {
            return Err(Invalid::CompositeSize { count, max: Self::MAX_REQUESTS }.into());
        }
        if self.rollback_on_fail == Some(true) && self.parallel_execution == Some(true) {
            return Err(Invalid::ParallelRollback.into());
        }
        for (index, request) in self.requests.iter().enumerate() {
            if let Some(problem) = &request.problem {
                return Err(problem.clone());
            }
            if self.requests[..index].iter().any(|earlier| earlier.id == request.id) {
                return Err(Invalid::DuplicateSubRequest(request.id.clone()).into());
            }
        }
        Ok(())
    }
}

awaited!(Composite -> Response<CompositeResponse>);

/// The body of the call.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "__composite_requests")]
    requests: &'a [SubRequest],
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback_on_fail: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_execution: Option<bool>,
}

/// One of the requests of a [`Composite`].
#[derive(Clone, Serialize)]
#[must_use = "a request does nothing until it is added to a composite call"]
pub struct SubRequest {
    #[serde(rename = "sub_request_id")]
    id: String,
    #[serde(serialize_with = "as_text")]
    method: Method,
    uri: String,
    #[serde(rename = "params", skip_serializing_if = "Map::is_empty")]
    query: Map,
    #[serde(skip_serializing_if = "Map::is_empty")]
    headers: Map,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(skip)]
    problem: Option<Error>,
}

impl SubRequest {
    /// Creates a request from a name of your choice (letters, digits and `_`) and a path such as `/crm/v8/Leads`.
    pub fn new(id: impl Into<String>, method: Method, path: impl Into<String>) -> Self {
        let (id, uri) = (id.into(), path.into());
        let named = id.starts_with(|first: char| first.is_ascii_alphanumeric())
            && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let problem = match (named, uri.starts_with("/crm/")) {
            (true, true) => None,
            (false, _) => Some(Invalid::SubRequestName(id.clone()).into()),
            (_, false) => Some(Invalid::SubRequestPath(uri.clone()).into()),
        };
        let (query, headers) = (Map::new(), Map::new());
        Self { id, method, uri, query, headers, body: None, problem }
    }

    /// Returns a placeholder for a part of the response to another request, for use in a path, a parameter or a body. The part
    /// is given by a JSON path: `$.data[0].details.id` is the id of a created record, `$.data[0].id` that of a record that was
    /// read.
    #[must_use]
    pub fn result_of(id: &str, json_path: &str) -> String {
        format!("@{{{id}:{json_path}}}")
    }

    /// Sets a parameter of the query string.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.insert(name, value.into());
        self
    }

    /// Sets a header. `Authorization` and `X-CRM-ORG` cannot be set.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        if ["authorization", "x-crm-org"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
            self.problem = self.problem.or_else(|| Some(Invalid::SubRequestHeader(name.clone()).into()));
        }
        self.headers.insert(name, value.into());
        self
    }

    /// Sets the body to this JSON.
    pub fn json(self, body: impl Into<Value>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    /// Sets the body to this value, serialized as JSON.
    pub fn body(mut self, body: &impl Serialize) -> Self {
        match Value::from_serialize(body) {
            Ok(body) => self.body = Some(body),
            Err(error) => {
                let invalid = Invalid::Body { evidence: error.to_string() };
                self.problem = self.problem.or_else(|| Some(invalid.into()));
            }
        }
        self
    }

    /// Reads the response to this request from its entry. An entry of another shape is itself a rejection.
    fn response(&self, whole: &RawResponse, entry: &RawValue) -> Result<RawResponse, Error> {
        let operation = OperationName::new(self.method, &self.uri);
        match serde_json::from_str(entry.get()) {
            Ok(Entry { details: Details { response } }) => {
                Judged::of_part(response.into(), operation).accepted()
            }
            Err(_) => {
                let body = entry.get().into();
                let entry = Judged::of_part(RawResponse { body, ..whole.clone() }, operation).accepted()?;
                Err(Error::unusable(
                    &entry,
                    ResponseProblem::Unconfirmed,
                    "it does not contain the response to the request",
                ))
            }
        }
    }
}

impl fmt::Debug for SubRequest {
    /// Omits the body, which can contain personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("SubRequest");
        shown.field("id", &self.id).field("method", &self.method).field("uri", &self.uri);
        shown.field("query", &self.query).field("headers", &self.headers).finish_non_exhaustive()
    }
}

fn as_text<S: serde::Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(method)
}

/// The responses to the requests of a [`Composite`].
#[derive(Clone, Debug)]
pub struct CompositeResponse {
    responses: Vec<(String, Result<RawResponse, Error>)>,
}

impl CompositeResponse {
    /// Returns the response to the request with this name. The results for single records are in its body.
    ///
    /// # Errors
    /// If Zoho rejected the request, did not carry it out or rolled it back, or if there is no request with this name.
    pub fn get(&self, id: &str) -> Result<&RawResponse, Error> {
        match self.responses.iter().find(|(known, _)| known == id) {
            Some((_, response)) => response.as_ref().map_err(Error::clone),
            None => Err(Invalid::UnknownSubRequest(id.to_owned()).into()),
        }
    }

    /// Iterates over all responses with the names of their requests, in the order in which these were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Result<RawResponse, Error>)> {
        self.responses.iter().map(|(id, response)| (id.as_str(), response))
    }
}

/// The response, as Zoho writes it.
#[derive(Debug, Deserialize)]
struct CompositeBody {
    #[serde(rename = "__composite_requests")]
    entries: Vec<Box<RawValue>>,
}

/// The entry for a request that was carried out.
#[derive(Debug, Deserialize)]
struct Entry {
    details: Details,
}

#[derive(Debug, Deserialize)]
struct Details {
    response: EntryResponse,
}

/// The response to one request, in JSON.
#[derive(Debug, Deserialize)]
struct EntryResponse {
    #[serde(default)]
    headers: Map,
    body: Option<Box<RawValue>>,
    status_code: u16,
}

impl From<EntryResponse> for RawResponse {
    fn from(entry: EntryResponse) -> Self {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let headers = entry.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), text(value)));
        let body = entry.body.map(|body| body.get().into()).unwrap_or_default();
        Self { status: entry.status_code, headers: Headers { fields: headers.collect() }, body }
    }
}
