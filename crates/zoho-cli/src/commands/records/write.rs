//! `zoho records create`, `update`, `upsert` and `delete`: writes records in batches while reading the input.

use serde_json::{Value, json};
use zohocrm::{Error, Record, Records, WrittenRecord};

use super::cells::Cells;
use crate::args::{Delete, RowFormat, Upsert, Whose, Write};
use crate::commands::whose;
use crate::config::Config;
use crate::failure::Failure;
use crate::input::Input;
use crate::messages::{NextStep, Note, Problem};
use crate::output::Rows;

/// What to do with each record.
enum Operation {
    Create,
    Update,
    /// The duplicate check fields; if empty, the unique fields of the module.
    Upsert(Vec<String>),
    Delete,
}

pub(super) async fn create(config: &Config, create: Write) -> Result<(), Failure> {
    write(config, Operation::Create, create).await
}

pub(super) async fn update(config: &Config, update: Write) -> Result<(), Failure> {
    write(config, Operation::Update, update).await
}

pub(super) async fn upsert(config: &Config, Upsert { check, write: upsert }: Upsert) -> Result<(), Failure> {
    write(config, Operation::Upsert(check), upsert).await
}

pub(super) async fn delete(config: &Config, delete: Delete) -> Result<(), Failure> {
    let Delete { module, records, data, format, whose } = delete;
    let input = match records.is_empty() {
        true => Input::open(&data)?,
        false => Input::of(records.into_iter().map(Record::with_id)),
    };
    run(config, Operation::Delete, module, input, format, whose).await
}

async fn write(config: &Config, operation: Operation, write: Write) -> Result<(), Failure> {
    let Write { module, data, format, whose } = write;
    run(config, operation, module, Input::open(&data)?, format, whose).await
}

/// Writes records batch by batch and prints the result of each.
async fn run(
    config: &Config,
    operation: Operation,
    module: String,
    mut input: Input,
    format: RowFormat,
    whose: Whose,
) -> Result<(), Failure> {
    // Invalid input in the first batch is reported before a token is obtained.
    let mut batch = operation.next_batch(&mut input)?;
    let crm = whose::crm(config, whose).await?;
    let cells = match input.columns() {
        Some(columns) if operation.writes_fields() => {
            let cells = Cells::of(&crm, &module).await?;
            cells.check(columns)?;
            Some(cells)
        }
        _ => None,
    };
    let records = crm.records(module);
    let mut rows = Rows::new(&config.output, format, &["record", "id", "status", "code", "message"]);
    let mut rejected = 0;
    while !batch.is_empty() {
        if let Some(cells) = &cells {
            batch = batch.iter().map(|row| cells.record(row)).collect();
        }
        let first = input.read_so_far() - batch.len() + 1;
        let results = operation.send(&records, &batch).await;
        let results = results.map_err(|error| stopped(error, first, batch.len()))?;
        let results: Vec<_> =
            results.into_iter().map(|result| result.map_err(|error| moved(error, first - 1))).collect();
        let told: Vec<Record> =
            results.iter().zip(first..).map(|(result, number)| outcome(number, result)).collect();
        rows.print(&told).map_err(|failure| unprinted(failure, input.read_so_far()))?;
        for (result, number) in results.iter().zip(first..) {
            if let Err(error) = result {
                rejected += 1;
                rows.note(&Note::RecordRejected { number, error: error.to_string() });
            }
        }
        batch = operation.next_batch(&mut input)?;
    }
    let count = rows.count();
    rows.finish()?;
    match rejected {
        0 => Ok(()),
        rejected => Err(Problem::RecordsRejected { rejected, count }.into()),
    }
}

impl Operation {
    fn writes_fields(&self) -> bool {
        !matches!(self, Self::Delete)
    }

    /// The next batch of records; empty at the end of the input.
    fn next_batch(&self, input: &mut Input) -> Result<Vec<Record>, Failure> {
        let before = input.read_so_far();
        let unwritten = |failure: Failure| match before {
            0 => failure.next_step(NextStep::CorrectInput),
            sent => failure.next_step(NextStep::CorrectInputAndSkip { sent }),
        };
        let mut batch = Vec::new();
        for record in input.by_ref().take(Records::MAX_PER_WRITE) {
            batch.push(record.map_err(unwritten)?);
        }
        let needs_id = matches!(self, Self::Update | Self::Delete);
        match batch.iter().position(|record| needs_id && record.id().is_none_or(str::is_empty)) {
            Some(index) => Err(unwritten(Problem::RecordWithoutId { number: before + index + 1 }.into())),
            None => Ok(batch),
        }
    }

    async fn send(
        &self,
        records: &Records,
        batch: &[Record],
    ) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        match self {
            Self::Create => records.create(batch).await,
            Self::Update => records.update(batch).await,
            Self::Upsert(fields) if fields.is_empty() => records.upsert(batch).await,
            Self::Upsert(fields) => records.upsert(batch).duplicate_check_fields(fields).await,
            Self::Delete => records.delete(batch.iter().filter_map(Record::id)).await,
        }
    }
}

/// The result of a record, as it is printed.
fn outcome(number: usize, result: &Result<WrittenRecord, Error>) -> Record {
    let fields = match result {
        Ok(written) => json!({
            "record": number,
            "id": written.id(),
            "status": "success",
            "code": written.code(),
            "message": written.message(),
            "action": written.action(),
            "details": written.details(),
        }),
        Err(error) => {
            let rejected = error.record();
            json!({
                "record": number,
                "id": null,
                "status": "error",
                "code": rejected.map(|rejected| rejected.code()),
                "message": rejected.map_or_else(|| error.to_string(), |rejected| rejected.message().to_owned()),
                "details": rejected.map_or(&Value::Null, |rejected| rejected.details()),
            })
        }
    };
    match fields {
        Value::Object(fields) => fields.into(),
        _ => Record::new(),
    }
}

/// Renumbers the error of a record from its batch to the whole input.
fn moved(error: Error, places: usize) -> Error {
    match error {
        Error::Record(rejected) => rejected.moved_by(places).into(),
        error => error,
    }
}

/// The failure of a whole batch, with the next step.
fn stopped(error: Error, first: usize, count: usize) -> Failure {
    let (sent, last) = (first - 1, first + count - 1);
    let is_in_doubt = error.is_in_doubt();
    let failure = Failure::from(error);
    match (is_in_doubt, sent) {
        (true, _) => failure.next_step(NextStep::CheckRecords { first, last }),
        (false, 0) => failure,
        (false, _) => failure.next_step(NextStep::SkipWritten { sent }),
    }
}

/// A closed pipe ends a list without an error, but it must not end a write silently.
fn unprinted(failure: Failure, sent: usize) -> Failure {
    failure.even_if_nobody_reads().next_step(NextStep::SkipSent { sent })
}
