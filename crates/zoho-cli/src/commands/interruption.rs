//! Ctrl-C and termination signals, and how a command ends after one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::messages::{NextStep, Note, Problem};
use crate::output;

/// How long a request that writes may still take after the first signal. Service managers allow ten seconds or more.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the command may take to end after the last signal, before the process ends without it.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Handles Ctrl-C and termination signals. Once this has been created, they no longer end the process by themselves.
///
/// After the first signal, the command ends as soon as it can; after the second one, or after [`PATIENCE`], at once. If
/// its thread is blocked, as when nobody reads its output, another thread ends the process. Either of them says how to
/// go on, which the command keeps up to date with [`leads_to`](Self::leads_to).
#[derive(Debug)]
pub(super) struct Interruption {
    signals: watch::Receiver<u8>,
    next_step: Arc<Mutex<Option<NextStep>>>,
}

impl Interruption {
    /// Starts to listen to signals.
    pub(super) fn start() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::from(Problem::Signals).caused_by(&error);
        let listener = Listener::new().map_err(failed)?;
        // A runtime of its own, because the thread of the other one can block.
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (sender, signals) = watch::channel(0);
        let next_step = Arc::<Mutex<Option<NextStep>>>::default();
        let interruption = Self { signals, next_step: Arc::clone(&next_step) };
        let attend = move || runtime.block_on(attend(listener, sender, next_step));
        thread::Builder::new().name("signals".to_owned()).spawn(attend).map_err(failed)?;
        Ok(interruption)
    }

    /// Sets how to go on if the command is interrupted from now on.
    pub(super) fn leads_to(&self, next_step: impl Into<Option<NextStep>>) {
        *lock(&self.next_step) = next_step.into();
    }

    /// Waits for the first signal.
    pub(super) async fn signal(&self) {
        self.signals(1).await;
    }

    /// Fails if there was a signal.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if *self.signals.borrow() == 0 { Ok(()) } else { Err(self.failure()) }
    }

    /// Runs `work` and returns its result. On the first signal, drops the work and returns the failure instead.
    pub(super) async fn unless<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.signals(1) => Err(self.failure()),
            done = work => Ok(done),
        }
    }

    /// The same for a request that writes: after the first signal, which is noted, its response is still waited for.
    pub(super) async fn unless_insistent<T>(
        &self,
        note: impl FnOnce(&Note),
        request: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let insisted = async {
            self.signals(1).await;
            note(&Note::AwaitingResponse { seconds: PATIENCE.as_secs() });
            self.signals(2).await;
        };
        tokio::select! {
            biased;
            done = request => Ok(done),
            () = insisted => Err(self.failure()),
        }
    }

    /// The failure of the interrupted command.
    fn failure(&self) -> Failure {
        failure(&self.next_step)
    }

    async fn signals(&self, count: u8) {
        // The sender lives as long as the receiver does.
        let _ = self.signals.clone().wait_for(|signals| *signals >= count).await;
    }
}

/// Counts signals until the command has ended, and ends the process if the command does not.
#[expect(clippy::exit, reason = "only this thread can end a process whose other thread is blocked")]
async fn attend(mut listener: Listener, signals: watch::Sender<u8>, next_step: Arc<Mutex<Option<NextStep>>>) {
    let ended = signals.clone();
    let end = async {
        listener.signal().await;
        signals.send_replace(1);
        // Either is a reason not to wait any longer.
        let _ = tokio::time::timeout(PATIENCE, listener.signal()).await;
        signals.send_replace(2);
        tokio::time::sleep(LAST_MOMENT).await;
        let failure = failure(&next_step);
        let exit = failure.exit();
        // Standard error can be blocked, too.
        let print = tokio::task::spawn_blocking(move || output::failure(&failure));
        let _ = tokio::time::timeout(LAST_MOMENT, print).await;
        std::process::exit(exit as i32);
    };
    tokio::select! {
        biased;
        () = ended.closed() => {}
        () = end => {}
    }
}

fn failure(next_step: &Mutex<Option<NextStep>>) -> Failure {
    Failure::from(Problem::Interrupted).next_step(lock(next_step).clone())
}

fn lock(next_step: &Mutex<Option<NextStep>>) -> MutexGuard<'_, Option<NextStep>> {
    next_step.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Receives the signals that ask this process to end: SIGINT and SIGTERM.
#[cfg(unix)]
struct Listener {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listener {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn signal(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(windows)]
struct Listener {
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Listener {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn signal(&mut self) {
        self.interrupt.recv().await;
    }
}
