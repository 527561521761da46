//! A worker process, and what can be done to it.

use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command as Program;
use std::thread::sleep;
use std::time::{Duration, Instant};

use processes::{Answer, Command, Failed, Found, Setup, Tokens};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use token_store_torture::parts::{ChildProcess, Silence};

use super::Place;

/// No answer takes this long, on however busy a machine.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);

const PROGRAM: &str = env!("CARGO_BIN_EXE_worker");

/// A worker. It is killed when it is dropped.
///
/// Its methods block, so only the future of the test itself may call them: the emulator and the proxies run on the other
/// threads of the runtime.
#[derive(Debug)]
pub(crate) struct Worker(ChildProcess<Answer>);

impl Worker {
    /// Starts one. It waits for commands.
    pub(crate) fn start(place: &Place) -> Self {
        Self::run(place, Program::new(PROGRAM))
    }

    /// Starts one and opens its store.
    pub(crate) fn open(place: &Place, setup: &Setup) -> Self {
        let mut worker = Self::start(place);
        worker.set_up(setup);
        worker
    }

    /// Starts one from a shell that prepares something: `umask 022`, `trap '' XFSZ`.
    pub(crate) fn start_after(place: &Place, preparation: &str) -> Self {
        let mut shell = Program::new("sh");
        shell.args(["-c", &format!("{preparation}; exec \"$0\""), PROGRAM]);
        Self::run(place, shell)
    }

    /// Starts one as another account without groups, which [`Place::admit`] has admitted.
    pub(crate) fn start_as(place: &Place, account: u32) -> Self {
        let mut worker = Program::new(place.program());
        worker.uid(account).gid(account);
        Self::run(place, worker)
    }

    /// Starts one whose clock is off by `offset`, such as `+300s`. `library` is libfaketime.
    pub(crate) fn start_at_another_time(place: &Place, library: &Path, offset: &str) -> Self {
        let mut worker = Program::new(PROGRAM);
        worker.env("LD_PRELOAD", library).envs([("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")]);
        Self::run(place, worker)
    }

    /// Starts one on a network of its own that leads nowhere. `None`: this account may not make one.
    pub(crate) fn start_without_network(place: &Place) -> Option<Self> {
        let unshare = |program: &str| {
            let mut unshare = Program::new("unshare");
            unshare.args(["--net", program]);
            unshare
        };
        let is_possible = unshare("true").status().is_ok_and(|status| status.success());
        is_possible.then(|| Self::run(place, unshare(PROGRAM)))
    }

    /// Starts one on what counts as another host: it has another home folder, so it does not see what others spool.
    pub(crate) fn start_on_another_host(place: &Place) -> Self {
        Self::run_at(&place.another_home(), Program::new(PROGRAM))
    }

    /// Starts one on a system that trusts no certificates.
    pub(crate) fn start_without_certificates(place: &Place) -> Self {
        let mut worker = Program::new(PROGRAM);
        worker.env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/dev/null");
        Self::run(place, worker)
    }

    fn run(place: &Place, program: Program) -> Self {
        Self::run_at(&place.home(), program)
    }

