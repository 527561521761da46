//! `CsvError`: what is wrong with a CSV file, and where.

use std::fmt;
use std::io;

/// What is wrong with a CSV file, and where. It quotes headings, but no other cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct CsvError {
    /// The name of the file, as it was passed to [`CsvReader::new`](crate::CsvReader::new).
    pub file: String,
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The number of the column, counted from 1.
    pub column: Option<usize>,
    /// The heading of the column.
    pub heading: Option<String>,
    /// What is wrong there.
    pub problem: CsvProblem,
}

/// What is wrong with a CSV file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvProblem {
    /// The file cannot be read.
    #[error("{evidence}")]
    #[non_exhaustive]
    Unreadable {
        /// What failed.
        kind: io::ErrorKind,
        /// The message of the operating system.
        evidence: String,
    },

    /// The file is not text.
    #[error("it is a workbook or another binary file; save it as CSV in UTF-8")]
    Binary,

    /// The text is not in the encoding of the file.
    #[error("the text is not {encoding}; save the file in UTF-8, or name its encoding")]
    #[non_exhaustive]
    Encoding {
        /// The name of the encoding.
        encoding: &'static str,
    },

    /// Two delimiters are equally frequent in the header.
    #[error(
        "the header has as many `{}` as `{}`; name the delimiter",
        first.escape_default(), second.escape_default()
    )]
    #[non_exhaustive]
    AmbiguousDelimiter {
        /// One of the delimiters.
        first: char,
        /// The other one.
        second: char,
    },

    /// Two columns have the same heading.
    #[error("column {other} has the same heading; rename or delete one of them")]
    #[non_exhaustive]
    DuplicateColumn {
        /// The number of the first of the columns, counted from 1.
        other: usize,
    },

    /// A quoted cell has no closing quote.
    #[error("the cell that begins here has no closing quote")]
    UnclosedQuote,

    /// A closing quote is not followed by a delimiter or the end of the line.
    #[error(
        "text follows the closing quote of the cell that begins in line {begin}; write a quote inside a quoted cell twice"
    )]
    #[non_exhaustive]
    TextAfterQuote {
        /// The line in which the cell begins.
        begin: u64,
    },

    /// The opening quote is not at the beginning of the cell.
    #[error("blanks precede the opening quote; delete them")]
    BlankBeforeQuote,

    /// A row has too few cells.
    #[error("the row has {} instead of {columns}", counted(*cells))]
    #[non_exhaustive]
    MissingCells {
        /// The number of cells in the row.
        cells: usize,
        /// The number of columns.
        columns: usize,
    },

    /// A cell is in a column without a heading.
    #[error("the cell has no heading; add one, or put a cell that contains the delimiter in quotes")]
    NoHeading,

    /// A program cannot use the text of a cell: see [`CsvReader::invalid_cell`](crate::CsvReader::invalid_cell).
    #[error("{evidence}")]
    #[non_exhaustive]
    Cell {
        /// What is wrong with it.
        evidence: String,
    },

    /// A row is longer than what is held in memory.
    #[error("the row has more than {max_bytes} bytes; a closing quote may be missing")]
    #[non_exhaustive]
    LongRow {
        /// The maximum size in bytes.
        max_bytes: usize,
    },
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            CsvProblem::Unreadable { .. } => write!(f, "could not read {}: ", self.file)?,
            CsvProblem::Cell { .. } => write!(f, "could not use {}: ", self.file)?,
            _ => write!(f, "{} is not valid CSV: ", self.file)?,
        }
        let line = self.line.map(|line| format!("line {line}"));
        let column = self.column.map(|column| match &self.heading {
            Some(heading) => format!("column {column} (`{}`)", heading.escape_debug()),
            None => format!("column {column}"),
        });
        let place: Vec<String> = line.into_iter().chain(column).collect();
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        self.problem.fmt(f)
    }
}

fn counted(cells: usize) -> String {
    if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") }
}
