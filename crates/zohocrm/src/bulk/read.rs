//! `crm.bulk_read("Leads")`: reads records in jobs of up to 200,000, as rows of text.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::cells;
use super::polling::{Added, JobFailure, JobStatus, Polling};
use super::rows;
use crate::caller::Caller;
use crate::criteria::Criteria;
use crate::error::{Error, ResponseProblem};
use crate::message::Method;
use crate::record::Record;
use crate::request::{Download, Request};
use crate::stream::Items;
use crate::value::described::described;
use crate::value::{DateTime, Extra, JobState, Map, Value, object, or_number};

/// The scopes for bulk reads, any one of which is enough. Zoho also requires the scope for reading the module.
const SCOPES: &[&str] = &["ZohoCRM.bulk.READ", "ZohoCRM.bulk.ALL"];

/// A bulk read to set up and start. Returned by [`Crm::bulk_read`](crate::Crm::bulk_read).
///
/// ```no_run
/// # async fn bulk_read(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let job = crm.bulk_read("Leads").fields(["Last_Name", "Email"]).start().await?;
/// let mut leads = job.rows().await?;
/// while let Some(lead) = leads.next().await {
///     println!("{}", lead?.text("Last_Name").unwrap_or("-"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a bulk read does nothing until it is started"]
pub struct StartBulkRead {
    caller: Caller,
    query: Map,
    criteria: Option<Criteria>,
    callback: Option<String>,
    polling: Polling,
}

impl StartBulkRead {
    /// The maximum number of records that a job reads.
    pub const MAX_RECORDS: u32 = 200_000;

    pub(crate) fn new(caller: &Caller, module: &str) -> Self {
        let query = object! { "module": object! { "api_name": module } };
        Self { caller: caller.clone(), query, criteria: None, callback: None, polling: Polling::default() }
    }

    /// Sets the fields to read, by their API names. Default: all. Dots lead to a field of a related record:
    /// `Account_Name.Phone`.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.with("fields", names)
    }

    /// Restricts the job to records that meet the criteria.
    pub fn criteria(self, criteria: Criteria) -> Self {
        Self { criteria: Some(criteria), ..self }
    }

    /// Restricts the job to the records of a custom view, by its id.
    pub fn custom_view(self, id: impl Into<String>) -> Self {
        self.with("cvid", id.into())
    }

    /// Sets which 200,000 records to read, counted from 1. [`all_pages`](Self::all_pages) reads all of them.
    pub fn page(self, page: u32) -> Self {
        self.with("page", page)
    }

    /// Continues after an earlier job, with its [`next_page_token`](BulkReadResult::next_page_token).
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        // The two exclude each other.
        self.query.remove("page");
        self.with("page_token", token.into())
    }

    /// Sets any other member of the query, or `criteria` as your own JSON.
    pub fn option(self, name: impl AsRef<str>, value: impl Into<Value>) -> Self {
        self.with(name.as_ref(), value)
    }

    /// Sets a URL that Zoho posts to when the job has finished.
    pub fn callback(self, url: impl Into<String>) -> Self {
        Self { callback: Some(url.into()), ..self }
    }

    /// Sets how often and how long to poll the job.
    pub fn polling(self, polling: Polling) -> Self {
        Self { polling, ..self }
    }

    /// Starts the job. It costs 50 API credits.
    ///
    /// # Errors
    /// When the call fails, and when the criteria have no JSON form.
    pub async fn start(&self) -> Result<BulkRead, Error> {
        let mut query = self.query.clone();
        if let Some(criteria) = &self.criteria {
            query.insert("criteria", criteria.to_json()?);
        }
        let mut body = object! { "query": query };
        if let Some(url) = &self.callback {
            body.insert("callback", object! { "url": url.as_str(), "method": "post" });
        }
        let request = Request::new(&self.caller, Method::Post, "/crm/bulk/v8/read").scopes(SCOPES).json(body);
        let response = request.send().await?;
        let added = response.json::<Jobs<Added>>()?.and_then(|jobs| jobs.data.into_iter().next());
        let added = added.filter(|added| !added.details.id.is_empty());
        let added = added.ok_or_else(|| {
            Error::unusable(&response, ResponseProblem::Unexpected, "it has no id of the job")
        })?;
        Ok(BulkRead::new(&self.caller, added.details.id).with_polling(self.polling.clone()))
    }

    /// Starts a job for every 200,000 records. Each item of the stream is a job that was started. The next job is started when
    /// its item is requested and the job before it has completed.
    ///
    /// ```no_run
    /// # async fn all(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let mut jobs = crm.bulk_read("Leads").all_pages();
    /// while let Some(job) = jobs.next().await {
    ///     let mut leads = job?.rows().await?;
    ///     while let Some(lead) = leads.next().await {
    ///         println!("{}", lead?.id().unwrap_or("-"));
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn all_pages(self) -> Items<BulkRead> {
        Items::unfold((self, None), |(start, before): (Self, Option<BulkRead>)| async move {
            let start = match before {
                Some(job) => start.after(&job.wait().await?.result.unwrap_or_default())?,
                None => Some(start),
            };
            let Some(start) = start else { return Ok((Vec::new(), None)) };
            let job = start.start().await?;
            Ok((vec![job.clone()], Some((start, Some(job)))))
        })
    }

    /// The bulk read of the records after those of a job.
    fn after(self, result: &BulkReadResult) -> Result<Option<Self>, Error> {
        let this_page = self.query.get("page").and_then(Value::as_u64).unwrap_or(1);
        // A member of an unexpected kind must not be taken for the end.
        let is_unknown =
            ["more_records", "next_page_token"].iter().any(|name| result.extra.contains_key(name));
        match (&result.next_page_token, result.more_records) {
            _ if is_unknown => Err(Error::PaginationStalled),
            (_, false) => Ok(None),
            (Some(token), true) if self.query.get("page_token").and_then(Value::as_str) == Some(token) => {
                Err(Error::PaginationStalled)
            }
            (Some(token), true) => Ok(Some(self.page_token(token))),
            (None, true) if self.query.contains_key("page_token") => Err(Error::PaginationStalled),
            (None, true) => Ok(Some(self.with("page", this_page + 1))),
        }
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.query.insert(name.to_owned(), value.into());
        self
    }
}

