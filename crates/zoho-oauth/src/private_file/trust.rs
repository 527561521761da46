//! Whose files are trusted.
//!
//! In a folder that other accounts can write, such as `/tmp`, a file beside the store may be theirs: a write-ahead log
//! or a spooled token with their content, an empty token file that is to receive ours, a named pipe that blocks. So each
//! file is opened without following a link and without waiting. Its kind, owner and mode are then read from the open
//! file, which nobody can exchange.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, fchown};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::untrusted::{Reason, Untrusted};

const ROOT: u32 = 0;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// The accounts whose files are trusted beside a store: this one, root, and the owner of the store. If the group of the
/// store may write it, also files of that group. The default is a store without a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trust {
    store: Option<Owner>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owner {
    user: u32,
    group: u32,
    group_writes: bool,
}

impl Trust {
    /// Checks the file of a store at `path` by its name, and returns whose files are trusted beside it. For files that
    /// SQLite opens: opening one here and closing it would release SQLite's locks on it.
    ///
    /// A store is trusted if its owner is this account, root, or the owner of its folder, who could replace it at any
    /// time. Its group may write it, because that is how accounts share a store; everyone else may not. A missing store
    /// is no error.
    pub(crate) fn of_store(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Self::of_metadata(path, &metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Opens the file of a store for reading, and checks it as [`of_store`](Self::of_store) does.
    pub(crate) fn open_store(path: &Path) -> io::Result<File> {
        let file = open(path)?;
        Self::of_metadata(path, &file.metadata()?)?;
        Ok(file)
    }

    fn of_metadata(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        if metadata.is_dir() {
            // A mistake rather than a trap: the user has passed the path of a folder.
            return Err(Errno::ISDIR.into());
        }
        check_is_file(path, metadata)?;
        let (user, mode) = (metadata.uid(), metadata.mode());
        let owns_folder = || folder_of(path).metadata().is_ok_and(|folder| folder.uid() == user);
        if !Self::default().includes(user) && !owns_folder() {
            return Err(stranger(path, metadata));
        }
        if mode & OTHERS_WRITE != 0 {
            return Err(open_to_others(path, metadata));
        }
        let group_writes = mode & GROUP_WRITES != 0;
        Ok(Self { store: Some(Owner { user, group: metadata.gid(), group_writes }) })
    }

    /// Opens a file beside the store for reading.
    pub(crate) fn open(self, path: &Path) -> io::Result<File> {
        let file = open(path)?;
        self.judge(path, &file.metadata()?)?;
        Ok(file)
    }

    /// Checks a file beside the store by its name, if it exists. For files that SQLite opens.
    pub(crate) fn check(self, path: &Path) -> io::Result<()> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => self.judge(path, &metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Checks a folder for files of the store. Others may add files to it only if they cannot rename ours, and each
    /// file in it has to be opened with [`open`](Self::open).
    pub(crate) fn check_folder(self, path: &Path) -> io::Result<()> {
        let link = fs::symlink_metadata(path)?;
        let folder = if link.is_symlink() { fs::metadata(path)? } else { link.clone() };
        if !folder.is_dir() {
            return Err(wrong_kind(path, &folder, "a folder"));
        }
        if !self.includes(link.uid()) || !self.includes(folder.uid()) {
            return Err(stranger(path, &folder));
        }
        match folder.mode() & (OTHERS_WRITE | STICKY) {
            OTHERS_WRITE => Err(open_to_others(path, &folder)),
            _ => Ok(()),
        }
    }

    /// Gives a new file beside the store the owner of the store, who differs from this account if root uses the
    /// store. An account that may not do that remains the owner.
    pub(crate) fn hand_over(self, file: &File) {
        if let (Some(owner), Ok(metadata)) = (self.store, file.metadata())
            && (metadata.uid(), metadata.gid()) != (owner.user, owner.group)
        {
            let _ = fchown(file, Some(owner.user), Some(owner.group));
        }
    }

    fn judge(self, path: &Path, metadata: &Metadata) -> io::Result<()> {
        check_is_file(path, metadata)?;
        let is_of_group = self.store.is_some_and(|owner| owner.group_writes && owner.group == metadata.gid());
        if !self.includes(metadata.uid()) && !is_of_group {
            return Err(stranger(path, metadata));
        }
        let forbidden = if is_of_group { OTHERS_WRITE } else { OTHERS_WRITE | GROUP_WRITES };
        if metadata.mode() & forbidden != 0 {
            return Err(open_to_others(path, metadata));
        }
        Ok(())
    }

    fn includes(self, user: u32) -> bool {
        user == geteuid().as_raw() || user == ROOT || self.store.is_some_and(|owner| owner.user == user)
    }
}

/// Opens a file for reading. A named pipe does not wait for its other end.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => Ok(file.into()),
        // A link, a socket: the error of the system does not say which file that is.
        Err(Errno::LOOP | Errno::NXIO) => Err(wrong_kind(path, &fs::symlink_metadata(path)?, "a file")),
        Err(error) => Err(error.into()),
    }
}

fn check_is_file(path: &Path, metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() { Ok(()) } else { Err(wrong_kind(path, metadata, "a file")) }
}

fn wrong_kind(path: &Path, metadata: &Metadata, expected: &'static str) -> io::Error {
    let kind = metadata.file_type();
    let found = match kind {
        _ if kind.is_dir() => "a folder",
        _ if kind.is_symlink() => "a symbolic link",
        _ if kind.is_fifo() => "a named pipe",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_file() => "a file",
        _ => "a device",
    };
    Untrusted { path: path.to_owned(), reason: Reason::Kind { found, expected } }.into()
}

fn stranger(path: &Path, metadata: &Metadata) -> io::Error {
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let reason = Reason::Owner { owner, mode, account: geteuid().as_raw() };
    Untrusted { path: path.to_owned(), reason }.into()
}

fn open_to_others(path: &Path, metadata: &Metadata) -> io::Error {
    let reason = Reason::Mode { owner: metadata.uid(), mode: metadata.mode() & 0o7777 };
    Untrusted { path: path.to_owned(), reason }.into()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use rustix::fs::{CWD, mkfifoat};

    use super::*;

    /// An account that is neither this one nor root.
    const STRANGER: u32 = 61_234;

    fn file(folder: &tempfile::TempDir, name: &str, mode: u32) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, "content").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn why<T: std::fmt::Debug>(result: io::Result<T>) -> String {
        let error = result.expect_err("it is not trusted");
        let untrusted = Untrusted::of(&error).unwrap_or_else(|| panic!("another error: {error}"));
        format!("{untrusted}; {}", untrusted.next_step())
    }

