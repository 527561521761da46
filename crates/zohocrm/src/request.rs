//! `Request`: what to send, as data; and `send`, with one repeat after Zoho turned the token down.

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::debug;
use url::Url;
use zoho_oauth::{AccessToken, Environment};

use crate::client::Crm;
use crate::error::{ApiError, Error};
use crate::http::Outgoing;
use crate::record::Record;

/// A call that has not been sent; from [`Crm::request`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'crm> {
    crm: &'crm Crm,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
}

impl<'crm> Request<'crm> {
    pub(crate) fn new(crm: &'crm Crm, method: Method, path: String) -> Self {
        Self { crm, method, path, query: Vec::new(), body: None }
    }

    /// Adds a parameter to the query string.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn json(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends the request.
    ///
    /// If Zoho turns the access token down, the token is replaced and the request sent once more: Zoho has done
    /// nothing the first time. A missing scope is not such a case, since a new token would lack it too.
    ///
    /// # Errors
    /// When no token can be had, when no usable answer comes, and when the answer is a refusal, whatever its
    /// status. What became of single records is in the body: see [`Records`](crate::Records).
    pub async fn send(&self) -> Result<Response, Error> {
        let response = self.perform().await?;
        self.accept(response)
    }

    /// Hands the answer back unless it is a refusal.
    pub(crate) fn accept(&self, response: Response) -> Result<Response, Error> {
        match response.refusal(self.operation()) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(response),
        }
    }

    /// Sends the request; an answer is an answer here, refusal or not.
    pub(crate) async fn perform(&self) -> Result<Response, Error> {
        let token = self.crm.access_token().await?;
        let response = self.attempt(&token).await?;
        match response.refusal(self.operation()) {
            Some(refusal) if refusal.rejects_the_token() => {
                debug!(operation = %self.operation(), code = refusal.code(), "the access token was turned down");
                let newer = self.crm.replace(&token).await?;
                self.attempt(&newer).await
            }
            _ => Ok(response),
        }
    }

    /// The single object in the list `name` of the answer.
    pub(crate) async fn only_item_of(&self, name: &str) -> Result<Record, Error> {
        let response = self.send().await?;
        let item =
            response.json::<Value>()?.and_then(|mut body| body.get_mut(name)?.get_mut(0).map(Value::take));
        match item {
            Some(Value::Object(fields)) => Ok(fields.into()),
            _ => Err(Error::unusable(&response, format!("there is no entry in `{name}`"))),
        }
    }

    /// The call in a few words, for messages: method and path, without the query, which may hold data.
    pub(crate) fn operation(&self) -> Operation<'_> {
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        Operation { method: self.method, path }
    }

    async fn attempt(&self, token: &AccessToken) -> Result<Response, Error> {
        let mut url = address(&self.path, token.environment())?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let outgoing = Outgoing { method: self.method, url, body: self.body.as_ref(), token };
        let response = self.crm.transport().send(outgoing).await?;
        debug!(operation = %self.operation(), status = response.status, "Zoho answered");
        Ok(response)
    }
}

/// What Zoho answered.
#[derive(Clone, Debug)]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) credits_remaining: Option<u64>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// How many API credits the organisation has left today. Zoho says so only when half of them are used up.
    #[must_use]
    pub fn credits_remaining(&self) -> Option<u64> {
        self.credits_remaining
    }

    /// The body as it came; empty when there is nothing (204).
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body read as JSON; `None` when there is no body.
    ///
    /// # Errors
    /// When the body is not JSON, or not of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let body = serde_json::from_slice(&self.body);
        body.map(Some).map_err(|error| Error::unusable(self, describe(&error)))
    }

    /// The refusal that this answer is, if it is one. The body decides before the status does: Zoho also sends
    /// errors with status 200.
    fn refusal(&self, operation: Operation<'_>) -> Option<ApiError> {
        let succeeded = matches!(self.status, 200..=299 | 304);
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        if let Some(refusal) =
            body.as_ref().and_then(|body| ApiError::from_body(self.status, operation, body))
        {
            return Some(refusal);
        }
        (!succeeded).then(|| ApiError::without_code(self.status, operation))
    }
}

