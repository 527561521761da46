//! Runs the executable in a temporary folder.

use std::io::{BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use zoho_emulator::Emulator;

pub(crate) const ADA: &str = "ada@example.com";

/// The stored name of the emulator's user, with the id of the organization.
pub(crate) const ADA_STORED: &str = "ada@example.com:60000001";

/// A folder with a token store, and the environment variables of commands.
pub(crate) struct Terminal {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// An emulator, and a terminal in which its user is logged in.
pub(crate) async fn logged_in() -> (Emulator, Terminal) {
    let zoho = Emulator::start().await;
    let terminal = log_in(&zoho);
    (zoho, terminal)
}

/// A terminal in which an emulator's user is logged in.
pub(crate) fn log_in(zoho: &Emulator) -> Terminal {
    let terminal = Terminal::at(zoho);
    terminal.run(&["login", "--code", &zoho.self_client_code(ADA)]).done();
    terminal
}

/// A command that is under way. It is killed when this is dropped: a test that fails leaves no process behind.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child().stdin.take().unwrap()
    }

    pub(crate) fn stdout(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.child().stdout.take().unwrap())
    }

    pub(crate) fn stderr(&mut self) -> BufReader<ChildStderr> {
        BufReader::new(self.child().stderr.take().unwrap())
    }

    /// Asks it to end, as Ctrl-C (`INT`) or a service manager (`TERM`) does.
    #[cfg(unix)]
    pub(crate) fn signal(&mut self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(self.child());
        rustix::process::kill_process(process, signal).unwrap();
    }

    /// Whether it has begun to handle a signal.
    #[cfg(target_os = "linux")]
    pub(crate) fn catches(&mut self, signal: rustix::process::Signal) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child().id())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
        u64::from_str_radix(mask, 16).unwrap() >> (signal.as_raw() - 1) & 1 == 1
    }

    /// Waits until it has ended.
    pub(crate) fn output(mut self) -> Ran {
        Ran::of(self.0.take().unwrap().wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It may have ended already.
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

impl Terminal {
    /// A terminal with a new SQLite store.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// A terminal with the URLs and the client app of an emulator.
    pub(crate) fn at(zoho: &Emulator) -> Self {
        let client = zoho.default_client();
        Self::new()
            .with("ZOHO_ACCOUNTS_URL", zoho.base_url())
            .with("ZOHO_API_URL", zoho.base_url())
            .with("ZOHO_CLIENT_ID", client.id())
            .with("ZOHO_CLIENT_SECRET", client.secret())
    }

    /// Sets an environment variable for all commands.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command, not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoho"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ZOHO_") {
                command.env_remove(name);
            }
        }
        command.env_remove("COLUMNS"); // the width of help
        command.current_dir(self.folder.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A command that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Saves rows and returns what was printed.
    pub(crate) fn save(&self, rows: &Value) -> Value {
        self.run_with_input(&["tokens", "save", "--json", "--reveal"], &rows.to_string()).done().json()
    }

    /// All stored rows, with their secrets.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let listed = self.run(&["tokens", "list", "--json", "--reveal"]).done().json();
        listed.as_array().unwrap().clone()
    }
}

impl Ran {
    pub(crate) fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that the command succeeded.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        self.ended(0)
    }

    /// Asserts the exit code, and that a failed command printed an error.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        if code != 0 {
            assert!(self.stderr.starts_with("error: "), "{self:?}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
