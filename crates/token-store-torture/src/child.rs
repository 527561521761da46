//! A child process that is told what to do line by line, in JSON, and can be killed and stopped.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A child process. It is killed when this is dropped.
///
/// Everything that it is told goes through its standard input: nothing of it shows in the process list.
#[derive(Debug)]
pub struct ChildProcess<A> {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<A>,
    log: Option<JoinHandle<String>>,
}

/// Why nothing was heard from a child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It is still at work.
    Busy,
    /// It has ended.
    Ended,
}

impl<A: DeserializeOwned + Send + 'static> ChildProcess<A> {
    /// Starts a program.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(program: &mut Command) -> io::Result<Self> {
        let piped = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn()?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("a process was started without pipes"));
        };
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // A store may print its own lines, and a killed process may leave an incomplete line.
                let Ok(answer) = serde_json::from_str(&line) else { continue };
                if sender.send(answer).is_err() {
                    return;
                }
            }
        });
        let log = thread::spawn(move || read_to_end(errors));
        Ok(Self { input: child.stdin.take(), child, answers, log: Some(log) })
    }

    /// Tells it something without waiting for the answer.
    ///
    /// # Errors
    /// If the message cannot be written as JSON.
    pub fn tell(&mut self, message: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        if let Some(input) = &mut self.input {
            // If the process has ended, `hear` reports it.
            let _ = input.write_all(&line).and_then(|()| input.flush());
        }
        Ok(())
    }

    /// Its next answer.
    ///
    /// # Errors
    /// If none comes within this time.
    pub fn hear(&self, timeout: Duration) -> Result<A, Silence> {
        self.answers.recv_timeout(timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silence::Busy,
            RecvTimeoutError::Disconnected => Silence::Ended,
        })
    }

    /// Kills it as the kernel does, and waits until it is gone. What it said before can still be heard.
    pub fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }

    /// Ends its input without waiting: it ends when it has done what it was told.
    pub fn finish(&mut self) {
        self.input = None;
    }

    /// Ends its input and waits until it has ended by itself. Returns what it wrote to standard error.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub fn end(mut self) -> io::Result<(ExitStatus, String)> {
        drop(self.input.take());
        let status = self.child.wait()?;
        Ok((status, self.log()))
    }

    /// Kills it. Returns what it wrote to standard error.
    pub fn log(&mut self) -> String {
        self.kill();
        self.log.take().and_then(|log| log.join().ok()).unwrap_or_default()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops it: not one more instruction of it runs.
    ///
    /// # Errors
    /// If the process has ended, or if the system is not Unix.
    pub fn stop(&self) -> io::Result<()> {
        signal::stop(&self.child)
    }

    /// Lets it go on after [`stop`](Self::stop).
    ///
    /// # Errors
    /// As [`stop`](Self::stop).
    pub fn go_on(&self) -> io::Result<()> {
        signal::go_on(&self.child)
    }
}

impl<A> Drop for ChildProcess<A> {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Runs in the child: answers each line of standard input until it ends.
///
/// # Errors
/// If a line cannot be understood, or the parent has ended.
pub fn serve<M: DeserializeOwned, A: Serialize>(mut answer: impl FnMut(M) -> A) -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        say(&answer(serde_json::from_str(&line?)?))?;
    }
    Ok(())
}

/// Runs in the child: sends one answer, which has left the process when this returns.
///
/// # Errors
/// If the parent has ended.
pub fn say(answer: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}

/// What came until it failed is all there is.
fn read_to_end(mut source: impl Read) -> String {
    let mut text = Vec::new();
    let _ = source.read_to_end(&mut text);
    String::from_utf8_lossy(&text).trim().to_owned()
}

#[cfg(unix)]
mod signal {
    use std::io::{self, ErrorKind};
    use std::process::Child;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use rustix::io::Errno;
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

    /// How long the threads of a process may take to stop.
    const TIMEOUT: Duration = Duration::from_secs(10);

    /// Returns once all threads have stopped, or have ended: the kernel reports that after the last of them.
    pub(super) fn stop(child: &Child) -> io::Result<()> {
        let id = Pid::from_child(child);
        kill_process(id, Signal::STOP)?;
        let (sent_at, stopped) = (Instant::now(), WaitIdOptions::STOPPED | WaitIdOptions::EXITED);
        loop {
            // The report is left for whoever waits for the end of the process. Nobody is there to report if it has ended.
            match waitid(WaitId::Pid(id), stopped | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT) {
                Ok(Some(_)) | Err(Errno::CHILD) => return Ok(()),
                Ok(None) if sent_at.elapsed() < TIMEOUT => sleep(Duration::from_millis(1)),
                Ok(None) => return Err(ErrorKind::TimedOut.into()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) fn go_on(child: &Child) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(child), Signal::CONT)?)
    }
}

#[cfg(not(unix))]
mod signal {
    use std::io;
    use std::process::Child;

    pub(super) fn stop(_: &Child) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn go_on(_: &Child) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
