//! The rows of an archive as a stream. A thread unpacks and parses, and whoever takes rows makes something of
//! them: both cores work, and what a row becomes is made and dropped by the same thread.

use std::sync::Arc;
use std::thread;

use csv::StringRecord;
use serde_json::Value;
use tokio::sync::mpsc;

use super::archive::Archive;
use crate::error::Error;
use crate::record::Record;
use crate::stream::Items;

/// How much is read ahead of whoever takes the rows, twice.
const BATCH_ROWS: usize = 200;
const BATCH_BYTES: usize = 256 << 10;

/// Makes something of a row: of the names of the columns, and of the cells.
pub(super) type ReadRow<T> = fn(&StringRecord, &StringRecord) -> Result<T, csv::Error>;

/// A row as a record of texts; an empty cell is null, since CSV does not tell them apart.
pub(super) fn record(columns: &StringRecord, row: &StringRecord) -> Result<Record, csv::Error> {
    let cell = |cell: &str| if cell.is_empty() { Value::Null } else { Value::from(cell) };
    Ok(columns.iter().zip(row).map(|(column, value)| (column, cell(value))).collect())
}

/// The rows of an archive. A thread reads them, a little ahead of whoever takes them; it ends with the stream.
pub(super) fn stream<T: Send + Unpin + 'static>(
    archive: Archive,
    read: ReadRow<T>,
) -> Result<Items<T>, Error> {
    let archive = Arc::new(archive);
    let (sender, batches) = mpsc::channel(1);
    let ahead = Ahead { batch: Batch::default(), sender };
    let reader = {
        let archive = Arc::clone(&archive);
        move || ahead.read(&archive)
    };
    thread::Builder::new()
        .name("zohocrm-rows".to_owned())
        .spawn(reader)
        .map_err(|error| Error::Request(format!("no thread can be started to read the rows ({error})")))?;
    Ok(Items::unfold(Taking { archive, batches, refusal: None }, move |taking| taking.rows(read)))
}

/// Some rows, as they are in the file.
#[derive(Debug, Default)]
struct Batch {
    columns: StringRecord,
    rows: Vec<StringRecord>,
    bytes: usize,
}

/// What the thread that reads has to tell: some rows, that there are no more (`None`), or why there are no more.
type Told = Result<Option<Batch>, Error>;

/// The side of the thread that reads.
struct Ahead {
    batch: Batch,
    sender: mpsc::Sender<Told>,
}

impl Ahead {
    /// Reads all rows, and stops when nobody takes them any more.
    fn read(mut self, archive: &Archive) {
        let outcome = archive.read(|columns, row| self.push(columns, row));
        // The rows before a mistake are good ones. If nobody listens any more, nobody is to be told.
        if self.tell_batch() {
            let _ = self.sender.blocking_send(outcome.map(|()| None));
        }
    }

    /// Adds a row; whether more are wanted.
    fn push(&mut self, columns: &StringRecord, row: &StringRecord) -> bool {
        if self.batch.rows.is_empty() {
            self.batch.columns = columns.clone();
        }
        self.batch.bytes += row.as_slice().len();
        self.batch.rows.push(row.clone());
        let is_full = self.batch.rows.len() == BATCH_ROWS || self.batch.bytes >= BATCH_BYTES;
        !is_full || self.tell_batch()
    }

    fn tell_batch(&mut self) -> bool {
        self.sender.blocking_send(Ok(Some(std::mem::take(&mut self.batch)))).is_ok()
    }
}

/// The side of whoever takes the rows.
struct Taking {
    archive: Arc<Archive>,
    batches: mpsc::Receiver<Told>,
    /// Of the row after those that were given: it is no `T`.
    refusal: Option<Error>,
}

impl Taking {
    async fn rows<T>(mut self, read: ReadRow<T>) -> Result<(Vec<T>, Option<Self>), Error> {
        if let Some(error) = self.refusal {
            return Err(error);
        }
        let Some(told) = self.batches.recv().await else {
            // Rows that are missing are no end.
            return Err(Error::Request(
                "the thread that reads the rows ended before the last one".to_owned(),
            ));
        };
        let Some(batch) = told? else { return Ok((Vec::new(), None)) };
        let mut rows = Vec::with_capacity(batch.rows.len());
        for row in &batch.rows {
            match read(&batch.columns, row) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    self.refusal = Some(self.archive.no_csv(&error));
                    break;
                }
            }
        }
        Ok((rows, Some(self)))
    }
}