/// An HTTP method that the CRM knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or starts something.
    Post,
    /// Replaces, or changes.
    Put,
    /// Changes.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    /// Reads a method in any case: `get`, `GET`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let methods = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];
        methods.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownMethod)
    }
}

/// The text is not one of the CRM's methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is none of GET, POST, PUT, PATCH and DELETE")]
pub struct UnknownMethod;

/// Method and path of a call, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    method: Method,
    path: &'a str,
}

impl fmt::Display for Operation<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path.escape_debug())
    }
}

/// One part of a path, such as a module's name or a record's id.
pub(crate) fn segment(text: &str) -> Result<String, Error> {
    // A URL drops these parts, so the call would be a different one.
    if matches!(text, "" | "." | "..") {
        return Err(Error::Request(format!("`{text}` cannot be a part of a path; give a name or an id")));
    }
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    Ok(text.bytes().map(encode).collect())
}

/// Where a request goes. The token goes along, so this is one of the token's own hosts or an error.
fn address(path: &str, environment: &Environment) -> Result<Url, Error> {
    let hosts = [environment.api_url(), environment.upload_url()];
    let text = match path.starts_with('/') {
        true => format!("{}{path}", environment.api_url()),
        false => path.to_owned(),
    };
    let url = Url::parse(&text).map_err(|error| {
        Error::Request(format!("`{path}` is neither a path that begins with `/` nor a URL ({error})"))
    })?;
    let is_own = |host: &&str| Url::parse(host).is_ok_and(|host| host.origin() == url.origin());
    if !hosts.iter().any(is_own) || !url.username().is_empty() || url.password().is_some() {
        let host = url.host_str().unwrap_or_default().to_owned();
        return Err(Error::ForeignHost { host, own: environment.api_url().to_owned() });
    }
    Ok(url)
}

/// What is wrong with a body, without quoting from it.
fn describe(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let what = match error.classify() {
        Category::Data => "the body is JSON of another shape",
        Category::Eof => "the body ends in the middle",
        Category::Io | Category::Syntax => "the body is not JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emulator() -> Environment {
        Environment::new("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3").unwrap()
    }

    #[test]
    fn a_path_stays_on_the_api_host_whatever_it_holds() {
        for path in ["/crm/v8/Leads", "//evil.example/x", "/\\evil.example", "/@evil.example"] {
            assert_eq!(address(path, &emulator()).unwrap().port(), Some(2), "{path}");
        }
    }

    #[test]
    fn a_url_on_the_token_s_own_hosts_is_taken_as_it_is() {
        assert_eq!(address("http://127.0.0.1:3/crm/v8/upload", &emulator()).unwrap().port(), Some(3));
    }

    #[test]
    fn a_foreign_host_is_refused() {
        let foreign = [
            "https://evil.example/crm/v8/Leads",
            "http://127.0.0.1:4/crm",
            "http://127.0.0.1:2@evil.example/",
            "http://user@127.0.0.1:2/",
            "https://127.0.0.1:2/",
        ];
        for url in foreign {
            let refused = address(url, &emulator());
            assert!(matches!(refused, Err(Error::ForeignHost { .. })), "{url}: {refused:?}");
        }
        assert!(matches!(address("crm/v8/Leads", &emulator()), Err(Error::Request(_))));
        assert!(matches!(address("@evil.example", &emulator()), Err(Error::Request(_))));
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        assert_eq!(segment("Leads").unwrap(), "Leads");
        assert_eq!(segment("a/b?c#d é").unwrap(), "a%2Fb%3Fc%23d%20%C3%A9");
        assert!(segment("..").is_err() && segment("").is_err());
    }
}
