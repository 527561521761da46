//! `Request`: a call as plain data; and how it is sent, with a new token if Zoho rejects the first one.

mod address;
mod awaited;
mod download;
mod response;

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::{debug, info};
use zoho_oauth::AccessToken;

use crate::caller::Caller;
use crate::error::{ApiError, Blame, Error, Invalid, ResponseProblem};
use crate::message::{Body, Method, OperationName, Part, RawResponse, Upload};
use crate::record::Record;
use crate::transport::{Incoming, Outgoing, Reading};
use crate::value::{Value, to_json};

use address::{Host, address, filled};
pub(crate) use awaited::awaited;
pub use download::Download;
pub use response::Response;
pub(crate) use response::describe;

/// The header that makes a write fail if the record has changed in the meantime.
pub(crate) const IF_UNMODIFIED_SINCE: &str = "If-Unmodified-Since";

/// A call that has not been sent; from [`Crm::request`](crate::Crm::request). Await it, or call [`send`](Self::send), as
/// often as needed.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    caller: Caller,
    method: Method,
    path: String,
    host: Host,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Body,
    scopes: &'static [&'static str],
    timeout: Option<Duration>,
    repeatable: bool,
    /// The parameters that select what the call applies to. Without all of them, it would apply to everything.
    selection: &'static [&'static str],
    /// Why the request cannot be sent. Reported by `send`, so that the builder methods need not return a `Result`.
    problem: Option<Error>,
}

impl Request {
    pub(crate) fn new(caller: &Caller, method: Method, path: impl Into<String>) -> Self {
        let path = path.into();
        // Repeating an action repeats its effect: a record would go through two transitions of its blueprint.
        let is_action = path.contains("/actions/");
        Self {
            caller: caller.clone(),
            method,
            path,
            host: Host::Api,
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            scopes: &[],
            timeout: None,
            repeatable: method == Method::Get || (method == Method::Put && !is_action),
            selection: &[],
            problem: None,
        }
    }

    /// A call to a path with placeholders, such as `/crm/v8/{module}/{id}`.
    pub(crate) fn operation<const N: usize>(
        caller: &Caller,
        method: Method,
        template: &'static str,
        values: [(&'static str, String); N],
    ) -> Self {
        match filled(template, values) {
            Ok(path) => Self::new(caller, method, path),
            Err(problem) => Self { problem: Some(problem), ..Self::new(caller, method, template) },
        }
    }

    /// Sets the scopes that allow the call, any one of them. An error about a missing scope names them.
    pub(crate) fn scopes(self, scopes: &'static [&'static str]) -> Self {
        Self { scopes, ..self }
    }

    /// Rejects the call if all of these parameters are missing or empty, because it would then apply to everything.
    #[allow(dead_code, reason = "what is used depends on the features")]
    pub(crate) fn selected_by(self, selection: &'static [&'static str]) -> Self {
        Self { selection, ..self }
    }

    /// Remembers why the request cannot be sent. The first reason is kept.
    pub(crate) fn with_problem(self, problem: Option<Error>) -> Self {
        Self { problem: self.problem.or(problem), ..self }
    }

    /// Sends the request to the host for uploads.
    #[allow(dead_code, reason = "what is used depends on the features")]
    pub(crate) fn on_upload_host(self) -> Self {
        Self { host: Host::Upload, ..self }
    }

    /// Adds a parameter to the query string.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a parameter of the query string and removes others of the same name.
    pub(crate) fn replace_query(self, name: &str, value: impl Into<String>) -> Self {
        self.without_query(name).query(name, value)
    }

    /// Removes a parameter from the query string.
    pub(crate) fn without_query(mut self, name: &str) -> Self {
        self.query.retain(|(known, _)| known != name);
        self
    }

