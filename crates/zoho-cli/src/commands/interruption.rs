//! Ctrl-C and termination signals.

use crate::failure::Failure;
use crate::messages::Problem;

/// Waits for Ctrl-C or a termination signal. From this call on, neither ends the process by itself.
pub(super) fn interruption() -> Result<impl Future<Output = ()>, Failure> {
    let failed = |error: std::io::Error| Failure::from(Problem::Signals).caused_by(&error);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c().map_err(failed)?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}

/// Runs work to its end and returns its result. If it is interrupted first, drops the work and returns `None`.
pub(super) async fn unless<T>(
    interrupted: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = interrupted => None,
    }
}
