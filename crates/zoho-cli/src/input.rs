//! Records that are given to a command: JSON or CSV, from an argument, a file or standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor};
use std::path::Path;

use csv::StringRecord;
use serde_json::{StreamDeserializer, Value};
use zohocrm::Record;

use crate::args::{Data, InputFormat};
use crate::failure::Failure;
use crate::messages::Problem;

/// Records, one after the other. CSV and lines of JSON are read as they are needed; an array is in memory as a whole.
pub(crate) struct Input {
    source: Source,
    /// Where they come from, for messages.
    name: String,
    /// How many were read.
    count: usize,
}

type Reader = Box<dyn BufRead>;

enum Source {
    Given(Box<dyn Iterator<Item = Record>>),
    Json {
        values: StreamDeserializer<'static, serde_json::de::IoRead<Reader>, Value>,
        /// What is left of an array.
        array: std::vec::IntoIter<Value>,
    },
    Csv {
        rows: csv::Reader<Reader>,
        columns: StringRecord,
    },
}

impl Input {
    /// Opens what was given, and leaves out what is to be skipped.
    pub(crate) fn open(data: &Data) -> Result<Self, Failure> {
        let (name, reader) = reader(data.data.as_deref().unwrap_or("@-"))?;
        let is_csv_file = || Path::new(&name).extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        let source = match data.input {
            Some(InputFormat::Csv) => csv(&name, reader)?,
            None if is_csv_file() => csv(&name, reader)?,
            _ => Source::Json {
                values: serde_json::Deserializer::from_reader(reader).into_iter(),
                array: Vec::new().into_iter(),
            },
        };
        let mut input = Self { source, name, count: 0 };
        for record in input.by_ref().take(data.skip) {
            record?;
        }
        Ok(input)
    }

    /// Records that are there already.
    pub(crate) fn of(records: impl Iterator<Item = Record> + 'static) -> Self {
        Self { source: Source::Given(Box::new(records)), name: String::new(), count: 0 }
    }

    /// How many records were read, and skipped.
    pub(crate) fn read_so_far(&self) -> usize {
        self.count
    }

    /// The columns of a CSV file: all that its records have are texts.
    pub(crate) fn columns(&self) -> Option<impl Iterator<Item = &str>> {
        match &self.source {
            Source::Csv { columns, .. } => Some(columns.iter()),
            _ => None,
        }
    }

    fn read(&mut self) -> Result<Option<Record>, Failure> {
        match &mut self.source {
            Source::Given(records) => Ok(records.next()),
            Source::Json { values, array } => loop {
                if let Some(value) = array.next() {
                    return self.object(value).map(Some);
                }
                match values.next().transpose().map_err(|error| not_json(&self.name, &error))? {
                    Some(Value::Array(items)) => *array = items.into_iter(),
                    Some(value) => return self.object(value).map(Some),
                    None => return Ok(None),
                }
            },
            Source::Csv { rows, columns } => {
                let mut row = StringRecord::new();
                let more = rows.read_record(&mut row).map_err(|error| not_csv(&self.name, &error))?;
                // An empty cell says nothing about its field; JSON's null empties one.
                let filled = columns.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
                Ok(more.then(|| filled.collect()))
            }
        }
    }

    fn object(&self, value: Value) -> Result<Record, Failure> {
        match value {
            Value::Object(mut fields) => {
                // Whoever writes JSON may take an id for the number that it looks like.
                if let Some(id) = fields.get_mut("id").filter(|id| id.is_u64() || id.is_i64()) {
                    *id = Value::String(id.to_string());
                }
                Ok(fields.into())
            }
            _ => Err(Problem::NotAnObject { name: self.name.clone(), number: self.count + 1 }.into()),
        }
    }
}

impl Iterator for Input {
    type Item = Result<Record, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.read().transpose()?;
        self.count += usize::from(record.is_ok());
        Some(record)
    }
}

/// What was given as itself, as `@FILE`, or as `@-` for standard input; and what it is called. A byte order mark, which
/// Excel writes, is left out.
fn reader(given: &str) -> Result<(String, Reader), Failure> {
    let (name, mut reader): (_, Reader) = match given.strip_prefix('@') {
        Some("-") => ("standard input".to_owned(), Box::new(BufReader::new(io::stdin()))),
        Some(path) => {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            (path.to_owned(), Box::new(BufReader::new(file)))
        }
        None => ("the data".to_owned(), Box::new(Cursor::new(given.to_owned()))),
    };
    let start = reader.fill_buf().map_err(|error| unreadable(&name, &error))?;
    if start.starts_with("\u{feff}".as_bytes()) {
        reader.consume("\u{feff}".len());
    }
    Ok((name, reader))
}

/// All of what was given, as text.
pub(crate) fn text(given: &str) -> Result<String, Failure> {
    let (name, mut reader) = reader(given)?;
    let mut text = String::new();
    reader.read_to_string(&mut text).map_err(|error| unreadable(&name, &error))?;
    Ok(text)
}

/// A JSON body that was given. The error says where, and quotes nothing: there may be a secret in it.
pub(crate) fn json(given: &str) -> Result<Value, Failure> {
    let (name, reader) = reader(given)?;
    serde_json::from_reader(reader).map_err(|error| not_json(&name, &error))
}

fn csv(name: &str, reader: Reader) -> Result<Source, Failure> {
    let mut rows = csv::Reader::from_reader(reader);
    let columns = rows.headers().map_err(|error| not_csv(name, &error))?.clone();
    let is_twice = |column: &&str| columns.iter().filter(|other| other == column).count() > 1;
    if let Some(column) = columns.iter().find(is_twice) {
        return Err(Problem::DuplicateColumn { name: name.to_owned(), column: column.to_owned() }.into());
    }
    Ok(Source::Csv { rows, columns })
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::from(Problem::Unreadable { name: name.to_owned() }).caused_by(error)
}

fn not_json(name: &str, error: &serde_json::Error) -> Failure {
    let name = name.to_owned();
    let problem = match error.io_error_kind() {
        Some(_) => Problem::Unreadable { name },
        None => Problem::NotJson { name },
    };
    Failure::from(problem).caused_by(error)
}

/// The error says in which row, and quotes nothing.
fn not_csv(name: &str, error: &csv::Error) -> Failure {
    let (name, row) = (name.to_owned(), error.position().map(csv::Position::record));
    match error.kind() {
        csv::ErrorKind::Io(error) => unreadable(&name, error),
        csv::ErrorKind::UnequalLengths { expected_len: expected, len: cells, .. } => {
            Problem::UnevenRow { name, row, cells: *cells, expected: *expected }.into()
        }
        csv::ErrorKind::Utf8 { .. } => Problem::NotUtf8 { name, row }.into(),
        _ => Failure::from(Problem::NotCsv { name, row }).caused_by(error),
    }
}
