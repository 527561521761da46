//! `Table`: rows to be written in bulk, one by one, from records or from a CSV file.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use csv::StringRecord;
use serde::Serialize;
use serde_json::{Map, Value};

use super::csv_error;
use crate::error::Error;

/// Rows and what their columns are called. Nothing is read before a row is wanted.
pub(super) struct Table {
    pub(super) columns: StringRecord,
    pub(super) rows: Rows,
    /// Whether dates are as this crate writes them, and not as somebody else does.
    pub(super) writes_dates: bool,
}

pub(super) type Rows = Box<dyn Iterator<Item = Result<Row, Error>> + Send>;

/// A row: its cells, and which of them are the ids of lookups.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) cells: StringRecord,
    pub(super) ids: Vec<usize>,
}

impl Table {
    /// What records hold. The first one says which columns there are, if nothing else does.
    pub(super) fn of_records<I>(
        fields: Option<Vec<String>>,
        missing: Missing,
        records: I,
    ) -> Result<Self, Error>
    where
        I: Iterator<Item: Serialize> + Send + 'static,
    {
        let mut records = records.map(|record| fields_of(&record)).peekable();
        let columns: Vec<String> = match (fields, records.peek()) {
            (Some(fields), _) => fields,
            (None, Some(Ok(first))) => first.keys().cloned().collect(),
            (None, Some(Err(error))) => return Err(error.clone()),
            (None, None) => Vec::new(),
        };
        let names = columns.clone();
        let rows = records.map(move |record| row(&names, missing, record?));
        Ok(Self { columns: columns.into(), rows: Box::new(rows), writes_dates: true })
    }

    /// Leaves out rows at the beginning. What is wrong with one of them is an error all the same.
    pub(super) fn skip(&mut self, rows: usize) -> Result<(), Error> {
        self.rows.by_ref().take(rows).try_for_each(|row| row.map(drop))
    }

    /// The rows of a CSV file.
    pub(super) fn of_csv(source: CsvSource) -> Result<Self, Error> {
        let (name, source): (_, Box<dyn Read + Send>) = match source {
            CsvSource::Path(path) => {
                let file = File::open(&path).map_err(|error| Error::file(&path, &error))?;
                (path, Box::new(file))
            }
            CsvSource::Bytes(bytes) => ("the CSV text".into(), Box::new(Cursor::new(bytes))),
        };
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(64 << 10).from_reader(source);
        let columns = reader.headers().map_err(|error| unreadable(&name, &error))?.clone();
        let rows = reader.into_records().map(move |row| match row {
            Ok(cells) => Ok(Row { cells, ids: Vec::new() }),
            Err(error) => Err(unreadable(&name, &error)),
        });
        Ok(Self { columns, rows: Box::new(rows), writes_dates: false })
    }
}

/// What it means that a record has nothing at all for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// Its cell is empty.
    Empty,
    /// That it was forgotten: an empty cell would empty the field.
    Refused,
}

/// Where CSV text is.
pub(super) enum CsvSource {
    Path(std::path::PathBuf),
    Bytes(Vec<u8>),
}

fn unreadable(path: &Path, error: &csv::Error) -> Error {
    let evidence = match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => format!("it {}", csv_error::evidence(error)),
    };
    Error::File { path: path.to_owned(), evidence }
}

fn fields_of(record: &impl Serialize) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Error::Request("a record is an object with fields".to_owned())),
        Err(error) => Err(Error::Request(format!("a record cannot be written as JSON ({error})"))),
    }
}

/// A record as a row of these columns. What has no column is an error: it would be lost.
fn row(columns: &[String], missing: Missing, mut record: Map<String, Value>) -> Result<Row, Error> {
    let mut row = Row::default();
    for (index, column) in columns.iter().enumerate() {
        let value = match (record.swap_remove(column), missing) {
            (Some(value), _) => value,
            (None, Missing::Empty) => Value::Null,
            (None, Missing::Refused) => {
                return Err(Error::Request(format!(
                    "a record lacks the field {column:?}, which Zoho would empty; give it as null, or call \
                     `ignore_empty`"
                )));
            }
        };
        if value.is_object() {
            row.ids.push(index);
        }
        let cell = cell(&value).ok_or_else(|| {
            Error::Request(format!("the field {column:?} has no form in CSV; write it with Records::create"))
        })?;
        row.cells.push_field(&cell);
    }
    match record.keys().next() {
        Some(name) => Err(Error::Request(format!(
            "a record has the field {name:?}, which those before it have not; name all fields with `fields`"
        ))),
        None => Ok(row),
    }
}