    fn run_at(home: &Path, mut program: Program) -> Self {
        let program = program.current_dir("/").env("HOME", home).env_remove("RUST_LOG");
        loop {
            match ChildProcess::start(program) {
                // Another thread started a process while this program was copied.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    sleep(Duration::from_millis(10))
                }
                started => return Self(started.unwrap()),
            }
        }
    }

    pub(crate) fn program() -> &'static Path {
        Path::new(PROGRAM)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Sends a command without waiting for the answer.
    pub(crate) fn tell(&mut self, command: &Command) {
        self.0.tell(command).unwrap();
    }

    /// Its next answer; `None` if it has ended.
    pub(crate) fn hear(&self) -> Option<Answer> {
        match self.0.hear(ANSWER_TIMEOUT) {
            Ok(answer) => Some(answer),
            Err(Silence::Ended) => None,
            Err(Silence::Busy) => panic!("the worker does not answer"),
        }
    }

    /// Its next answer, if it comes within this time.
    pub(crate) fn hear_soon(&self, timeout: Duration) -> Option<Answer> {
        self.0.hear(timeout).ok()
    }

    /// The answer to the last command.
    pub(crate) fn answer(&mut self) -> Answer {
        self.hear().unwrap_or_else(|| panic!("the worker has ended: {}", self.0.log()))
    }

    pub(crate) fn ask(&mut self, command: &Command) -> Answer {
        self.tell(command);
        self.answer()
    }

    pub(crate) fn set_up(&mut self, setup: &Setup) {
        self.done(&Command::Open(setup.clone()));
    }

    pub(crate) fn done(&mut self, command: &Command) {
        let answer = self.ask(command);
        assert!(matches!(answer, Answer::Done | Answer::Saved { .. }), "{command:?}: {answer:?}");
    }

    /// Saves one row for each user.
    pub(crate) fn save_all(&mut self, users: Vec<String>, at_once: usize) {
        self.done(&Command::SaveAll { users, at_once });
    }

    /// The error of the last command.
    pub(crate) fn failure(&mut self) -> Failed {
        match self.answer() {
            Answer::Failed(failed) => failed,
            other => panic!("it did not fail: {other:?}"),
        }
    }

    /// Sends a command that has to fail.
    pub(crate) fn fails(&mut self, command: &Command) -> Failed {
        self.tell(command);
        self.failure()
    }

    /// Asks for a user's access token from this many tasks, without waiting for it.
    pub(crate) fn want_token(&mut self, user: &str, tasks: usize) {
        self.tell(&Command::AccessToken { user: user.to_owned(), tasks });
    }

    /// The tokens that were asked for.
    pub(crate) fn tokens(&mut self) -> Tokens {
        match self.answer() {
            Answer::Tokens(tokens) => tokens,
            other => panic!("no tokens: {other:?}"),
        }
    }

    pub(crate) fn access_token(&mut self, user: &str, tasks: usize) -> Tokens {
        self.want_token(user, tasks);
        self.tokens()
    }

    pub(crate) fn find(&mut self, user: &str, times: usize) -> Found {
        match self.ask(&Command::Find { user: user.to_owned(), times }) {
            Answer::Found(found) => found,
            other => panic!("no look-ups: {other:?}"),
        }
    }

    /// Kills it as the kernel does, and waits until it is gone. What it said before can still be heard.
    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    /// Lets it end when it has done what it was told, without waiting for that.
    pub(crate) fn finish(&mut self) {
        self.0.finish();
    }

    /// Lets it end by itself. Returns what it wrote to standard error.
    pub(crate) fn end(self) -> String {
        let started = Instant::now();
        let (status, log) = self.0.end().unwrap();
        assert!(status.success() && started.elapsed() < ANSWER_TIMEOUT, "{status}: {log}");
        log
    }

    /// Keeps it from writing files longer than this, as a full disk does; `None` lifts the limit. Start the worker after
    /// `trap '' XFSZ`, or the kernel ends it.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("a process id");
        prlimit(Some(id), Resource::Fsize, limit).unwrap();
    }

    pub(crate) fn stop(&self) {
        self.0.stop().unwrap();
    }

    pub(crate) fn go_on(&self) {
        self.0.go_on().unwrap();
    }
}

/// Asks all workers at once for the token of `user`, from this many tasks each.
pub(crate) fn close_together(workers: &mut [Worker], user: &str, tasks: usize) -> Vec<Tokens> {
    workers.iter_mut().for_each(|worker| worker.want_token(user, tasks));
    workers.iter_mut().map(Worker::tokens).collect()
}

/// Checks that an error names the file, says what to do next, and is of one of these kinds.
pub(crate) fn check_clear(failed: &Failed, place: &Place, kinds: &[&str]) {
    let file = place.file().display().to_string();
    let (_, rest) = failed.text.split_once(&file).unwrap_or_else(|| panic!("it names no file: {failed:?}"));
    let next_step = rest.rsplit_once("; ").map(|(_, next_step)| next_step);
    assert!(next_step.is_some_and(|text| text.split(' ').count() > 2), "it says no next step: {failed:?}");
    let kind = failed.kind.as_deref().unwrap_or("no store error");
    assert!(kinds.contains(&kind), "not one of {kinds:?}: {failed:?}");
}
