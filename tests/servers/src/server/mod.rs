//! A server for the test that started it.

mod haproxy;
mod kinds;
mod pgbouncer;
mod place;
mod process;
mod program;
mod sentinel;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Kind, SmallDisk};

use kinds::Prepared;
use place::Place;
use process::{Process, Watchdog};

/// How long a server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a server may take to respond before it is asked again.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A server on 127.0.0.1 with its data in a temporary folder.
///
/// It is killed and its folder is removed when this is dropped or the process that started it is killed. The folder is in
/// [`std::env::temp_dir`]. Every method blocks until it is done.
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
    /// Its programs are not installed; the text says how to install them.
    Missing(String),
    /// Its programs are installed, but it does not start.
    Failed(String),
}

impl Server {
    /// Starts a server with an empty database `zohooauth`, in which the user `zoho` has all rights.
    ///
    /// # Errors
    /// If its programs are missing, or it does not answer within a minute.
    pub fn start(kind: Kind) -> Result<Self, NoServer> {
        Self::start_with(kind, &[])
    }

    /// Starts a server with more options, each written as `--name=value` for every kind of server.
    ///
    /// # Errors
    /// As [`start`](Self::start), and if the server does not know an option.
    pub fn start_with(kind: Kind, options: &[&str]) -> Result<Self, NoServer> {
        Self::start_prepared(kind, &kind.to_string(), |place| kinds::prepare(kind, place, options))
    }

    /// Starts PgBouncer in front of a PostgreSQL server, with these lines in its settings, such as
    /// `pool_mode = transaction`. Its URLs are those of the server, with its own port.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    pub fn start_pgbouncer(server: &Self, settings: &[&str]) -> Result<Self, NoServer> {
        Self::start_prepared(server.kind, "PgBouncer", |place| pgbouncer::prepare(place, server, settings))
    }

    /// Starts a Sentinel that watches a Redis server as `main`, and alone decides that it is down. These lines are added to its
    /// settings. Its URL leads to the primary.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    pub fn start_sentinel(primary: &Self, settings: &[&str]) -> Result<Self, NoServer> {
        Self::start_prepared(primary.kind, "Sentinel", |place| sentinel::prepare(place, primary, settings))
    }

    /// Starts HAProxy in front of a server, and of others that get the connections while it is down. These lines are added to
    /// its settings. Its URLs are those of the first server, with its own port.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    pub fn start_haproxy(server: &Self, backups: &[&Self], settings: &[&str]) -> Result<Self, NoServer> {
        Self::start_prepared(server.kind, "HAProxy", |place| {
            haproxy::prepare(place, server, backups, settings)
        })
    }

    /// A program that is run in front of this server, at a port of its own.
    fn behind(&self, command: Command, port: u16) -> Prepared {
        let at_its_port = |url: &str| url.replace(&format!(":{}/", self.port()), &format!(":{port}/"));
        Prepared {
            command,
            url: at_its_port(self.url()),
            administrator_url: at_its_port(self.administrator_url()),
            question: self.prepared.question.clone(),
            is_ready: self.prepared.is_ready,
        }
    }

    fn start_prepared(
        kind: Kind,
        name: &str,
        prepare: impl FnOnce(&Place) -> Result<Prepared, NoServer>,
    ) -> Result<Self, NoServer> {
        let failed = |reason| match reason {
            NoServer::Failed(reason) => NoServer::Failed(format!("{name} cannot be started: {reason}")),
            missing @ NoServer::Missing(_) => missing,
        };
        let place = Place::make().map_err(|error| failed(error.into()))?;
        let watchdog =
            Watchdog::start(&place.folder, kinds::last_signal(kind)).map_err(|error| failed(error.into()))?;
        let prepared = prepare(&place).map_err(failed)?;
        let mut server = Self { kind, place, prepared, process: None, watchdog };
        server.launch().map_err(failed)?;
        Ok(server)
    }

    /// The store's URL, with the user `zoho` and its password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.prepared.url
    }

    /// The store's URL for an administrator. Redis and moto have no users: there it is the same URL.
    #[must_use]
    pub fn administrator_url(&self) -> &str {
        &self.prepared.administrator_url
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.place.port.number()
    }

    /// The folder with its data and its log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.place.folder
    }

    /// Kills all of its processes with SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
            // If the watchdog has ended, it has nothing to do.
            let _ = self.watchdog.watch(None);
        }
    }

    /// Stops all of its processes with SIGSTOP: connections stay open without responses.
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

    /// Kills it if it runs, and starts it again on the same port with the same data. moto has its data in memory and comes
    /// back empty.
    ///
    /// # Errors
    /// If it does not answer within a minute.
    pub fn restart(&mut self) -> Result<(), NoServer> {
        self.kill();
        self.launch()
    }

    /// Kills it, moves its data onto a disk of this size, and starts it again. `None`: there can be no such disk, the test is
    /// skipped and has to return.
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
        let deadline = Instant::now() + START_TIMEOUT;
        while !answers(self.place.port.number(), &self.prepared).unwrap_or(false) {
            if process.has_ended() {
                return Err(NoServer::Failed(format!("it ended{}", self.place.last_words())));
            }
            if Instant::now() > deadline {
                return Err(NoServer::Failed(format!("it does not respond{}", self.place.last_words())));
            }
            thread::sleep(POLL_INTERVAL);
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
        // The watchdog is dropped next and removes the folder.
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

/// Whether the server is ready. Reads until that is known or the server sends nothing more.
fn answers(port: u16, prepared: &Prepared) -> io::Result<bool> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut connection = TcpStream::connect_timeout(&address, RESPONSE_TIMEOUT)?;
    connection.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
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
