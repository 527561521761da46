//! `Input`: JSON or CSV records from an argument, a file or standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor};

use csv::StringRecord;
use serde_json::{StreamDeserializer, Value};
use zohocrm::Record;

use crate::args::{Data, InputFormat};
use crate::failure::Failure;
use crate::messages::{Origin, Problem};

/// An iterator over input records. CSV and lines of JSON are streamed; an array is held in memory.
pub(crate) struct Input {
    source: Source,
    origin: Origin,
    /// The number of records read so far.
    count: usize,
}

type Reader = Box<dyn BufRead>;

enum Source {
    Given(Box<dyn Iterator<Item = Record>>),
    Json {
        values: StreamDeserializer<'static, serde_json::de::IoRead<Reader>, Value>,
        /// The rest of the current array.
        array: std::vec::IntoIter<Value>,
    },
    Csv {
        rows: csv::Reader<Reader>,
        columns: StringRecord,
    },
}

impl Input {
    /// Opens the input and skips `--skip` records.
    pub(crate) fn open(data: &Data) -> Result<Self, Failure> {
        let (origin, reader) = reader(data.data.as_deref().unwrap_or("@-"))?;
        let is_csv_file = || match &origin {
            Origin::File(path) => path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv")),
            Origin::Argument | Origin::StandardInput => false,
        };
        let source = match data.input {
            Some(InputFormat::Csv) => csv(&origin, reader)?,
            None if is_csv_file() => csv(&origin, reader)?,
            _ => Source::Json {
                values: serde_json::Deserializer::from_reader(reader).into_iter(),
                array: Vec::new().into_iter(),
            },
        };
        let mut input = Self { source, origin, count: 0 };
        for record in input.by_ref().take(data.skip) {
            record?;
        }
        Ok(input)
    }

    /// Input from records in memory.
    pub(crate) fn of(records: impl Iterator<Item = Record> + 'static) -> Self {
        Self { source: Source::Given(Box::new(records)), origin: Origin::Argument, count: 0 }
    }

    /// The number of records read so far, including skipped ones.
    pub(crate) fn read_so_far(&self) -> usize {
        self.count
    }

    /// The columns of CSV input, whose values are all strings. `None` for JSON.
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
                match values.next().transpose().map_err(|error| not_json(&self.origin, &error))? {
                    Some(Value::Array(items)) => *array = items.into_iter(),
                    Some(value) => return self.object(value).map(Some),
                    None => return Ok(None),
                }
            },
            Source::Csv { rows, columns } => {
                let mut row = StringRecord::new();
                let more = rows.read_record(&mut row).map_err(|error| not_csv(&self.origin, &error))?;
                // An empty cell leaves its field unchanged, whereas null in JSON clears it.
                let filled = columns.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
                Ok(more.then(|| filled.collect()))
            }
        }
    }

    fn object(&self, value: Value) -> Result<Record, Failure> {
        match value {
            Value::Object(mut fields) => {
                // Ids look like numbers, so JSON that was written by hand often has them as numbers.
                if let Some(id) = fields.get_mut("id").filter(|id| id.is_u64() || id.is_i64()) {
                    *id = Value::String(id.to_string());
                }
                Ok(fields.into())
            }
            _ => Err(Problem::NotAnObject { origin: self.origin.clone(), number: self.count + 1 }.into()),
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

/// Opens the value of an argument: `@FILE`, `@-` for standard input, or the data itself. Skips a byte order mark, which
/// Excel writes.
fn reader(given: &str) -> Result<(Origin, Reader), Failure> {
    let (origin, mut reader): (_, Reader) = match given.strip_prefix('@') {
        Some("-") => (Origin::StandardInput, Box::new(BufReader::new(io::stdin()))),
        Some(path) => {
            let origin = Origin::File(path.into());
            let file = File::open(path).map_err(|error| unreadable(&origin, &error))?;
            (origin, Box::new(BufReader::new(file)))
        }
        None => (Origin::Argument, Box::new(Cursor::new(given.to_owned()))),
    };
    let start = reader.fill_buf().map_err(|error| unreadable(&origin, &error))?;
    if start.starts_with("\u{feff}".as_bytes()) {
        reader.consume("\u{feff}".len());
    }
    Ok((origin, reader))
}

/// The whole input as text.
pub(crate) fn text(given: &str) -> Result<String, Failure> {
    let (origin, mut reader) = reader(given)?;
    let mut text = String::new();
    reader.read_to_string(&mut text).map_err(|error| unreadable(&origin, &error))?;
    Ok(text)
}

/// The whole input as JSON. The error gives the position and quotes nothing, because the input can contain secrets.
pub(crate) fn json(given: &str) -> Result<Value, Failure> {
    let (origin, reader) = reader(given)?;
    serde_json::from_reader(reader).map_err(|error| not_json(&origin, &error))
}

fn csv(origin: &Origin, reader: Reader) -> Result<Source, Failure> {
    let mut rows = csv::Reader::from_reader(reader);
    let columns = rows.headers().map_err(|error| not_csv(origin, &error))?.clone();
    let is_twice = |column: &&str| columns.iter().filter(|other| other == column).count() > 1;
    if let Some(column) = columns.iter().find(is_twice) {
        return Err(Problem::DuplicateColumn { origin: origin.clone(), column: column.to_owned() }.into());
    }
    Ok(Source::Csv { rows, columns })
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

/// The error gives the row and quotes nothing.
fn not_csv(origin: &Origin, error: &csv::Error) -> Failure {
    let (origin, row) = (origin.clone(), error.position().map(csv::Position::record));
    match error.kind() {
        csv::ErrorKind::Io(error) => unreadable(&origin, error),
        csv::ErrorKind::UnequalLengths { expected_len: expected, len: cells, .. } => {
            Problem::UnevenRow { origin, row, cells: *cells, expected: *expected }.into()
        }
        csv::ErrorKind::Utf8 { .. } => Problem::NotUtf8 { origin, row }.into(),
        _ => Failure::from(Problem::NotCsv { origin, row }).caused_by(error),
    }
}
