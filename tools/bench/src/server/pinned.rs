//! A server on one processor, and its only caller on another.
//!
//! A system that may choose wakes a server's thread now on the caller's core, now on another one. That takes 20 or 80 µs, the
//! bare driver's calls as well as the store's, and a ratio then says which core it was.

use servers::{Kind, Server};

use super::place::Place;
use crate::Outcome;
use crate::report::Report;

/// A server of its own on the second processor, while this thread runs on the first. When this is dropped, the thread may run
/// on all of them again.
#[derive(Debug)]
pub(super) struct Pinned {
    kind: Kind,
    pub(super) server: Server,
    _processors: affinity::Restored,
}

impl Pinned {
    /// Starts the server with more options, or adds a note to the report that there is none.
    pub(super) fn start(kind: Kind, options: &[&str], report: &mut Report) -> Outcome<Option<Self>> {
        let processors = affinity::Restored::later()?;
        // A process starts on the processors of the thread that starts it.
        affinity::run_on(1)?;
        let server = Server::start_with(kind, options);
        affinity::run_on(0)?;
        match server {
            Ok(server) => Ok(Some(Self { kind, server, _processors: processors })),
            Err(reason) => {
                report.note(&format!("Not measured: {reason}"));
                Ok(None)
            }
        }
    }

    /// Returns an empty place on it.
    pub(super) fn place(&self) -> Outcome<Place> {
        let url = self.kind.with_fresh_place(self.server.url());
        Ok(Place::at(self.kind, &url).ok_or("the URL names no place")?)
    }
}

#[cfg(target_os = "linux")]
mod affinity {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use crate::Outcome;

    /// The processors of this thread before it was pinned, which it gets back when this is dropped.
    #[derive(Debug)]
    pub(super) struct Restored(CpuSet);

    impl Restored {
        pub(super) fn later() -> Outcome<Self> {
            Ok(Self(sched_getaffinity(None)?))
        }
    }

    impl Drop for Restored {
        fn drop(&mut self) {
            // The set was this thread's own.
            let _ = sched_setaffinity(None, &self.0);
        }
    }

    /// Has this thread run on one processor, unless there is only one.
    pub(super) fn run_on(processor: usize) -> Outcome {
        if std::thread::available_parallelism()?.get() == 1 && processor > 0 {
            return Ok(());
        }
        let mut set = CpuSet::new();
        set.set(processor);
        Ok(sched_setaffinity(None, &set)?)
    }
}

/// Other systems choose by themselves.
#[cfg(not(target_os = "linux"))]
mod affinity {
    use crate::Outcome;

    #[derive(Debug)]
    pub(super) struct Restored;

    impl Restored {
        pub(super) fn later() -> Outcome<Self> {
            Ok(Self)
        }
    }

    pub(super) fn run_on(_processor: usize) -> Outcome {
        Ok(())
    }
}
