//! `Archive`: the result of a job, a ZIP file with one CSV file in it. It stays on disk and is read row by row.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};

use csv::StringRecord;
use zip::ZipArchive;

use super::csv_error;
use crate::error::Error;
use crate::message::RawResponse;
use crate::request::Request;

/// The most bytes of a ZIP file. Longer ones are not a job's result, whatever they are.
const MOST_ZIP_BYTES: u64 = 4 << 30;
/// How many times as long as the ZIP file its CSV file may be: a CSV file of nothing but commas shrinks less.
const MOST_SHRINKING: u64 = 200;
/// How long the CSV file may be, however short the ZIP file is.
const ALWAYS_CSV_BYTES: u64 = 64 << 20;
/// The most bytes of one row, which is in memory as a whole.
const MOST_ROW_BYTES: u64 = 16 << 20;

/// The result of a job, on disk. The file has no name and is gone when it is closed.
#[derive(Debug)]
pub(super) struct Archive {
    zip: File,
    /// The answer that it came with, without its body: for errors.
    origin: RawResponse,
}

impl Archive {
    /// Downloads it, a piece at a time.
    pub(super) async fn download(request: &Request) -> Result<Self, Error> {
        let mut download = request.download().await?;
        let origin =
            RawResponse { status: download.status(), headers: download.headers().clone(), body: Vec::new() };
        let folder = std::env::temp_dir();
        let zip = tempfile::tempfile_in(&folder).map_err(|error| Error::file(&folder, &error))?;
        let mut file = tokio::fs::File::from_std(zip);
        download.write_to(&mut file, &folder, MOST_ZIP_BYTES).await?;
        Ok(Self { zip: file.into_std().await, origin })
    }

    /// Reads its CSV file: gives `take` the names of the columns, and then each row in turn, until it wants no more.
    pub(super) fn read(
        &self,
        mut take: impl FnMut(&StringRecord, &StringRecord) -> bool,
    ) -> Result<(), Error> {
        let mut zip = ZipArchive::new(BufReader::new(&self.zip)).map_err(|error| self.no_zip(&error))?;
        if zip.len() != 1 || zip.has_duplicate_names() {
            let count = zip.len();
            return Err(
                self.unusable(format!("its ZIP file holds {count} files, where one CSV file was expected"))
            );
        }
        let length = self.zip.metadata().map_or(0, |metadata| metadata.len());
        let max_bytes = length.saturating_mul(MOST_SHRINKING).max(ALWAYS_CSV_BYTES);
        let entry = zip.by_index(0).map_err(|error| self.no_zip(&error))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !entry.is_file() || !name.to_ascii_lowercase().ends_with(".csv") {
            return Err(self.unusable(format!("its ZIP file holds {name:?}, where a CSV file was expected")));
        }
        if entry.size() > max_bytes {
            return Err(self.unusable(format!("its ZIP file would become {} bytes of CSV", entry.size())));
        }
        let room_for_row = Cell::new(MOST_ROW_BYTES);
        let guarded = Guarded { inner: entry, room_for_file: max_bytes, room_for_row: &room_for_row };
        let mut rows = csv::ReaderBuilder::new().buffer_capacity(64 << 10).from_reader(guarded);
        let columns = columns(rows.headers().map_err(|error| self.no_csv(&error))?);
        let mut row = StringRecord::new();
        while rows.read_record(&mut row).map_err(|error| self.no_csv(&error))? {
            room_for_row.set(MOST_ROW_BYTES);
            if !take(&columns, &row) {
                break;
            }
        }
        Ok(())
    }

    fn no_zip(&self, error: &zip::result::ZipError) -> Error {
        let kind = self.origin.content_type().unwrap_or("without a content type");
        self.unusable(format!("it ({kind:?}) is not a ZIP file, or broke off ({error})"))
    }

    /// The CSV file cannot be read, or a row of it is not what the caller wants. Nothing is quoted from it.
    pub(super) fn no_csv(&self, error: &csv::Error) -> Error {
        self.unusable(match error.kind() {
            csv::ErrorKind::Io(error) => format!("its ZIP file cannot be read to the end ({error})"),
            _ => format!("its CSV file {}", csv_error::evidence(error)),
        })
    }

    fn unusable(&self, evidence: String) -> Error {
        Error::unusable(&self.origin, evidence)
    }
}

/// The names of the columns. The id is a field like any other in JSON, and `Id` in a job's CSV file.
fn columns(header: &StringRecord) -> StringRecord {
    let has_id = header.iter().any(|name| name == "id");
    header.iter().map(|name| if name == "Id" && !has_id { "id" } else { name }).collect()
}

/// Stops a file that grows out of all proportion, or a row that does not end.
struct Guarded<'a, R> {
    inner: R,
    room_for_file: u64,
    room_for_row: &'a Cell<u64>,
}

