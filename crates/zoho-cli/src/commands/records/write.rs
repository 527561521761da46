//! `zoho records create`, `update`, `upsert` and `delete`: writes records in batches while reading the input.

use zohocrm::{Crm, Error, Record, Records, Value, WrittenRecord};

use crate::args::{Delete, RowFormat, Upsert, Whose, Write};
use crate::commands::columns::{Columns, Purpose};
use crate::commands::interruption::Interruption;
use crate::commands::thread::on_a_thread;
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
    let output = config.output.clone();
    let open = move || match records.is_empty() {
        true => Input::open(&output, &data),
        false => Input::of(records.into_iter().map(Record::with_id), data.skip),
    };
    run(config, Operation::Delete, module, open, format, whose).await
}

async fn write(config: &Config, operation: Operation, write: Write) -> Result<(), Failure> {
    let Write { module, data, format, whose } = write;
    let output = config.output.clone();
    run(config, operation, module, move || Input::open(&output, &data), format, whose).await
}

/// Writes records batch by batch and prints the result of each.
async fn run(
    config: &Config,
    operation: Operation,
    module: String,
    open: impl FnOnce() -> Result<Input, Failure> + Send + 'static,
    format: RowFormat,
    whose: Whose,
) -> Result<(), Failure> {
    let interruption = Interruption::start()?;
    interruption.leads_to(NextStep::RunAgain);
    // Invalid input in the first batch is reported before a token is obtained.
    let needs_id = operation.needs_id();
    let opened = on_a_thread(move || Batch::next(open()?, needs_id));
    let Batch { mut input, mut entries } = interruption.unless(opened).await???;
    let crm = interruption.unless(whose::crm(config, whose)).await??;
    let columns = columns(config, &crm, &module, &operation, &input);
    let columns = interruption.unless(columns).await??;
    let module = crm.records(module);
    let mut rows = Rows::new(&config.output, format, &["record", "id", "status", "code", "message"]);
    let mut rejected = 0;
    while !entries.is_empty() {
        let last = input.read_so_far();
        let first = last - entries.len() + 1;
        let record = |entry: Entry| match columns.as_ref().zip(input.csv()) {
            Some((columns, rows)) => columns.record(rows, &entry),
            None => Ok(entry.record),
        };
        let records: Result<Vec<Record>, Error> = entries.into_iter().map(record).collect();
        let records = records.map_err(|error| unwritten(error.into(), first - 1))?;
        interruption.leads_to(NextStep::CheckRecords { first, last });
        let response = operation.send(&module, &records);
        let results = interruption.unless_insistent(|note| rows.note(note), response).await?;
        let results = results.map_err(|error| stopped(error, first, last))?;
        interruption.leads_to(NextStep::SkipSent { sent: last });
        let results: Vec<_> =
            results.into_iter().map(|result| result.map_err(|error| moved(error, first - 1))).collect();
        let told: Vec<Record> =
            results.iter().zip(first..).map(|(result, number)| outcome(number, result)).collect();
        rows.print(&told).map_err(|failure| unprinted(failure, NextStep::SkipSent { sent: last }))?;
        for (result, number) in results.iter().zip(first..) {
            if let Err(error) = result {
                rejected += 1;
                rows.note(&Note::RecordRejected { number, error: error.to_string() });
            }
        }
        let next = on_a_thread(move || Batch::next(input, needs_id));
        Batch { input, entries } = interruption.unless(next).await???;
    }
    let count = rows.count();
    rows.finish().map_err(|failure| match count {
        0 => failure,
        _ => unprinted(failure, NextStep::AllSent),
    })?;
    match rejected {
        0 => Ok(()),
        rejected => Err(Problem::RecordsRejected { rejected, count }.into()),
    }
}

/// What the columns of CSV input mean. `None` for JSON.
async fn columns(
    config: &Config,
    crm: &Crm,
    module: &str,
    operation: &Operation,
    input: &Input,
) -> Result<Option<Columns>, Failure> {
    if let Operation::Upsert(fields) = operation {
        names::check_fields(crm, module, fields).await?;
    }
    let Some(headings) = input.csv().map(CsvInput::columns) else { return Ok(None) };
    let Some(purpose) = operation.purpose() else { return Ok(Some(Columns::of_ids(headings))) };
    let fields = crm.metadata().fields(module).await;
    let fields = fields.map_err(|error| Failure::from(error).next_step(NextStep::GiveJson))?;
    Columns::of(&config.output, &fields, module, headings, purpose).map(Some)
}

/// Records to send together, and the rest of the input.
struct Batch {
    input: Input,
    /// Empty at the end of the input.
    entries: Vec<Entry>,
}

impl Batch {
    /// Reads the next records, all of which must have an id if `needs_id` is true. The error says how many were sent.
    fn next(mut input: Input, needs_id: bool) -> Result<Self, Failure> {
        let before = input.read_so_far();
        let mut entries = Vec::new();
        for entry in input.by_ref().take(Records::MAX_PER_WRITE) {
            entries.push(entry.map_err(|failure| unwritten(failure, before))?);
        }
        match entries.iter().position(|entry| needs_id && entry.record.id().is_none_or(str::is_empty)) {
            Some(index) => {
                let (number, line) = (before + index + 1, entries[index].line);
                Err(unwritten(Problem::RecordWithoutId { number, line }.into(), before))
            }
            None => Ok(Self { input, entries }),
        }
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

    fn needs_id(&self) -> bool {
        matches!(self, Self::Update | Self::Delete)
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
    let numbered = Record::new().with("record", number);
    match result {
        Ok(written) => numbered
            .with("id", written.id())
            .with("status", "success")
            .with("code", written.code())
            .with("message", written.message())
            .with("action", written.action())
            .with("details", written.details().clone()),
        Err(error) => {
            let rejected = error.record();
            let message =
                rejected.map_or_else(|| error.to_string(), |rejected| rejected.message().to_owned());
            numbered
                .with_null("id")
                .with("status", "error")
                .with("code", rejected.map(|rejected| rejected.code()))
                .with("message", message)
                .with("details", rejected.map_or(Value::Null, |rejected| rejected.details().clone()))
        }
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
fn stopped(error: Error, first: usize, last: usize) -> Failure {
    let sent = first - 1;
    let is_in_doubt = error.is_in_doubt();
    let failure = Failure::from(error);
    match (is_in_doubt, sent) {
        (true, _) => failure.next_step(NextStep::CheckRecords { first, last }),
        (false, 0) => failure,
        (false, _) => failure.next_step(NextStep::SkipWritten { sent }),
    }
}

/// A closed pipe ends a list without an error, but it must not end a write silently.
fn unprinted(failure: Failure, next_step: NextStep) -> Failure {
    failure.even_if_nobody_reads().next_step(next_step)
}
