//! The machine that an authenticator runs on: its clocks, timers and tasks, random numbers, the network, and the files of
//! the spool.
//!
//! Whatever an authenticator does to the outside world, except through its store, goes through a [`Machine`]. A
//! simulator can take its place and decide what happens next, at every step.

mod http;
mod message;
pub(crate) mod this_machine;

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, SystemTime};

pub use message::{Content, Failed, Request, Response};
#[cfg(feature = "simulation")]
pub use this_machine::ThisMachine;

/// A future on the heap.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an authenticator needs of the machine that it runs on.
pub trait Machine: fmt::Debug + Send + Sync + 'static {
    /// Returns the time of day. It can be set forward and back while programs run, so it is only for people and for other
    /// programs: what has to last for some time is measured by the [`uptime`](Self::uptime).
    fn now(&self) -> SystemTime;

    /// Returns the time since a fixed moment. It is never set, and counts the time that the machine was asleep if the system
    /// can tell it.
    fn uptime(&self) -> Duration;

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> Boxed<'static, ()>;

    /// Runs `task` in the background.
    fn spawn(&self, task: Boxed<'static, ()>);

    /// Returns a random number.
    fn random(&self) -> u64;

    /// Returns an id of the network that requests leave through. If a request cannot leave, programs with the same id
    /// believe it for a second, and the others try for themselves.
    fn network(&self) -> String;

    /// Sends `request` and receives the whole response. It follows no redirects, and every request has a timeout.
    fn send(&self, request: Request) -> Boxed<'_, Result<Response, Failed>>;

    /// Returns the paths of the files in `folder`.
    ///
    /// # Errors
    /// If the folder cannot be read.
    fn files_in(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Returns the content of a file.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Creates a file that only this account can read, with the folders that it needs, and syncs it.
    ///
    /// # Errors
    /// If there is such a file already, or if it cannot be written. A part of it may have been written then.
    fn create(&self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Removes a file that a process was creating when it ended. Returns `false`, and leaves the file, if a process is
    /// still creating it, or if it has changed since `content` was read from it.
    ///
    /// The default is for machines whose [`create`](Self::create) is one step.
    ///
    /// # Errors
    /// If the file cannot be read or removed.
    fn remove_abandoned(&self, path: &Path, content: &[u8]) -> io::Result<bool> {
        let is_abandoned = self.read(path)? == content;
        if is_abandoned {
            self.remove(path)?;
        }
        Ok(is_abandoned)
    }

    /// Renames a file and makes its new name durable.
    ///
    /// # Errors
    /// If the file cannot be renamed, or if the folder cannot be synced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// If the file cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder if it is empty.
    ///
    /// # Errors
    /// If the folder cannot be removed.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;
}
