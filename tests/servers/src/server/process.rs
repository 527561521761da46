//! A running server with all processes below it, and what ends it when we cannot.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to stop or to be gone after it was told to.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a server may take to end by itself.
const END: Duration = Duration::from_secs(3);

/// A server's first process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts it in a process group of its own: what is typed at a terminal does not reach it.
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

    /// Lets all of them go on.
    pub(crate) fn resume(&mut self) {
        for process in self.stopped() {
            let _ = kill_process(process, Signal::CONT);
        }
    }

    /// Tells it to end, and kills it with all processes below it if it does not.
    pub(crate) fn end(&mut self, signal: Signal) {
        self.resume();
        if !self.has_ended() {
            let _ = kill_process(Pid::from_child(&self.child), signal);
            wait_until(END, || self.has_ended());
        }
        self.kill();
    }

    /// Kills it and all processes below it, and waits until they are gone.
    pub(crate) fn kill(&mut self) {
        let all = self.stopped();
        for process in &all {
            let _ = kill_process(*process, Signal::KILL);
        }
        let _ = self.child.wait();
        wait_until(PATIENCE, || all.iter().all(|process| matches!(state(*process), None | Some('Z'))));
    }

    /// All of its processes, stopped. Each is stopped before it is asked for its children, so that it has no new
    /// ones.
    fn stopped(&mut self) -> Vec<Pid> {
        let mut all = Vec::new();
        if !self.has_ended() {
            all.push(Pid::from_child(&self.child));
        }
        let mut looked_at = 0;
        while let Some(&process) = all.get(looked_at) {
            let _ = kill_process(process, Signal::STOP);
            wait_until(PATIENCE, || !matches!(state(process), Some('R' | 'S' | 'D')));
            all.extend(children(process));
            looked_at += 1;
        }
        all
    }
}

/// Ends a server that we leave behind, however we end, and removes its folder.
///
/// A shell waits until the other end of its input is gone: closed by us, or by the system when we were killed.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    input: Option<ChildStdin>,
}

/// Each line of the input is the server's process group from now on. Those that were just killed may still write into
/// the folder, so removing it is tried more than once.
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
    /// Watches over a folder, and a server that is named later and ends at this signal.
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

    /// Names the server, or says that there is none any more.
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

fn wait_until(patience: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !condition() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
}

/// A process's state, a letter as `ps` shows it; `None` if there is no such process, or no `/proc`.
fn state(process: Pid) -> Option<char> {
    read_status(&process.as_raw_nonzero().to_string()).map(|(state, _)| state)
}

/// The processes that one has started. Linux names them; elsewhere none is known.
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

/// The state of a process and who started it, from `/proc/ID/stat`: `ID (name) STATE PARENT ...`, see proc(5). The
/// name may have brackets in it.
fn read_status(id: &str) -> Option<(char, i32)> {
    let status = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = status.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
