//! `CsvReader`: CSV as people hand it in, from Excel, from Zoho's exports and from scripts.

mod delimiter;
mod rows;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::io::Read;

use crate::error::{CsvError, CsvProblem};

pub use delimiter::Delimiter;
use rows::{Fault, Row, Rows};
pub use text::Encoding;
use text::Text;

/// An iterator over the rows of a CSV file, which are read when they are needed.
///
/// It accepts what spreadsheets write: a semicolon, a tab or `|` between the cells, UTF-16, a byte order mark, Excel's line
/// `sep=;`, blanks around headings, blank rows, and empty columns without a heading. It rejects what could change or lose
/// a value: a quote that is not closed, text after a closing quote, a row with too few cells, a cell without a heading, and two
/// equal headings. After an error, there are no more rows.
///
/// ```
/// use zohocrm::{CsvFormat, CsvReader, Delimiter};
///
/// let csv: &[u8] = b"Last Name ;City;\r\n\"Hopper\";\"New York; NY\";\r\n;;\r\n";
/// let mut rows = CsvReader::new("leads.csv", csv, CsvFormat::default())?;
/// assert_eq!((rows.delimiter(), rows.columns()), (Delimiter::Semicolon, &["Last Name".to_owned(), "City".to_owned()][..]));
/// let row = rows.next().unwrap()?;
/// assert_eq!((row.line, row.cells), (2, vec!["Hopper".to_owned(), "New York; NY".to_owned()]));
/// assert!(rows.next().is_none());
/// # Ok::<(), zohocrm::CsvError>(())
/// ```
pub struct CsvReader {
    file: String,
    rows: Rows,
    /// One for each cell of the header; empty for a column without a heading.
    headings: Vec<String>,
    columns: Vec<String>,
    has_failed: bool,
}

/// What is known about a CSV file. Default: both are detected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsvFormat {
    /// The encoding. If it is `None`, UTF-16 is detected, and any other file is UTF-8.
    pub encoding: Option<Encoding>,
    /// What separates the cells. If it is `None`, it is the most frequent delimiter in the header.
    pub delimiter: Option<Delimiter>,
}

/// A row of a CSV file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CsvRow {
    /// The line in which the row begins, counted from 1.
    pub line: u64,
    /// One cell for each of the [`columns`](CsvReader::columns).
    pub cells: Vec<String>,
}

impl CsvReader {
    /// Reads the header. `file` is the name of the file in error messages.
    ///
    /// # Errors
    /// If the file is not text, its header is invalid, or it cannot be read.
    pub fn new(
        file: impl Into<String>,
        source: impl Read + Send + 'static,
        format: CsvFormat,
    ) -> Result<Self, CsvError> {
        let file = file.into();
        let before_text = |problem| Fault { line: None, column: None, problem };
        let rows = Text::open(Box::new(source), format.encoding)
            .map_err(before_text)
            .and_then(|text| Rows::open(text, format.delimiter))
            .map_err(|fault| fault.in_file(&file, &[]))?;
        let mut reader = Self { file, rows, headings: Vec::new(), columns: Vec::new(), has_failed: false };
        reader.read_header().map_err(|fault| reader.error(fault))?;
        Ok(reader)
    }

    /// The headings of the columns, without blanks around them. Empty for an empty file.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The encoding of the file.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.rows.text().encoding()
    }

    /// What separates the cells.
    #[must_use]
    pub fn delimiter(&self) -> Delimiter {
        self.rows.delimiter()
    }

    /// The error for a cell whose text a program cannot use. `column` is its position in [`columns`](Self::columns).
    #[must_use]
    pub fn invalid_cell(&self, line: u64, column: usize, evidence: impl Into<String>) -> CsvError {
        let mut named = (1..).zip(&self.headings).filter(|(_, heading)| !heading.is_empty());
        let column = named.nth(column).map(|(number, _)| number);
        let problem = CsvProblem::Cell { evidence: evidence.into() };
        self.error(Fault { line: Some(line), column, problem })
    }

    fn read_header(&mut self) -> Result<(), Fault> {
        let Some(header) = self.rows.next()? else { return Ok(()) };
        self.headings = header.cells.iter().map(|cell| heading(cell).to_owned()).collect();
        self.columns = self.headings.iter().filter(|heading| !heading.is_empty()).cloned().collect();
        for (index, heading) in self.headings.iter().enumerate().filter(|(_, heading)| !heading.is_empty()) {
            if let Some(other) = self.headings[..index].iter().position(|other| other == heading) {
                let problem = CsvProblem::DuplicateColumn { other: other + 1 };
                return Err(Fault { line: Some(header.line), column: Some(index + 1), problem });
            }
        }
        Ok(())
    }

    fn read_row(&mut self) -> Result<Option<CsvRow>, Fault> {
        let Some(Row { line, cells: all }) = self.rows.next()? else { return Ok(None) };
        let count = all.len();
        let mut cells = Vec::with_capacity(self.columns.len());
        for (index, cell) in all.into_iter().enumerate() {
            if self.headings.get(index).is_some_and(|heading| !heading.is_empty()) {
                cells.push(cell);
            } else if !cell.trim().is_empty() {
                let column = Some(index + 1);
                return Err(Fault { line: Some(line), column, problem: CsvProblem::NoHeading });
            }
        }
        if cells.len() < self.columns.len() {
            // Excel leaves out empty cells at the end of a row, but only below columns that have no heading.
            let columns =
                self.headings.iter().rposition(|heading| !heading.is_empty()).map_or(0, |last| last + 1);
            let problem = CsvProblem::MissingCells { cells: count, columns };
            return Err(Fault { line: Some(line), column: None, problem });
        }
        Ok(Some(CsvRow { line, cells }))
    }

    fn error(&self, fault: Fault) -> CsvError {
        fault.in_file(&self.file, &self.headings)
    }
}

impl Iterator for CsvReader {
    type Item = Result<CsvRow, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let row = self.read_row().map_err(|fault| self.error(fault));
        self.has_failed = row.is_err();
        row.transpose()
    }
}

impl fmt::Debug for CsvReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvReader")
            .field("file", &self.file)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl Fault {
    fn in_file(self, file: &str, headings: &[String]) -> CsvError {
        let Self { line, column, problem } = self;
        let heading = column.and_then(|column| headings.get(column - 1));
        let heading = heading.filter(|heading| !heading.is_empty()).cloned();
        CsvError { file: file.to_owned(), line, column, heading, problem }
    }
}

/// A heading without the blanks around it, and without the byte order marks of files that were joined.
fn heading(cell: &str) -> &str {
    cell.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}
