//! Describes an error in a CSV file and its position, without quoting content.

use csv::{ErrorKind, StringRecord};

use super::cells::InvalidCell;

/// The evidence, as a predicate whose subject is the file: `has 1 cell instead of 2 in row 2 after the header`.
pub(super) fn evidence(error: &csv::Error) -> String {
    let place = place(error.position());
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let cells = if *len == 1 { "cell" } else { "cells" };
            format!("has {len} {cells} instead of {expected_len}{place}")
        }
        ErrorKind::Utf8 { .. } => format!("is not UTF-8{place}"),
        _ => format!("could not be read{place}"),
    }
}

/// The evidence for a row that is not of the caller's type.
pub(super) fn evidence_of_row(row: &StringRecord, invalid: &InvalidCell) -> String {
    let (place, reason) = (place(row.position()), &invalid.reason);
    match invalid.column {
        Some(column) => format!("has an invalid value{place}, column {}: {reason}", column + 1),
        None => format!("has an invalid value{place}: {reason}"),
    }
}

/// The position in rows, not in lines: a cell can span several lines, and with CRLF the parser names the line before.
fn place(position: Option<&csv::Position>) -> String {
    match position.map(csv::Position::record) {
        None => String::new(),
        Some(0) => " in the header".to_owned(),
        Some(row) => format!(" in row {row} after the header"),
    }
}
