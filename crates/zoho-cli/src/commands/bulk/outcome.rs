//! `Outcome`: the results of a bulk write.

use std::path::Path;

use serde_json::json;
use zohocrm::bulk::{BulkWriteError, BulkWriteRow, RowStatus};

use crate::config::Config;
use crate::failure::Failure;
use crate::messages::{NextStep, Note, Problem, Totals};
use crate::output::Rows;

/// The number of rejected rows that are printed; `--result` has all of them.
const MAX_PRINTED: u64 = 10;

/// The results of the rows so far.
pub(super) struct Outcome {
    pub(super) rows: Rows,
    added: u64,
    updated: u64,
    rejected: u64,
}

impl Outcome {
    /// No results yet; `rows` receives them.
    pub(super) fn new(rows: Rows) -> Self {
        Self { rows, added: 0, updated: 0, rejected: 0 }
    }

    /// Counts the result of a row and writes it to `rows`.
    pub(super) fn add(&mut self, row: BulkWriteRow) -> Result<(), Failure> {
        let BulkWriteRow { status, record_id, errors, columns, .. } = row;
        let why: Vec<String> = errors.iter().map(reason).collect();
        let why = why.join("; ");
        match status {
            RowStatus::Added => self.added += 1,
            RowStatus::Updated => self.updated += 1,
            _ => {
                self.rejected += 1;
                if self.rejected <= MAX_PRINTED {
                    let cells = columns.fields().values().filter_map(|cell| cell.as_str());
                    self.rows.note(&Note::RowRejected {
                        status: status.to_string(),
                        cells: cells.map(str::to_owned).collect(),
                        reason: why.clone(),
                    });
                }
            }
        }
        let row = columns.with("status", status.as_str()).with("record_id", record_id).with("errors", why);
        self.rows.push(row)
    }

    /// Whether there are no results.
    pub(super) fn is_empty(&self) -> bool {
        self.seen() == 0
    }

    fn seen(&self) -> u64 {
        self.added + self.updated + self.rejected
    }

    /// The failure if Zoho rejected rows.
    pub(super) fn rejection(&self, result: Option<&Path>) -> Option<Failure> {
        if self.rejected == 0 {
            return None;
        }
        let failure = Failure::from(Problem::RowsRejected { rejected: self.rejected, count: self.seen() });
        Some(failure.next_step(match result {
            Some(path) => NextStep::ReadResult { path: path.to_owned() },
            None => NextStep::AskForResult,
        }))
    }

    /// Completes the file, if there is one, and prints the totals.
    pub(super) fn finish(self, config: &Config, jobs: &[String], has_file: bool) -> Result<(), Failure> {
        let Self { rows, added, updated, rejected } = self;
        if has_file {
            rows.finish()?;
        }
        if config.output.is_json() {
            let told = json!({ "jobs": jobs, "added": added, "updated": updated, "rejected": rejected });
            return config.output.json(&told);
        }
        config.output.data(Totals { added, updated, rejected })
    }
}

fn reason(error: &BulkWriteError) -> String {
    match error.columns.as_slice() {
        [] => error.code.clone(),
        columns => format!("{} ({})", error.code, columns.join(", ")),
    }
}
