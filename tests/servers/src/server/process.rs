//! The processes of a running server, and what ends them if this process cannot.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to stop or to end after its signal.
const SIGNAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server may take to shut down.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// A server's first process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts it in its own process group, so that Ctrl-C at a terminal does not reach it.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).stdin(Stdio::null()).spawn()?;
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Stops it and all processes below it.
    pub(crate) fn pause(&mut self) {
        self.stopped();
    }

    /// Continues all of them.
    pub(crate) fn resume(&mut self) {
        for process in self.stopped() {
            let _ = kill_process(process, Signal::CONT);
        }
    }

    /// Sends it a signal to end, and kills it with all processes below it if it does not.
    pub(crate) fn end(&mut self, signal: Signal) {
        self.resume();
        if !self.has_ended() {
            let _ = kill_process(Pid::from_child(&self.child), signal);
            wait_until(SHUTDOWN_TIMEOUT, || self.has_ended());
        }
        self.kill();
    }

    /// Kills it and all processes below it, and waits until they have ended.
    pub(crate) fn kill(&mut self) {
        let all = self.stopped();
        for process in &all {
            let _ = kill_process(*process, Signal::KILL);
        }
        let _ = self.child.wait();
        wait_until(SIGNAL_TIMEOUT, || all.iter().all(|process| matches!(state(*process), None | Some('Z'))));
    }

    /// Stops all of its processes and returns them. Each is stopped before its children are read, so that it starts no
    /// more.
    fn stopped(&mut self) -> Vec<Pid> {
        let mut all = Vec::new();
        if !self.has_ended() {
            all.push(Pid::from_child(&self.child));
        }
        let mut seen = 0;
        while let Some(&process) = all.get(seen) {
            let _ = kill_process(process, Signal::STOP);
            wait_until(SIGNAL_TIMEOUT, || !matches!(state(process), Some('R' | 'S' | 'D')));
            all.extend(children(process));
            seen += 1;
        }
        all
    }
}

/// Ends the server and removes its folder when this process ends, even if it is killed.
///
/// A shell waits for the end of its input, which this process or the system closes.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    input: Option<ChildStdin>,
}

/// Each line of the input names the server's current process group. A process that was just killed may still write into
/// the folder, so the shell retries to remove it.
const WATCH: &str = r#"
folder=$1 signal=$2
while read -r group; do last=$group; done
if [ -n "$last" ]; then
    kill -s "$signal" -- "-$last"
    [ "$signal" = 9 ] || { sleep 1; kill -s KILL -- "-$last"; }
fi
for attempt in 1 2 3 4 5 6 7 8 9; do
    rm -rf -- "$folder" && break
    sleep 0.2
done
"#;

impl Watchdog {
    /// Starts a watchdog for a folder. The server is named later, and ends at this signal.
    pub(crate) fn start(folder: &Path, signal: Signal) -> io::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", WATCH, "watchdog"])
            .arg(folder)
            .arg(signal.as_raw().to_string())
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let input = shell.stdin.take();
        Ok(Self { shell, input })
    }

    /// Names the server's process group, or `None` if it has ended.
    pub(crate) fn watch(&mut self, process: Option<u32>) -> io::Result<()> {
        let line = process.map_or_else(String::new, |id| id.to_string());
        self.input.as_mut().map_or(Ok(()), |input| writeln!(input, "{line}"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}

fn wait_until(timeout: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + timeout;
    while !condition() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
}

/// A process's state as a letter, see proc(5). `None`: there is no such process, or no `/proc`.
fn state(process: Pid) -> Option<char> {
    read_status(&process.as_raw_nonzero().to_string()).map(|(state, _)| state)
}

/// The children of a process. Known on Linux only.
fn children(parent: Pid) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let id = Pid::from_raw(name.parse().ok()?)?;
            let (_, started_by) = read_status(&name)?;
            (started_by == parent.as_raw_nonzero().get()).then_some(id)
        })
        .collect()
}

/// The state and the parent of a process, from `/proc/ID/stat`: `ID (name) STATE PARENT …`, see proc(5). The name may have
/// brackets in it.
fn read_status(id: &str) -> Option<(char, i32)> {
    let status = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = status.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
