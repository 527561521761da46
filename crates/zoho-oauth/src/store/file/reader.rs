//! Reads a token file record by record, whatever program wrote it. A record that can be read in one way only is read, and
//! one that cannot be read hides no other. Does no I/O.

use std::borrow::Cow;

use crate::store::stored::StoredToken;

use super::columns::{Columns, Values, are_plausible};
use super::csv::{Damage, Quotes, Split};
use super::encoding::decode;

/// A part of a token file.
#[derive(Debug)]
pub(super) enum Part<'t> {
    /// The names of the columns.
    Header(Record<'t>),
    Row(Record<'t>),
    /// A line that belongs to no record.
    Torn(Torn<'t>),
}

/// A header or a row.
#[derive(Debug)]
pub(super) struct Record<'t> {
    /// The line on which it begins. The first line is 1.
    pub(super) line: usize,
    /// Its text, with its line end if it has one.
    pub(super) text: &'t [u8],
    pub(super) columns: Columns,
    /// Whether a CSV library would read it differently, because a value has a comma or a quote and is not in quotes.
    pub(super) lacks_quotes: bool,
    values: [Option<Cow<'t, str>>; 10],
}

/// A line that cannot be read.
#[derive(Debug)]
pub(super) struct Torn<'t> {
    pub(super) text: &'t [u8],
    pub(super) damage: Damage,
}

impl<'t> Record<'t> {
    /// Returns the row at the beginning of a text in a file with these columns.
    pub(super) fn first_of(text: &'t [u8], columns: Columns) -> Option<Self> {
        let reader = Reader { rest: text, line: 1, header: Some(columns), is_at_start: false };
        reader.row(Split::of(text, Quotes::Enclose)).ok()
    }

    pub(super) fn values(&self) -> [Option<&str>; 10] {
        self.values.each_ref().map(Option::as_deref)
    }

    pub(super) fn is_utf8(&self) -> bool {
        std::str::from_utf8(self.text).is_ok()
    }

    /// Whether it ends with a line end. A last record without one is either complete or truncated.
    pub(super) fn is_terminated(&self) -> bool {
        self.text.ends_with(b"\n")
    }
}

impl From<Record<'_>> for StoredToken {
    fn from(record: Record<'_>) -> Self {
        Self::from_values(record.values.map(|value| value.map(Cow::into_owned)))
    }
}

/// Reads the parts of a file and skips blank lines.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    rest: &'t [u8],
    line: usize,
    header: Option<Columns>,
    is_at_start: bool,
}

impl<'t> Reader<'t> {
    pub(super) fn of(content: &'t [u8]) -> Self {
        let rest = &content[byte_order_mark(content).len()..];
        Self { rest, line: 1, header: None, is_at_start: true }
    }

