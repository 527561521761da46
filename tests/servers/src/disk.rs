//! A disk that a test can fill.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::testing::skip;

/// A small file system in memory, mounted over a folder. It is unmounted when this is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts a disk of this size over an empty folder. `None`: it cannot be mounted here, the test is skipped and has to
    /// return.
    ///
    /// # Panics
    /// As [`skip`](crate::skip) does, if it cannot be mounted.
    #[must_use]
    pub fn at(folder: &Path, megabytes: u32) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skip("only root can mount a small file system");
            return None;
        }
        let size = format!("size={megabytes}m,mode=700");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "small"]).arg(folder).output();
        match mount {
            Ok(mount) if mount.status.success() => Some(Self { folder: folder.to_owned() }),
            Ok(mount) => {
                skip(&format!("a file system cannot be mounted: {}", String::from_utf8_lossy(&mount.stderr)));
                None
            }
            Err(error) => {
                skip(&format!("`mount` cannot be started: {error}"));
                None
            }
        }
    }

    /// Like [`at`](Self::at), for a folder with files, which are moved onto the disk.
    ///
    /// # Errors
    /// If they do not fit or cannot be moved.
    ///
    /// # Panics
    /// As [`at`](Self::at) does.
    pub(crate) fn under(folder: &Path, megabytes: u32) -> io::Result<Option<Self>> {
        let aside = folder.with_extension("aside");
        let owner = fs::metadata(folder)?;
        fs::rename(folder, &aside)?;
        fs::create_dir(folder)?;
        let disk = Self::at(folder, megabytes);
        fs::set_permissions(folder, Permissions::from_mode(owner.mode()))?;
        chown(folder, Some(owner.uid()), Some(owner.gid()))?;
        let copied = Command::new("cp").arg("-a").arg(aside.join(".")).arg(folder).output()?;
        if !copied.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&copied.stderr).into_owned()));
        }
        fs::remove_dir_all(aside)?;
        Ok(disk)
    }

    /// Fills the disk.
    ///
    /// # Panics
    /// If the disk cannot be written to.
    pub fn fill(&self) {
        let file = File::options().append(true).create(true).open(self.ballast());
        let mut ballast = file.expect("the disk takes files");
        for size in [4_096, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Frees the space again.
    ///
    /// # Panics
    /// If the disk was not filled.
    pub fn clear(&self) {
        fs::remove_file(self.ballast()).expect("it was filled");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A process that still uses it keeps it until it ends.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
