//! `Response`: a response whose body was decoded; and how a `RawResponse` becomes one.

use std::ops::Deref;

use serde::de::DeserializeOwned;

use crate::error::{Error, ResponseProblem};
use crate::message::{Head, Headers, RawResponse};
use crate::value::{Described, Misfit};

impl RawResponse {
    /// Decodes the body as JSON; `None` if there is no body.
    ///
    /// # Errors
    /// If the body is not JSON, or has another shape. The error names the position and contains this response.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let text = str::from_utf8(&self.body).map_err(|_| self.undecoded::<T>())?;
        serde_json::from_str(text).map(Some).map_err(|_| self.undecoded::<T>())
    }

    /// Decodes the body as JSON. An empty body is decoded as if it were `{}`.
    pub(super) fn decode<T: DeserializeOwned>(self) -> Result<Response<T>, Error> {
        let value = match self.json()? {
            Some(value) => value,
            None => serde_json::from_str("{}").map_err(|_| {
                Error::unusable(&self, ResponseProblem::Unexpected, "a body was expected, but it is empty")
            })?,
        };
        let Self { status, headers, .. } = self;
        Ok(Response { value, head: Head { status, headers } })
    }

    /// Decodes the body a second time, slower, to find out where it goes wrong.
    fn undecoded<T: DeserializeOwned>(&self) -> Error {
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Ok(_) => {
                let evidence = "the body continues after the end of the JSON";
                Error::unusable(self, ResponseProblem::NotJson, evidence)
            }
            Err(error) => {
                let path = error.path().to_string();
                let (problem, evidence) = describe(error.inner());
                Error::unusable_at((path != ".").then_some(path), self, problem, evidence)
            }
        }
    }
}

/// A response whose body was decoded as a `T`. It dereferences to the `T`.
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
    head: Head,
}

impl<T> Response<T> {
    /// Returns the decoded body.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// The number of API credits that the organization has left today. Zoho sends it only after half of the day's credits
    /// have been used.
    pub fn credits_remaining(&self) -> Option<u64> {
        self.head.headers.credits_remaining()
    }

    /// Zoho's id of this request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.head.headers.request_id()
    }

    /// Whether nothing has changed since the time that the request named (304). The value is empty then.
    pub fn is_not_modified(&self) -> bool {
        self.head.status == 304
    }

    /// Combines a value that was read from a response with its status and headers.
    pub(crate) fn of(response: &RawResponse, value: T) -> Self {
        Self { value, head: response.head() }
    }

    /// The members of the body, at any depth, whose values are of another kind than Zoho describes. They were kept as they
    /// came.
    pub fn misfits(&self) -> Vec<Misfit>
    where
        T: Described,
    {
        self.value.misfits()
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response { value: change(self.value), head: self.head }
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

/// Describes what is wrong with a body, without quoting from it.
pub(crate) fn describe(error: &serde_json::Error) -> (ResponseProblem, String) {
    use serde_json::error::Category;
    let (problem, what) = match error.classify() {
        // A `Value` accepts every shape: it is nested too deeply, or an escape in it is no character.
        Category::Data if error.line() == 0 => {
            return (ResponseProblem::NotJson, "the body is not JSON".to_owned());
        }
        Category::Data => (ResponseProblem::Mistyped, "the JSON has an unexpected shape"),
        Category::Eof => (ResponseProblem::Incomplete, "the JSON ends too early"),
        Category::Io | Category::Syntax => (ResponseProblem::NotJson, "the body is not JSON"),
    };
    (problem, format!("{what} (line {}, column {})", error.line(), error.column()))
}
