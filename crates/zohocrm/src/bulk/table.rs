//! `Table`: an iterator of rows to write in bulk, from records or from a CSV file.

use std::fs::File;
use std::io::Cursor;
use std::path::PathBuf;

use csv::StringRecord;
use serde::Serialize;

use crate::csv_reader::{CsvFormat, CsvReader};
use crate::error::{Error, Invalid};
use crate::value::{Map, Value};

/// Rows and the names of their columns. Rows are read when they are needed.
pub(super) struct Table {
    pub(super) columns: StringRecord,
    pub(super) rows: Rows,
    /// Whether this crate wrote the dates, so that their format is known.
    pub(super) writes_dates: bool,
}

pub(super) type Rows = Box<dyn Iterator<Item = Result<Row, Error>> + Send>;

/// The cells of a row, and the positions of those that are ids of lookups.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) cells: StringRecord,
    pub(super) ids: Vec<usize>,
}

impl Table {
    /// A table of records. Default for the columns: the fields of the first record.
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

    /// Skips rows at the beginning. An invalid row among them is still an error.
    pub(super) fn skip(&mut self, rows: usize) -> Result<(), Error> {
        self.rows.by_ref().take(rows).try_for_each(|row| row.map(drop))
    }

    /// A table of the rows of a CSV file.
    pub(super) fn of_csv(source: CsvSource) -> Result<Self, Error> {
        let reader = match source {
            CsvSource::Path(path) => {
                let file = File::open(&path).map_err(|error| Error::file(&path, &error))?;
                CsvReader::new(format!("`{}`", path.display()), file, CsvFormat::default())
            }
            CsvSource::Bytes(bytes) => {
                CsvReader::new("the CSV text", Cursor::new(bytes), CsvFormat::default())
            }
        }?;
        let columns = reader.columns().to_vec();
        Ok(Self::of_rows(columns, reader.map(|row| Ok(row?.cells))))
    }

    /// A table of rows of texts.
    pub(super) fn of_rows<R>(columns: Vec<String>, rows: R) -> Self
    where
        R: Iterator<Item = Result<Vec<String>, Error>> + Send + 'static,
    {
        let count = columns.len();
        let rows = rows.map(move |cells| match cells? {
            cells if cells.len() != count => {
                Err(Invalid::RowSize { texts: cells.len(), columns: count }.into())
            }
            cells => Ok(Row { cells: cells.into(), ids: Vec::new() }),
        });
        Self { columns: columns.into(), rows: Box::new(rows), writes_dates: false }
    }
}

/// The meaning of a record without a field for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The cell is empty.
    Empty,
    /// An error, because an empty cell would clear the field.
    Rejected,
}

/// The source of CSV text.
pub(super) enum CsvSource {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

fn fields_of(record: &impl Serialize) -> Result<Map, Error> {
    match Value::from_serialize(record) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Invalid::RecordWithoutFields.into()),
        Err(error) => Err(Invalid::Record { evidence: error.to_string() }.into()),
    }
}

/// Converts a record to a row of these columns. A field without a column is an error, because it would be lost.
fn row(columns: &[String], missing: Missing, mut record: Map) -> Result<Row, Error> {
    let mut row = Row::default();
    for (index, column) in columns.iter().enumerate() {
        let value = match (record.remove(column), missing) {
            (Some(value), _) => value,
            (None, Missing::Empty) => Value::Null,
            (None, Missing::Rejected) => {
                return Err(Invalid::MissingField(column.clone()).into());
            }
        };
        if value.is_object() {
            row.ids.push(index);
        }
        let cell = cell(&value).ok_or_else(|| Invalid::NoCsv(column.clone()))?;
        row.cells.push_field(&cell);
    }
    match record.keys().next() {
        Some(name) => Err(Invalid::ExtraField(name.clone()).into()),
        None => Ok(row),
    }
}

/// Converts a value to the text of a cell. `None` for a subform and other values without a form in CSV.
fn cell(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        // A multi-select field, whose values Zoho splits at semicolons.
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
    fn a_missing_field_is_rejected_if_it_would_be_cleared() {
        let records = [Record::new().with("A", 1).with_null("B"), Record::new().with("A", 2)];
        let rows = |missing| {
            let table = Table::of_records(None, missing, records.clone().into_iter()).unwrap();
            table.rows.collect::<Vec<_>>()
        };
        assert!(rows(Missing::Empty).iter().all(Result::is_ok));
        let rejected = rows(Missing::Rejected);
        assert!(rejected[0].is_ok());
        let error = rejected[1].as_ref().unwrap_err().to_string();
        assert!(error.contains("lacks the field `B`"), "{error}");
    }

    #[test]
    fn rows_are_skipped_and_the_columns_are_kept() {
        let records = (1..=3).map(|number| Record::new().with("Size", number));
        let mut table = Table::of_records(None, Missing::Empty, records).unwrap();
        table.skip(2).unwrap();
        let rows: Vec<_> = table.rows.map(|row| row.unwrap().cells).collect();
        assert_eq!((table.columns, rows), (vec!["Size"].into(), vec![vec!["3"].into()]));
        let mut table = Table::of_csv(CsvSource::Bytes(b"a,b\n1\n1,2\n".to_vec())).unwrap();
        assert!(table.skip(1).is_err(), "skipped rows are still read");
    }

    #[test]
    fn a_field_without_a_column_or_a_form_in_csv_is_rejected() {
        let (_, rejected) =
            rows(vec![Record::new().with("Last_Name", "One"), Record::new().with("First_Name", "Two")]);
        assert!(rejected[0].is_ok() && rejected[1].as_ref().unwrap_err().contains("`First_Name`"));
        for odd in [json!([{ "Row": 1 }]), json!(["a;b"]), json!({ "name": "no id" })] {
            let (_, rejected) = rows(vec![Record::new().with("Odd", odd)]);
            assert!(rejected[0].as_ref().unwrap_err().contains("`Odd`"));
        }
    }

    #[test]
    fn an_invalid_csv_file_is_an_error_with_its_position() {
        for line_break in ["\n", "\r\n"] {
            let text = "a,b\n1,2\n3\n".replace('\n', line_break);
            let table = Table::of_csv(CsvSource::Bytes(text.into())).unwrap();
            let rows: Vec<_> = table.rows.collect();
            assert_eq!(rows[0].as_ref().unwrap().cells, vec!["1", "2"]);
            let error = rows[1].as_ref().unwrap_err().to_string();
            assert_eq!(error, "the CSV text is not valid CSV: line 3: the row has 1 cell instead of 2");
        }
    }
}
