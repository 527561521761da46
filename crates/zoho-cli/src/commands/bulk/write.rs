//! `zoho bulk write`: the rows of a CSV file.

use serde_json::json;
use zohocrm::Items;
use zohocrm::bulk::{BulkWrite, BulkWriteError, BulkWriteRow, RowStatus};

use crate::args::{self, RowFormat};
use crate::commands::whose;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{Destination, Rows};

/// How many refused rows are told; a file may have all of them.
const MOST_TOLD: u64 = 10;

pub(super) async fn run(config: &Config, options: args::BulkWrite) -> Result<(), Failure> {
    let args::BulkWrite { module, file, insert: _, update, upsert, result, whose } = options;
    let destination = result.as_deref().map_or(Ok(Destination::Nowhere), Destination::file)?;
    let crm = whose::crm(config, whose).await?;
    let write = match upsert {
        Some(field) => crm.bulk_write(module).upsert(field),
        None if update => crm.bulk_write(module).update("id"),
        None => crm.bulk_write(module).insert(),
    };
    let format = RowFormat { csv: true, json_lines: false };
    let rows = Rows::new(config.output, format, &[""; 0]).going_to(destination);
    let mut outcome = Outcome { rows, jobs: Vec::new(), added: 0, updated: 0, refused: 0 };
    let failure = match outcome.follow(write.csv_file(file)).await {
        Err(failure) if outcome.seen() == 0 => return Err(failure),
        ended => ended.err(),
    };
    // What became of the rows before it is told all the same.
    let (seen, refused) = (outcome.seen(), outcome.refused);
    outcome.finish(config)?;
    match failure {
        Some(failure) => Err(failure.next_step(format!("write the rows after the first {seen}"))),
        None if refused == 0 => Ok(()),
        None => {
            let failure = Failure::failed(format!("{refused} of {seen} rows were refused"));
            Err(match result {
                Some(path) => failure.next_step(format!("{} says which and why", path.display())),
                None => failure.next_step("with --result FILE a file says which and why"),
            })
        }
    }
}

/// What became of the rows.
struct Outcome {
    rows: Rows,
    jobs: Vec<String>,
    added: u64,
    updated: u64,
    refused: u64,
}

impl Outcome {
    async fn follow(&mut self, mut jobs: Items<BulkWrite>) -> Result<(), Failure> {
        while let Some(job) = jobs.next().await {
            let job = job?;
            self.jobs.push(job.id().to_owned());
            job.wait_with_progress(|status| self.rows.doing(job.id(), status.state.as_str())).await?;
            let mut rows = job.rows().await?;
            while let Some(row) = rows.next().await {
                self.add(row?)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, row: BulkWriteRow) -> Result<(), Failure> {
        let BulkWriteRow { status, record_id, errors, columns, .. } = row;
        let why: Vec<String> = errors.iter().map(reason).collect();
        let why = why.join("; ");
        match status {
            RowStatus::Added => self.added += 1,
            RowStatus::Updated => self.updated += 1,
            _ => {
                self.refused += 1;
                if self.refused <= MOST_TOLD {
                    let known_by: Vec<&str> =
                        columns.fields().values().filter_map(|cell| cell.as_str()).collect();
                    self.rows.words(format_args!("{status}: {}: {why}", known_by.join(", ")));
                }
            }
        }
        let row = columns.with("status", status.as_str()).with("record_id", record_id).with("errors", why);
        self.rows.push(row)
    }

    /// How many rows Zoho has come to.
    fn seen(&self) -> u64 {
        self.added + self.updated + self.refused
    }

    fn finish(self, config: &Config) -> Result<(), Failure> {
        let Self { rows, jobs, added, updated, refused } = self;
        rows.finish()?;
        if config.output.is_json() {
            let told = json!({ "jobs": jobs, "added": added, "updated": updated, "refused": refused });
            return config.output.json(&told);
        }
        config.output.data(format_args!("{added} added, {updated} updated, {refused} refused"))
    }
}

fn reason(error: &BulkWriteError) -> String {
    match error.columns.as_slice() {
        [] => error.code.clone(),
        columns => format!("{} ({})", error.code, columns.join(", ")),
    }
}
