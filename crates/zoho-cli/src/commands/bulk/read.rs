//! `zoho bulk read`: reads all records of a module.

use zohocrm::bulk::{self, BulkReadResult};
use zohocrm::{Error, Value};

use crate::args::{BulkRead, RowFormat};
use crate::commands::interruption::Interruption;
use crate::commands::{names, whose};
use crate::config::Config;
use crate::criteria::GivenCriteria;
use crate::failure::Failure;
use crate::messages::{NextStep, Note, Problem};
use crate::output::{Destination, Rows, id_first};

pub(super) async fn run(config: &Config, options: BulkRead) -> Result<(), Failure> {
    let criteria = options.criteria.as_deref().map(GivenCriteria::read).transpose()?;
    let criteria = criteria.map(|criteria| criteria.for_bulk_read()).transpose()?;
    let destination = options.output.as_deref().map_or(Ok(Destination::Stdout), Destination::named)?;
    // Reading standard input and opening a pipe can block, so Ctrl-C ends the process as usual until here.
    let interruption = Interruption::start()?;
    let progress = Progress {
        interruption: &interruption,
        module: options.module.clone(),
        keeps_output: destination.keeps_output(),
        finished: Vec::new(),
        complete: 0,
        next_step: None,
    };
    interruption.unless(read(config, options, criteria, destination, progress)).await?
}

async fn read(
    config: &Config,
    options: BulkRead,
    criteria: Option<Value>,
    destination: Destination,
    mut progress: Progress<'_>,
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
        let result = progress.finish(&job, &mut rows).await?;
        if let Some(page_token) = result.next_page_token.filter(|_| result.more_records) {
            rows.note(&Note::MoreInJob { page_token });
        }
        return progress.end(rows);
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
        let job = job.map_err(|error| Failure::from(error).next_step(progress.next_step.clone()))?;
        // The job continues at Zoho even if this command ends.
        rows.note(&Note::ReadJobStarted { job: job.id().to_owned() });
        progress.finish(&job, &mut rows).await?;
    }
    progress.end(rows)
}

/// What a bulk read has written, and how to go on if it ends early.
struct Progress<'a> {
    interruption: &'a Interruption,
    module: String,
    /// Whether what was written stays if the read fails. A file does not.
    keeps_output: bool,
    /// The jobs whose records were all written.
    finished: Vec<String>,
    /// The number of their records.
    complete: u64,
    /// The command that continues after the jobs that have finished.
    next_step: Option<NextStep>,
}

impl Progress<'_> {
    /// Waits for a job and prints its rows.
    async fn finish(&mut self, job: &bulk::BulkRead, rows: &mut Rows) -> Result<BulkReadResult, Failure> {
        let (unread, partly_read) = (self.resumed(job.id(), false), self.resumed(job.id(), true));
        self.interruption.leads_to(unread.clone());
        let status = job.wait_with_progress(|status| rows.doing(job.id(), status.state.as_str())).await;
        let status = status.map_err(|error| match error {
            Error::JobFailed { .. } => Failure::from(error).next_step(self.next_step.clone()),
            error => Failure::from(error).next_step(unread.clone()),
        })?;
        let mut records = job.rows().await.map_err(|error| Failure::from(error).next_step(unread))?;
        self.interruption.leads_to(partly_read.clone());
        let incomplete = |failure: Failure| failure.next_step(partly_read.clone());
        while let Some(record) = records.next().await {
            record.map_err(Failure::from).and_then(|record| rows.push(record)).map_err(incomplete)?;
        }
        rows.flush().map_err(incomplete)?;
        let result = status.result.unwrap_or_default();
        self.finished.push(job.id().to_owned());
        self.complete = rows.count();
        self.next_step = match &result.next_page_token {
            _ if !self.keeps_output => Some(self.read_again(self.finished.clone())),
            Some(token) => {
                Some(NextStep::ContinueRead { page_token: token.clone(), complete: self.complete })
            }
            None => None,
        };
        self.interruption.leads_to(self.next_step.clone());
        Ok(result)
    }

    /// Completes the output.
    fn end(self, rows: Rows) -> Result<(), Failure> {
        rows.finish().map_err(|failure| failure.next_step(self.next_step.filter(|_| !self.keeps_output)))
    }

    /// How to go on while a job is running or being read.
    fn resumed(&self, job: &str, is_partly_read: bool) -> NextStep {
        let running = job.to_owned();
        match self.keeps_output {
            true => NextStep::ResumeJob {
                module: self.module.clone(),
                job: running,
                complete: self.complete,
                is_partly_read,
            },
            false => self.read_again(self.finished.iter().cloned().chain([running]).collect()),
        }
    }

    /// How to get the records of these jobs if no file was written.
    fn read_again(&self, jobs: Vec<String>) -> NextStep {
        NextStep::ResumeJobs { module: self.module.clone(), jobs }
    }
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
