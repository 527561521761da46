//! A lock between the processes of this machine, on a file that has no other use.
//!
//! A process that is stopped while it holds the lock must not stop all others. So a waiter that has seen the same holder
//! for [`HOLD_LIMIT`] overtakes it: it puts a new lock file in the place of the old one and holds that. The old holder
//! finds out with [`LockFile::is_current`].

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use crate::private_file::{self, Trust};
use crate::store::unfinished;

/// How long a process may hold the lock without a sign of life before another one overtakes it: as long as the lease of a
/// renewal.
pub(super) const HOLD_LIMIT: Duration = Duration::from_secs(5);

/// How old the last sign of life may be when a process takes the lock. A new one each time would make every commit slower:
/// it changes another file that the disk has to write.
const SIGN_INTERVAL: Duration = Duration::from_secs(1);

/// How often a waiter checks for a sign of life of the holder.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A held lock. It is released on drop, and when the process ends for any reason.
#[derive(Debug)]
pub(super) struct LockFile {
    file: File,
    path: PathBuf,
    tag: String,
}

/// How waiting for the lock ended.
enum Waited {
    /// The lock on this file is held.
    Locked(File),
    /// Another waiter has put a new file in its place.
    Replaced,
    /// The holder has given no sign of life.
    Stuck,
    TimedOut,
}

impl LockFile {
    /// Takes the lock at `path`, waiting for up to `timeout`. Returns `None` after that.
    pub(super) fn take(path: &Path, trust: Trust, timeout: Duration) -> io::Result<Option<Self>> {
        let started = Instant::now();
        loop {
            if let Some(lock) = Self::take_if_free(path, trust)? {
                return Ok(Some(lock));
            }
            let left = timeout.saturating_sub(started.elapsed());
            match wait(open(path, trust)?, path, left)? {
                Waited::Locked(file) => {
                    if let Some(lock) = Self::confirmed(file, path)? {
                        return Ok(Some(lock));
                    }
                }
                Waited::Stuck => {
                    if let Some(lock) = Self::overtake(path, trust)? {
                        return Ok(Some(lock));
                    }
                }
                Waited::Replaced => {}
                Waited::TimedOut => return Ok(None),
            }
        }
    }

    /// Takes the lock, unless it is held.
    pub(super) fn take_if_free(path: &Path, trust: Trust) -> io::Result<Option<Self>> {
        loop {
            let file = open(path, trust)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if let Some(lock) = Self::confirmed(file, path)? {
                return Ok(Some(lock));
            }
        }
    }

    /// Whether no other process has overtaken this one.
    #[cfg_attr(not(feature = "file"), allow(dead_code, reason = "SQLite has locks of its own"))]
    pub(super) fn is_current(&self) -> io::Result<bool> {
        is_at(&self.file, &self.path)
    }

    /// A text that a holder has never shared with one that it has overtaken. Empty if none was ever overtaken.
    #[cfg_attr(not(feature = "file"), allow(dead_code, reason = "SQLite has locks of its own"))]
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    /// Gives a sign of life. A holder that works for seconds has to.
    pub(super) fn touch(&self) {
        // If this fails, another process overtakes this one while it works, which costs time and harms nothing.
        let _ = self.file.set_modified(SystemTime::now());
    }

    /// The lock on `file`, unless another file is in its place by now.
    fn confirmed(file: File, path: &Path) -> io::Result<Option<Self>> {
        if !is_at(&file, path)? {
            return Ok(None);
        }
        let mut tag = Vec::new();
        (&file).take(64).read_to_end(&mut tag)?;
        let tag = String::from_utf8(tag).ok().filter(|tag| unfinished::is_tag(tag));
        let lock = Self { file, path: path.to_owned(), tag: tag.unwrap_or_default() };
        let sign = lock.file.metadata()?.modified()?;
        if sign.elapsed().is_ok_and(|age| age < SIGN_INTERVAL) {
            return Ok(Some(lock));
        }
        lock.touch();
        Ok(Some(lock))
    }

