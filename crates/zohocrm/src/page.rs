//! `Page`: some of the records of a list, and how to get the next ones.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ResponseProblem};
use crate::message::RawResponse;
use crate::record::Record;
use crate::value::DateTime;
use crate::value::described::described;

/// One page of records. A list without records is an empty page, not an error.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Page<T = Record> {
    /// The records, in Zoho's order.
    pub records: Vec<T>,
    /// Whether there are more records after these.
    pub more_records: bool,
    /// The token for the next page, for [`page_token`](crate::ListRecords::page_token). Records beyond the first 2,000 can be
    /// read only with a token. It is valid for 24 hours, for the same user.
    pub next_page_token: Option<String>,
    /// When the token expires.
    pub page_token_expiry: Option<DateTime>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { records: Vec::new(), more_records: false, next_page_token: None, page_token_expiry: None }
    }
}

impl<T: DeserializeOwned> Page<T> {
    /// Reads a page from a response.
    pub(crate) fn read(response: &RawResponse) -> Result<Self, Error> {
        let body = match response.json::<PageBody<T>>()? {
            Some(PageBody { data: None, info: None }) => None,
            None if matches!(response.status(), 204 | 304) => Some(PageBody::default()),
            body => body,
        };
        // Any other body must not be taken for the end of the list, nor a page that does not say how the list continues.
        let Some(body) = body else {
            let evidence = "expected a list of records or an empty response";
            return Err(Error::unusable(response, ResponseProblem::Unexpected, evidence));
        };
        let misfit = |info: &Info| {
            ["more_records", "next_page_token"].into_iter().find(|name| info.extra.contains_key(name))
        };
        if let Some(name) = body.info.as_ref().and_then(misfit) {
            let (path, evidence) = (format!("info.{name}"), "the JSON has an unexpected shape");
            return Err(Error::unusable_at(Some(path), response, ResponseProblem::Unexpected, evidence));
        }
        Ok(body.into())
    }
}

/// A page as Zoho writes it.
#[derive(Debug, Deserialize)]
#[serde(default, bound = "T: DeserializeOwned")]
struct PageBody<T> {
    #[serde(alias = "watch")]
    data: Option<Vec<T>>,
    info: Option<Info>,
}

impl<T> Default for PageBody<T> {
    fn default() -> Self {
        Self { data: None, info: None }
    }
}

described! {
    /// Where the list continues.
    struct Info {
        /// Whether there are more records.
        pub more_records: Option<bool> = "more_records",
        /// The token for the next page.
        pub next_page_token: Option<String> = "next_page_token" or_number,
        /// When the token expires.
        pub page_token_expiry: Option<DateTime> = "page_token_expiry",
    }
}

impl<T> From<PageBody<T>> for Page<T> {
    fn from(body: PageBody<T>) -> Self {
        let Info { more_records, next_page_token, page_token_expiry, .. } = body.info.unwrap_or_default();
        Self {
            records: body.data.unwrap_or_default(),
            more_records: more_records.unwrap_or(false),
            next_page_token,
            page_token_expiry,
        }
    }
}
