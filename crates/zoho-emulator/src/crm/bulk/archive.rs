//! ZIP files that contain a CSV file.

use std::io::{Cursor, Read as _, Write as _};

use bytes::Bytes;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Creates a ZIP with one file, whose content `write` produces.
pub(super) fn pack<E: std::error::Error + Send + Sync + 'static>(
    name: &str,
    write: impl FnOnce(&mut dyn std::io::Write) -> Result<(), E>,
) -> ZipResult<Bytes> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1));
    archive.start_file(name, options)?;
    let mut buffered = std::io::BufWriter::with_capacity(1 << 16, &mut archive);
    write(&mut buffered).map_err(std::io::Error::other)?;
    buffered.flush()?;
    drop(buffered);
    Ok(Bytes::from(archive.finish()?.into_inner()))
}

/// The name and content of the only file in a ZIP. `None`: it is not a ZIP, or does not contain exactly one file.
pub(super) fn unpack(zip: &[u8]) -> Option<(String, Vec<u8>)> {
    /// The maximum unpacked size. A small ZIP can contain a very large file.
    const MAX_SIZE: u64 = 512 << 20;
    let mut archive = ZipArchive::new(Cursor::new(zip)).ok()?;
    if archive.len() != 1 {
        return None;
    }
    let file = archive.by_index(0).ok()?;
    let name = file.name().ok()?.into_owned();
    let mut content = Vec::new();
    file.take(MAX_SIZE).read_to_end(&mut content).ok()?;
    Some((name, content))
}

/// Whether these bytes are a ZIP file.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    ZipArchive::new(Cursor::new(bytes)).is_ok()
}