    fn part(&self) -> Part<'t> {
        let split = Split::of(self.rest, Quotes::Enclose);
        if let Some(columns) = Columns::of_header(&split.fields, self.is_at_start) {
            return Part::Header(self.record(columns, split.text));
        }
        self.row(split).map_or_else(
            |what| Part::Torn(Torn { text: first_line(self.rest), damage: Damage::at(self.line, what) }),
            Part::Row,
        )
    }

    /// Reads the row at the beginning of the rest, which `enclosed` has split off.
    fn row(&self, enclosed: Split<'t>) -> Result<Record<'t>, String> {
        if let Some(columns) = self.columns_of(&enclosed)
            && !self.hides_rows(columns, &enclosed)
        {
            let values = columns.assign(enclosed.fields);
            return self.checked(columns, enclosed.has_stray_quote, enclosed.text, values);
        }
        let literal = Split::of(self.rest, Quotes::AreCharacters);
        if let Some(columns) = self.columns_of(&literal) {
            return self.checked(columns, true, literal.text, columns.assign(literal.fields));
        }
        let columns = self.header.unwrap_or(Columns::Ten);
        for split in [&enclosed, &literal] {
            if let Some(values) = columns.join(&split.fields) {
                return self.checked(columns, true, split.text, values);
            }
        }
        if enclosed.has_stray_quote {
            return Err("an unclosed quote".to_owned());
        }
        Err(format!("expected {} columns, found {}", columns.count(), enclosed.fields.len()))
    }

    /// Whether quotes that are characters make several rows look like one: each line is a row, and together they have a value
    /// that none of its column has.
    fn hides_rows(&self, columns: Columns, enclosed: &Split<'_>) -> bool {
        let mut lines = enclosed.text.split_inclusive(|byte| *byte == b'\n');
        let has_one_line = lines.clone().nth(1).is_none();
        !has_one_line
            && !are_plausible(&columns.assign(enclosed.fields.clone()))
            && lines.all(|line| {
                let literal = Split::of(line, Quotes::AreCharacters);
                let columns = Columns::of(literal.fields.len(), self.header);
                columns.is_some_and(|columns| are_plausible(&columns.assign(literal.fields)))
            })
    }

    fn columns_of(&self, split: &Split<'t>) -> Option<Columns> {
        let columns = Columns::of(split.fields.len(), self.header)?;
        // Nine columns and a comma in a name are ten fields too.
        let may_be_shifted = columns == Columns::Ten && self.header == Some(Columns::Nine);
        let is_shifted = may_be_shifted
            && !are_plausible(&columns.assign(split.fields.clone()))
            && Columns::Nine.join(&split.fields).is_some();
        (!is_shifted).then_some(columns)
    }

    /// Returns the row with these values, unless it is truncated or its encoding is unknown.
    fn checked(
        &self,
        columns: Columns,
        lacks_quotes: bool,
        text: &'t [u8],
        values: Values<'t>,
    ) -> Result<Record<'t>, String> {
        let is_last = !text.ends_with(b"\n");
        let is_short = columns == Columns::Nine && self.header == Some(Columns::Ten);
        if is_last && (is_short || lacks_quotes && !are_plausible(&values)) {
            return Err("the last row is truncated".to_owned());
        }
        let mut record = Record { lacks_quotes, ..self.record(columns, text) };
        for (decoded, value) in record.values.iter_mut().zip(values) {
            *decoded = value.map(decode).transpose()?;
        }
        Ok(record)
    }

    fn record(&self, columns: Columns, text: &'t [u8]) -> Record<'t> {
        Record { line: self.line, text, columns, lacks_quotes: false, values: Default::default() }
    }

    /// Whether the next line has no values. Node leaves commas alone where it adds a tenth column to a blank line.
    fn is_at_blank_line(&self) -> bool {
        self.rest.iter().find(|byte| !matches!(byte, b',' | b'\r')).is_none_or(|byte| *byte == b'\n')
    }
}

impl<'t> Iterator for Reader<'t> {
    type Item = Part<'t>;

    fn next(&mut self) -> Option<Part<'t>> {
        while !self.rest.is_empty() {
            let part = (!self.is_at_blank_line()).then(|| self.part());
            let text = match &part {
                Some(Part::Header(record) | Part::Row(record)) => record.text,
                Some(Part::Torn(torn)) => torn.text,
                None => first_line(self.rest),
            };
            self.rest = &self.rest[text.len()..];
            self.line += text.iter().filter(|byte| **byte == b'\n').count();
            if let Some(part) = part {
                if let Part::Header(header) = &part {
                    self.header.get_or_insert(header.columns);
                }
                self.is_at_start = false;
                return Some(part);
            }
        }
        None
    }
}

/// Returns the byte order mark of a file in UTF-8, or nothing.
pub(super) fn byte_order_mark(content: &[u8]) -> &[u8] {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if content.starts_with(MARK) { &content[..MARK.len()] } else { &[] }
}

fn first_line(text: &[u8]) -> &[u8] {
    let length = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |position| position + 1);
    &text[..length]
}
