//! A disk that can be filled.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::testing::skip;

/// A file system in memory with little room, in the place of a folder. It is gone when this is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Puts a disk of so many megabytes under an empty folder, or `None` where that cannot be done: then the test is to
    /// return.
    ///
    /// # Panics
    /// Where it cannot be done, and `ZOHOCRM_REQUIRE_ALL` is set.
    #[must_use]
    pub fn at(folder: &Path, megabytes: u32) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skip("a small file system can only be mounted by root");
            return None;
        }
        let size = format!("size={megabytes}m,mode=700");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "small"]).arg(folder).output();
        match mount {
            Ok(mount) if mount.status.success() => Some(Self { folder: folder.to_owned() }),
            Ok(mount) => {
                skip(&format!("nothing can be mounted here: {}", String::from_utf8_lossy(&mount.stderr)));
                None
            }
            Err(error) => {
                skip(&format!("mount cannot be run: {error}"));
                None
            }
        }
    }

    /// The same under a folder with something in it, which is moved onto the disk.
    ///
    /// # Errors
    /// If it does not fit, or cannot be moved.
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

    /// Leaves no room at all.
    ///
    /// # Panics
    /// If it cannot be written to.
    pub fn fill(&self) {
        let file = File::options().append(true).create(true).open(self.ballast());
        let mut ballast = file.expect("the disk takes files");
        for size in [4_096, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives the room back.
    ///
    /// # Panics
    /// If it was not filled.
    pub fn clear(&self) {
        fs::remove_file(self.ballast()).expect("it was filled");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still uses it keeps it until he ends.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
