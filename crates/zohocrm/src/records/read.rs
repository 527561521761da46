//! Reads records: lists and single ones.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Records;
use crate::error::Error;
use crate::message::Method;
use crate::page::Page;
use crate::paginate::{page, pages};
use crate::record::Record;
use crate::request::{Request, Response, awaited};
use crate::stream::{Items, Pages};
use crate::value::DateTime;

impl Records {
    /// Lists records, as a page or as a stream of all.
    pub fn list(&self) -> ListRecords {
        ListRecords { request: self.request(Method::Get) }
    }

    /// Reads one record.
    pub fn get(&self, id: impl AsRef<str>) -> GetRecord {
        GetRecord { request: self.request_below(Method::Get, id.as_ref()) }
    }
}

/// A list of records that has not been requested; from [`Records::list`], [`Records::search`] or
/// [`RelatedRecords::list`](crate::RelatedRecords::list). Await it, or call [`send`](Self::send), for one page.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing until it is sent"]
pub struct ListRecords {
    pub(super) request: Request,
}

impl ListRecords {
    /// Sets the fields to read, by API name. Zoho requires at least one and accepts at most 50.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with_list("fields", names)
    }

    /// Lists only the records with these ids, at most 100.
    pub fn ids(self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with_list("ids", ids)
    }

    /// Sets the page, counted from 1. Only the first 2,000 records can be read by page number. For further ones use
    /// [`page_token`](Self::page_token), or [`stream`](Self::stream), which does.
    pub fn page(self, page: u32) -> Self {
        // Zoho accepts a page number or a token, not both.
        Self { request: self.request.without_query("page_token") }.with("page", page.to_string())
    }

    /// Sets the number of records on a page: at most 200, which is Zoho's default.
    pub fn per_page(self, records: u32) -> Self {
        self.with("per_page", records.to_string())
    }

    /// Sets the page by its token, from [`Page::next_page_token`]. It replaces a page number.
    pub fn page_token(self, token: impl Into<String>) -> Self {
        Self { request: self.request.without_query("page") }.with("page_token", token.into())
    }

    /// Sets the field to sort by: `id`, `Created_Time` or `Modified_Time`.
    pub fn sort_by(self, field: impl Into<String>) -> Self {
        self.with("sort_by", field.into())
    }

    /// Sets the sort order. Zoho's default: descending.
    pub fn sort_order(self, order: SortOrder) -> Self {
        self.with("sort_order", order.as_str().to_owned())
    }

    /// Lists only the records of a custom view, given by its id.
    pub fn custom_view(self, id: impl Into<String>) -> Self {
        self.with("cvid", id.into())
    }

    /// Sets whether to list converted leads: `true`, `false` or `both`.
    pub fn converted(self, which: impl Into<String>) -> Self {
        self.with("converted", which.into())
    }

    /// Lists only the records of a territory, given by its id.
    pub fn territory(self, id: impl Into<String>) -> Self {
        self.with("territory_id", id.into())
    }

    /// Lists only the records that were modified after this time. If there are none, [`Response::is_not_modified`] is true.
    pub fn if_modified_since(self, moment: impl Into<DateTime>) -> Self {
        Self { request: self.request.header("If-Modified-Since", moment.into().to_string()) }
    }

    /// Sets any other parameter that Zoho supports.
    pub fn parameter(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(&name.into(), value.into())
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.header(name, value) }
    }

    /// Sets the timeout of one attempt: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { request: self.request.timeout(timeout) }
    }

    /// Requests one page.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn send(&self) -> Result<Response<Page>, Error> {
        page(&self.request).await
    }

    /// Requests one page and decodes each record as a `T`.
    ///
    /// # Errors
    /// If the call fails, or a record has another shape.
    pub async fn send_as<T: DeserializeOwned>(&self) -> Result<Response<Page<T>>, Error> {
        page(&self.request).await
    }

    /// Streams this page and the following ones. Beyond record 2,000 the pages are requested by token, up to record 100,000,
    /// where Zoho returns an error. Bulk read has no such limit.
    /// <https://www.zoho.com/crm/developer/docs/api/v7/get-records.html>
    pub fn pages(&self) -> Pages<Record> {
        self.pages_as()
    }

    /// Streams this page and the following ones, and decodes each record as a `T`.
    pub fn pages_as<T: DeserializeOwned + Send + 'static>(&self) -> Pages<T> {
        pages(self.request.clone())
    }

    /// Streams the records from this page on, within the limit of [`pages`](Self::pages).
    pub fn stream(&self) -> Items<Record> {
        self.pages().items()
    }

    /// Streams the records from this page on, each decoded as a `T`.
    pub fn stream_as<T: DeserializeOwned + Send + 'static>(&self) -> Items<T> {
        self.pages_as().items()
    }

    fn with(self, name: &str, value: String) -> Self {
        Self { request: self.request.replace_query(name, value) }
    }

    fn with_list(self, name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        self.with(name, values.join(","))
    }
}

awaited!(ListRecords -> Response<Page>);

/// A record that has not been requested; from [`Records::get`]. Await it, or call [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "a read does nothing until it is sent"]
pub struct GetRecord {
    pub(super) request: Request,
}

impl GetRecord {
    /// Sets the fields to read, by API name. Zoho's default: all.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        Self { request: self.request.replace_query("fields", names.join(",")) }
    }

    /// Reads the record only if it was modified after this time. Otherwise the result is `None`, and
    /// [`Response::is_not_modified`] is true.
    pub fn if_modified_since(self, moment: impl Into<DateTime>) -> Self {
        Self { request: self.request.header("If-Modified-Since", moment.into().to_string()) }
    }

    /// Sets any other parameter that Zoho supports.
    pub fn parameter(self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        Self { request: self.request.replace_query(name.as_ref(), value) }
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.header(name, value) }
    }

    /// Sets the timeout of one attempt: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { request: self.request.timeout(timeout) }
    }

    /// Requests the record; `None` if it does not exist.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn send(&self) -> Result<Response<Option<Record>>, Error> {
        self.send_as().await
    }

    /// Requests the record and decodes it as a `T`; `None` if it does not exist.
    ///
    /// # Errors
    /// If the call fails, or the record has another shape.
    pub async fn send_as<T: DeserializeOwned>(&self) -> Result<Response<Option<T>>, Error> {
        Ok(page(&self.request).await?.map(|page: Page<T>| page.records.into_iter().next()))
    }
}

awaited!(GetRecord -> Response<Option<Record>>);

/// The order of a sorted list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest or oldest first.
    Ascending,
    /// Largest or newest first.
    Descending,
}

impl SortOrder {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}
