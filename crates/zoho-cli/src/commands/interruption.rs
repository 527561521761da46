//! Ctrl-C, or a request to end.

use crate::failure::Failure;
use crate::messages::Problem;

/// Waits for Ctrl-C or a request to end. From now on neither of them ends the process by itself.
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

/// Does some work, unless it is interrupted before it is done: then there is nothing, and the work is dropped.
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
