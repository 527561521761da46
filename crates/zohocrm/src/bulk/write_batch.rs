//! `BulkWriteBatch`: rows that were uploaded and whose job was not started yet.

use std::ops::Range;

use super::polling::{Added, Polling};
use super::write_job::BulkWrite;
use crate::caller::Caller;
use crate::error::Error;
use crate::message::Method;
use crate::request::Request;
use crate::value::Map;

/// The scopes for bulk writes, any one of which is enough. Zoho also requires the scope for writing the module.
const SCOPES: &[&str] = &["ZohoCRM.bulk.CREATE", "ZohoCRM.bulk.ALL"];

/// Rows that were uploaded as one file. An item of the streams of [`StartBulkWrite`](super::StartBulkWrite).
#[derive(Clone, Debug)]
#[must_use = "the rows of a batch are not written until it is started"]
pub struct BulkWriteBatch {
    caller: Caller,
    body: Map,
    rows: Range<usize>,
    polling: Polling,
}

impl BulkWriteBatch {
    pub(super) fn new(caller: &Caller, body: Map, rows: Range<usize>, polling: Polling) -> Self {
        Self { caller: caller.clone(), body, rows, polling }
    }

    /// The positions of the rows in the input, counted from 0. Skipped rows count too, so to continue after this batch, pass
    /// `rows().end` to [`StartBulkWrite::skip_rows`](super::StartBulkWrite::skip_rows).
    #[must_use]
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// Starts the job that writes the rows.
    ///
    /// If this future is dropped before it completes, Zoho may have started the job.
    ///
    /// # Errors
    /// [`Error::JobInDoubt`] when the call failed and Zoho may have started the job. Any other error means that there is no
    /// job.
    pub async fn start(&self) -> Result<BulkWrite, Error> {
        let request = Request::new(&self.caller, Method::Post, "/crm/bulk/v8/write").scopes(SCOPES);
        let added = request.json(self.body.clone()).send_as::<Added>().await;
        let id = added.map_err(|error| error.starting_job(self.rows()))?.into_inner().details.id;
        Ok(BulkWrite::new(&self.caller, id).with_polling(self.polling.clone()))
    }
}
