//! What is wrong with a CSV file, and where. Nothing is quoted from it.

use csv::ErrorKind;

/// What is wrong, as the end of a sentence that begins with the file: `has 1 cells in place of 2 in row 2 after the
/// heading`.
pub(super) fn evidence(error: &csv::Error) -> String {
    let place = place(error);
    match error.kind() {
        ErrorKind::Deserialize { err, .. } => match err.field() {
            Some(field) => format!("does not fit{place}, column {}: {}", field + 1, err.kind()),
            None => format!("does not fit{place}: {}", err.kind()),
        },
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells in place of {expected_len}{place}")
        }
        ErrorKind::Utf8 { .. } => format!("is not UTF-8{place}"),
        _ => format!("cannot be read{place}"),
    }
}

/// Rows are counted, and not lines: a cell may have several of them, and with CRLF the line before is named.
fn place(error: &csv::Error) -> String {
    match error.position().map(csv::Position::record) {
        None => String::new(),
        Some(0) => " in the heading".to_owned(),
        Some(row) => format!(" in row {row} after the heading"),
    }
}
