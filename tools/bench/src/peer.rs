//! A Python process with the official SDK that runs calls on request and reports how long they took.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::Outcome;

/// The SDK's token stores. Its arguments are `sqlite` or `file` and a path, or `mysql` and a URL.
pub(crate) const STORES: &str = include_str!("../python/stores.py");
/// Lists of records. Its argument is the URL of a server.
pub(crate) const PAGES: &str = include_str!("../python/pages.py");

/// A running process, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    process: Child,
    orders: Option<ChildStdin>,
    responses: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a script with its arguments.
    pub(crate) fn start(python: &str, script: &str, arguments: &[&str]) -> Outcome<Self> {
        let mut process =
            Command::new(python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut orders = process.stdin.take().ok_or("Python has no standard input")?;
        // A URL may contain a password, and any user of this machine can see the arguments of a process.
        writeln!(orders, "{}", arguments.join("\t"))?;
        let responses = BufReader::new(process.stdout.take().ok_or("Python has no standard output")?);
        Ok(Self { process, orders: Some(orders), responses })
    }

    /// Makes one call for each of `arguments`, and returns how long they took together. The arguments of a call are
    /// separated by blanks.
    pub(crate) fn measure(&mut self, operation: &str, arguments: &[String]) -> Outcome<Duration> {
        let orders = self.orders.as_mut().ok_or("Python has no standard input")?;
        writeln!(orders, "{operation}\t{}", arguments.join("\t"))?;
        let mut response = String::new();
        self.responses.read_line(&mut response)?;
        let nanoseconds = response.trim().parse();
        Ok(Duration::from_nanos(nanoseconds.map_err(|_| "the official SDK failed; see above")?))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The script ends when its input does.
        drop(self.orders.take());
        let _ = self.process.wait();
    }
}

/// Returns the Python with the official SDK and the SDK's version, or a note for the report.
pub(crate) fn python_with_sdk() -> Result<(String, String), &'static str> {
    let python = std::env::var("ZOHOCRM_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    match sdk_version(&python) {
        Some(version) => Ok((python, version)),
        None => Err("Not measured: no Python with zohocrmsdk8_0; set ZOHOCRM_PYTHON to one."),
    }
}

fn sdk_version(python: &str) -> Option<String> {
    let text = "import platform, importlib.metadata as m, zohocrmsdk; \
        print(m.version('zohocrmsdk8_0'), 'on Python', platform.python_version())";
    let output = Command::new(python).args(["-c", text]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