/// A bulk read job that was started. Returned by [`StartBulkRead::start`], and by [`Crm::bulk_read_job`](crate::Crm::bulk_read_job) for a known id.
#[derive(Clone, Debug)]
pub struct BulkRead {
    caller: Caller,
    id: String,
    polling: Polling,
    /// The final status of a completed job, which is not polled again.
    done: Arc<OnceLock<BulkReadStatus>>,
}

impl BulkRead {
    pub(crate) fn new(caller: &Caller, id: String) -> Self {
        Self { caller: caller.clone(), id, polling: Polling::default(), done: Arc::default() }
    }

    /// Zoho's id of the job.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sets how often and how long to poll the job.
    #[must_use]
    pub fn with_polling(self, polling: Polling) -> Self {
        Self { polling, ..self }
    }

    /// Requests the status of the job.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn status(&self) -> Result<BulkReadStatus, Error> {
        let request = self.request("/crm/bulk/v8/read/{id}");
        let response = request.send().await?;
        let jobs = response.json::<Jobs<BulkReadStatus>>()?.map(|jobs| jobs.data).unwrap_or_default();
        jobs.into_iter().next().ok_or_else(|| {
            Error::unusable(&response, ResponseProblem::Unexpected, "it has no status of the job")
        })
    }

    /// Polls until the job has completed.
    ///
    /// # Errors
    /// [`Error::JobFailed`], [`Error::JobUnfinished`], and when polling fails.
    pub async fn wait(&self) -> Result<BulkReadStatus, Error> {
        self.wait_with_progress(|_| ()).await
    }

    /// Polls until the job has completed, and calls `progress` with every status.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait).
    pub async fn wait_with_progress(
        &self,
        progress: impl FnMut(&BulkReadStatus),
    ) -> Result<BulkReadStatus, Error> {
        self.polling.wait_once(&self.id, &self.done, || self.status(), progress).await
    }

    /// Polls until the job has completed, and streams its records. All values are texts, and empty cells are null. The file is
    /// downloaded to the system's folder for temporary files and never held in memory as a whole.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait), and when the download fails. If the content of the file is invalid, the stream returns the
    /// error.
    pub async fn rows(&self) -> Result<Items<Record>, Error> {
        rows::stream(self.archive().await?, rows::record)
    }

    /// Like [`rows`](Self::rows), with each row decoded as a `T`, whose fields have the names of the columns. An empty cell
    /// decodes to `None` for an `Option`.
    ///
    /// # Errors
    /// As for [`rows`](Self::rows). If a row is not a `T`, the stream returns the error.
    pub async fn rows_as<T: DeserializeOwned + Send + Unpin + 'static>(&self) -> Result<Items<T>, Error> {
        rows::stream(self.archive().await?, cells::decode)
    }

    /// Polls until the job has completed, and saves its ZIP file. Returns the length in bytes.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait), and when the file cannot be downloaded or written.
    pub async fn save(&self, path: impl AsRef<Path>) -> Result<u64, Error> {
        self.wait().await?;
        let download: Download = self.request("/crm/bulk/v8/read/{id}/result").download().await?;
        download.save(path).await
    }

    async fn archive(&self) -> Result<Archive, Error> {
        self.wait().await?;
        Archive::download(&self.request("/crm/bulk/v8/read/{id}/result")).await
    }

    fn request(&self, path: &'static str) -> Request {
        Request::operation(&self.caller, Method::Get, path, [("id", self.id.clone())]).scopes(SCOPES)
    }
}

/// The status of a bulk read job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BulkReadStatus {
    /// Zoho's id of the job.
    #[serde(default, deserialize_with = "or_number")]
    pub id: String,
    /// The state of the job.
    pub state: JobState,
    /// The time at which the job was started.
    #[serde(default)]
    pub created_time: Option<DateTime>,
    /// The user who started the job.
    #[serde(default)]
    pub created_by: Option<Record>,
    /// The query of the job.
    #[serde(default)]
    pub query: Option<Value>,
    /// The result of a completed job.
    #[serde(default)]
    pub result: Option<BulkReadResult>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

described! {
    /// The result of a bulk read job.
    pub struct BulkReadResult {
        /// The number of the page of 200,000 records, counted from 1.
        pub page: Option<u64> = "page" or_text,
        /// The number of records in the file.
        pub count: Option<u64> = "count" or_text,
        /// The maximum number of records that a job reads.
        pub per_page: Option<u64> = "per_page" or_text,
        /// Whether there are more records.
        pub more_records: bool = "more_records",
        /// The token for [`StartBulkRead::page_token`] that continues after these records.
        pub next_page_token: Option<String> = "next_page_token" or_number,
        /// The URL of the file. Zoho deletes it after one day.
        pub download_url: Option<String> = "download_url",
    }
}

impl JobStatus for BulkReadStatus {
    fn state(&self) -> &JobState {
        &self.state
    }

    fn failure(&self) -> Option<JobFailure> {
        let reason = || self.result.as_ref()?.extra.get("error_message").map(Value::to_string);
        self.state.has_failed().then(|| JobFailure { state: self.state.clone(), reason: reason() })
    }
}

/// Zoho's list around the status of jobs.
#[derive(Debug, Deserialize)]
struct Jobs<T> {
    data: Vec<T>,
}
