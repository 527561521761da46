//! What Zoho answered: `RawResponse` as it came, `Response` with the body read as some type, and `Headers`.

use std::fmt;
use std::ops::Deref;

use serde::de::DeserializeOwned;

use crate::error::Error;

/// What Zoho answered, as it came.
#[derive(Clone)]
pub struct RawResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl RawResponse {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get("content-type")
    }

    /// How many API credits the organisation has left today. Zoho says so only when half of them are used up.
    #[must_use]
    pub fn credits_remaining(&self) -> Option<u64> {
        self.headers.credits_remaining()
    }

    /// What Zoho calls this request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.headers.request_id()
    }

    /// The body as it came; empty when there is nothing (204).
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether nothing changed since the moment that the request named (304).
    #[must_use]
    pub fn is_not_modified(&self) -> bool {
        self.status == 304
    }

    /// The body read as JSON; `None` when there is no body.
    ///
    /// # Errors
    /// When the body is not JSON, or not of this shape: the error says where, and keeps this response.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        serde_json::from_slice(&self.body).map(Some).map_err(|_| self.undecoded::<T>())
    }

    /// The body read as JSON; where there is none, what `{}` would be read as.
    pub(crate) fn into_response<T: DeserializeOwned>(self) -> Result<Response<T>, Error> {
        let value = match self.json()? {
            Some(value) => value,
            None => serde_json::from_str("{}")
                .map_err(|_| Error::unusable(&self, "it has no body where one was expected"))?,
        };
        let Self { status, headers, .. } = self;
        Ok(Response { value, status, headers })
    }

    /// Reads the body once more, this time with an eye on where it goes wrong.
    fn undecoded<T: DeserializeOwned>(&self) -> Error {
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Ok(_) => Error::unusable(self, "there is more after the end of the JSON"),
            Err(error) => {
                let path = error.path().to_string();
                Error::undecodable(self, describe(error.inner()), (path != ".").then_some(path))
            }
        }
    }
}

impl fmt::Debug for RawResponse {
    /// The body is left out: it may be anybody's data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("RawResponse");
        shown.field("status", &self.status).field("content_type", &self.content_type());
        shown.field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// An answer whose body was read as a `T`, which it can be used as.
///
/// ```no_run
/// # async fn roles(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let page = crm.records("Leads").list().fields(["Last_Name"]).send().await?;
/// println!("{} records, HTTP {}", page.records.len(), page.status());
/// let records = page.into_inner().records;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Response<T> {
    value: T,
    status: u16,
    headers: Headers,
}

impl<T> Response<T> {
    /// What the body was read as.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// How many API credits the organisation has left today. Zoho says so only when half of them are used up.
    pub fn credits_remaining(&self) -> Option<u64> {
        self.headers.credits_remaining()
    }

    /// What Zoho calls this request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.headers.request_id()
    }

    /// Whether nothing changed since the moment that the request named (304). The value is an empty one then.
    pub fn is_not_modified(&self) -> bool {
        self.status == 304
    }

    /// An answer whose body was read as something else than itself.
    pub(crate) fn of(response: &RawResponse, value: T) -> Self {
        Self { value, status: response.status, headers: response.headers.clone() }
    }

    /// The same answer about something made of its value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response { value: change(self.value), status: self.status, headers: self.headers }
    }
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq<T> for Response<T> {
    fn eq(&self, value: &T) -> bool {
        self.value == *value
    }
}

impl<T: IntoIterator> IntoIterator for Response<T> {
    type Item = T::Item;
    type IntoIter = T::IntoIter;

    fn into_iter(self) -> T::IntoIter {
        self.value.into_iter()
    }
}

/// Status and headers of an answer, for what was made of a part of its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
}

impl From<&RawResponse> for Head {
    fn from(response: &RawResponse) -> Self {
        Self { status: response.status, headers: response.headers.clone() }
    }
}

/// The headers of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    pub(crate) fields: Vec<(String, String)>,
}

impl Headers {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers, their names in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn credits_remaining(&self) -> Option<u64> {
        self.get("x-api-credits-remaining")?.trim().parse().ok()
    }

    /// The header that names the request. Zoho documents none; these are the names in use.
    pub(crate) fn request_id(&self) -> Option<&str> {
        ["x-request-id", "request-id", "x-zoho-request-id"].iter().find_map(|name| self.get(name))
    }
}

/// What is wrong with a body, without quoting from it.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let what = match error.classify() {
        Category::Data => "the body is JSON of another shape",
        Category::Eof => "the body ends in the middle",
        Category::Io | Category::Syntax => "the body is not JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}
