//! `Archive`: the result of a job, a ZIP file with one CSV file. It stays on disk and is read row by row.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};

use csv::StringRecord;
use zip::ZipArchive;

use super::cells::InvalidCell;
use super::csv_error;
use crate::error::{Error, ResponseProblem};
use crate::message::RawResponse;
use crate::request::Request;

/// The maximum size of a ZIP file. The result of a job is always smaller.
const MAX_ZIP_BYTES: u64 = 4 << 30;
/// The maximum ratio of the size of the CSV file to that of the ZIP file. A CSV file of commas only has a lower one.
const MAX_RATIO: u64 = 200;
/// The size of a CSV file that is always accepted, however small the ZIP file is.
const MIN_CSV_LIMIT: u64 = 64 << 20;
/// The maximum size of one row, which is held in memory.
const MAX_ROW_BYTES: u64 = 16 << 20;

/// The result of a job, in an unnamed file on disk that is deleted when it is closed.
#[derive(Debug)]
pub(super) struct Archive {
    zip: File,
    /// The response of the download without its body, for errors.
    origin: RawResponse,
}

impl Archive {
    /// Downloads the file in chunks.
    pub(super) async fn download(request: &Request) -> Result<Self, Error> {
        let mut download = request.download().await?;
        let origin =
            RawResponse { status: download.status(), headers: download.headers().clone(), body: Vec::new() };
        let folder = std::env::temp_dir();
        let zip = tempfile::tempfile_in(&folder).map_err(|error| Error::file(&folder, &error))?;
        let mut file = tokio::fs::File::from_std(zip);
        download.write_to(&mut file, &folder, MAX_ZIP_BYTES).await?;
        Ok(Self { zip: file.into_std().await, origin })
    }

    /// Reads the CSV file. Calls `take` with the names of the columns and each row, until it returns false.
    pub(super) fn read(
        &self,
        mut take: impl FnMut(&StringRecord, &StringRecord) -> bool,
    ) -> Result<(), Error> {
        let mut zip = ZipArchive::new(BufReader::new(&self.zip)).map_err(|error| self.invalid_zip(&error))?;
        if zip.len() != 1 || zip.has_duplicate_names() {
            let count = zip.len();
            return Err(self.unusable(format!("its ZIP file contains {count} files instead of one CSV file")));
        }
        let length = self.zip.metadata().map_or(0, |metadata| metadata.len());
        let max_bytes = length.saturating_mul(MAX_RATIO).max(MIN_CSV_LIMIT);
        let entry = zip.by_index(0).map_err(|error| self.invalid_zip(&error))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !entry.is_file() || !name.to_ascii_lowercase().ends_with(".csv") {
            return Err(self.unusable(format!("its ZIP file contains {name:?} instead of a CSV file")));
        }
        if entry.size() > max_bytes {
            return Err(self.unusable(format!("its ZIP file would expand to {} bytes of CSV", entry.size())));
        }
        let remaining_in_row = Cell::new(MAX_ROW_BYTES);
        let guarded =
            Guarded { inner: entry, remaining_in_file: max_bytes, remaining_in_row: &remaining_in_row };
        let mut rows = csv::ReaderBuilder::new().buffer_capacity(64 << 10).from_reader(guarded);
        let columns = columns(rows.headers().map_err(|error| self.invalid_csv(&error))?);
        let mut row = StringRecord::new();
        while rows.read_record(&mut row).map_err(|error| self.invalid_csv(&error))? {
            remaining_in_row.set(MAX_ROW_BYTES);
            if !take(&columns, &row) {
                break;
            }
        }
        Ok(())
    }

    fn invalid_zip(&self, error: &zip::result::ZipError) -> Error {
        let kind = self.origin.content_type().unwrap_or("without a content type");
        self.unusable(format!("it ({kind:?}) is not a ZIP file or is incomplete ({error})"))
    }

    /// The error of a row that is not of the caller's type. It quotes no content.
    pub(super) fn invalid_row(&self, row: &StringRecord, invalid: &InvalidCell) -> Error {
        self.unusable(format!("its CSV file {}", csv_error::evidence_of_row(row, invalid)))
    }

    /// The error of a CSV file that cannot be read. It quotes no content.
    fn invalid_csv(&self, error: &csv::Error) -> Error {
        self.unusable(match error.kind() {
            csv::ErrorKind::Io(error) => format!("its ZIP file could not be read to the end ({error})"),
            _ => format!("its CSV file {}", csv_error::evidence(error)),
        })
    }

    fn unusable(&self, evidence: String) -> Error {
        Error::unusable(&self.origin, ResponseProblem::DamagedFile, evidence)
    }
}

/// The names of the columns. The id is named `id` in JSON and `Id` in the CSV file of a job.
fn columns(header: &StringRecord) -> StringRecord {
    let has_id = header.iter().any(|name| name == "id");
    header.iter().map(|name| if name == "Id" && !has_id { "id" } else { name }).collect()
}

/// Limits the size of the CSV file and of each row.
struct Guarded<'a, R> {
    inner: R,
    remaining_in_file: u64,
    remaining_in_row: &'a Cell<u64>,
}