    #[test]
    fn whatever_is_not_a_file_is_named_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        mkfifoat(CWD, path("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        fs::create_dir(path("folder")).unwrap();
        symlink(file(&folder, "file", 0o600), path("link")).unwrap();
        for (name, found) in [
            ("pipe", "a named pipe"),
            ("socket", "a socket"),
            ("folder", "a folder"),
            ("link", "a symbolic link"),
        ] {
            let path = path(name);
            let trust = Trust::default();
            for told in [why(trust.open(&path)), why(trust.check(&path))] {
                assert!(told.contains(&format!("/{name}` is {found} and not a file; ")), "{told}");
            }
            match Trust::open_store(&path) {
                Err(error) if name == "folder" => assert_eq!(error.kind(), io::ErrorKind::IsADirectory),
                opened => assert!(why(opened).contains(found)),
            }
        }
        assert!(why(Trust::default().check_folder(&path("file"))).contains("is a file and not a folder"));
    }

    #[test]
    fn what_others_can_write_is_not_trusted_and_the_group_may_only_share_a_store() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o600, 0o640, 0o644, 0o660, 0o664] {
            Trust::open_store(&file(&folder, "store", mode)).unwrap();
        }
        for mode in [0o602, 0o666] {
            let told = why(Trust::open_store(&file(&folder, "store", mode)));
            assert!(told.contains(&format!("mode {mode:04o}")) && told.contains("chmod go-w"), "{told}");
        }
        let alone = Trust::of_store(&file(&folder, "store", 0o644)).unwrap();
        let shared = Trust::of_store(&file(&folder, "store", 0o664)).unwrap();
        let wal = file(&folder, "store-wal", 0o664);
        assert!(why(alone.open(&wal)).contains("mode 0664"));
        shared.open(&wal).unwrap();
        assert!(why(shared.open(&file(&folder, "store-wal", 0o666))).contains("mode 0666"));
    }

    #[test]
    fn others_may_add_files_to_a_folder_only_if_it_is_sticky() {
        let folder = tempfile::tempdir().unwrap();
        let with_mode = |mode| {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            Trust::default().check_folder(folder.path())
        };
        with_mode(0o700).unwrap();
        with_mode(0o775).unwrap();
        with_mode(0o1777).unwrap();
        assert!(why(with_mode(0o777)).contains("mode 0777"));
    }

    #[test]
    fn a_missing_file_is_no_stranger() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        assert_eq!(Trust::of_store(&missing).unwrap(), Trust::default());
        Trust::default().check(&missing).unwrap();
        let errors = [Trust::default().open(&missing).err(), Trust::default().check_folder(&missing).err()];
        assert!(errors.into_iter().flatten().all(|error| error.kind() == io::ErrorKind::NotFound));
    }

    #[test]
    fn a_strangers_file_is_trusted_only_beside_a_store_in_the_strangers_folder() {
        if !geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (store, beside) = (file(&folder, "store", 0o600), file(&folder, "store.lock", 0o600));
        chown(&beside, Some(STRANGER), None).unwrap();
        let told = why(Trust::of_store(&store).unwrap().open(&beside));
        assert!(told.contains(&format!("belongs to user {STRANGER} (mode 0600)")), "{told}");
        chown(&store, Some(STRANGER), None).unwrap();
        assert!(why(Trust::open_store(&store)).contains("store` belongs to user"));
        assert!(why(Trust::of_store(&store)).contains("store` belongs to user"));

        chown(folder.path(), Some(STRANGER), None).unwrap();
        let trust = Trust::of_store(&store).unwrap();
        trust.open(&beside).unwrap();
        trust.check_folder(folder.path()).unwrap();
        assert!(why(Trust::default().check_folder(folder.path())).contains("belongs to user"));
        let new = super::super::create(&folder.path().join("new")).unwrap();
        trust.hand_over(&new);
        assert_eq!(new.metadata().unwrap().uid(), STRANGER, "the store's owner has to be able to use it");
    }
}