/// A value as the text of a cell; `None` for a subform and other things that a cell has no room for.
fn cell(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        // A multi-select field: Zoho takes its values apart at semicolons.
        Value::Array(values) => {
            let texts: Option<Vec<&str>> =
                values.iter().map(|value| value.as_str().filter(|text| !text.contains(';'))).collect();
            Some(texts?.join(";"))
        }
        // A lookup or an owner.
        Value::Object(fields) => fields.get("id")?.as_str().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::Record;

    fn rows(records: Vec<Record>) -> (Vec<String>, Vec<Result<Vec<String>, String>>) {
        let table = Table::of_records(None, Missing::Empty, records.into_iter()).unwrap();
        let texts = |row: Row| row.cells.iter().map(str::to_owned).collect();
        let rows = table.rows.map(|row| row.map(texts).map_err(|error| error.to_string())).collect();
        (table.columns.iter().map(str::to_owned).collect(), rows)
    }

    #[test]
    fn a_record_becomes_a_row_of_texts() {
        let first = Record::new().with("Last_Name", "O'Neil, \"Ann\"").with("Size", 3).with("Hot", true);
        let first = first.with("Tags", json!(["a", "b"])).with("Owner", json!({ "id": "17", "name": "Ada" }));
        let second = Record::new().with("Hot", false).with("Last_Name", "Hopper").with_null("Tags");
        let (columns, rows) = rows(vec![first, second]);
        assert_eq!(columns, ["Last_Name", "Size", "Hot", "Tags", "Owner"]);
        assert_eq!(rows[0].as_ref().unwrap(), &["O'Neil, \"Ann\"", "3", "true", "a;b", "17"]);
        assert_eq!(rows[1].as_ref().unwrap(), &["Hopper", "", "false", "", ""]);
    }

    #[test]
    fn what_is_missing_is_refused_where_it_would_empty_a_field() {
        let records = [Record::new().with("A", 1).with_null("B"), Record::new().with("A", 2)];
        let rows = |missing| {
            let table = Table::of_records(None, missing, records.clone().into_iter()).unwrap();
            table.rows.collect::<Vec<_>>()
        };
        assert!(rows(Missing::Empty).iter().all(Result::is_ok));
        let refused = rows(Missing::Refused);
        assert!(refused[0].is_ok());
        let error = refused[1].as_ref().unwrap_err().to_string();
        assert!(error.contains("lacks the field \"B\""), "{error}");
    }

    #[test]
    fn rows_are_skipped_and_the_columns_stay() {
        let records = (1..=3).map(|number| Record::new().with("Size", number));
        let mut table = Table::of_records(None, Missing::Empty, records).unwrap();
        table.skip(2).unwrap();
        let rows: Vec<_> = table.rows.map(|row| row.unwrap().cells).collect();
        assert_eq!((table.columns, rows), (vec!["Size"].into(), vec![vec!["3"].into()]));
        let mut table = Table::of_csv(CsvSource::Bytes(b"a,b\n1\n1,2\n".to_vec())).unwrap();
        assert!(table.skip(1).is_err(), "a row that is skipped is read");
    }

    #[test]
    fn what_has_no_column_or_no_form_in_csv_is_refused_and_not_dropped() {
        let (_, refused) =
            rows(vec![Record::new().with("Last_Name", "One"), Record::new().with("First_Name", "Two")]);
        assert!(refused[0].is_ok() && refused[1].as_ref().unwrap_err().contains("\"First_Name\""));
        for odd in [json!([{ "Row": 1 }]), json!(["a;b"]), json!({ "name": "no id" })] {
            let (_, refused) = rows(vec![Record::new().with("Odd", odd)]);
            assert!(refused[0].as_ref().unwrap_err().contains("\"Odd\""));
        }
    }

    #[test]
    fn a_csv_file_that_is_not_one_says_where() {
        for line_break in ["\n", "\r\n"] {
            let text = "a,b\n1,2\n3\n".replace('\n', line_break);
            let table = Table::of_csv(CsvSource::Bytes(text.into())).unwrap();
            let rows: Vec<_> = table.rows.collect();
            assert_eq!(rows[0].as_ref().unwrap().cells, vec!["1", "2"]);
            let error = rows[1].as_ref().unwrap_err().to_string();
            assert!(error.contains("it has 1 cells in place of 2 in row 2 after the heading"), "{error}");
        }
    }
}
