//! `Package`: the rows of one job, as a CSV file in a ZIP file on disk.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::{NamedTempFile, TempPath};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::dates::Dates;
use super::table::Table;
use crate::error::Error;

/// A ZIP file to upload, which is deleted on drop.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) zip: TempPath,
    pub(super) contents: Contents,
}

/// A description of the rows in a package.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) rows: usize,
    /// For each column, whether it contains ids of lookups.
    pub(super) ids: Vec<bool>,
    /// For each column, the kind of its dates.
    pub(super) dates: Vec<Dates>,
}

/// The maximum size of one job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) rows: usize,
    pub(super) bytes: u64,
}

impl Package {
    /// Creates the empty file.
    pub(super) fn new_file() -> Result<NamedTempFile, Error> {
        NamedTempFile::new_in(std::env::temp_dir()).map_err(|error| cannot_write(&error))
    }
}

impl Contents {
    /// Writes the next rows of a table. `None` if there are none.
    pub(super) fn fill(file: File, table: &mut Table, limits: Limits) -> Result<Option<Self>, Error> {
        let Some(first) = table.rows.next().transpose()? else {
            return Ok(None);
        };
        let columns = table.columns.len();
        let mut contents =
            Self { rows: 0, ids: vec![false; columns], dates: vec![Dates::default(); columns] };

        let written = Arc::new(AtomicU64::new(0));
        let target = Counted { file, written: Arc::clone(&written) };
        let mut zip = ZipWriter::new(target);
        zip.start_file("rows.csv", SimpleFileOptions::default())
            .map_err(|error| cannot_write(&error.into()))?;
        let mut csv = csv::Writer::from_writer(zip);
        csv.write_record(&table.columns).map_err(|error| cannot_write(&error.into()))?;
        let mut next = Some(first);
        while let Some(row) = next {
            csv.write_record(&row.cells).map_err(|error| cannot_write(&error.into()))?;
            for index in row.ids {
                contents.ids[index] = true;
            }
            if table.writes_dates {
                for (dates, cell) in contents.dates.iter_mut().zip(&row.cells) {
                    *dates = dates.with(cell);
                }
            }
            contents.rows += 1;
            let full = contents.rows >= limits.rows || written.load(Ordering::Relaxed) >= limits.bytes;
            next = if full { None } else { table.rows.next().transpose()? };
        }
        let zip = csv.into_inner().map_err(|error| cannot_write(&error.into_error()))?;
        zip.finish().map_err(|error| cannot_write(&error.into()))?;
        Ok(Some(contents))
    }
}

fn cannot_write(error: &io::Error) -> Error {
    Error::file(&std::env::temp_dir(), error)
}

/// A file that counts the bytes written to it.
struct Counted {
    file: File,
    written: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Counted {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::table::CsvSource;

    fn sizes(csv: Vec<u8>, limits: Limits) -> Vec<usize> {
        let mut table = Table::of_csv(CsvSource::Bytes(csv)).unwrap();
        let next = || {
            let file = tempfile::tempfile().unwrap();
            Contents::fill(file, &mut table, limits).unwrap().map(|contents| contents.rows)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn rows_are_split_when_a_job_is_full() {
        let csv = format!("Last_Name\n{}", "Hopper\n".repeat(7)).into_bytes();
        assert_eq!(sizes(csv.clone(), Limits { rows: 3, bytes: u64::MAX }), [3, 3, 1]);
        assert_eq!(sizes(csv.clone(), Limits { rows: 7, bytes: u64::MAX }), [7]);
        assert_eq!(sizes(csv, Limits { rows: 9, bytes: u64::MAX }), [7]);
        assert_eq!(sizes(b"Last_Name\n".to_vec(), Limits { rows: 9, bytes: u64::MAX }), [0; 0]);
    }

    #[test]
    fn the_size_in_bytes_is_limited_too() {
        // Texts that do not compress well: about 130 KB of rows.
        let mut seed = 1_u64;
        let mut noise = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{seed:016x}\n")
        };
        let csv = format!("Last_Name\n{}", (0..40_000).map(|_| noise()).collect::<String>());
        let sizes = sizes(csv.into_bytes(), Limits { rows: usize::MAX, bytes: 100_000 });
        assert!(sizes.len() > 2 && sizes.iter().sum::<usize>() == 40_000, "{sizes:?}");
    }
}
