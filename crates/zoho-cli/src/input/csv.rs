//! `CsvInput`: the rows of a CSV file, whose ids are those of the API.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zohocrm::{CsvFormat, CsvReader, CsvRow, Delimiter, Encoding, Error};

use super::unreadable;
use crate::args::CsvOptions;
use crate::failure::Failure;
use crate::messages::{InvalidCell, NextStep, Note, Origin, Problem};
use crate::output::Output;

/// How Zoho's exports begin an id.
const EXPORTED_ID: &str = "zcrm_";

/// The rows of a CSV file. The column of ids is named `id`, whatever its heading is.
pub(crate) struct CsvInput {
    reader: CsvReader,
    columns: Vec<String>,
    id_column: Option<usize>,
}

impl CsvInput {
    pub(crate) fn open_file(output: &Output, path: &Path, options: CsvOptions) -> Result<Self, Failure> {
        let origin = Origin::File(path.to_owned());
        let file = File::open(path).map_err(|error| unreadable(&origin, &error))?;
        Self::open(output, &origin, file, options)
    }

    /// Reads the header. If something was detected that the user could not expect, says so.
    pub(crate) fn open(
        output: &Output,
        origin: &Origin,
        source: impl Read + Send + 'static,
        options: CsvOptions,
    ) -> Result<Self, Failure> {
        let CsvOptions { encoding, delimiter } = options;
        let format = CsvFormat { encoding, delimiter: delimiter.map(Delimiter::from) };
        let reader = CsvReader::new(origin.to_string(), source, format)
            .map_err(|error| Failure::from(Error::from(error)).next_step(NextStep::CorrectInput))?;
        let (encoding, delimiter) = (reader.encoding(), reader.delimiter());
        let is_expected = (format.encoding.is_some() || encoding == Encoding::UTF_8)
            && (format.delimiter.is_some() || delimiter == Delimiter::Comma);
        if !is_expected {
            output.note(&Note::CsvFormat {
                origin: origin.clone(),
                encoding: encoding.name(),
                delimiter: delimiter.character(),
            });
        }
        let mut columns = reader.columns().to_vec();
        let mut ids = columns.iter_mut().enumerate().filter(|(_, heading)| is_id(heading));
        let id_column = ids.next().map(|(index, heading)| {
            "id".clone_into(heading);
            index
        });
        if let Some((_, heading)) = ids.next() {
            return Err(Problem::SecondIdColumn { origin: origin.clone(), column: heading.clone() }.into());
        }
        Ok(Self { reader, columns, id_column })
    }

    /// The failure for a cell that cannot be sent.
    pub(crate) fn invalid_cell(&self, line: u64, column: usize, reason: InvalidCell) -> Error {
        self.reader.invalid_cell(line, column, reason.to_string()).into()
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }
}

impl Iterator for CsvInput {
    type Item = Result<CsvRow, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.reader.next()?.map_err(Error::from).map(|mut row| {
            if let Some(id) = self.id_column.and_then(|index| row.cells.get_mut(index)) {
                *id = api_id(id).to_owned();
            }
            row
        }))
    }
}

/// An id as the API has it: without blanks, and without what Zoho's exports put before it.
pub(crate) fn api_id(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix(EXPORTED_ID).unwrap_or(cell)
}

/// The headings of ids: `id` in the API, `Id` in bulk results, `Record Id` in exports.
fn is_id(heading: &str) -> bool {
    let plain = heading.to_lowercase().replace([' ', '_'], "");
    matches!(plain.as_str(), "id" | "recordid")
}
