//! `BulkWrite`: a job that was started, its status and the results of its rows.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::polling::{JobFailure, JobStatus, Polling};
use super::result::BulkWriteRow;
use super::rows;
use crate::caller::Caller;
use crate::error::Error;
use crate::message::Method;
use crate::record::Record;
use crate::request::Request;
use crate::stream::Items;
use crate::value::described::described;
use crate::value::{DateTime, Extra, JobState, or_default, or_number};

const SCOPES: &[&str] = &["ZohoCRM.bulk.READ", "ZohoCRM.bulk.ALL"];

/// A bulk write job that was started. Returned by [`BulkWriteBatch::start`](super::BulkWriteBatch::start), and by
/// [`Crm::bulk_write_job`](crate::Crm::bulk_write_job) for a known id.
#[derive(Clone, Debug)]
pub struct BulkWrite {
    caller: Caller,
    id: String,
    polling: Polling,
    /// The final status of a completed job, which is not polled again.
    done: Arc<OnceLock<BulkWriteStatus>>,
}

impl BulkWrite {
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
    pub async fn status(&self) -> Result<BulkWriteStatus, Error> {
        let id = [("id", self.id.clone())];
        let request = Request::operation(&self.caller, Method::Get, "/crm/bulk/v8/write/{id}", id);
        Ok(request.scopes(SCOPES).send_as::<BulkWriteStatus>().await?.into_inner())
    }

    /// Polls until the job has completed. Rejected rows are not an error: see [`rows`](Self::rows).
    ///
    /// # Errors
    /// [`Error::JobFailed`], [`Error::JobUnfinished`], and when polling fails.
    pub async fn wait(&self) -> Result<BulkWriteStatus, Error> {
        self.wait_with_progress(|_| ()).await
    }

    /// Polls until the job has completed, and calls `progress` with every status.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait).
    pub async fn wait_with_progress(
        &self,
        progress: impl FnMut(&BulkWriteStatus),
    ) -> Result<BulkWriteStatus, Error> {
        self.polling.wait_once(&self.id, &self.done, || self.status(), progress).await
    }

    /// Polls until the job has completed, and streams the result of each row.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait), and when the download fails. If the content of the file is invalid, the stream returns the
    /// error.
    pub async fn rows(&self) -> Result<Items<BulkWriteRow>, Error> {
        rows::stream(Archive::download(&self.result().await?).await?, BulkWriteRow::read)
    }

    /// Polls until the job has completed, and saves the ZIP file with the results of the rows. Returns its length in bytes.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait), and when the file cannot be downloaded or written.
    pub async fn save(&self, path: impl AsRef<Path>) -> Result<u64, Error> {
        self.result().await?.download().await?.save(path).await
    }

    /// The request for the result, at a URL that Zoho names. The token is only sent to a host of Zoho.
    async fn result(&self) -> Result<Request, Error> {
        let url = self.wait().await?.result.and_then(|result| result.download_url);
        let url = url.ok_or_else(|| Error::JobResultMissing { job: self.id.clone() })?;
        Ok(Request::new(&self.caller, Method::Get, url).scopes(SCOPES))
    }
}

/// The status of a bulk write job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BulkWriteStatus {
    /// Zoho's id of the job.
    #[serde(default, deserialize_with = "or_number")]
    pub id: String,
    /// The state of the job.
    #[serde(rename = "status")]
    pub state: JobState,
    /// `insert`, `update` or `upsert`.
    #[serde(default)]
    pub operation: Option<String>,
    /// The files of the job, and their results.
    #[serde(default, deserialize_with = "or_default")]
    pub resource: Vec<BulkWriteResource>,
    /// The time at which the job was started.
    #[serde(default)]
    pub created_time: Option<DateTime>,
    /// The user who started the job.
    #[serde(default)]
    pub created_by: Option<Record>,
    /// The result of a completed job.
    #[serde(default)]
    pub result: Option<BulkWriteResult>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

impl BulkWriteStatus {
    /// The files of the job, with the numbers of added, updated and skipped rows. A job of this crate has one file.
    pub fn files(&self) -> impl Iterator<Item = &BulkWriteFile> {
        self.resource.iter().filter_map(|resource| resource.file.as_ref())
    }
}

described! {
    /// A part of a bulk write job: a module, a file, and the mapping of columns to fields.
    pub struct BulkWriteResource {
        /// The state of the job.
        pub status: Option<JobState> = "status",
        /// The error code if it failed, such as `INVALID_FILE_FORMAT`.
        pub code: Option<String> = "code" or_number,
        /// Zoho's message.
        pub message: Option<String> = "message",
        /// The file, and the results of its rows.
        pub file: Option<BulkWriteFile> = "file",
    }
}

described! {
    /// The results of the rows of a file.
    pub struct BulkWriteFile {
        /// The state of the job.
        pub status: Option<JobState> = "status",
        /// The name of the CSV file.
        pub name: Option<String> = "name" or_number,
        /// The number of created records.
        pub added_count: Option<u64> = "added_count" or_text,
        /// The number of updated records.
        pub updated_count: Option<u64> = "updated_count" or_text,
        /// The number of rejected rows.
        pub skipped_count: Option<u64> = "skipped_count" or_text,
        /// The number of rows.
        pub total_count: Option<u64> = "total_count" or_text,
    }
}

described! {
    /// The result of a bulk write job.
    pub struct BulkWriteResult {
        /// The URL of the file with the results of the rows. Zoho deletes it after one day.
        pub download_url: Option<String> = "download_url",
    }
}

impl JobStatus for BulkWriteStatus {
    fn state(&self) -> &JobState {
        &self.state
    }

    fn failure(&self) -> Option<JobFailure> {
        let failed = |resource: &BulkWriteResource| {
            let state = resource.status.clone().filter(JobState::has_failed)?;
            let parts = [resource.code.as_deref(), resource.message.as_deref()];
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            let reason = (!parts.is_empty()).then(|| parts.join(", "));
            Some(JobFailure { state, reason })
        };
        let part = self.resource.iter().find_map(failed).filter(|_| self.state.is_final());
        let whole = || JobFailure { state: self.state.clone(), reason: None };
        part.or_else(|| self.state.has_failed().then(whole))
    }
}
