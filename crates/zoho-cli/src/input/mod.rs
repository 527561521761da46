//! `Input`: JSON or CSV records from an argument, a file or standard input.

mod csv;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::StreamDeserializer;
use zohocrm::{Map, Record, Value};

use crate::args::{Data, InputFormat};
use crate::failure::Failure;
use crate::messages::{NextStep, Origin, Problem};
use crate::output::Output;

pub(crate) use csv::{CsvInput, api_id};

/// Members of Zoho's own bodies and responses that may stand beside `data` and change nothing.
const MEMBERS_BESIDE_DATA: [&str; 1] = ["info"];

/// An iterator over input records. CSV and lines of JSON are streamed; an array is held in memory.
pub(crate) struct Input {
    source: Source,
    origin: Origin,
    /// The number of records read so far.
    count: usize,
}

/// An input record.
pub(crate) struct Entry {
    /// Its fields. For CSV, the headings and texts of the cells that are not empty.
    pub(crate) record: Record,
    /// Its line in a CSV file.
    pub(crate) line: Option<u64>,
}

type Reader = Box<dyn BufRead + Send>;

enum Source {
    Given(Box<dyn Iterator<Item = Record> + Send>),
    Json {
        values: StreamDeserializer<'static, serde_json::de::IoRead<Reader>, Value>,
        /// The rest of the current array.
        array: std::vec::IntoIter<Value>,
        /// Whether the input begins like JSON.
        is_likely: bool,
    },
    Csv(CsvInput),
}

impl Input {
    /// Opens the input and skips `--skip` records.
    pub(crate) fn open(output: &Output, data: &Data) -> Result<Self, Failure> {
        let (origin, mut reader) = reader(data.data.as_deref().unwrap_or("@-"))?;
        let is_csv = match data.input {
            Some(format) => format == InputFormat::Csv,
            None => data.csv.is_given() || is_csv_file(&origin),
        };
        let source = match is_csv {
            true => Source::Csv(CsvInput::open(output, &origin, reader, data.csv)?),
            false => {
                reader = decoded(&origin, reader)?;
                let start = reader.fill_buf().map_err(|error| unreadable(&origin, &error))?;
                let is_likely =
                    start.trim_ascii_start().first().is_none_or(|byte| matches!(byte, b'{' | b'['));
                Source::Json {
                    values: serde_json::Deserializer::from_reader(reader).into_iter(),
                    array: Vec::new().into_iter(),
                    is_likely,
                }
            }
        };
        Self { source, origin, count: 0 }.behind(data.skip)
    }

    /// Input from records in memory, behind the first `skip` of them.
    pub(crate) fn of(
        records: impl Iterator<Item = Record> + Send + 'static,
        skip: usize,
    ) -> Result<Self, Failure> {
        Self { source: Source::Given(Box::new(records)), origin: Origin::Argument, count: 0 }.behind(skip)
    }

    fn behind(mut self, skip: usize) -> Result<Self, Failure> {
        for entry in self.by_ref().take(skip) {
            entry?;
        }
        Ok(self)
    }

    #[cfg(test)]
    pub(crate) fn of_csv(rows: CsvInput) -> Self {
        Self { source: Source::Csv(rows), origin: Origin::StandardInput, count: 0 }
    }

    /// The number of records read so far, including skipped ones.
    pub(crate) fn read_so_far(&self) -> usize {
        self.count
    }

    /// CSV input, whose values are all strings. `None` for JSON.
    pub(crate) fn csv(&self) -> Option<&CsvInput> {
        match &self.source {
            Source::Csv(rows) => Some(rows),
            _ => None,
        }
    }

    fn read(&mut self) -> Result<Option<Entry>, Failure> {
        match &mut self.source {
            Source::Given(records) => Ok(records.next().map(Entry::from)),
            Source::Json { values, array, is_likely } => loop {
                if let Some(value) = array.next() {
                    return self.object(value).map(Some);
                }
                let value = values.next().transpose().map_err(|error| {
                    not_json(&self.origin, &error).next_step((!*is_likely).then_some(NextStep::GiveCsv))
                })?;
                match value {
                    Some(Value::Array(items)) => *array = items.into_iter(),
                    Some(Value::Object(body)) if is_body(&body) => *array = records(body, &self.origin)?,
                    Some(value) => return self.object(value).map(Some),
                    None => return Ok(None),
                }
            },
            Source::Csv(rows) => {
                let Some(row) = rows.next().transpose()? else { return Ok(None) };
                // An empty cell leaves its field unchanged, whereas null in JSON clears it.
                let filled = rows.columns().iter().zip(row.cells).filter(|(_, cell)| !cell.trim().is_empty());
                Ok(Some(Entry { record: filled.collect(), line: Some(row.line) }))
            }
        }
    }

