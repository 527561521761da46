//! `Request`: what to send, as data; and `send`, with one repeat after Zoho turned the token down.

mod address;
mod body;
mod download;
mod method;
mod response;

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::debug;
use zoho_oauth::AccessToken;

use crate::client::Crm;
use crate::error::{ApiError, Error};
use crate::transport::{Incoming, Outgoing, Reading};

use address::{Host, address, filled};
pub use body::Upload;
pub(crate) use body::{Body, Part, Source};
pub use download::Download;
pub use method::{Method, UnknownMethod};
pub(crate) use response::{Head, describe};
pub use response::{Headers, RawResponse, Response};

/// The header for a write that is off if somebody else was faster.
pub(crate) const IF_UNMODIFIED_SINCE: &str = "If-Unmodified-Since";

/// A call that has not been sent; from [`Crm::request`]. It can be sent more than once.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    crm: Crm,
    method: Method,
    path: String,
    host: Host,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Body,
    scopes: &'static [&'static str],
    timeout: Option<Duration>,
    repeatable: bool,
    /// Why it cannot be sent. Told when it is: a builder that may fail at every step is no pleasure to use.
    problem: Option<Error>,
}

impl Request {
    pub(crate) fn new(crm: &Crm, method: Method, path: impl Into<String>) -> Self {
        let path = path.into();
        // An action is done, and done again: a record goes through two transitions of its blueprint.
        let is_action = path.contains("/actions/");
        Self {
            crm: crm.clone(),
            method,
            path,
            host: Host::Api,
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            scopes: &[],
            timeout: None,
            repeatable: method == Method::Get || (method == Method::Put && !is_action),
            problem: None,
        }
    }

    /// A call to a path that has names in it, such as `/crm/v8/{module}/{id}`.
    pub(crate) fn operation<const N: usize>(
        crm: &Crm,
        method: Method,
        template: &'static str,
        values: [(&'static str, String); N],
    ) -> Self {
        match filled(template, values) {
            Ok(path) => Self::new(crm, method, path),
            Err(problem) => Self { problem: Some(problem), ..Self::new(crm, method, template) },
        }
    }

    /// Which scopes allow the call, any one of them: an error about a missing scope names them.
    pub(crate) fn scopes(self, scopes: &'static [&'static str]) -> Self {
        Self { scopes, ..self }
    }

    /// Says why it cannot be sent. The first reason stays.
    pub(crate) fn hindered_by(self, problem: Option<Error>) -> Self {
        Self { problem: self.problem.or(problem), ..self }
    }

    /// Sends it to the host for uploads.
    #[allow(dead_code, reason = "what is used depends on the features")]
    pub(crate) fn on_upload_host(self) -> Self {
        Self { host: Host::Upload, ..self }
    }

    /// Adds a parameter to the query string.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a parameter of the query string in place of those of the same name.
    pub(crate) fn replace_query(self, name: &str, value: impl Into<String>) -> Self {
        self.without_query(name).query(name, value)
    }

    /// Takes a parameter out of the query string.
    pub(crate) fn without_query(mut self, name: &str) -> Self {
        self.query.retain(|(known, _)| known != name);
        self
    }

    /// A parameter of the query string.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sets a header, such as `If-Modified-Since`. `Authorization` is not among those that can be set.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        if name.eq_ignore_ascii_case("authorization") {
            let why = "the header Authorization is set from the token of the user; leave it out";
            self.problem = Some(Error::Request(why.to_owned()));
        }
        if name.eq_ignore_ascii_case(IF_UNMODIFIED_SINCE) {
            // Sent twice, it would conflict with itself.
            self.repeatable = false;
        }
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn method(&self) -> Method {
        self.method
    }

    /// Whether a header was set.
    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Sets the body.
    pub fn json(self, body: impl Into<Value>) -> Self {
        self.body(&body.into())
    }

