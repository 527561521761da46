//! Reading records: lists and single ones.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Records;
use crate::error::Error;
use crate::message::Method;
use crate::page::Page;
use crate::paginate::{page, pages};
use crate::record::Record;
use crate::request::{Request, Response};
use crate::stream::{Items, Pages};
use crate::value::DateTime;

impl Records {
    /// Lists records, a page at a time, or all as a stream.
    pub fn list(&self) -> ListRecords {
        ListRecords { request: self.request(Method::Get) }
    }

    /// Reads one record.
    pub fn get(&self, id: impl AsRef<str>) -> GetRecord {
        GetRecord { request: self.request_below(Method::Get, id.as_ref()) }
    }
}

/// A list of records that has not been asked for; from [`Records::list`], [`Records::search`] or
/// [`RelatedRecords::list`](crate::RelatedRecords::list).
#[derive(Clone, Debug)]
#[must_use = "a list does nothing until it is sent"]
pub struct ListRecords {
    pub(super) request: Request,
}

impl ListRecords {
    /// Which fields to read, by their API names: Zoho wants at least one and takes at most 50.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with_list("fields", names)
    }

    /// Only the records with these ids: at most 100.
    pub fn ids(self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with_list("ids", ids)
    }

    /// Which page, from 1. Only the first 2,000 records can be had so; then use [`page_token`](Self::page_token), or
    /// let [`stream`](Self::stream) see to it.
    pub fn page(self, page: u32) -> Self {
        // Zoho takes a number or a token, not both.
        Self { request: self.request.without_query("page_token") }.with("page", page.to_string())
    }

    /// How many records to a page: at most 200, which is what Zoho gives if it is not told.
    pub fn per_page(self, records: u32) -> Self {
        self.with("per_page", records.to_string())
    }

    /// The page that [`Page::next_page_token`] stands for. It takes the place of a page number.
    pub fn page_token(self, token: impl Into<String>) -> Self {
        Self { request: self.request.without_query("page") }.with("page_token", token.into())
    }

    /// What to sort by: `id`, `Created_Time` or `Modified_Time`.
    pub fn sort_by(self, field: impl Into<String>) -> Self {
        self.with("sort_by", field.into())
    }

    /// Which way to sort: descending, if Zoho is not told.
    pub fn sort_order(self, order: SortOrder) -> Self {
        self.with("sort_order", order.as_str().to_owned())
    }

    /// Only the records of a custom view, by its id.
    pub fn custom_view(self, id: impl Into<String>) -> Self {
        self.with("cvid", id.into())
    }

    /// Whether to list leads that were converted, too: `true`, `false` or `both`.
    pub fn converted(self, which: impl Into<String>) -> Self {
        self.with("converted", which.into())
    }

    /// Only the records of a territory, by its id.
    pub fn territory(self, id: impl Into<String>) -> Self {
        self.with("territory_id", id.into())
    }

    /// Only the records that were changed after a moment. If there are none, the page says so:
    /// [`Response::is_not_modified`].
    pub fn if_modified_since(self, moment: impl Into<DateTime>) -> Self {
        Self { request: self.request.header("If-Modified-Since", moment.into().to_string()) }
    }

    /// Any other parameter that Zoho knows.
    pub fn parameter(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(&name.into(), value.into())
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.header(name, value) }
    }

    /// Sets how long one attempt may take: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { request: self.request.timeout(timeout) }
    }

    /// Asks for one page.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn send(&self) -> Result<Response<Page>, Error> {
        page(&self.request).await
    }

    /// Asks for one page, each record read as a `T`.
    ///
    /// # Errors
    /// When the call fails, or a record is not of this shape.
    pub async fn send_as<T: DeserializeOwned>(&self) -> Result<Response<Page<T>>, Error> {
        page(&self.request).await
    }

    /// The page and all after it, a page at a time. Past record 2,000 it goes on by token, up to record 100,000: there
    /// Zoho ends with an error. Bulk read has no such limit.
    /// <https://www.zoho.com/crm/developer/docs/api/v7/get-records.html>
    pub fn pages(&self) -> Pages<Record> {
        self.pages_as()
    }

    /// The page and all after it, each record read as a `T`.
    pub fn pages_as<T: DeserializeOwned + Send + 'static>(&self) -> Pages<T> {
        pages(self.request.clone())
    }

    /// The records from this page on, one by one, as far as [`pages`](Self::pages) goes.
    pub fn stream(&self) -> Items<Record> {
        self.pages().items()
    }

    /// The records from this page on, one by one, each read as a `T`.
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

/// One record that has not been asked for; from [`Records::get`].
#[derive(Clone, Debug)]
#[must_use = "a read does nothing until it is sent"]
pub struct GetRecord {
    pub(super) request: Request,
}

impl GetRecord {
    /// Which fields to read, by their API names: all, if Zoho is not told.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        Self { request: self.request.replace_query("fields", names.join(",")) }
    }

    /// Only if the record was changed after a moment; else it is `None`, and [`Response::is_not_modified`] says why.
    pub fn if_modified_since(self, moment: impl Into<DateTime>) -> Self {
        Self { request: self.request.header("If-Modified-Since", moment.into().to_string()) }
    }

    /// Any other parameter that Zoho knows.
    pub fn parameter(self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        Self { request: self.request.replace_query(name.as_ref(), value) }
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.header(name, value) }
    }

    /// Sets how long one attempt may take: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { request: self.request.timeout(timeout) }
    }

    /// Asks for the record; `None` when there is no such record.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn send(&self) -> Result<Response<Option<Record>>, Error> {
        self.send_as().await
    }

    /// Asks for the record, read as a `T`; `None` when there is no such record.
    ///
    /// # Errors
    /// When the call fails, or the record is not of this shape.
    pub async fn send_as<T: DeserializeOwned>(&self) -> Result<Response<Option<T>>, Error> {
        Ok(page(&self.request).await?.map(|page: Page<T>| page.records.into_iter().next()))
    }
}

/// Which way a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest or oldest first.
    Ascending,
    /// Largest or newest first.
    Descending,
}

impl SortOrder {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}
