//! `Rows`: the rows of a CSV file (RFC 4180), without a word about headings.
//!
//! The `csv` crate accepts a quote that is never closed and text after a closing quote, and it names lines only
//! approximately. For files that people hand in, both have to be errors with the exact line.

use super::delimiter::{self, Delimiter};
use super::text::Text;
use crate::error::CsvProblem;

/// The maximum size of one row, which is held in memory.
const MAX_ROW_BYTES: usize = 16 << 20;

/// The rows of a file.
pub(super) struct Rows {
    text: Text,
    delimiter: Delimiter,
    /// The line of the next character, counted from 1.
    line: u64,
}

/// A row and the line in which it begins.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// What is wrong, and where. The column is counted from 1.
pub(super) struct Fault {
    pub(super) line: Option<u64>,
    pub(super) column: Option<usize>,
    pub(super) problem: CsvProblem,
}

impl Rows {
    /// Begins to read. The delimiter is detected unless it is given.
    pub(super) fn open(text: Text, delimiter: Option<Delimiter>) -> Result<Self, Fault> {
        let mut rows = Self { text, delimiter: Delimiter::Comma, line: 1 };
        while rows.peek(None)?.is_some_and(is_line_break) {
            rows.end_line()?;
        }
        let at_header = |problem| Fault { line: Some(rows.line), column: None, problem };
        let (delimiter, is_named) = delimiter::detect(&mut rows.text, delimiter).map_err(at_header)?;
        rows.delimiter = delimiter;
        if is_named {
            while rows.peek(None)?.is_some_and(|letter| !is_line_break(letter)) {
                rows.text.advance();
            }
            rows.end_line()?;
        }
        Ok(rows)
    }

    pub(super) fn text(&self) -> &Text {
        &self.text
    }

    pub(super) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Reads the next row that is not blank. `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Row>, Fault> {
        while self.peek(None)?.is_some() {
            let row = self.row()?;
            if !row.cells.iter().all(|cell| cell.trim().is_empty()) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    fn row(&mut self) -> Result<Row, Fault> {
        let mut row = Row { line: self.line, cells: Vec::new() };
        let mut remaining_bytes = MAX_ROW_BYTES;
        loop {
            let column = row.cells.len() + 1;
            row.cells.push(match self.peek(Some(column))? {
                Some('"') => self.quoted(column, &mut remaining_bytes)?,
                _ => self.unquoted(column, &mut remaining_bytes)?,
            });
            match self.peek(Some(column))? {
                Some(letter) if letter == self.delimiter.character() => self.text.advance(),
                Some(_) => {
                    self.end_line()?;
                    return Ok(row);
                }
                None => return Ok(row),
            }
        }
    }

    fn unquoted(&mut self, column: usize, remaining_bytes: &mut usize) -> Result<String, Fault> {
        let mut cell = String::new();
        while let Some(letter) = self.peek(Some(column))?.filter(|letter| !self.ends_cell(*letter)) {
            if letter == '"' && cell.trim().is_empty() {
                return Err(self.fault(column, CsvProblem::BlankBeforeQuote));
            }
            self.take(letter, column, &mut cell, remaining_bytes)?;
        }
        Ok(cell)
    }

    fn quoted(&mut self, column: usize, remaining_bytes: &mut usize) -> Result<String, Fault> {
        let begin = self.line;
        let mut cell = String::new();
        self.text.advance();
        while let Some(letter) = self.peek(Some(column))? {
            if letter != '"' {
                self.line += u64::from(letter == '\n');
                self.take(letter, column, &mut cell, remaining_bytes)?;
                continue;
            }
            self.text.advance();
            match self.peek(Some(column))? {
                Some('"') => self.take('"', column, &mut cell, remaining_bytes)?,
                Some(letter) if !self.ends_cell(letter) => {
                    return Err(self.fault(column, CsvProblem::TextAfterQuote { begin }));
                }
                _ => return Ok(cell),
            }
        }
        Err(Fault { line: Some(begin), column: Some(column), problem: CsvProblem::UnclosedQuote })
    }

    /// Moves a character to a cell.
    fn take(
        &mut self,
        letter: char,
        column: usize,
        cell: &mut String,
        remaining_bytes: &mut usize,
    ) -> Result<(), Fault> {
        let remaining = remaining_bytes.checked_sub(letter.len_utf8());
        *remaining_bytes =
            remaining.ok_or_else(|| self.fault(column, CsvProblem::LongRow { max_bytes: MAX_ROW_BYTES }))?;
        cell.push(letter);
        self.text.advance();
        Ok(())
    }

    fn ends_cell(&self, letter: char) -> bool {
        letter == self.delimiter.character() || is_line_break(letter)
    }

    /// Moves behind a line break.
    fn end_line(&mut self) -> Result<(), Fault> {
        let is_return = self.peek(None)? == Some('\r');
        self.text.advance();
        if is_return && self.peek(None)? == Some('\n') {
            self.text.advance();
        }
        self.line += 1;
        Ok(())
    }

    fn peek(&mut self, column: Option<usize>) -> Result<Option<char>, Fault> {
        let line = Some(self.line);
        self.text.peek().map_err(|problem| Fault { line, column, problem })
    }

    fn fault(&self, column: usize, problem: CsvProblem) -> Fault {
        Fault { line: Some(self.line), column: Some(column), problem }
    }
}

fn is_line_break(letter: char) -> bool {
    matches!(letter, '\r' | '\n')
}
