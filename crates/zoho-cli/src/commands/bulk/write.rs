//! `zoho bulk write`: writes the rows of a CSV file.

use std::path::Path;

use zohocrm::bulk::BulkWriteBatch;
use zohocrm::{Error, Items};

use super::outcome::Outcome;
use super::progress::{Progress, Trouble};
use crate::args::{self, RowFormat};
use crate::commands::columns::{Columns, Purpose};
use crate::commands::interruption::Interruption;
use crate::commands::{names, whose};
use crate::config::Config;
use crate::failure::Failure;
use crate::input::CsvInput;
use crate::messages::{NextStep, Problem, Warning};
use crate::output::{Destination, Rows};

pub(super) async fn run(config: &Config, options: args::BulkWrite) -> Result<(), Failure> {
    let destination = match options.result.as_deref() {
        Some(path) if path == Path::new("-") => {
            return Err(Problem::ResultIsStdout.into());
        }
        Some(path) => Destination::named(path)?,
        None => Destination::Nowhere,
    };
    let result = options.result.clone();
    let format = RowFormat { csv: true, json_lines: false };
    let mut outcome = Outcome::new(Rows::new(&config.output, format, &[""; 0]).going_to(destination));
    let mut progress = Progress::behind(options.skip);
    let rows = CsvInput::open_file(&config.output, &options.file, options.csv)?;
    // Opening and reading a pipe can block, so Ctrl-C ends the process as usual until here.
    let interruption = Interruption::start()?;
    let work = write(config, options, rows, &mut outcome, &mut progress, &interruption);
    let trouble = interruption.unless(work).await.unwrap_or(Err(Trouble::Interruption)).err();
    let mut failure = trouble.map(|trouble| progress.failure(trouble));
    let has_file = !outcome.is_empty() || failure.is_none();
    let has_results = has_file || (config.output.is_json() && !progress.jobs().is_empty());
    if let Some(failure) = failure.take_if(|_| !has_results) {
        return Err(failure);
    }
    let rejection = outcome.rejection(result.as_deref());
    // The results before the failure are printed all the same.
    let finished = outcome.finish(config, progress.jobs(), has_file);
    match (failure, finished) {
        (Some(failure), Ok(())) => Err(failure),
        (Some(failure), Err(unwritten)) => {
            config.output.warning(&Warning::ResultIncomplete { failure: unwritten.lines().join(";") });
            Err(failure)
        }
        (None, Err(unwritten)) => Err(unwritten.even_if_nobody_reads().next_step(NextStep::AllSent)),
        (None, Ok(())) => rejection.map_or(Ok(()), Err),
    }
}

async fn write(
    config: &Config,
    options: args::BulkWrite,
    mut rows: CsvInput,
    outcome: &mut Outcome,
    progress: &mut Progress,
    interruption: &Interruption,
) -> Result<(), Trouble> {
    let args::BulkWrite { module, insert, update, upsert, clear_empty, skip, whose, .. } = options;
    let purpose = match &upsert {
        Some(_) => Purpose::Upsert,
        None if update => Purpose::Update,
        None => Purpose::Create,
    };
    let crm = whose::crm(config, whose).await?;
    let fields = crm.metadata().fields(&module).await?;
    names::check(&fields, &module, upsert.as_slice())?;
    let columns = Columns::of(&config.output, &fields, &module, rows.columns(), purpose)?;
    let write = match upsert {
        Some(field) => crm.bulk_write(module).upsert(field),
        None if update => crm.bulk_write(module).update("id"),
        None => crm.bulk_write(module).insert(),
    };
    let write = if insert || clear_empty { write } else { write.ignore_empty() };
    let names = columns.names();
    let texts = std::iter::from_fn(move || Some(rows.next()?.and_then(|row| columns.texts(&rows, row))));
    follow(write.skip_rows(skip).rows(names, texts), outcome, progress, interruption).await
}

/// Starts the jobs one after the other and waits for each.
async fn follow(
    mut batches: Items<BulkWriteBatch>,
    outcome: &mut Outcome,
    progress: &mut Progress,
    interruption: &Interruption,
) -> Result<(), Trouble> {
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        progress.starting();
        interruption.leads_to(progress.next_step(&Trouble::Interruption));
        let job = batch.start().await?;
        let note = progress.started(job.id(), batch.rows());
        interruption.leads_to(progress.next_step(&Trouble::Interruption));
        outcome.rows.note(&note);
        let wait = job.wait_with_progress(|status| outcome.rows.doing(job.id(), status.state.as_str()));
        wait.await.map_err(|error| match error {
            Error::JobFailed { .. } => Trouble::NotWritten(error),
            error => error.into(),
        })?;
        let mut rows = job.rows().await?;
        while let Some(row) = rows.next().await {
            outcome.add(row?)?;
        }
        progress.ended();
        interruption.leads_to(progress.next_step(&Trouble::Interruption));
    }
    Ok(())
}
