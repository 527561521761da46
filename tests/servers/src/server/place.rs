//! A server's folder, port and passwords.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::NoServer;
use crate::port::Port;
use crate::random_name;

/// The name of a socket must fit into 108 bytes, see unix(7). This leaves so many for the folder's parent.
const MAX_PARENT_LENGTH: usize = 60;

/// Where a server lives.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) port: Port,
    /// The port for the nodes of a cluster.
    pub(crate) cluster_port: Port,
    /// The password of the user `zoho`.
    pub(crate) password: String,
    pub(crate) administrator_password: String,
}

impl Place {
    /// Creates an empty folder that only this account may enter. The watchdog removes it.
    pub(crate) fn make() -> io::Result<Self> {
        let parent = env::temp_dir();
        let is_short = parent.as_os_str().as_bytes().len() <= MAX_PARENT_LENGTH;
        let folder = tempfile::Builder::new()
            .prefix("zohocrm-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(if is_short { &parent } else { Path::new("/tmp") })?
            .keep();
        Ok(Self {
            folder,
            port: Port::reserve()?,
            cluster_port: Port::reserve()?,
            password: random_name(),
            administrator_password: random_name(),
        })
    }

    /// The folder with the server's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// An option such as `--datadir=PATH`.
    pub(crate) fn option(&self, name: &str, file: &str) -> OsString {
        let mut option = OsString::from(format!("--{name}="));
        option.push(self.folder.join(file));
        option
    }

    /// Sets a command up to run in the folder and write to the server's log.
    pub(crate) fn at_home<'c>(&self, command: &'c mut Command) -> io::Result<&'c mut Command> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        command.current_dir(&self.folder).env("LC_ALL", "C.UTF-8").stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    /// Runs a preparing command with this input.
    pub(crate) fn prepare(&self, command: &mut Command, input: &str) -> Result<(), NoServer> {
        let mut child = self.at_home(command)?.stdin(Stdio::piped()).spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(input.as_bytes())?;
        }
        let status = child.wait()?;
        if status.success() {
            return Ok(());
        }
        let program = command.get_program().display();
        Err(NoServer::Failed(format!("{program} ended with {status}{}", self.last_words())))
    }

    /// The end of the log, for an error message.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(5)..];
        if last.is_empty() { String::new() } else { format!("; the log ends with: {}", last.join(" / ")) }
    }

    /// Writes a file into the folder, where other accounts cannot read it.
    pub(crate) fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        File::create(&path)?.write_all(text.as_bytes())?;
        Ok(path)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}
