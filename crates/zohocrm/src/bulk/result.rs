//! `BulkWriteRow`: the result of one row of a bulk write.

use csv::StringRecord;

use super::cells::InvalidCell;
use super::rows::record;
use crate::record::Record;
use crate::value::open_enum::open_enum;

open_enum! {
    /// The outcome of a row.
    pub enum RowStatus {
        /// Zoho created a record.
        Added = "ADDED",
        /// Zoho updated a record.
        Updated = "UPDATED",
        /// Zoho rejected the row. Its errors name the reasons.
        Skipped = "SKIPPED",
        /// Zoho did not process the row.
        Unprocessed = "UNPROCESSED",
    }
}

/// The result of one row of a bulk write. An item of the stream of [`BulkWrite::rows`](super::BulkWrite::rows).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BulkWriteRow {
    /// The outcome of the row.
    pub status: RowStatus,
    /// The id of the created or updated record.
    pub record_id: Option<String>,
    /// The reasons why Zoho rejected the row.
    pub errors: Vec<BulkWriteError>,
    /// The first three columns of the row, to identify it.
    pub columns: Record,
}

/// A reason why Zoho rejected a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkWriteError {
    /// Zoho's code, such as `MANDATORY_NOT_FOUND`, `INVALID_DATA` or `DUPLICATE_DATA`.
    pub code: String,
    /// The columns that caused the error.
    pub columns: Vec<String>,
}

impl BulkWriteRow {
    pub(super) fn read(columns: &StringRecord, row: &StringRecord) -> Result<Self, InvalidCell> {
        let mut columns = record(columns, row)?;
        let mut take = |name: &str| columns.remove(name).and_then(|cell| cell.as_str().map(str::to_owned));
        let status = take("STATUS").unwrap_or_default().as_str().into();
        let record_id = take("RECORD_ID");
        let errors = take("ERRORS").map(|text| errors(&text)).unwrap_or_default();
        Ok(Self { status, record_id, errors, columns })
    }
}

/// Parses the errors in a cell: `MANDATORY_NOT_FOUND-Company,Last_Name:DUPLICATE_DATA-Email`
/// (zoho.com/crm/developer/docs/api/v8/bulk-write/download-result.html).
fn errors(text: &str) -> Vec<BulkWriteError> {
    let error = |part: &str| {
        let (code, columns) = part.split_once('-').unwrap_or((part, ""));
        let columns = columns.split(',').filter(|column| !column.is_empty()).map(str::to_owned).collect();
        BulkWriteError { code: code.trim().to_owned(), columns }
    };
    text.split(':').filter(|part| !part.trim().is_empty()).map(error).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_can_contain_several_errors_about_several_columns() {
        let expected =
            [("MANDATORY_NOT_FOUND", vec!["Company", "Last_Name"]), ("DUPLICATE_DATA", vec!["Email"])];
        let found = errors("MANDATORY_NOT_FOUND-Company,Last_Name:DUPLICATE_DATA-Email");
        let found: Vec<_> = found
            .iter()
            .map(|error| (error.code.as_str(), error.columns.iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(errors("BLOCKED_RECORD")[0].columns, [""; 0]);
        assert!(errors("").is_empty());
    }

    #[test]
    fn a_row_keeps_its_columns_without_those_that_zoho_adds() {
        let columns = StringRecord::from(vec!["Last_Name", "STATUS", "RECORD_ID", "ERRORS"]);
        let row =
            BulkWriteRow::read(&columns, &StringRecord::from(vec!["Hopper", "ADDED", "17", ""])).unwrap();
        assert_eq!((row.status, row.record_id.as_deref()), (RowStatus::Added, Some("17")));
        assert!(row.errors.is_empty() && row.columns.fields().len() == 1);
        assert_eq!(row.columns.text("Last_Name"), Some("Hopper"));
    }
}
