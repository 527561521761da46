//! `Rows`: streams records to a destination.

use std::fmt::Display;

use console::Term;
use indicatif::ProgressBar;
use zohocrm::{Record, Value};

use super::table::Table;
use super::{Destination, Output, printable};
use crate::args::RowFormat;
use crate::failure::Failure;
use crate::messages::{Note, Problem, Progress, Waiting};

/// The number of pushed records that are printed together.
const BATCH: usize = 500;

/// The members of a lookup that can be a column of their own.
const LOOKUP_PROPERTIES: [&str; 3] = ["id", "name", "email"];

/// A stream of records to print.
#[derive(Debug)]
pub(crate) struct Rows {
    output: Output,
    destination: Destination,
    form: Form,
    columns: Vec<String>,
    /// The header of CSV without records. Used if `columns` would come from the first records.
    expected: Vec<String>,
    /// Pushed records that are not printed yet.
    waiting: Vec<Record>,
    count: u64,
    progress: ProgressBar,
}

/// The output format.
#[derive(Debug)]
enum Form {
    /// `None` until the first records determine the widths.
    Table(Option<Table>),
    Csv,
    /// An array with one record per line. It is closed on success only, so that a partial array is not valid JSON.
    Json,
    JsonLines,
}

impl Rows {
    /// Prints to standard output. `columns` selects the columns of a table or CSV; if it is empty, they are the fields
    /// of the first records. JSON has all fields.
    pub(crate) fn new(output: &Output, format: RowFormat, columns: &[impl AsRef<str>]) -> Self {
        let form = match format {
            RowFormat { csv: true, .. } => Form::Csv,
            RowFormat { json_lines: true, .. } => Form::JsonLines,
            _ if output.is_json() => Form::Json,
            _ => Form::Table(None),
        };
        let columns = columns.iter().map(|name| name.as_ref().to_owned()).collect();
        let rows = Self {
            output: output.clone(),
            destination: Destination::Stdout,
            form,
            columns,
            expected: Vec::new(),
            waiting: Vec::new(),
            count: 0,
            progress: ProgressBar::hidden(),
        };
        rows.going_to(Destination::Stdout)
    }

    /// Sets the destination.
    pub(crate) fn going_to(self, destination: Destination) -> Self {
        // On a terminal, the records themselves show the progress.
        let progress = match destination.is_terminal() {
            true => ProgressBar::hidden(),
            false => self.output.counter(),
        };
        Self { destination, progress, ..self }
    }

    /// Shows progress until the first record arrives, even if the records are printed to the same terminal.
    pub(crate) fn long_in_coming(self) -> Self {
        Self { progress: self.output.counter(), ..self }
    }

    /// Sets the header of CSV without records.
    pub(crate) fn expecting(self, columns: &[impl AsRef<str>]) -> Self {
        Self { expected: columns.iter().map(|name| name.as_ref().to_owned()).collect(), ..self }
    }

    /// Prints JSON to standard output, with or without `--json`.
    pub(crate) fn json(output: &Output, json_lines: bool) -> Self {
        Self::new(&output.with_json(), RowFormat { csv: false, json_lines }, &[""; 0])
    }

    /// The number of records printed.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Adds a record, which is printed with the next batch.
    pub(crate) fn push(&mut self, record: Record) -> Result<(), Failure> {
        self.waiting.push(record);
        match self.waiting.len() {
            BATCH => self.flush(),
            _ => Ok(()),
        }
    }