    /// Returns a parameter of the query string.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sets a header, such as `If-Modified-Since`. `Authorization` cannot be set.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        if name.eq_ignore_ascii_case("authorization") {
            self.problem = Some(Invalid::AuthorizationHeader.into());
        }
        if name.eq_ignore_ascii_case(IF_UNMODIFIED_SINCE) {
            // A repeated request would conflict with the first one.
            self.repeatable = false;
        }
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn method(&self) -> Method {
        self.method
    }

    /// Whether the header is set.
    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Sets the body to this JSON.
    pub fn json(self, body: impl Into<Value>) -> Self {
        self.body(&body.into())
    }

    /// Sets the body to this JSON text, which is sent byte for byte.
    pub fn json_text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Json(text.into().into());
        self
    }

    /// Sets the body to this value, serialized as JSON.
    pub fn body(mut self, body: &impl Serialize) -> Self {
        match to_json(body) {
            Ok(text) => self.body = Body::Json(text.into_bytes().into()),
            Err(error) => {
                self.problem = Some(Invalid::Body { evidence: error.to_string() }.into());
            }
        }
        self
    }

    /// Adds a file to the body and makes it a multipart form.
    pub fn upload(self, name: impl Into<String>, file: Upload) -> Self {
        self.part(name.into(), Part::File(file))
    }

    /// Adds a text to the body and makes it a multipart form.
    pub fn form_text(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.part(name.into(), Part::Text(text.into()))
    }

    /// Sets the timeout of one attempt. Default: [`CrmBuilder::timeout`](crate::CrmBuilder::timeout).
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// Sets whether the call may be repeated after its response was lost or Zoho failed (500 to 599).
    ///
    /// Default: GET and PUT are repeatable, but not a PUT on an action (`…/actions/…`) or with `If-Unmodified-Since`.
    /// POST, PATCH and DELETE are not.
    pub fn repeatable(self, repeatable: bool) -> Self {
        Self { repeatable, ..self }
    }

    /// Sends the request and reads the whole response.
    ///
    /// If Zoho rejects the access token, or the response is a 401 that does not say why, the token is replaced and the
    /// request is sent once more, which is safe because Zoho did not act on it. A missing scope is not such a case: a new
    /// token would lack it too.
    ///
    /// # Errors
    /// If there is no access token, if no usable response arrives, and if Zoho rejects the call, whatever the status. The
    /// results for single records are in the body: see [`Records`](crate::Records).
    pub async fn send(&self) -> Result<RawResponse, Error> {
        self.send_judged().await?.accepted()
    }

    /// Sends the request and decodes the body of the response as a `T`. An empty body is decoded as if it were `{}`.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and if the body has another shape.
    pub async fn send_as<T: DeserializeOwned>(&self) -> Result<Response<T>, Error> {
        self.send().await?.decode()
    }

    /// Sends the request and returns the body of the response, a file, as a stream.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and [`Error::NoFile`] for a response that Zoho accepted but that contains no file.
    pub async fn download(&self) -> Result<Download, Error> {
        match self.send_for(Reading::Stream).await? {
            (_, Some(rejection)) => Err(rejection.into()),
            // 203: a proxy changed it. 206: the request named a range.
            (incoming, None) if matches!(incoming.status, 200 | 203 | 206) => Ok(Download { incoming }),
            (incoming, None) => Err(Error::NoFile { status: incoming.status }),
        }
    }

    /// Sends the request. A rejected response is handed over too, for callers that read results from its body.
    pub(crate) async fn send_judged(&self) -> Result<Judged, Error> {
        let (incoming, rejection) = self.send_for(Reading::Whole).await?;
        Ok(Judged { response: incoming.read().await?, rejection })
    }

    /// Sends the request and returns the only object in the list `name` of the response.
    pub(crate) async fn only_item_of(&self, name: &str) -> Result<Response<Record>, Error> {
        let response = self.send().await?;
        let body = response.json::<Value>()?.unwrap_or_default();
        match &body[name][0] {
            Value::Object(fields) => Ok(Response::of(&response, fields.clone().into())),
            _ => {
                Err(Error::unusable(&response, ResponseProblem::Unexpected, format!("`{name}` has no entry")))
            }
        }
    }

    /// Sends the request, and once more with a new token if Zoho rejects the first one.
    async fn send_for(&self, reading: Reading) -> Result<(Incoming, Option<ApiError>), Error> {
        if let Some(problem) = self.problem() {
            return Err(problem);
        }
        let token = self.caller.access_token().await?;
        let (incoming, rejection) = self.send_with(&token, reading).await?;
        let Some(rejection) = rejection else { return Ok((incoming, None)) };
        let newer = match rejection.blames_the_token() {
            Blame::None => return Ok((incoming, Some(rejection))),
            Blame::Possible if self.caller.is_replacement(&token) => return Ok((incoming, Some(rejection))),
            blame => {
                // A waiting call gives up its slot so that others can proceed.
                drop(incoming);
                self.replaced(&token, rejection, blame).await?
            }
        };
        self.send_with(&newer, reading).await
    }

    /// Returns an access token to use instead of one that Zoho has just rejected.
    async fn replaced(
        &self,
        token: &AccessToken,
        rejection: ApiError,
        blame: Blame,
    ) -> Result<AccessToken, Error> {
        let started = Instant::now();
        let replaced = self.caller.replace(token).await;
        let (operation, duration) = (self.operation_name(), started.elapsed());
        let reason = format!("HTTP {} {}", rejection.status(), rejection.code());
        match &replaced {
            Ok(_) => info!(%operation, reason, ?duration, "repeating the call with another access token"),
            Err(error) => info!(%operation, reason, %error, ?duration, "there is no other access token"),
        }
        match (replaced, blame) {
            (Ok(newer), Blame::Possible) => {
                self.caller.note_replacement(&newer);
                Ok(newer)
            }
            // Without a new token, the rejection is all that is known.
            (Err(_), Blame::Possible) => Err(rejection.into()),
            (replaced, _) => replaced,
        }
    }

    /// Sends the request with this token and judges the response, once.
    async fn send_with(
        &self,
        token: &AccessToken,
        reading: Reading,
    ) -> Result<(Incoming, Option<ApiError>), Error> {
        let mut url = address(&self.path, self.host, token.environment())?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let outgoing = Outgoing {
            method: self.method,
            url,
            headers: &self.headers,
            body: &self.body,
            token,
            timeout: self.timeout,
            repeatable: self.repeatable,
            reading,
        };
        let mut incoming = self.caller.transport().send(outgoing).await?;
        debug!(operation = %self.operation_name(), status = incoming.status, "Zoho responded");
        // With status 200 a rejection is short JSON. A longer body is a file, which is not read here.
        if reading == Reading::Stream && incoming.status == 200 && !incoming.is_short_json().await? {
            return Ok((incoming, None));
        }
        incoming.read_ahead().await?;
        let Incoming { status, headers, .. } = &incoming;
        let body = incoming.ahead();
        let rejection = ApiError::in_response(*status, headers, body, self.operation_name(), self.scopes);
        Ok((incoming, rejection))
    }

    /// Why the request cannot be sent.
    fn problem(&self) -> Option<Error> {
        let is_given = |name: &&str| {
            let value = self.query_value(name).unwrap_or_default();
            value.split(',').any(|value| !value.trim().is_empty())
        };
        let selects_nothing = !self.selection.is_empty() && !self.selection.iter().any(is_given);
        let nothing = || Invalid::NoSelection(self.selection).into();
        self.problem.clone().or_else(|| selects_nothing.then(nothing))
    }

    fn part(mut self, name: String, part: Part) -> Self {
        match &mut self.body {
            Body::Form(parts) => parts.push((name, part)),
            Body::None | Body::Json(_) => self.body = Body::Form(vec![(name, part)]),
        }
        self
    }

    fn operation_name(&self) -> OperationName<'_> {
        OperationName::new(self.method, &self.path)
    }
}

