//! A server that belongs to whoever started it.

mod kinds;
mod place;
mod process;
mod program;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Kind, SmallDisk};

use kinds::Prepared;
use place::Place;
use process::{Process, Watchdog};

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server may take for one answer before it is asked again.
const ATTEMPT: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(10);

/// A server on this machine alone, with its data in a temporary folder.
///
/// It is killed and its folder removed when this is dropped, and also when the process that started it is killed.
/// The folder is where [`std::env::temp_dir`] says. Every method waits until it is done, and blocks meanwhile.
pub struct Server {
    kind: Kind,
    place: Place,
    prepared: Prepared,
    process: Option<Process>,
    watchdog: Watchdog,
}

/// Why there is no server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoServer {
    /// This machine does not have its programs; the text says what gets them.
    Missing(String),
    /// The programs are there, and yet it does not run.
    Failed(String),
}

impl Server {
    /// Starts a server with an empty database `zohooauth`, in which the user `zoho` may do everything.
    ///
    /// # Errors
    /// If its programs are missing, or it does not answer within a minute.
    pub fn start(kind: Kind) -> Result<Self, NoServer> {
        Self::start_with(kind, &[])
    }

    /// Starts a server with more options, each `--name=value` whatever the server's own way of writing them.
    ///
    /// # Errors
    /// As [`start`](Self::start); an option that the server does not know makes it fail.
    pub fn start_with(kind: Kind, options: &[&str]) -> Result<Self, NoServer> {
        let failed = |reason| match reason {
            NoServer::Failed(reason) => NoServer::Failed(format!("{kind} cannot be started: {reason}")),
            missing @ NoServer::Missing(_) => missing,
        };
        let place = Place::make().map_err(|error| failed(error.into()))?;
        let watchdog =
            Watchdog::start(&place.folder, kinds::last_signal(kind)).map_err(|error| failed(error.into()))?;
        let prepared = kinds::prepare(kind, &place, options).map_err(failed)?;
        let mut server = Self { kind, place, prepared, process: None, watchdog };
        server.launch().map_err(failed)?;
        Ok(server)
    }

    /// The URL of the store on it, with the name and the password of the user `zoho`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.prepared.url
    }

    /// The same for the server's administrator. Redis and moto have no users: there it is the same.
    #[must_use]
    pub fn administrator_url(&self) -> &str {
        &self.prepared.administrator_url
    }

    /// The port of 127.0.0.1 at which it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.place.port.number()
    }

    /// The folder of its data and its log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.place.folder
    }

    /// Kills it and every process of it, as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
            // A watchdog that is gone cannot be told, and has nothing to do.
            let _ = self.watchdog.watch(None);
        }
    }

    /// Stops all of its processes where they are: connections stay, nothing is answered.
    pub fn pause(&mut self) {
        if let Some(process) = &mut self.process {
            process.pause();
        }
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&mut self) {
        if let Some(process) = &mut self.process {
            process.resume();
        }
    }

    /// Starts it again at the same port with the same data, after killing it if it still runs.
    ///
    /// moto has its data in memory, and comes back empty.
    ///
    /// # Errors
    /// If it does not answer within a minute.
    pub fn restart(&mut self) -> Result<(), NoServer> {
        self.kill();
        self.launch()
    }

    /// Kills it, moves its data onto a disk of so many megabytes, and starts it again; `None` where there can be no such
    /// disk: then the test is to return.
    ///
    /// # Errors
    /// If its data do not fit, or it does not answer within a minute.
    ///
    /// # Panics
    /// As [`SmallDisk::at`] does.
    pub fn move_to_small_disk(&mut self, megabytes: u32) -> Result<Option<SmallDisk>, NoServer> {
        self.kill();
        let disk = SmallDisk::under(&self.place.data(), megabytes)?;
        self.launch()?;
        Ok(disk)
    }

    fn launch(&mut self) -> Result<(), NoServer> {
        let process = self.process.insert(Process::start(self.place.at_home(&mut self.prepared.command)?)?);
        self.watchdog.watch(Some(process.id()))?;
        let deadline = Instant::now() + PATIENCE;
        while !answers(self.place.port.number(), &self.prepared).unwrap_or(false) {
            if process.has_ended() {
                return Err(NoServer::Failed(format!("it has ended{}", self.place.last_words())));
            }
            if Instant::now() > deadline {
                return Err(NoServer::Failed(format!("it does not answer{}", self.place.last_words())));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end(kinds::last_signal(self.kind));
            let _ = self.watchdog.watch(None);
        }
        // The watchdog removes the folder when it is dropped, next.
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("kind", &self.kind)
            .field("port", &self.port())
            .field("folder", &self.place.folder)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for NoServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Missing(reason) | Self::Failed(reason)) = self;
        f.write_str(reason)
    }
}

impl std::error::Error for NoServer {}

impl From<io::Error> for NoServer {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Whether the server is ready. Reads until that is known, or the server has nothing more to say.
fn answers(port: u16, prepared: &Prepared) -> io::Result<bool> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut connection = TcpStream::connect_timeout(&address, ATTEMPT)?;
    connection.set_read_timeout(Some(ATTEMPT))?;
    connection.write_all(&prepared.question)?;
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    while !(prepared.is_ready)(&answer) {
        let length = connection.read(&mut piece)?;
        if length == 0 {
            return Ok(false);
        }
        answer.extend_from_slice(&piece[..length]);
    }
    Ok(true)
}
