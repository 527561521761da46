//! `crm.bulk_read("Leads")`: up to 200,000 records a job, as rows of text.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::archive::Archive;
use super::polling::{JobState, JobStatus, Polling};
use super::rows;
use crate::caller::Caller;
use crate::criteria::Criteria;
use crate::error::Error;
use crate::message::Method;
use crate::record::Record;
use crate::request::{Download, Request};
use crate::stream::Items;
use crate::value::{DateTime, Extra, or_default};

/// Which of them may read in bulk; Zoho wants the scope for reading the module, too.
const SCOPES: &[&str] = &["ZohoCRM.bulk.READ", "ZohoCRM.bulk.ALL"];

/// A bulk read that has not been started; from [`Crm::bulk_read`].
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
    query: Map<String, Value>,
    criteria: Option<Criteria>,
    callback: Option<String>,
    polling: Polling,
}

impl StartBulkRead {
    /// How many records a job reads at most.
    pub const MOST_RECORDS: u32 = 200_000;

    pub(crate) fn new(caller: &Caller, module: &str) -> Self {
        let query = Map::from_iter([("module".to_owned(), json!({ "api_name": module }))]);
        Self { caller: caller.clone(), query, criteria: None, callback: None, polling: Polling::default() }
    }

    /// Which fields to read, by their API names; all, if Zoho is not told. A field of a record that a lookup means is
    /// `Account_Name.Phone`.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.with("fields", names)
    }

    /// Which records to read.
    pub fn criteria(self, criteria: Criteria) -> Self {
        Self { criteria: Some(criteria), ..self }
    }

    /// Reads the records of a custom view, by its id.
    pub fn custom_view(self, id: impl Into<String>) -> Self {
        self.with("cvid", id.into())
    }

    /// Which 200,000 of the records to read, from 1. [`all_pages`](Self::all_pages) reads them all.
    pub fn page(self, page: u32) -> Self {
        self.with("page", page)
    }

    /// Where to go on: the [`next_page_token`](BulkReadResult::next_page_token) of the job before.
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        // The two exclude each other.
        self.query.shift_remove("page");
        self.with("page_token", token.into())
    }

    /// Any other member of the query that Zoho knows; or `criteria`, as JSON of your own.
    pub fn option(self, name: impl AsRef<str>, value: impl Into<Value>) -> Self {
        self.with(name.as_ref(), value)
    }

    /// A URL of yours that Zoho posts to when the job is over.
    pub fn callback(self, url: impl Into<String>) -> Self {
        Self { callback: Some(url.into()), ..self }
    }

    /// Sets how the job is waited for.
    pub fn polling(self, polling: Polling) -> Self {
        Self { polling, ..self }
    }

    /// Starts the job. It costs 50 API credits.
    ///
    /// # Errors
    /// When the call fails, and when the criteria cannot be written as JSON.
    pub async fn start(&self) -> Result<BulkRead, Error> {
        let mut body = json!({ "query": self.query });
        if let Some(criteria) = &self.criteria {
            body["query"]["criteria"] = criteria.to_json()?;
        }
        if let Some(url) = &self.callback {
            body["callback"] = json!({ "url": url, "method": "post" });
        }
        let request = Request::new(&self.caller, Method::Post, "/crm/bulk/v8/read").scopes(SCOPES).json(body);
        let response = request.send().await?;
        let added = response.json::<Jobs<Added>>()?.and_then(|jobs| jobs.data.into_iter().next());
        let added = added.ok_or_else(|| Error::unusable(&response, "it does not name the job"))?;
        Ok(BulkRead::new(&self.caller, added.details.id).with_polling(self.polling.clone()))
    }

    /// Starts a job for each 200,000 records, until there are no more. Each item is a job that was started; the next one is
    /// started when it is asked for and the one before is done.
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

    /// The bulk read of the records after these.
    fn after(self, result: &BulkReadResult) -> Result<Option<Self>, Error> {
        let this_page = self.query.get("page").and_then(Value::as_u64).unwrap_or(1);
        match (&result.next_page_token, result.more_records) {
            (_, false) => Ok(None),
            (Some(token), true) if self.query.get("page_token") == Some(&json!(token)) => {
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

/// A bulk read that was started; from [`StartBulkRead::start`], or, by its id, from [`Crm::bulk_read_job`].
#[derive(Clone, Debug)]
pub struct BulkRead {
    caller: Caller,
    id: String,
    polling: Polling,
    /// What Zoho said last, once it is done: it is not asked again.
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

    /// Sets how it is waited for.
    #[must_use]
    pub fn with_polling(self, polling: Polling) -> Self {
        Self { polling, ..self }
    }

    /// How far it is.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn status(&self) -> Result<BulkReadStatus, Error> {
        let request = self.request("/crm/bulk/v8/read/{id}");
        let response = request.send().await?;
        let jobs = response.json::<Jobs<BulkReadStatus>>()?.map(|jobs| jobs.data).unwrap_or_default();
        jobs.into_iter().next().ok_or_else(|| Error::unusable(&response, "it does not speak of the job"))
    }

    /// Waits until it is done.
    ///
    /// # Errors
    /// [`Error::JobFailed`], [`Error::JobUnfinished`], and when Zoho cannot be asked.
    pub async fn wait(&self) -> Result<BulkReadStatus, Error> {
        self.wait_with_progress(|_| ()).await
    }

    /// Waits until it is done, and tells what Zoho says each time that it is asked.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait).
    pub async fn wait_with_progress(
        &self,
        progress: impl FnMut(&BulkReadStatus),
    ) -> Result<BulkReadStatus, Error> {
        self.polling.wait_once(&self.id, &self.done, || self.status(), progress).await
    }

    /// Waits until it is done and streams the records that were read: all their values are texts, and empty ones null.
    /// The file is downloaded to the system's folder for temporary files; the rows are never in memory as a whole.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait), and when the file cannot be had. A file that is not what it should be is an error of
    /// the stream.
    pub async fn rows(&self) -> Result<Items<Record>, Error> {
        rows::stream(self.archive().await?, rows::record)
    }

    /// Like [`rows`](Self::rows), with each row read as a `T`, whose members are named as the columns are. An empty cell
    /// is `None` for an `Option`.
    ///
    /// # Errors
    /// As for [`rows`](Self::rows). A row that is no `T` is an error of the stream.
    pub async fn rows_as<T: DeserializeOwned + Send + Unpin + 'static>(&self) -> Result<Items<T>, Error> {
        rows::stream(self.archive().await?, |columns, row| row.deserialize(Some(columns)))
    }

    /// Waits until it is done and saves the ZIP file as it is. Gives its length in bytes.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait), and when the file cannot be had or written.
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

/// What Zoho says of a bulk read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BulkReadStatus {
    /// Zoho's id of the job.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// How far it is.
    pub state: JobState,
    /// When it was started.
    #[serde(default)]
    pub created_time: Option<DateTime>,
    /// Who started it.
    #[serde(default)]
    pub created_by: Option<Record>,
    /// What was asked for.
    #[serde(default)]
    pub query: Option<Value>,
    /// What came of it, once it is done.
    #[serde(default)]
    pub result: Option<BulkReadResult>,
    /// What else was there.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What came of a bulk read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BulkReadResult {
    /// Which 200,000 of the records these are, from 1.
    pub page: Option<u64>,
    /// How many records were read.
    pub count: Option<u64>,
    /// How many records a job reads at most.
    pub per_page: Option<u64>,
    /// Whether there are more after these.
    #[serde(deserialize_with = "or_default")]
    pub more_records: bool,
    /// What to give to [`StartBulkRead::page_token`] to read them.
    pub next_page_token: Option<String>,
    /// Where the file is, for a day.
    pub download_url: Option<String>,
    /// What else was there: `error_message`, if the job failed.
    #[serde(flatten)]
    pub extra: Extra,
}

impl JobStatus for BulkReadStatus {
    fn state(&self) -> &JobState {
        &self.state
    }

    fn failure(&self) -> Option<String> {
        let said = || self.result.as_ref()?.extra.get("error_message").map(Value::to_string);
        self.state.has_failed().then(|| said().unwrap_or_else(|| "Zoho does not say why".to_owned()))
    }
}

/// How Zoho wraps what it says of jobs.
#[derive(Debug, Deserialize)]
struct Jobs<T> {
    data: Vec<T>,
}

/// A job that was added.
#[derive(Debug, Deserialize)]
struct Added {
    details: AddedDetails,
}

#[derive(Debug, Deserialize)]
struct AddedDetails {
    id: String,
}
