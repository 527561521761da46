//! Bulk jobs: Zoho reads or writes many records in the background, as CSV files in ZIP files.
//!
//! ```text
//! read:   StartBulkRead  ─► BulkRead  ─wait─► Archive ─► rows, one by one
//! write:  rows ─► Table ─► Package ─upload─► BulkWriteBatch ─start─► BulkWrite ─wait─► Archive ─► results of the rows
//! ```

mod archive;
mod cells;
mod csv_error;
mod dates;
mod package;
mod polling;
mod read;
mod result;
mod rows;
mod table;
mod write;
mod write_batch;
mod write_job;

pub use crate::value::JobState;
pub use polling::Polling;
pub use read::{BulkRead, BulkReadResult, BulkReadStatus, StartBulkRead};
pub use result::{BulkWriteError, BulkWriteRow, RowStatus};
pub use write::StartBulkWrite;
pub use write_batch::BulkWriteBatch;
pub use write_job::{BulkWrite, BulkWriteFile, BulkWriteResource, BulkWriteResult, BulkWriteStatus};
