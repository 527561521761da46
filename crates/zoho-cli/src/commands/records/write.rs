//! `zoho records create`, `update`, `upsert` and `delete`: writes records in batches while reading the input.

use serde_json::{Value, json};
use zohocrm::{Error, Record, Records, WrittenRecord};

use crate::args::{Delete, RowFormat, Upsert, Whose, Write};
use crate::commands::columns::{Columns, Purpose};
use crate::commands::{names, whose};
use crate::config::Config;
use crate::failure::Failure;
use crate::input::{CsvInput, Entry, Input};
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
        true => Input::open(&config.output, &data)?,
        false => Input::of(records.into_iter().map(Record::with_id)),
    };
    run(config, Operation::Delete, module, input, format, whose).await
}

async fn write(config: &Config, operation: Operation, write: Write) -> Result<(), Failure> {
    let Write { module, data, format, whose } = write;
    run(config, operation, module, Input::open(&config.output, &data)?, format, whose).await
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
    if let Operation::Upsert(fields) = &operation {
        names::check_fields(&crm, &module, fields).await?;
    }
    let columns = match (input.csv().map(CsvInput::columns), operation.purpose()) {
        (None, _) => None,
        (Some(headings), None) => Some(Columns::of_ids(headings)),
        (Some(headings), Some(purpose)) => {
            let fields = crm.metadata().fields(&module).await;
            let fields = fields.map_err(|error| Failure::from(error).next_step(NextStep::GiveJson))?;
            Some(Columns::of(&config.output, &fields, &module, headings, purpose)?)
        }
    };
    let records = crm.records(module);
    let mut rows = Rows::new(&config.output, format, &["record", "id", "status", "code", "message"]);
    let mut rejected = 0;
    while !batch.is_empty() {
        let first = input.read_so_far() - batch.len() + 1;
        let record = |entry: Entry| match columns.as_ref().zip(input.csv()) {
            Some((columns, rows)) => columns.record(rows, &entry),
            None => Ok(entry.record),
        };
        let sent: Result<Vec<Record>, Error> = batch.into_iter().map(record).collect();
        let sent = sent.map_err(|error| unwritten(error.into(), first - 1))?;
        let results = operation.send(&records, &sent).await;
        let results = results.map_err(|error| stopped(error, first, sent.len()))?;
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
    /// `None` if it writes no fields.
    fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::Create => Some(Purpose::Create),
            Self::Update => Some(Purpose::Update),
            Self::Upsert(_) => Some(Purpose::Upsert),
            Self::Delete => None,
        }
    }

    /// The next batch of records; empty at the end of the input.
    fn next_batch(&self, input: &mut Input) -> Result<Vec<Entry>, Failure> {
        let before = input.read_so_far();
        let mut batch = Vec::new();
        for entry in input.by_ref().take(Records::MAX_PER_WRITE) {
            batch.push(entry.map_err(|failure| unwritten(failure, before))?);
        }
        let needs_id = matches!(self, Self::Update | Self::Delete);
        match batch.iter().position(|entry| needs_id && entry.record.id().is_none_or(str::is_empty)) {
            Some(index) => {
                let problem =
                    Problem::RecordWithoutId { number: before + index + 1, line: batch[index].line };
                Err(unwritten(problem.into(), before))
            }
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

/// The failure of a batch that was not sent, after other records were.
fn unwritten(failure: Failure, sent: usize) -> Failure {
    match sent {
        0 => failure.next_step(NextStep::CorrectInput),
        sent => failure.next_step(NextStep::CorrectInputAndSkip { sent }),
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
