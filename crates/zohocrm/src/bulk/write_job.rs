//! A bulk write that was started: how far it is, and what became of each row.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::polling::{JobState, JobStatus, Polling};
use super::result::BulkWriteRow;
use super::rows;
use crate::caller::Caller;
use crate::error::Error;
use crate::message::Method;
use crate::record::Record;
use crate::request::Request;
use crate::stream::Items;
use crate::value::{DateTime, Extra, or_default};

const SCOPES: &[&str] = &["ZohoCRM.bulk.READ", "ZohoCRM.bulk.ALL"];

/// A bulk write that was started; from [`StartBulkWrite`](super::StartBulkWrite), or, by its id, from [`Crm::bulk_write_job`].
#[derive(Clone, Debug)]
pub struct BulkWrite {
    caller: Caller,
    id: String,
    polling: Polling,
    rows_sent: Option<usize>,
    /// What Zoho said last, once it is done: it is not asked again.
    done: Arc<OnceLock<BulkWriteStatus>>,
}

impl BulkWrite {
    pub(crate) fn new(caller: &Caller, id: String) -> Self {
        Self {
            caller: caller.clone(),
            id,
            polling: Polling::default(),
            rows_sent: None,
            done: Arc::default(),
        }
    }

    /// The job that was started with so many rows.
    pub(super) fn with_rows_sent(self, rows: usize) -> Self {
        Self { rows_sent: Some(rows), ..self }
    }

    /// Zoho's id of the job.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many rows were sent with it; `None` for a job that was found by its id.
    #[must_use]
    pub fn rows_sent(&self) -> Option<usize> {
        self.rows_sent
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
    pub async fn status(&self) -> Result<BulkWriteStatus, Error> {
        let id = [("id", self.id.clone())];
        let request = Request::operation(&self.caller, Method::Get, "/crm/bulk/v8/write/{id}", id);
        Ok(request.scopes(SCOPES).send_as::<BulkWriteStatus>().await?.into_inner())
    }

    /// Waits until it is done. Rows that were refused are no failure: see [`rows`](Self::rows).
    ///
    /// # Errors
    /// [`Error::JobFailed`], [`Error::JobUnfinished`], and when Zoho cannot be asked.
    pub async fn wait(&self) -> Result<BulkWriteStatus, Error> {
        self.wait_with_progress(|_| ()).await
    }

    /// Waits until it is done, and tells what Zoho says each time that it is asked.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait).
    pub async fn wait_with_progress(
        &self,
        progress: impl FnMut(&BulkWriteStatus),
    ) -> Result<BulkWriteStatus, Error> {
        self.polling.wait_once(&self.id, &self.done, || self.status(), progress).await
    }

    /// Waits until it is done and streams what became of each row.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait), and when the file cannot be had. A file that is not what it should be is an error of
    /// the stream.
    pub async fn rows(&self) -> Result<Items<BulkWriteRow>, Error> {
        rows::stream(Archive::download(&self.result().await?).await?, BulkWriteRow::read)
    }

    /// Waits until it is done and saves the ZIP file that says what became of each row. Gives its length in bytes.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait), and when the file cannot be had or written.
    pub async fn save(&self, path: impl AsRef<Path>) -> Result<u64, Error> {
        self.result().await?.download().await?.save(path).await
    }

    /// The request for the result. Zoho says where it is; the token goes there only if it is a host of Zoho's.
    async fn result(&self) -> Result<Request, Error> {
        let url = self.wait().await?.result.and_then(|result| result.download_url);
        let url = url.ok_or_else(|| Error::JobFailed {
            job: self.id.clone(),
            evidence: "Zoho does not say where the result is".to_owned(),
        })?;
        Ok(Request::new(&self.caller, Method::Get, url).scopes(SCOPES))
    }
}

/// What Zoho says of a bulk write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BulkWriteStatus {
    /// Zoho's id of the job.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// How far it is.
    #[serde(rename = "status")]
    pub state: JobState,
    /// `insert`, `update` or `upsert`.
    #[serde(default)]
    pub operation: Option<String>,
    /// The files, and what became of them.
    #[serde(default, deserialize_with = "or_default")]
    pub resource: Vec<BulkWriteResource>,
    /// When it was started.
    #[serde(default)]
    pub created_time: Option<DateTime>,
    /// Who started it.
    #[serde(default)]
    pub created_by: Option<Record>,
    /// What came of it, once it is done.
    #[serde(default)]
    pub result: Option<BulkWriteResult>,
    /// What else was there.
    #[serde(flatten)]
    pub extra: Extra,
}

impl BulkWriteStatus {
    /// The files of the job: how many rows of each were added, updated and skipped. One, for a job of this crate's.
    pub fn files(&self) -> impl Iterator<Item = &BulkWriteFile> {
        self.resource.iter().filter_map(|resource| resource.file.as_ref())
    }
}

/// What a bulk write is about: a module, a file, and which column is for which field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BulkWriteResource {
    /// How far it is.
    pub status: Option<JobState>,
    /// Why it failed, such as `INVALID_FILE_FORMAT`.
    pub code: Option<String>,
    /// What Zoho says about it.
    pub message: Option<String>,
    /// The file, and what became of its rows.
    pub file: Option<BulkWriteFile>,
    /// What else was there: the module, the mappings.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of the rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BulkWriteFile {
    /// How far it is.
    pub status: Option<JobState>,
    /// The name of the CSV file.
    pub name: Option<String>,
    /// How many records were created.
    pub added_count: Option<u64>,
    /// How many records were changed.
    pub updated_count: Option<u64>,
    /// How many rows were refused.
    pub skipped_count: Option<u64>,
    /// How many rows there are.
    pub total_count: Option<u64>,
    /// What else was there.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What came of a bulk write.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BulkWriteResult {
    /// Where the file is that says what became of each row, for a day.
    pub download_url: Option<String>,
    /// What else was there.
    #[serde(flatten)]
    pub extra: Extra,
}

impl JobStatus for BulkWriteStatus {
    fn state(&self) -> &JobState {
        &self.state
    }

    fn failure(&self) -> Option<String> {
        let failed = |state: &Option<JobState>| state.as_ref().is_some_and(JobState::has_failed);
        let resource = self.resource.iter().find(|resource| failed(&resource.status));
        let said = || {
            let resource = resource?;
            let words = [resource.code.as_deref(), resource.message.as_deref()];
            let words: Vec<&str> = words.into_iter().flatten().collect();
            (!words.is_empty()).then(|| words.join(", "))
        };
        let is_over_and_failed = self.state.has_failed() || (self.state.is_over() && resource.is_some());
        is_over_and_failed.then(|| said().unwrap_or_else(|| "Zoho does not say why".to_owned()))
    }
}
