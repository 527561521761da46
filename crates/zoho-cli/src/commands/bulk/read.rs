//! `zoho bulk read`: reads all records of a module.

use serde_json::Value;
use zohocrm::bulk::{self, BulkReadResult};

use crate::args::{BulkRead, RowFormat};
use crate::commands::interruption::{interruption, unless};
use crate::commands::{names, whose};
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::messages::{NextStep, Note, Problem};
use crate::output::{Destination, Rows, id_first};

pub(super) async fn run(config: &Config, options: BulkRead) -> Result<(), Failure> {
    let criteria = options.criteria.as_deref().map(input::json).transpose()?;
    let destination = options.output.as_deref().map_or(Ok(Destination::Stdout), Destination::named)?;
    let module = options.module.clone();
    let mut running = None;
    // Reading standard input and opening a pipe can block, so Ctrl-C ends the process as usual until here.
    let work = read(config, options, criteria, destination, &mut running);
    let done = unless(interruption()?, work).await;
    done.unwrap_or_else(|| {
        let resume = running.map(|job| NextStep::ResumeJob { module, job });
        Err(Failure::from(Problem::Interrupted).next_step(resume))
    })
}

/// Reads the records, and keeps the id of the running job in `running`.
async fn read(
    config: &Config,
    options: BulkRead,
    criteria: Option<Value>,
    destination: Destination,
    running: &mut Option<String>,
) -> Result<(), Failure> {
    let BulkRead { module, fields, view, page_token, job, format, whose, .. } = options;
    let crm = whose::crm(config, whose).await?;
    let csv = !config.output.is_json() && !format.json_lines;
    // The columns are known only from the rows.
    let mut rows = Rows::new(&config.output, RowFormat { csv, ..format }, &[""; 0]).going_to(destination);
    rows = rows.long_in_coming();
    if let Some(id) = job {
        let job = crm.bulk_read_job(id);
        check_module(&job, &module).await?;
        *running = Some(job.id().to_owned());
        let result = finish(&job, &mut rows).await?;
        if let Some(page_token) = result.next_page_token.filter(|_| result.more_records) {
            rows.note(&Note::MoreInJob { page_token });
        }
        return rows.finish();
    }
    names::check_fields(&crm, &module, &fields).await?;
    let mut read = crm.bulk_read(&module);
    if !fields.is_empty() {
        rows = rows.expecting(&id_first(&fields));
        read = read.fields(fields);
    }
    if let Some(criteria) = criteria {
        read = read.option("criteria", criteria);
    }
    if let Some(id) = view {
        read = read.custom_view(id);
    }
    if let Some(token) = page_token {
        read = read.page_token(token);
    }
    let mut jobs = read.all_pages();
    while let Some(job) = jobs.next().await {
        let job = job?;
        *running = Some(job.id().to_owned());
        // The job continues at Zoho even if this command ends.
        rows.note(&Note::ReadJobStarted { job: job.id().to_owned() });
        finish(&job, &mut rows).await?;
        *running = None;
    }
    rows.finish()
}

/// Waits for a job and prints its rows.
async fn finish(job: &bulk::BulkRead, rows: &mut Rows) -> Result<BulkReadResult, Failure> {
    let status = job.wait_with_progress(|status| rows.doing(job.id(), status.state.as_str())).await?;
    let mut records = job.rows().await?;
    while let Some(record) = records.next().await {
        rows.push(record?)?;
    }
    Ok(status.result.unwrap_or_default())
}

/// Rejects a job of another module before waiting for it.
async fn check_module(job: &bulk::BulkRead, module: &str) -> Result<(), Failure> {
    let query = job.status().await?.query.unwrap_or_default();
    match query["module"]["api_name"].as_str() {
        Some(reads) if !reads.eq_ignore_ascii_case(module) => {
            let (job, reads, module) = (job.id().to_owned(), reads.to_owned(), module.to_owned());
            Err(Problem::JobOfAnotherModule { job, reads, module }.into())
        }
        _ => Ok(()),
    }
}
