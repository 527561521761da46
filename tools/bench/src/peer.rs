//! A Python process with the official SDK, which does what it is told and says how long it took.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::Outcome;

/// A store of tokens. It is started with the words `sqlite` or `file` and a path, or `mysql` and a URL.
pub(crate) const STORES: &str = include_str!("../python/stores.py");
/// Lists of records. It is started with the URL of a server.
pub(crate) const PAGES: &str = include_str!("../python/pages.py");

/// A running peer; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a script, and tells it the words that it wants.
    pub(crate) fn start(python: &str, script: &str, words: &[&str]) -> Outcome<Self> {
        let mut process =
            Command::new(python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut orders = process.stdin.take().ok_or("Python has no standard input")?;
        // Arguments could be seen by everybody on this machine, and a URL has a password in it.
        writeln!(orders, "{}", words.join("\t"))?;
        let answers = BufReader::new(process.stdout.take().ok_or("Python has no standard output")?);
        Ok(Self { process, orders: Some(orders), answers })
    }

    /// Has it do one call for each of `arguments`, and says how long they took together. The words of a call are
    /// separated by blanks.
    pub(crate) fn measure(&mut self, operation: &str, arguments: &[String]) -> Outcome<Duration> {
        let orders = self.orders.as_mut().ok_or("Python has no standard input")?;
        writeln!(orders, "{operation}\t{}", arguments.join("\t"))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let nanoseconds = answer.trim().parse();
        Ok(Duration::from_nanos(nanoseconds.map_err(|_| "the official SDK failed; see above")?))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // At the end of its input the script ends.
        drop(self.orders.take());
        let _ = self.process.wait();
    }
}

/// The Python that has the official SDK, and the version of that; or, for the report, why there is none.
pub(crate) fn python_with_sdk() -> Result<(String, String), &'static str> {
    let python = std::env::var("ZOHOCRM_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    match sdk_version(&python) {
        Some(version) => Ok((python, version)),
        None => Err("Not measured: no Python with zohocrmsdk8_0; ZOHOCRM_PYTHON names one."),
    }
}

fn sdk_version(python: &str) -> Option<String> {
    let text = "import platform, importlib.metadata as m, zohocrmsdk; \
        print(m.version('zohocrmsdk8_0'), 'on Python', platform.python_version())";
    let output = Command::new(python).args(["-c", text]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
