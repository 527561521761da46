//! Files for secrets: how they are created, opened and made durable, and whose files are trusted.

#![cfg_attr(
    not(all(feature = "file", feature = "sqlite")),
    allow(dead_code, unused_imports, reason = "no store uses all of it")
)]

#[cfg(unix)]
mod trust;
#[cfg(not(unix))]
mod trust_everyone;
mod untrusted;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

#[cfg(unix)]
pub(crate) use trust::Trust;
#[cfg(not(unix))]
pub(crate) use trust_everyone::Trust;
pub(crate) use untrusted::Untrusted;

/// Creates a new file that only its owner can read, regardless of the umask.
#[cfg(unix)]
pub(crate) fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    // The umask may have removed bits that the owner needs.
    file.set_permissions(PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Creates a new file. Its access rights are inherited from its folder.
#[cfg(not(unix))]
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// Makes a file's new name durable. Windows has no such call.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    if cfg!(unix)
        && let Some(folder) = path.parent()
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
