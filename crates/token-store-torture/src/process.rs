//! A worker as the tests see it: a process that is told what to do, killed and stopped.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command as Program, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::WORKER;
use crate::failure::{Failure, Outcome};
use crate::protocol::{Answer, Command};
use crate::worker::PATIENCE;

/// No answer takes this long, on however busy a machine: longer than a store may say that it is busy.
const LONGEST_WAIT: Duration = PATIENCE.saturating_mul(3);

/// A worker process. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    answers: Receiver<Answer>,
    complaints: Option<JoinHandle<String>>,
    doing: String,
}

impl Process {
    /// Starts a worker of that kit. It does nothing until it is told to.
    pub(crate) fn start(kit: usize) -> Outcome<Self> {
        let mut child = env::current_exe()
            .and_then(|program| {
                Program::new(program)
                    .env(WORKER, kit.to_string())
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
            })
            .map_err(Failure::of_the_kit)?;
        let (Some(input), Some(output), Some(mut errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Failure::of_the_kit("a process was started without pipes"));
        };
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // A store may print what it likes; and the last line of a process that was killed may be cut off.
                let Ok(answer) = serde_json::from_str(&line) else { continue };
                if sender.send(answer).is_err() {
                    return;
                }
            }
        });
        let complaints = thread::spawn(move || {
            let mut text = Vec::new();
            // What came until it failed is all there is.
            let _ = errors.read_to_end(&mut text);
            String::from_utf8_lossy(&text).trim().to_owned()
        });
        Ok(Self { child, input, answers, complaints: Some(complaints), doing: String::new() })
    }

    /// Tells it something, and does not wait.
    pub(crate) fn tell(&mut self, command: &Command) -> Outcome {
        self.doing = beginning_of(&format!("{command:?}"));
        self.send(command)
    }

    /// Tells it where its store is to be opened, and does not wait.
    pub(crate) fn tell_place(&mut self, place: &impl Serialize) -> Outcome {
        "open the store".clone_into(&mut self.doing);
        self.send(place)
    }

    fn send(&mut self, message: &impl Serialize) -> Outcome {
        let mut line = serde_json::to_vec(message).map_err(Failure::of_the_kit)?;
        line.push(b'\n');
        // If it has ended, whoever wants to hear from it is told so.
        let _ = self.input.write_all(&line).and_then(|()| self.input.flush());
        Ok(())
    }

    /// What it answers.
    pub(crate) fn hear<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        self.hear_within(LONGEST_WAIT)?.ok_or_else(|| {
            Failure::new("a call ends", format!("no end after {LONGEST_WAIT:?}: {}", self.doing))
        })
    }

    /// What it answers, if it does within this time.
    pub(crate) fn hear_within<T: DeserializeOwned>(&mut self, time: Duration) -> Outcome<Option<T>> {
        match self.answers.recv_timeout(time) {
            Ok(answer) => self.understood(answer).map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                let complaints = self.complaints();
                let seen = format!("its process ended: {}: {complaints}", self.doing);
                Err(Failure::new("a program that uses the store goes on", seen))
            }
        }
    }

    /// Tells it something, and waits for the answer.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, command: &Command) -> Outcome<T> {
        self.tell(command)?;
        self.hear()
    }

    /// Kills it as the kernel does. Hands back what it had said by then and nobody has heard.
    pub(crate) fn kill<T: DeserializeOwned>(mut self) -> Outcome<Vec<T>> {
        self.end();
        self.answers.iter().map(|answer| self.understood(answer)).collect()
    }

    /// Stops it, so that not one instruction of it runs.
    pub(crate) fn stop(&self) -> Outcome {
        signal::stop(self.child.id()).map_err(Failure::of_the_kit)
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) -> Outcome {
        signal::go_on(self.child.id()).map_err(Failure::of_the_kit)
    }

    fn understood<T: DeserializeOwned>(&self, answer: Answer) -> Outcome<T> {
        let value = answer.map_err(|error| {
            let promised = format!(
                "a call succeeds, whatever other processes do (one that fails as busy is repeated for {PATIENCE:?})"
            );
            Failure::new(promised, format!("{}: {error}", self.doing))
        })?;
        serde_json::from_value(value).map_err(Failure::of_the_kit)
    }

    /// What it wrote to standard error, once it has ended.
    fn complaints(&mut self) -> String {
        self.end();
        self.complaints.take().and_then(|complaints| complaints.join().ok()).unwrap_or_default()
    }

    fn end(&mut self) {
        // It may have ended already.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// As much of a command as it takes to know it again.
fn beginning_of(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// Has all of them do something at once, and waits for all. The command may differ from one to another.
pub(crate) fn ask_all<T: DeserializeOwned>(
    processes: &mut [Process],
    command: impl Fn(usize) -> Command,
) -> Outcome<Vec<T>> {
    for (number, process) in processes.iter_mut().enumerate() {
        process.tell(&command(number))?;
    }
    processes.iter_mut().map(Process::hear).collect()
}

#[cfg(unix)]
mod signal {
    use std::io;

    use rustix::process::{Pid, Signal, kill_process};

    pub(super) fn stop(process: u32) -> io::Result<()> {
        send(process, Signal::STOP)
    }

    pub(super) fn go_on(process: u32) -> io::Result<()> {
        send(process, Signal::CONT)
    }

    fn send(process: u32, signal: Signal) -> io::Result<()> {
        let process = i32::try_from(process).ok().and_then(Pid::from_raw);
        let process = process.ok_or_else(|| io::Error::other("a process without a number"))?;
        Ok(kill_process(process, signal)?)
    }
}

#[cfg(not(unix))]
mod signal {
    use std::io;

    pub(super) fn stop(_: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn go_on(_: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