impl<R: Read> Read for Guarded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let (remaining_in_file, remaining_in_row) = (
            self.remaining_in_file.checked_sub(count as u64),
            self.remaining_in_row.get().checked_sub(count as u64),
        );
        match (remaining_in_file, remaining_in_row) {
            (Some(file), Some(row)) => {
                self.remaining_in_file = file;
                self.remaining_in_row.set(row);
                Ok(count)
            }
            (None, _) => Err(io::Error::other("it is larger than a ZIP file of this size can contain")),
            (_, None) => Err(io::Error::other(format!("a row is longer than {MAX_ROW_BYTES} bytes"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::super::rows;
    use super::*;
    use crate::message::Headers;
    use crate::record::Record;

    /// An archive with the given content.
    fn archive(zip: &[u8]) -> Archive {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(zip).unwrap();
        file.rewind().unwrap();
        Archive {
            zip: file,
            origin: RawResponse { status: 200, headers: Headers::default(), body: Vec::new() },
        }
    }

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    async fn records(zip: &[u8]) -> Result<Vec<Record>, String> {
        let rows = rows::stream(archive(zip), rows::record).unwrap();
        rows.collect_up_to(usize::MAX).await.map_err(|error| error.to_string())
    }

    async fn rejected(zip: &[u8]) -> String {
        records(zip).await.unwrap_err()
    }

    #[tokio::test]
    async fn rows_become_records_with_a_lower_case_id() {
        let csv = b"\xef\xbb\xbfId,Last_Name,Email\r\n1,\"a,\"\"b\"\"\nc\",\r\n2,\xc3\x84,x@y\r\n";
        let found = records(&zip(&[("1.csv", csv)])).await.unwrap();
        assert_eq!((found[0].id(), found[0].text("Last_Name")), (Some("1"), Some("a,\"b\"\nc")));
        assert!(found[0].is_null("Email") && found[1].text("Last_Name") == Some("Ä"));
        assert_eq!(records(&zip(&[("1.csv", b"id,Id\n")])).await.unwrap(), []);
        assert_eq!(records(&zip(&[("1.csv", b"")])).await.unwrap(), [], "no records, no header");
    }

    #[tokio::test]
    async fn a_result_is_exactly_one_csv_file() {
        for (files, evidence) in [
            (&[][..], "contains 0 files"),
            (&[("1.csv", &b"id\n"[..]), ("2.csv", b"id\n")], "contains 2 files"),
            (&[("../../etc/passwd", b"id\n")], "\"../../etc/passwd\""),
            (&[("1.csv/", b"")], "\"1.csv/\""),
            (&[("1.ics", b"BEGIN:VCALENDAR")], "\"1.ics\""),
        ] {
            let error = rejected(&zip(files)).await;
            assert!(error.contains(evidence), "{error}");
        }
        // The name of an entry is never used as a path.
        assert_eq!(records(&zip(&[("../../../tmp/leads.csv", b"id\n1\n")])).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_invalid_or_damaged_zip_file_is_an_error_and_never_an_early_end() {
        let csv =
            format!("id,Last_Name\n{}", (0..5_000).map(|n| format!("{n},Lead {n}\n")).collect::<String>());
        let whole = zip(&[("1.csv", csv.as_bytes())]);
        assert_eq!(records(&whole).await.unwrap().len(), 5_000);
        for broken in [&b""[..], b"<html>", &whole[..whole.len() / 2], &whole[..whole.len() - 1]] {
            assert!(rejected(broken).await.contains("is not a ZIP file or is incomplete"));
        }
        for place in [100, whole.len() / 3, whole.len() / 2] {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            let error = rejected(&damaged).await;
            assert!(error.contains("CSV file") || error.contains("ZIP file"), "{error}");
        }
        let error = rejected(&zip(&[("1.csv", b"id,Last_Name\n1,A\n2\n")])).await;
        assert!(error.contains("1 cell instead of 2 in row 2 after the header"), "{error}");
        let error = rejected(&zip(&[("1.csv", b"id\r\n1\r\n\xff\r\n")])).await;
        assert!(error.contains("not UTF-8 in row 2 after the header"), "{error}");
    }

    #[tokio::test]
    async fn a_zip_bomb_is_rejected_before_or_while_it_is_read() {
        let zeros = vec![b'0'; MIN_CSV_LIMIT as usize + 1];
        let bomb = zip(&[("1.csv", &zeros)]);
        assert!(bomb.len() < zeros.len() / 500);
        let error = rejected(&bomb).await;
        assert!(error.contains("would expand to 67108865 bytes"), "{error}");

        // This entry claims to be small. Its uncompressed size is at offset 24 of its directory entry.
        let mut liar = bomb;
        let entry = liar.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        liar[entry + 24..entry + 28].copy_from_slice(&1_000_u32.to_le_bytes());
        let error = rejected(&liar).await;
        assert!(error.contains("a row is longer than") || error.contains("could not be read"), "{error}");
    }

    #[tokio::test]
    async fn a_row_without_an_end_is_rejected() {
        let mut csv = b"id\n\"".to_vec();
        csv.resize(MAX_ROW_BYTES as usize + 200_000, b'x');
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file("1.csv", stored).unwrap();
        zip.write_all(&csv).unwrap();
        let error = rejected(&zip.finish().unwrap().into_inner()).await;
        assert!(error.contains("a row is longer than 16777216 bytes"), "{error}");
    }
}
