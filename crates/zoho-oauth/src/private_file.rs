//! Files that hold secrets: how they are made, and made durable. The stores and the spool share this.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file that only its owner can read, whatever the umask. It must not be there yet.
#[cfg(unix)]
pub(crate) fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    // A umask can only take away from the mode; this account needs both bits.
    file.set_permissions(PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Makes a file. Elsewhere than on Unix the folder decides who can read it.
#[cfg(not(unix))]
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// Makes the new name of a file durable. Windows has no such call and needs none.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    if cfg!(unix)
        && let Some(folder) = path.parent()
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