    /// Puts a new, locked file in the place of the old one. Several waiters may do so at the same time; the last one
    /// has the lock. Returns `None` if the new file was removed before.
    fn overtake(path: &Path, trust: Trust) -> io::Result<Option<Self>> {
        let tag = unfinished::new_tag();
        let new = unfinished::path(path, &tag);
        let mut file = private_file::create(&new)?;
        let replaced = file.write_all(tag.as_bytes()).and_then(|()| {
            trust.hand_over(&file);
            file.try_lock()?;
            fs::rename(&new, path)
        });
        match replaced {
            Ok(()) => {
                tracing::warn!(lock = %path.display(), "took the lock of a process that has stopped");
                Ok(Some(Self { file, path: path.to_owned(), tag }))
            }
            Err(error) => {
                let _ = fs::remove_file(&new);
                if error.kind() == ErrorKind::NotFound { Ok(None) } else { Err(error) }
            }
        }
    }
}

/// Waits until the lock is free or the holder gives no sign of life.
fn wait(file: File, path: &Path, timeout: Duration) -> io::Result<Waited> {
    let started = Instant::now();
    let (watched, mut sign, mut seen) = (file.try_clone()?, file.metadata()?.modified().ok(), started);
    // Waiting in the kernel is fair, unlike polling. The kernel takes no timeout, so a thread waits.
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new().name("zoho token lock".into()).spawn(move || {
        let locked = file.lock().map(|()| file);
        // If the receiver is gone, dropping the message releases the lock.
        let _ = sender.send(locked);
    })?;
    loop {
        let left = timeout.saturating_sub(started.elapsed());
        match receiver.recv_timeout(left.min(POLL_INTERVAL)) {
            Ok(locked) => return locked.map(Waited::Locked),
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("a thread has ended")),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if !is_at(&watched, path)? {
            return Ok(Waited::Replaced);
        }
        let latest = watched.metadata()?.modified().ok();
        if latest != sign {
            (sign, seen) = (latest, Instant::now());
        }
        if cfg!(unix) && seen.elapsed() >= HOLD_LIMIT {
            return Ok(Waited::Stuck);
        }
        if started.elapsed() >= timeout {
            return Ok(Waited::TimedOut);
        }
    }
}

fn open(path: &Path, trust: Trust) -> io::Result<File> {
    loop {
        match trust.open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return opened,
        }
        match private_file::create(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => return created.inspect(|file| trust.hand_over(file)),
        }
    }
}

/// Whether an open file is the one at `path`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// On other systems, an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(20);

    fn take(path: &Path, timeout: Duration) -> Option<LockFile> {
        LockFile::take(path, Trust::default(), timeout).expect("the lock file can be used")
    }

    #[test]
    fn a_holder_without_a_sign_of_life_is_overtaken_and_finds_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let stopped = take(&path, TIMEOUT).unwrap();
        let started = Instant::now();
        let others: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || drop(take(&path, TIMEOUT).expect("it overtakes")))
            })
            .collect();
        others.into_iter().for_each(|other| other.join().unwrap());
        let waited = started.elapsed();
        assert!(waited >= HOLD_LIMIT && waited < HOLD_LIMIT * 2, "{waited:?}");
        assert!(!stopped.is_current().unwrap());
        let next = take(&path, TIMEOUT).unwrap();
        assert!(next.is_current().unwrap() && next.tag() != stopped.tag());
        drop(stopped);
        assert!(LockFile::take_if_free(&path, Trust::default()).unwrap().is_none(), "the next one holds it");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn a_lock_that_is_taken_often_gives_one_sign_of_life_each_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let sign_after = |lock: Option<LockFile>| {
            drop(lock.unwrap());
            fs::metadata(&path).unwrap().modified().unwrap()
        };
        let first = sign_after(take(&path, TIMEOUT));
        assert_eq!(sign_after(take(&path, TIMEOUT)), first);
        for wrong in [first - SIGN_INTERVAL, first + Duration::from_secs(3600)] {
            File::open(&path).unwrap().set_modified(wrong).unwrap();
            assert_ne!(
                sign_after(take(&path, TIMEOUT)),
                wrong,
                "an old sign, and one by a clock that was set back"
            );
        }
    }

    #[test]
    fn a_holder_that_gives_signs_of_life_is_not_overtaken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let busy = take(&path, TIMEOUT).unwrap();
        let waiting = std::thread::spawn(move || take(&path, HOLD_LIMIT + Duration::from_secs(2)).is_none());
        while !waiting.is_finished() {
            busy.touch();
            std::thread::sleep(Duration::from_millis(500));
        }
        assert!(waiting.join().unwrap());
        assert!(busy.is_current().unwrap());
    }
}
