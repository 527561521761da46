//! A worker process, and what can be done to it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use processes::{Answer, Command, Failed, Found, Setup, Tokens};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command as Program};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Place;

/// No answer takes this long, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(90);

const PROGRAM: &str = env!("CARGO_BIN_EXE_worker");

/// A worker. It is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    log: JoinHandle<String>,
}

impl Worker {
    /// Starts one; it does nothing until it is told to.
    pub(crate) fn start(place: &Place) -> Self {
        Self::run(place, Program::new(PROGRAM))
    }

    /// Starts one with its store open.
    pub(crate) async fn open(place: &Place, setup: &Setup) -> Self {
        let mut worker = Self::start(place);
        worker.set_up(setup).await;
        worker
    }

    /// Starts one from a shell that does something before: `umask 022`, `trap '' XFSZ`.
    pub(crate) fn start_after(place: &Place, preparation: &str) -> Self {
        let mut shell = Program::new("sh");
        shell.args(["-c", &format!("{preparation}; exec \"$0\""), PROGRAM]);
        Self::run(place, shell)
    }

    /// Starts a copy of the program as another user, who has no groups.
    pub(crate) fn start_as(place: &Place, user: u32, program: &Path) -> Self {
        let mut worker = Program::new(program);
        worker.uid(user).gid(user);
        Self::run(place, worker)
    }

    /// Starts one that believes it is another time: `+300s`. `library` is libfaketime.
    pub(crate) fn start_at_another_time(place: &Place, library: &Path, offset: &str) -> Self {
        let mut worker = Program::new(PROGRAM);
        worker.env("LD_PRELOAD", library).envs([("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")]);
        Self::run(place, worker)
    }

    fn run(place: &Place, mut program: Program) -> Self {
        let mut child = program
            .current_dir("/")
            .env("HOME", place.home())
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut errors = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut text = Vec::new();
            errors.read_to_end(&mut text).await.unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        Self { child, input, output, log }
    }

    pub(crate) fn program() -> &'static Path {
        Path::new(PROGRAM)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the worker is still there")
    }

    /// Tells it something, and does not wait.
    pub(crate) async fn tell(&mut self, command: &Command) {
        let line = serde_json::to_string(command).unwrap() + "\n";
        self.input.write_all(line.as_bytes()).await.unwrap();
        self.input.flush().await.unwrap();
    }

    /// The next thing that it says; `None` when it has ended. A line that was cut off does not count.
    pub(crate) async fn hear(&mut self) -> Option<Answer> {
        let line = timeout(PATIENCE, self.output.next_line()).await.expect("the worker does not answer");
        serde_json::from_str(&line.unwrap()?).ok()
    }

    /// The same, if it comes soon.
    pub(crate) async fn hear_soon(&mut self, time: Duration) -> Option<Answer> {
        let line = timeout(time, self.output.next_line()).await.ok()?;
        serde_json::from_str(&line.unwrap()?).ok()
    }

    pub(crate) async fn ask(&mut self, command: &Command) -> Answer {
        self.tell(command).await;
        match self.hear().await {
            Some(answer) => answer,
            None => panic!("the worker has ended: {}", (&mut self.log).await.unwrap()),
        }
    }

    pub(crate) async fn set_up(&mut self, setup: &Setup) {
        self.done(&Command::Open(setup.clone())).await;
    }

    pub(crate) async fn done(&mut self, command: &Command) {
        let answer = self.ask(command).await;
        assert!(matches!(answer, Answer::Done | Answer::Saved { .. }), "{command:?}: {answer:?}");
    }

    /// Saves one row for each user.
    pub(crate) async fn save_all(&mut self, users: Vec<String>, at_once: usize) {
        match self.ask(&Command::SaveAll { users, at_once }).await {
            Answer::Done => {}
            other => panic!("not all were saved: {other:?}"),
        }
    }

    /// Asks for something that must fail.
    pub(crate) async fn fails(&mut self, command: &Command) -> Failed {
        match self.ask(command).await {
            Answer::Failed(failed) => failed,
            other => panic!("{command:?} did not fail: {other:?}"),
        }
    }

    pub(crate) async fn access_token(&mut self, user: &str, tasks: usize) -> Tokens {
        match self.ask(&Command::AccessToken { user: user.to_owned(), tasks }).await {
            Answer::Tokens(tokens) => tokens,
            other => panic!("no tokens: {other:?}"),
        }
    }

    pub(crate) async fn find(&mut self, user: &str, times: usize) -> Found {
        match self.ask(&Command::Find { user: user.to_owned(), times }).await {
            Answer::Found(found) => found,
            other => panic!("no look-ups: {other:?}"),
        }
    }

    /// Kills it as the kernel does, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Lets it end by itself; hands back what it wrote to standard error.
    pub(crate) async fn end(self) -> String {
        let Self { mut child, input, output, log } = self;
        drop(input);
        let ended = timeout(PATIENCE, child.wait()).await.expect("the worker does not end").unwrap();
        drop(output);
        let log = log.await.unwrap();
        assert!(ended.success(), "{ended}: {log}");
        log
    }

    /// Lets it write no file longer than this, as on a disk that is full. `None`: any again. The worker has to have
    /// been started after `trap '' XFSZ`, or the kernel ends it.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(self.pid()), Resource::Fsize, limit).unwrap();
    }

    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("a process id")
    }
}

/// Asks all workers at once for the token of `user`, from so many tasks each.
pub(crate) async fn close_together(workers: &mut [Worker], user: &str, tasks: usize) -> Vec<Tokens> {
    join_all(workers.iter_mut().map(|worker| worker.access_token(user, tasks))).await
}

/// Checks that an error says which file it is about and, behind that, what to do next.
pub(crate) fn check_clear(failed: &Failed, place: &Place, kinds: &[&str]) {
    let file = place.file().display().to_string();
    let (_, rest) = failed.text.split_once(&file).unwrap_or_else(|| panic!("it names no file: {failed:?}"));
    let next_step = rest.rsplit_once("; ").map(|(_, next_step)| next_step);
    assert!(next_step.is_some_and(|text| text.split(' ').count() > 2), "it says no next step: {failed:?}");
    let kind = failed.kind.as_deref().unwrap_or("no store error");
    assert!(kinds.contains(&kind), "not one of {kinds:?}: {failed:?}");
}
