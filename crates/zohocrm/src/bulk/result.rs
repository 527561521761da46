//! `BulkWriteRow`: what became of one row of a bulk write.

use csv::StringRecord;

use super::rows::record;
use crate::record::Record;
use crate::value::open_enum::open_enum;

open_enum! {
    /// What became of a row.
    pub enum RowStatus {
        /// A record was made of it.
        Added = "ADDED",
        /// A record was changed.
        Updated = "UPDATED",
        /// It was refused: its errors say why.
        Skipped = "SKIPPED",
        /// Zoho did not come to it.
        Unprocessed = "UNPROCESSED",
    }
}

/// What became of one row of a bulk write; from [`BulkWrite::rows`](super::BulkWrite::rows).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BulkWriteRow {
    /// What became of it.
    pub status: RowStatus,
    /// The id of the record that was made or changed.
    pub record_id: Option<String>,
    /// Why it was refused.
    pub errors: Vec<BulkWriteError>,
    /// Its first three columns, to know it by.
    pub columns: Record,
}

/// Why a row was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkWriteError {
    /// Zoho's code, such as `MANDATORY_NOT_FOUND`, `INVALID_DATA` or `DUPLICATE_DATA`.
    pub code: String,
    /// The columns that it is about.
    pub columns: Vec<String>,
}

impl BulkWriteRow {
    pub(super) fn read(columns: &StringRecord, row: &StringRecord) -> Result<Self, csv::Error> {
        let mut columns = record(columns, row)?;
        let mut take = |name: &str| columns.remove(name).and_then(|cell| cell.as_str().map(str::to_owned));
        let status = take("STATUS").unwrap_or_default().as_str().into();
        let record_id = take("RECORD_ID");
        let errors = take("ERRORS").map(|text| errors(&text)).unwrap_or_default();
        Ok(Self { status, record_id, errors, columns })
    }
}

/// The errors in a cell: `MANDATORY_NOT_FOUND-Company,Last_Name:DUPLICATE_DATA-Email`
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
    fn a_cell_may_hold_several_errors_about_several_columns() {
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
    fn a_row_knows_itself_by_its_own_columns() {
        let columns = StringRecord::from(vec!["Last_Name", "STATUS", "RECORD_ID", "ERRORS"]);
        let row =
            BulkWriteRow::read(&columns, &StringRecord::from(vec!["Hopper", "ADDED", "17", ""])).unwrap();
        assert_eq!((row.status, row.record_id.as_deref()), (RowStatus::Added, Some("17")));
        assert!(row.errors.is_empty() && row.columns.fields().len() == 1);
        assert_eq!(row.columns.text("Last_Name"), Some("Hopper"));
    }
}
