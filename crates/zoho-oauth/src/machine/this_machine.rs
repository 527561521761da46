//! The machine that this process runs on.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::private_file::{self, Trust};

use super::http::Http;
use super::{Boxed, Failed, Machine, Request, Response};

/// The machine that this process runs on. Timers and tasks are tokio's.
#[derive(Debug)]
pub struct ThisMachine {
    http: Http,
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    started_at: std::time::Instant,
    /// Stands for the network where the system does not tell it.
    random: u64,
}

impl ThisMachine {
    /// A machine whose requests may take up to `timeout`.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self {
            http: Http::new(timeout),
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            started_at: std::time::Instant::now(),
            random: rand::random(),
        }
    }
}

impl Machine for ThisMachine {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn uptime(&self) -> Duration {
        // `Instant` does not count the time that the machine was asleep, in which tokens expire too.
        let since_boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::try_from(since_boot).unwrap_or_default()
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn uptime(&self) -> Duration {
        self.started_at.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn spawn(&self, task: Boxed<'static, ()>) {
        tokio::spawn(task);
    }

    fn random(&self) -> u64 {
        rand::random()
    }

    fn network(&self) -> String {
        network().unwrap_or_else(|| format!("{:016x}", self.random))
    }

    fn send(&self, request: Request) -> Boxed<'_, Result<Response, Failed>> {
        Box::pin(self.http.send(request))
    }

    fn files_in(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        trust_in(folder).check_folder(folder)?;
        fs::read_dir(folder)?.map(|file| file.map(|file| file.path())).collect()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        open(path)?.read_to_end(&mut content)?;
        Ok(content)
    }

    fn create(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let folder = folder_of(path);
        create_folder(folder)?;
        let trust = trust_in(folder);
        trust.check_folder(folder)?;
        let mut file = create_locked(path)?;
        trust.hand_over(&file);
        file.write_all(content)?;
        file.sync_all()
    }

    fn remove_abandoned(&self, path: &Path, content: &[u8]) -> io::Result<bool> {
        let mut file = open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut current = Vec::new();
        file.read_to_end(&mut current)?;
        let is_abandoned = current == content;
        if is_abandoned {
            fs::remove_file(path)?;
        }
        Ok(is_abandoned)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        private_file::sync_folder_of(to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir(folder)
    }
}

/// Creates a file and locks it until it is closed, so that other processes do not take it for abandoned.
fn create_locked(path: &Path) -> io::Result<File> {
    loop {
        let file = private_file::create(path)?;
        match file.lock() {
            Ok(()) => {}
            // Without locks, nothing that may be abandoned is removed either.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(file),
            Err(error) => return Err(error),
        }
        // Before the lock, the file looked abandoned, and another process may have removed it.
        if path.try_exists()? {
            return Ok(file);
        }
    }
}

/// Opens a file that this account or the owner of the store has written.
fn open(path: &Path) -> io::Result<File> {
    trust_in(folder_of(path)).open(path)
}

/// Creates a folder for this account alone, unless it exists. Beside a store, it gets the owner of the store.
fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    if cfg!(unix) {
        trust_in(folder).hand_over(&File::open(folder)?);
    }
    Ok(())
}

/// Whose files are trusted in a folder: in `STORE.spool` also those of the owner of the store.
fn trust_in(folder: &Path) -> Trust {
    let store =
        folder.extension().filter(|extension| *extension == "spool").map(|_| folder.with_extension(""));
    // Whoever owns a store that is not trusted is not trusted here either.
    store.and_then(|store| Trust::of_store(&store).ok()).unwrap_or_default()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// This boot of the system, and the namespace in which the process sees its network: a container has one of its own. See
/// `proc_sys_kernel(5)` and `namespaces(7)`.
fn network() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/net").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}