    fn object(&self, value: Value) -> Result<Entry, Failure> {
        match value {
            Value::Object(mut fields) => {
                // Ids look like numbers, so JSON that was written by hand often has them as numbers.
                if let Some(id) =
                    fields.get_mut("id").filter(|id| id.as_i64().is_some() || id.as_u64().is_some())
                {
                    *id = Value::String(id.to_string());
                }
                Ok(Record::from(fields).into())
            }
            _ => Err(Problem::NotAnObject { origin: self.origin.clone(), number: self.count + 1 }.into()),
        }
    }
}

impl Iterator for Input {
    type Item = Result<Entry, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.read().transpose()?;
        self.count += usize::from(entry.is_ok());
        Some(entry)
    }
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        Self { record, line: None }
    }
}

fn is_csv_file(origin: &Origin) -> bool {
    let Origin::File(path) = origin else { return false };
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv") || end.eq_ignore_ascii_case("tsv"))
}

/// Whether an object is the body of a request or response, `{"data": […]}`, and not a record.
fn is_body(object: &Map) -> bool {
    let records = object.get("data").and_then(Value::as_array);
    records.is_some_and(|records| records.iter().all(Value::is_object))
}

/// The records of a body. Another member, such as `trigger`, would change what Zoho does with them.
fn records(mut body: Map, origin: &Origin) -> Result<std::vec::IntoIter<Value>, Failure> {
    let is_other = |name: &&String| *name != "data" && !MEMBERS_BESIDE_DATA.contains(&name.as_str());
    if let Some(member) = body.keys().find(is_other) {
        return Err(Problem::BodyMember { origin: origin.clone(), member: member.clone() }.into());
    }
    match body.remove("data") {
        Some(Value::Array(records)) => Ok(records.into_iter()),
        _ => Ok(Vec::new().into_iter()),
    }
}

/// Opens the value of an argument: `@FILE`, `@-` for standard input, or the data itself. Skips a byte order mark, which
/// Excel writes.
fn reader(given: &str) -> Result<(Origin, Reader), Failure> {
    let origin = origin(given);
    let mut reader: Reader = match &origin {
        Origin::StandardInput => Box::new(BufReader::new(io::stdin())),
        Origin::File(path) => {
            let file = File::open(path).map_err(|error| unreadable(&origin, &error))?;
            Box::new(BufReader::new(file))
        }
        Origin::Argument => Box::new(Cursor::new(given.to_owned())),
    };
    let start = reader.fill_buf().map_err(|error| unreadable(&origin, &error))?;
    if start.starts_with("\u{feff}".as_bytes()) {
        reader.consume("\u{feff}".len());
    }
    Ok((origin, reader))
}

fn origin(given: &str) -> Origin {
    match given.strip_prefix('@') {
        Some("-") => Origin::StandardInput,
        Some(path) => Origin::File(path.into()),
        None => Origin::Argument,
    }
}

/// Decodes UTF-16 with a byte order mark, which PowerShell writes.
fn decoded(origin: &Origin, mut reader: Reader) -> Result<Reader, Failure> {
    let start = reader.fill_buf().map_err(|error| unreadable(origin, &error))?;
    let unit: fn([u8; 2]) -> u16 = match start {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Ok(reader),
    };
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| unreadable(origin, &error))?;
    let (pairs, rest) = bytes[2..].as_chunks();
    let text: Result<String, _> = char::decode_utf16(pairs.iter().copied().map(unit)).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(Box::new(Cursor::new(text))),
        _ => Err(Problem::NotUtf16 { origin: origin.clone() }.into()),
    }
}

/// The whole input as text.
pub(crate) fn text(given: &str) -> Result<String, Failure> {
    let (origin, reader) = reader(given)?;
    let mut text = String::new();
    decoded(&origin, reader)?.read_to_string(&mut text).map_err(|error| unreadable(&origin, &error))?;
    Ok(text)
}

/// The whole input as JSON. The error gives the position and quotes nothing, because the input can contain secrets.
pub(crate) fn json<T: DeserializeOwned>(given: &str) -> Result<T, Failure> {
    let (origin, reader) = reader(given)?;
    serde_json::from_reader(decoded(&origin, reader)?).map_err(|error| not_json(&origin, &error))
}

/// JSON that was read from an argument with [`text`].
pub(crate) fn json_in(given: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| not_json(&origin(given), &error))
}

/// The whole input as text, unchanged, if it is JSON: see [`json`].
pub(crate) fn json_text(given: &str) -> Result<String, Failure> {
    let (origin, reader) = reader(given)?;
    let mut text = String::new();
    decoded(&origin, reader)?.read_to_string(&mut text).map_err(|error| unreadable(&origin, &error))?;
    serde_json::from_str::<IgnoredAny>(&text).map_err(|error| not_json(&origin, &error))?;
    Ok(text)
}

fn unreadable(origin: &Origin, error: &io::Error) -> Failure {
    Failure::from(Problem::Unreadable { origin: origin.clone() }).caused_by(error)
}

fn not_json(origin: &Origin, error: &serde_json::Error) -> Failure {
    let origin = origin.clone();
    let problem = match error.io_error_kind() {
        Some(_) => Problem::Unreadable { origin },
        None => Problem::NotJson { origin },
    };
    Failure::from(problem).caused_by(error)
}
