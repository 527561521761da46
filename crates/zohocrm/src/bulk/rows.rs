//! Streams the rows of an archive. A thread unzips and parses them, and the consumer decodes them: this uses two cores, and the
//! same thread allocates and frees the decoded values.

use std::sync::Arc;
use std::thread;

use csv::StringRecord;
use tokio::sync::mpsc;

use super::archive::Archive;
use super::cells::InvalidCell;
use crate::error::{Error, Invalid};
use crate::record::Record;
use crate::stream::Items;
use crate::value::Value;

/// The size of a batch. The thread reads up to two batches ahead of the consumer.
const BATCH_ROWS: usize = 200;
const BATCH_BYTES: usize = 256 << 10;

/// Decodes a row from the names of the columns and the cells.
pub(super) type ReadRow<T> = fn(&StringRecord, &StringRecord) -> Result<T, InvalidCell>;

/// Decodes a row as a record of texts. An empty cell becomes null, which CSV cannot distinguish from an empty text.
pub(super) fn record(columns: &StringRecord, row: &StringRecord) -> Result<Record, InvalidCell> {
    let cell = |cell: &str| if cell.is_empty() { Value::Null } else { Value::from(cell) };
    Ok(columns.iter().zip(row).map(|(column, value)| (column, cell(value))).collect())
}

/// Streams the rows of an archive. The thread that reads them ends when the stream is dropped.
pub(super) fn stream<T: Send + Unpin + 'static>(
    archive: Archive,
    read: ReadRow<T>,
) -> Result<Items<T>, Error> {
    let archive = Arc::new(archive);
    let (sender, batches) = mpsc::channel(1);
    let reader = Reader { batch: Batch::default(), sender };
    let read_all = {
        let archive = Arc::clone(&archive);
        move || reader.read(&archive)
    };
    thread::Builder::new()
        .name("zohocrm-rows".to_owned())
        .spawn(read_all)
        .map_err(|error| Invalid::Thread { evidence: error.to_string() })?;
    let consumer = Consumer { archive, batches, invalid_row: None };
    Ok(Items::unfold(consumer, move |consumer| consumer.next_batch(read)))
}

/// Consecutive rows of the file, not decoded.
#[derive(Debug, Default)]
struct Batch {
    columns: StringRecord,
    rows: Vec<StringRecord>,
    bytes: usize,
}

/// A message of the thread: a batch, the end (`None`), or an error.
type Message = Result<Option<Batch>, Error>;

/// The state of the thread.
struct Reader {
    batch: Batch,
    sender: mpsc::Sender<Message>,
}

impl Reader {
    /// Reads all rows. Stops when the consumer is dropped.
    fn read(mut self, archive: &Archive) {
        let outcome = archive.read(|columns, row| self.push(columns, row));
        // The rows before an error are valid. If the consumer is gone, there is no receiver for the outcome.
        if self.send_batch() {
            let _ = self.sender.blocking_send(outcome.map(|()| None));
        }
    }

    /// Adds a row. Returns whether the consumer wants more.
    fn push(&mut self, columns: &StringRecord, row: &StringRecord) -> bool {
        if self.batch.rows.is_empty() {
            self.batch.columns = columns.clone();
        }
        self.batch.bytes += row.as_slice().len();
        self.batch.rows.push(row.clone());
        let is_full = self.batch.rows.len() == BATCH_ROWS || self.batch.bytes >= BATCH_BYTES;
        !is_full || self.send_batch()
    }

    fn send_batch(&mut self) -> bool {
        self.sender.blocking_send(Ok(Some(std::mem::take(&mut self.batch)))).is_ok()
    }
}

/// The state of the stream.
struct Consumer {
    archive: Arc<Archive>,
    batches: mpsc::Receiver<Message>,
    /// The error of the row after those that were returned: it is not a `T`.
    invalid_row: Option<Error>,
}

impl Consumer {
    async fn next_batch<T>(mut self, read: ReadRow<T>) -> Result<(Vec<T>, Option<Self>), Error> {
        if let Some(error) = self.invalid_row {
            return Err(error);
        }
        let Some(message) = self.batches.recv().await else {
            // The thread ended without a message: rows are missing, so this is not the end.
            return Err(Invalid::ThreadEnded.into());
        };
        let Some(batch) = message? else { return Ok((Vec::new(), None)) };
        let mut rows = Vec::with_capacity(batch.rows.len());
        for row in &batch.rows {
            match read(&batch.columns, row) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    self.invalid_row = Some(self.archive.invalid_row(row, &error));
                    break;
                }
            }
        }
        Ok((rows, Some(self)))
    }
}
