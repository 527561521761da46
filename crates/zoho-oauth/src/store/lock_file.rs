//! A lock between the processes of this machine, on a file that has no other use.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use crate::private_file;

/// A held lock. It is released on drop, and when the process ends for any reason.
#[derive(Debug)]
pub(super) struct LockFile {
    _file: File,
}

impl LockFile {
    /// Takes the lock at `path`, waiting for up to `timeout`. Returns `None` after that.
    pub(super) fn take(path: &Path, timeout: Duration) -> io::Result<Option<Self>> {
        if let Some(lock) = Self::take_if_free(path)? {
            return Ok(Some(lock));
        }
        // Waiting in the kernel is fair, unlike polling. The kernel takes no timeout, so a thread waits.
        let file = open(path)?;
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new().name("zoho token lock".into()).spawn(move || {
            let locked = file.lock().map(|()| file);
            // If the receiver has timed out, dropping the message releases the lock.
            let _ = sender.send(locked);
        })?;
        match receiver.recv_timeout(timeout) {
            Ok(locked) => locked.map(|file| Some(Self { _file: file })),
            Err(_) => Ok(None),
        }
    }

    /// Takes the lock, unless it is held.
    pub(super) fn take_if_free(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    loop {
        match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return opened,
        }
        match private_file::create(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => return created,
        }
    }
}