impl<R: Read> Read for Guarded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let (room_for_file, room_for_row) =
            (self.room_for_file.checked_sub(count as u64), self.room_for_row.get().checked_sub(count as u64));
        match (room_for_file, room_for_row) {
            (Some(file), Some(row)) => {
                self.room_for_file = file;
                self.room_for_row.set(row);
                Ok(count)
            }
            (None, _) => Err(io::Error::other("it is longer than any CSV file of this size can be")),
            (_, None) => Err(io::Error::other(format!("a row is longer than {MOST_ROW_BYTES} bytes"))),
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

    /// What came in a ZIP file; it is written to disk as it is.
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

    async fn refused(zip: &[u8]) -> String {
        records(zip).await.unwrap_err()
    }

    #[tokio::test]
    async fn rows_become_records_and_the_id_has_one_name() {
        let csv = b"\xef\xbb\xbfId,Last_Name,Email\r\n1,\"a,\"\"b\"\"\nc\",\r\n2,\xc3\x84,x@y\r\n";
        let found = records(&zip(&[("1.csv", csv)])).await.unwrap();
        assert_eq!((found[0].id(), found[0].text("Last_Name")), (Some("1"), Some("a,\"b\"\nc")));
        assert!(found[0].is_null("Email") && found[1].text("Last_Name") == Some("Ä"));
        assert_eq!(records(&zip(&[("1.csv", b"id,Id\n")])).await.unwrap(), []);
        assert_eq!(records(&zip(&[("1.csv", b"")])).await.unwrap(), [], "no records, no header");
    }

    #[tokio::test]
    async fn only_one_csv_file_is_a_result() {
        for (files, evidence) in [
            (&[][..], "holds 0 files"),
            (&[("1.csv", &b"id\n"[..]), ("2.csv", b"id\n")], "holds 2 files"),
            (&[("../../etc/passwd", b"id\n")], "\"../../etc/passwd\""),
            (&[("1.csv/", b"")], "\"1.csv/\""),
            (&[("1.ics", b"BEGIN:VCALENDAR")], "\"1.ics\""),
        ] {
            let error = refused(&zip(files)).await;
            assert!(error.contains(evidence), "{error}");
        }
        // An odd name never becomes a path: the content is only read.
        assert_eq!(records(&zip(&[("../../../tmp/leads.csv", b"id\n1\n")])).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_no_zip_or_is_damaged_is_an_error_and_never_an_end() {
        let csv =
            format!("id,Last_Name\n{}", (0..5_000).map(|n| format!("{n},Lead {n}\n")).collect::<String>());
        let whole = zip(&[("1.csv", csv.as_bytes())]);
        assert_eq!(records(&whole).await.unwrap().len(), 5_000);
        for broken in [&b""[..], b"<html>", &whole[..whole.len() / 2], &whole[..whole.len() - 1]] {
            assert!(refused(broken).await.contains("is not a ZIP file, or broke off"));
        }
        for place in [100, whole.len() / 3, whole.len() / 2] {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            let error = refused(&damaged).await;
            assert!(error.contains("CSV file") || error.contains("ZIP file"), "{error}");
        }
        let error = refused(&zip(&[("1.csv", b"id,Last_Name\n1,A\n2\n")])).await;
        assert!(error.contains("1 cells in place of 2 in row 2 after the heading"), "{error}");
        let error = refused(&zip(&[("1.csv", b"id\r\n1\r\n\xff\r\n")])).await;
        assert!(error.contains("not UTF-8 in row 2 after the heading"), "{error}");
    }

    #[tokio::test]
    async fn a_bomb_is_refused_before_or_while_it_goes_off() {
        let zeros = vec![b'0'; ALWAYS_CSV_BYTES as usize + 1];
        let bomb = zip(&[("1.csv", &zeros)]);
        assert!(bomb.len() < zeros.len() / 500);
        let error = refused(&bomb).await;
        assert!(error.contains("would become 67108865 bytes"), "{error}");

        // It claims to be short: the length stands at 24 bytes from the beginning of its entry in the directory.
        let mut liar = bomb;
        let entry = liar.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        liar[entry + 24..entry + 28].copy_from_slice(&1_000_u32.to_le_bytes());
        let error = refused(&liar).await;
        assert!(error.contains("a row is longer than") || error.contains("cannot be read"), "{error}");
    }

    #[tokio::test]
    async fn a_row_that_does_not_end_is_refused() {
        let mut csv = b"id\n\"".to_vec();
        csv.resize(MOST_ROW_BYTES as usize + 200_000, b'x');
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file("1.csv", stored).unwrap();
        zip.write_all(&csv).unwrap();
        let error = refused(&zip.finish().unwrap().into_inner()).await;
        assert!(error.contains("a row is longer than 16777216 bytes"), "{error}");
    }
}