    /// Sets the body, written as JSON.
    pub fn body(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(text) => self.body = Body::Json(text.into()),
            Err(error) => {
                self.problem = Some(Error::Request(format!("the body cannot be written as JSON ({error})")));
            }
        }
        self
    }

    /// Adds a file to the body, which becomes a multipart form.
    pub fn upload(self, name: impl Into<String>, file: Upload) -> Self {
        self.part(name.into(), Part::File(file))
    }

    /// Adds a text to the body, which becomes a multipart form.
    pub fn form_text(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.part(name.into(), Part::Text(text.into()))
    }

    /// Sets how long one attempt may take, instead of what [`CrmBuilder::timeout`](crate::CrmBuilder::timeout) says.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// Says whether Zoho may be asked twice: whether the call is sent again when its answer was lost, or was an error of
    /// Zoho's own. If nothing is said, GET and PUT are; POST, PATCH and DELETE are not, nor a PUT on an action
    /// (`…/actions/…`) or with `If-Unmodified-Since`.
    pub fn repeatable(self, repeatable: bool) -> Self {
        Self { repeatable, ..self }
    }

    /// Sends the request and reads the whole answer.
    ///
    /// If Zoho turns the access token down, the token is replaced and the request sent once more: Zoho has done
    /// nothing the first time. A missing scope is not such a case, since a new token would lack it too.
    ///
    /// # Errors
    /// When no token can be had, when no usable answer comes, and when the answer is a refusal, whatever its
    /// status. What became of single records is in the body: see [`Records`](crate::Records).
    pub async fn send(&self) -> Result<RawResponse, Error> {
        let response = self.perform().await?;
        self.accept(response)
    }

    /// Sends the request and reads the body of the answer as a `T`; where there is none, what `{}` would be read as.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and when the body is not of this shape.
    pub async fn send_as<T: DeserializeOwned>(&self) -> Result<Response<T>, Error> {
        self.send().await?.into_response()
    }

    /// Sends the request and hands the body over as a stream.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn download(&self) -> Result<Download, Error> {
        let mut incoming = self.dispatch(Reading::Stream).await?;
        // A refusal is short JSON, and so may a file be: only the refusal says that it is one.
        if incoming.status == 200 && !incoming.is_short_json().await? {
            return Ok(Download { incoming });
        }
        let response = self.accept(incoming.read().await?)?;
        Ok(Download { incoming: response.into() })
    }

    /// Hands the answer back unless it is a refusal.
    pub(crate) fn accept(&self, response: RawResponse) -> Result<RawResponse, Error> {
        match ApiError::in_response(&response, self.operation_name(), self.scopes) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(response),
        }
    }

    /// Sends the request; an answer is an answer here, refusal or not.
    pub(crate) async fn perform(&self) -> Result<RawResponse, Error> {
        self.dispatch(Reading::Whole).await?.read().await
    }

    /// The single object in the list `name` of the answer.
    pub(crate) async fn only_item_of(&self, name: &str) -> Result<Response<crate::Record>, Error> {
        let response = self.send().await?;
        let item =
            response.json::<Value>()?.and_then(|mut body| body.get_mut(name)?.get_mut(0).map(Value::take));
        match item {
            Some(Value::Object(fields)) => Ok(Response::of(&response, fields.into())),
            _ => Err(Error::unusable(&response, format!("there is no entry in `{name}`"))),
        }
    }

    /// Sends the request, and once more with another token if it is the token that was turned down.
    async fn dispatch(&self, reading: Reading) -> Result<Incoming, Error> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let token = self.crm.access_token().await?;
        let mut incoming = self.attempt(&token, reading).await?;
        // Zoho documents INVALID_TOKEN with all of these.
        let may_be_about_the_token = match incoming.status {
            400 | 401 | 403 => true,
            200 => incoming.is_short_json().await?,
            _ => false,
        };
        if !may_be_about_the_token {
            return Ok(incoming);
        }
        let response = incoming.read().await?;
        match ApiError::in_response(&response, self.operation_name(), self.scopes) {
            Some(refusal) if refusal.rejects_the_token() => {
                debug!(operation = %self.operation_name(), code = refusal.code(), "the access token was turned down");
                let newer = self.crm.replace(&token).await?;
                self.attempt(&newer, reading).await
            }
            _ => Ok(response.into()),
        }
    }

    async fn attempt(&self, token: &AccessToken, reading: Reading) -> Result<Incoming, Error> {
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
        let incoming = self.crm.transport().send(outgoing).await?;
        debug!(operation = %self.operation_name(), status = incoming.status, "Zoho answered");
        Ok(incoming)
    }

    fn part(mut self, name: String, part: Part) -> Self {
        match &mut self.body {
            Body::Form(parts) => parts.push((name, part)),
            Body::None | Body::Json(_) => self.body = Body::Form(vec![(name, part)]),
        }
        self
    }

    /// The call in a few words, for messages: method and path, without the query, which may hold data.
    fn operation_name(&self) -> OperationName<'_> {
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        OperationName { method: self.method, path }
    }
}

impl fmt::Debug for Request {
    /// Of the query and the headers the names alone: the values may be anybody's data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let mut shown = formatter.debug_struct("Request");
        shown.field("operation", &format_args!("{}", self.operation_name())).field("host", &self.host);
        shown.field("query", &names(&self.query)).field("headers", &names(&self.headers));
        shown.field("body", &self.body).field("problem", &self.problem).finish_non_exhaustive()
    }
}

/// Method and path of a call, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperationName<'a> {
    method: Method,
    path: &'a str,
}

impl fmt::Display for OperationName<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path.escape_debug())
    }
}
