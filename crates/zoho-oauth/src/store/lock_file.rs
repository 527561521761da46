//! The right to write, among all processes of this machine: a lock on a file that holds nothing else.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use crate::private_file;

/// The lock; given back when dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub(super) struct LockFile {
    _file: File,
}

impl LockFile {
    /// Takes the lock at `path`, waiting for it as long as `patience` lasts; `None` after that.
    pub(super) fn take(path: &Path, patience: Duration) -> io::Result<Option<Self>> {
        if let Some(lock) = Self::take_if_free(path)? {
            return Ok(Some(lock));
        }
        // Waiting in the kernel is fair, polling is not; but it knows no deadline, so a thread waits instead.
        let file = open(path)?;
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new().name("zoho token lock".into()).spawn(move || {
            let locked = file.lock().map(|()| file);
            // If nobody waits any more, the lock is given back with the message.
            let _ = sender.send(locked);
        })?;
        match receiver.recv_timeout(patience) {
            Ok(locked) => locked.map(|file| Some(Self { _file: file })),
            Err(_) => Ok(None),
        }
    }

    /// Takes the lock, unless somebody has it.
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
