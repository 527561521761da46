//! What the code on this thread logs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Level};

/// Captures the log of this thread until its guard is dropped.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

type Guard = (DefaultGuard, Dispatch);

impl Log {
    pub(crate) fn start(level: Level) -> (Self, Guard) {
        let log = Self::default();
        // As long as there is one dispatcher, `tracing` asks the thread that logs a line first whether any thread wants it.
        let second = Dispatch::new(NoSubscriber::default());
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().with_max_level(level).with_ansi(false).without_time();
        let subscriber = lines.with_writer(move || writer.clone()).finish();
        (log, (tracing::subscriber::set_default(subscriber), second))
    }

    /// Everything so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines since the last call.
    pub(crate) fn take_lines(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap().lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