    /// Prints the records that were pushed.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let records = std::mem::take(&mut self.waiting);
        self.print(&records)
    }

    /// Prints records immediately.
    pub(crate) fn print(&mut self, records: &[Record]) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        let is_first = self.count == 0;
        if is_first && self.columns.is_empty() {
            self.columns = names_in(records);
        }
        let text = match &mut self.form {
            Form::Json => (if is_first { "[\n" } else { ",\n" }).to_owned() + &json(records)?.join(",\n"),
            Form::JsonLines => json(records)?.join("\n") + "\n",
            Form::Csv => csv(is_first.then_some(&self.columns), &self.columns, records)?,
            Form::Table(table) => {
                let cells = records.iter().map(|record| cells(&self.columns, record));
                let mut lines: Vec<Vec<String>> =
                    is_first.then(|| self.columns.clone()).into_iter().collect();
                lines.extend(cells);
                let table = table.get_or_insert_with(|| self.output.fitted(Table::new(&lines)));
                lines.iter().map(|line| table.line(line) + "\n").collect()
            }
        };
        if is_first && self.destination.is_terminal() {
            self.progress.finish_and_clear();
            self.progress = ProgressBar::hidden();
        }
        self.count += records.len() as u64;
        self.progress.set_position(self.count);
        self.destination.write(&self.output, text.as_bytes())
    }

    /// Shows the state of a job beside the count.
    pub(crate) fn doing(&self, job: &str, state: &str) {
        self.output.waits_for(Waiting::Job { job: job.to_owned() });
        let progress = Progress::Job { job: job.to_owned(), state: state.to_owned() };
        self.progress.set_message(printable(&progress.to_string()));
    }

    /// Prints a note without disturbing the progress.
    pub(crate) fn note(&self, note: &Note) {
        self.progress.suspend(|| self.output.note(note));
    }

    /// Prints the remaining records and the end of the output.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.flush()?;
        self.progress.finish_and_clear();
        let end = match (&self.form, self.count) {
            (Form::Json, 0) => "[]\n".to_owned(),
            (Form::Json, _) => "\n]\n".to_owned(),
            (Form::Csv, 0) => {
                let columns = if self.columns.is_empty() { &self.expected } else { &self.columns };
                if columns.is_empty() { String::new() } else { csv(Some(columns), columns, &[])? }
            }
            _ => String::new(),
        };
        self.destination.write(&self.output, end.as_bytes())?;
        self.destination.finish()?;
        match &self.form {
            Form::Table(None) => self.output.note(&Note::NoRecords),
            Form::Table(Some(table)) if table.columns() < self.columns.len() => {
                let names = self.columns[table.columns()..].to_vec();
                self.output.note(&Note::ColumnsLeftOut { names });
            }
            _ => {}
        }
        Ok(())
    }
}

/// A value as a cell: a string unchanged, a lookup as its name, strings separated by semicolons, the rest as JSON.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(fields) => match fields.get("name").and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => value.to_string(),
        },
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

/// A value as a cell of CSV that can be given to `zoho records update`: a lookup as its id, and a list of strings as JSON if
/// semicolons would split it differently.
pub(crate) fn csv_cell(value: &Value) -> String {
    match value {
        Value::Object(fields) => match fields.get("id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => cell(value),
        },
        Value::Array(items) if !items.iter().all(is_list_item) || starts_like_json(items) => {
            value.to_string()
        }
        other => cell(other),
    }
}

/// Whether a value can be one of those that semicolons separate.
fn is_list_item(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty() && text.trim() == text && !text.contains(';'))
}

fn starts_like_json(items: &[Value]) -> bool {
    items.first().and_then(Value::as_str).is_some_and(|text| text.starts_with('['))
}

/// The field that a column shows: `Owner` for `Owner.name`.
pub(crate) fn field_of(column: &str) -> &str {
    lookup_property(column).map_or(column, |(field, _)| field)
}

/// A column that shows a property of a lookup.
fn lookup_property(column: &str) -> Option<(&str, &str)> {
    column.rsplit_once('.').filter(|(_, property)| LOOKUP_PROPERTIES.contains(property))
}

fn value<'r>(record: &'r Record, column: &str) -> Option<&'r Value> {
    record.field(column).or_else(|| {
        let (field, property) = lookup_property(column)?;
        record.field(field)?.get(property)
    })
}

/// The names of all fields of the records, in order of appearance, with `id` first.
fn names_in(records: &[Record]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in records.iter().flat_map(|record| record.fields().keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names.sort_by_key(|name| name != "id");
    names
}

/// The columns for selected fields, with `id` first.
pub(crate) fn id_first(fields: &[String]) -> Vec<&str> {
    let others = fields.iter().map(String::as_str).filter(|name| *name != "id");
    std::iter::once("id").chain(others).collect()
}

/// The cells of a table line; an empty value is a dash.
fn cells(columns: &[String], record: &Record) -> Vec<String> {
    let shown = |column: &String| value(record, column).map(cell).filter(|cell| !cell.is_empty());
    columns.iter().map(|column| shown(column).unwrap_or_else(|| "-".to_owned())).collect()
}

fn json(records: &[Record]) -> Result<Vec<String>, Failure> {
    let written: Result<_, _> = records.iter().map(serde_json::to_string).collect();
    written.map_err(|error| Failure::from(Problem::RecordAsJson).caused_by(&error))
}

pub(crate) fn csv(
    heading: Option<&Vec<String>>,
    columns: &[String],
    records: &[Record],
) -> Result<String, Failure> {
    let cells = |record: &Record| -> Vec<String> {
        columns.iter().map(|column| value(record, column).map(csv_cell).unwrap_or_default()).collect()
    };
    let failed = |error: &dyn Display| Problem::RecordAsCsv { error: error.to_string() };
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in heading.cloned().into_iter().chain(records.iter().map(cells)) {
        writer.write_record(line).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error).into())
}

impl Output {
    /// Fits a table to the terminal. Other output is never cut off.
    fn fitted(&self, table: Table) -> Table {
        match Term::stdout().size_checked() {
            Some((_, columns)) => table.fitted(columns.into()),
            None => table,
        }
    }
}
