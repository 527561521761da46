//! Many seeds, on all cores. Each run has one thread.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use crate::plan::Plan;
use crate::records::Violation;
use crate::run::run;

/// A seed whose run violates an invariant.
#[derive(Clone, Debug)]
pub struct Found {
    /// The seed.
    pub seed: u64,
    /// The violation.
    pub violation: Violation,
}

/// Runs the plan of each seed, and passes each violation to `found` until that returns `false`. `progress` gets the number of
/// runs so far. Returns the number of runs.
pub fn search(
    seeds: Range<u64>,
    plan: impl Fn(u64) -> Plan + Sync,
    found: impl FnMut(Found) -> bool + Send,
    progress: impl Fn(usize) + Sync,
) -> usize {
    let (next, end, done) = (AtomicU64::new(seeds.start), AtomicU64::new(seeds.end), AtomicUsize::new(0));
    let found = Mutex::new(found);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return;
            }
            if let Some(violation) = run(&plan(seed)).violation {
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                if !found(Found { seed, violation }) {
                    // Smaller seeds that are under way are finished, so the smallest one is found in any case.
                    end.fetch_min(seed, Ordering::Relaxed);
                }
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    done.into_inner()
}
