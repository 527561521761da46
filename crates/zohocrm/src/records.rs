//! `crm.records("Leads")`: list, get, create, update and delete.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Crm;
use crate::error::{Error, RecordError};
use crate::page::{Page, PageBody};
use crate::record::{Outcome, Record, Written};
use crate::request::{Method, Request, segment};

/// The records of one module; from [`Crm::records`].
///
/// A write takes at most [`Records::MOST_PER_WRITE`] records and says for each what became of it, in the order in
/// which they were given: some may be written and others not.
#[derive(Clone, Debug)]
pub struct Records {
    crm: Crm,
    module: String,
}

impl Records {
    /// How many records Zoho takes in one write.
    pub const MOST_PER_WRITE: usize = 100;

    pub(crate) fn new(crm: &Crm, module: String) -> Self {
        Self { crm: crm.clone(), module }
    }

    /// Lists records, a page at a time.
    pub fn list(&self) -> ListRecords {
        ListRecords { records: self.clone(), query: Vec::new() }
    }

    /// Reads one record.
    pub fn get(&self, id: impl Into<String>) -> GetRecord {
        GetRecord { records: self.clone(), id: id.into(), fields: None }
    }

    /// Creates records.
    ///
    /// # Errors
    /// When the call as a whole fails. A call without an answer may have created them: look before you repeat it.
    pub async fn create(
        &self,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Vec<Result<Written, RecordError>>, Error> {
        self.write(Method::Post, self.path()?, records).await
    }

    /// Updates records; each has its `id` among its fields.
    ///
    /// # Errors
    /// When the call as a whole fails.
    pub async fn update(
        &self,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Vec<Result<Written, RecordError>>, Error> {
        self.write(Method::Put, self.path()?, records).await
    }

    /// Updates one record.
    ///
    /// # Errors
    /// When the call fails, or Zoho refuses the record.
    pub async fn update_one(&self, id: &str, record: Record) -> Result<Written, Error> {
        let path = format!("{}/{}", self.path()?, segment(id)?);
        let mut results = self.write(Method::Put, path, [record]).await?;
        Ok(results.remove(0)?)
    }

    /// Deletes records.
    ///
    /// # Errors
    /// When the call as a whole fails.
    pub async fn delete(
        &self,
        ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Vec<Result<Written, RecordError>>, Error> {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        if let Some(id) = ids.iter().find(|id| id.is_empty() || id.contains(',')) {
            return Err(Error::Request(format!("`{id}` is not the id of a record")));
        }
        let request = self.crm.request(Method::Delete, self.path()?).query("ids", ids.join(","));
        outcomes(request, ids.len()).await
    }

    async fn write(
        &self,
        method: Method,
        path: String,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Vec<Result<Written, RecordError>>, Error> {
        let records: Vec<Value> = records.into_iter().map(Value::from).collect();
        let count = records.len();
        outcomes(self.crm.request(method, path).json(json!({ "data": records })), count).await
    }

    fn path(&self) -> Result<String, Error> {
        Ok(format!("/crm/v8/{}", segment(&self.module)?))
    }
}

/// A list of records that has not been asked for; from [`Records::list`].
#[derive(Clone, Debug)]
#[must_use = "a list does nothing until it is sent"]
pub struct ListRecords {
    records: Records,
    query: Vec<(&'static str, String)>,
}

impl ListRecords {
    /// Which fields to read, by their API names: Zoho wants at least one and takes at most 50.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.with("fields", names.join(","))
    }

    /// Which page, from 1. Only the first 2,000 records can be had so; then use
    /// [`page_token`](Self::page_token).
    pub fn page(self, page: u32) -> Self {
        self.with("page", page.to_string())
    }

    /// How many records in a page: 200 at most, which is also what Zoho gives if it is not told.
    pub fn per_page(self, records: u32) -> Self {
        self.with("per_page", records.to_string())
    }

    /// Where to go on: the [`next_page_token`](Page::next_page_token) of the page before. Not together with
    /// [`page`](Self::page).
    pub fn page_token(self, token: impl Into<String>) -> Self {
        self.with("page_token", token.into())
    }

    /// What to sort by: `id`, `Created_Time` or `Modified_Time`.
    pub fn sort_by(self, field: impl Into<String>) -> Self {
        self.with("sort_by", field.into())
    }

    /// Which way to sort: descending, if Zoho is not told.
    pub fn sort_order(self, order: SortOrder) -> Self {
        let order = match order {
            SortOrder::Ascending => "asc",
            SortOrder::Descending => "desc",
        };
        self.with("sort_order", order.to_owned())
    }

    /// Asks for the page.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn send(&self) -> Result<Page, Error> {
        let mut request = self.records.crm.request(Method::Get, self.records.path()?);
        for (name, value) in &self.query {
            request = request.query(*name, value);
        }
        let body: Option<PageBody> = request.send().await?.json()?;
        Ok(body.map(Page::from).unwrap_or_default())
    }

    /// Sets a parameter; a second time replaces the first.
    fn with(mut self, name: &'static str, value: String) -> Self {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
        self
    }
}

/// One record that has not been asked for; from [`Records::get`].
#[derive(Clone, Debug)]
#[must_use = "a read does nothing until it is sent"]
pub struct GetRecord {
    records: Records,
    id: String,
    fields: Option<String>,
}

impl GetRecord {
    /// Which fields to read, by their API names: all, if Zoho is not told.
    pub fn fields(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.fields = Some(names.join(","));
        self
    }

    /// Asks for the record; `None` when there is no such record.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn send(&self) -> Result<Option<Record>, Error> {
        let path = format!("{}/{}", self.records.path()?, segment(&self.id)?);
        let mut request = self.records.crm.request(Method::Get, path);
        if let Some(fields) = &self.fields {
            request = request.query("fields", fields);
        }
        let body: Option<PageBody> = request.send().await?.json()?;
        Ok(body.and_then(|body| Page::from(body).records.into_iter().next()))
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

/// Sends a write of `count` records and reads what became of each.
///
/// The body decides, not the status: a refused record may come with 200, 202, 207 or 400.
async fn outcomes(request: Request, count: usize) -> Result<Vec<Result<Written, RecordError>>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if count > Records::MOST_PER_WRITE {
        let most = Records::MOST_PER_WRITE;
        return Err(Error::Request(format!("{count} records are too many; write at most {most} at a time")));
    }
    let response = request.perform().await?;
    let body: Option<WriteBody> = serde_json::from_slice(response.body()).ok();
    let Some(WriteBody { data }) = body else {
        let response = request.accept(response)?;
        return Err(Error::unusable(&response, "it does not say what became of the records"));
    };
    if data.len() != count {
        let evidence = format!("it speaks of {} records where {count} were sent", data.len());
        return Err(Error::unusable(&response, evidence));
    }
    Ok(data.into_iter().map(Into::into).collect())
}

/// The answer to a write, as Zoho writes it.
#[derive(Debug, Deserialize)]
struct WriteBody {
    data: Vec<Outcome>,
}
