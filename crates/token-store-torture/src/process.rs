//! A worker process of the kit, whose failures are reported as what the store promised and what was seen.

use std::env;
use std::process;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::child::{ChildProcess, Silence};
use crate::failure::{Failure, Outcome};
use crate::promise::Promise;
use crate::protocol::{Answer, BUSY_TIMEOUT, Command};

/// Tells a process that it is a worker, and of which kit.
pub(crate) const WORKER: &str = "TOKEN_STORE_TORTURE_WORKER";

/// No answer takes this long, on however busy a machine: longer than a store may report that it is busy.
const ANSWER_TIMEOUT: Duration = BUSY_TIMEOUT.saturating_mul(3);

/// A worker process. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: ChildProcess<Answer>,
    doing: String,
}

impl Process {
    /// Starts a worker of this kit. It waits for commands.
    pub(crate) fn start(kit: usize) -> Outcome<Self> {
        let program = env::current_exe().map_err(Failure::of_the_kit)?;
        let child = ChildProcess::start(process::Command::new(program).env(WORKER, kit.to_string()));
        Ok(Self { child: child.map_err(Failure::of_the_kit)?, doing: String::new() })
    }

    /// Sends a command without waiting for the answer.
    pub(crate) fn tell(&mut self, command: &Command) -> Outcome {
        self.doing = beginning_of(&format!("{command:?}"));
        self.child.tell(command).map_err(Failure::of_the_kit)
    }

    /// Sends the place of the store, without waiting for the response.
    pub(crate) fn tell_place(&mut self, place: &impl Serialize) -> Outcome {
        "open the store".clone_into(&mut self.doing);
        self.child.tell(place).map_err(Failure::of_the_kit)
    }

    /// Its next answer.
    pub(crate) fn hear<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        self.hear_within(ANSWER_TIMEOUT)?.ok_or_else(|| {
            Failure::new(Promise::CallsEnd, format!("no end after {ANSWER_TIMEOUT:?}: {}", self.doing))
        })
    }

    /// Its next answer, if it comes within this time.
    pub(crate) fn hear_within<T: DeserializeOwned>(&mut self, timeout: Duration) -> Outcome<Option<T>> {
        match self.child.hear(timeout) {
            Ok(answer) => self.understood(answer).map(Some),
            Err(Silence::Busy) => Ok(None),
            Err(Silence::Ended) => {
                let seen = format!("its process ended: {}: {}", self.doing, self.child.log());
                Err(Failure::new(Promise::ProgramsSurvive, seen))
            }
        }
    }

    /// Sends a command and waits for the answer.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, command: &Command) -> Outcome<T> {
        self.tell(command)?;
        self.hear()
    }

    /// Kills it as the kernel does. Returns the answers that nobody has heard.
    pub(crate) fn kill<T: DeserializeOwned>(mut self) -> Outcome<Vec<T>> {
        self.child.kill();
        let mut unheard = Vec::new();
        while let Ok(answer) = self.child.hear(ANSWER_TIMEOUT) {
            unheard.push(self.understood(answer)?);
        }
        Ok(unheard)
    }

    /// Stops it: not one more instruction of it runs.
    pub(crate) fn stop(&self) -> Outcome {
        self.child.stop().map_err(Failure::of_the_kit)
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) -> Outcome {
        self.child.go_on().map_err(Failure::of_the_kit)
    }

    fn understood<T: DeserializeOwned>(&self, answer: Answer) -> Outcome<T> {
        let value = answer
            .map_err(|error| Failure::new(Promise::CallsSucceed, format!("{}: {error}", self.doing)))?;
        serde_json::from_value(value).map_err(Failure::of_the_kit)
    }
}

/// As much of a command as it takes to recognize it.
fn beginning_of(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// Has all of them do something at once, and waits for all. `command` gets the number of the process.
pub(crate) fn ask_all<T: DeserializeOwned>(
    processes: &mut [Process],
    command: impl Fn(usize) -> Command,
) -> Outcome<Vec<T>> {
    for (number, process) in processes.iter_mut().enumerate() {
        process.tell(&command(number))?;
    }
    processes.iter_mut().map(Process::hear).collect()
}