awaited!(Request -> RawResponse);

impl fmt::Debug for Request {
    /// Shows only the names of query parameters and headers: their values can be personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let mut shown = formatter.debug_struct("Request");
        shown.field("operation", &format_args!("{}", self.operation_name())).field("host", &self.host);
        shown.field("query", &names(&self.query)).field("headers", &names(&self.headers));
        shown.field("body", &self.body).field("problem", &self.problem).finish_non_exhaustive()
    }
}

/// A response, and why Zoho rejected the call if it did.
pub(crate) struct Judged {
    response: RawResponse,
    rejection: Option<ApiError>,
}

impl Judged {
    /// Judges a response that was part of another one.
    pub(crate) fn of_part(response: RawResponse, operation: OperationName<'_>) -> Self {
        let RawResponse { status, headers, body } = &response;
        let rejection = ApiError::in_response(*status, headers, body, operation, &[]);
        Self { response, rejection }
    }

    /// The response, whatever the verdict.
    pub(crate) fn response(&self) -> &RawResponse {
        &self.response
    }

    /// Returns the response if Zoho accepted the call.
    pub(crate) fn accepted(self) -> Result<RawResponse, Error> {
        match self.rejection {
            Some(rejection) => Err(rejection.into()),
            None => Ok(self.response),
        }
    }
}
