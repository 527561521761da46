//! Jobs and their stages.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::timestamp::milliseconds;

/// The jobs of one kind, by id.
#[derive(Debug)]
pub(crate) struct Ledger<Order, Outcome> {
    jobs: BTreeMap<u64, Job<Order, Outcome>>,
}

/// A job: its order and its outcome.
#[derive(Debug)]
pub(crate) struct Job<Order, Outcome> {
    pub(crate) id: u64,
    pub(crate) organization: String,
    pub(crate) user: String,
    /// The user, as job details show one.
    pub(crate) ordered_by: Value,
    pub(crate) callback: Option<String>,
    pub(crate) created_ms: u64,
    pub(crate) due_ms: u64,
    /// Whether the job fails whatever its order is.
    pub(crate) fails: bool,
    pub(crate) order: Order,
    /// `None` until the job has run; then its outcome, or why it failed.
    pub(crate) outcome: Option<Result<Outcome, Value>>,
}

/// The progress of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Added,
    Queued,
    InProgress,
    Over,
}

impl<Order, Outcome> Default for Ledger<Order, Outcome> {
    fn default() -> Self {
        Self { jobs: BTreeMap::new() }
    }
}

impl<Order, Outcome> Ledger<Order, Outcome> {
    pub(crate) fn add(&mut self, job: Job<Order, Outcome>) {
        self.jobs.insert(job.id, job);
    }

    /// A job of an organization.
    pub(crate) fn get(&self, organization: &str, id: &str) -> Option<&Job<Order, Outcome>> {
        self.jobs.get(&id.parse().ok()?).filter(|job| job.organization == organization)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Job<Order, Outcome>> {
        self.jobs.get_mut(&id)
    }

    /// A job that is due and has not run yet.
    pub(crate) fn next_due(&self, now: u64) -> Option<u64> {
        self.jobs.values().find(|job| job.outcome.is_none() && job.due_ms <= now).map(|job| job.id)
    }
}

impl<Order, Outcome> Job<Order, Outcome> {
    pub(crate) fn stage(&self, now: u64) -> Stage {
        let life = self.due_ms.saturating_sub(self.created_ms).max(1);
        match now.saturating_sub(self.created_ms) * 4 / life {
            _ if self.outcome.is_some() => Stage::Over,
            0 => Stage::Added,
            1 => Stage::Queued,
            _ => Stage::InProgress,
        }
    }

    /// Whether the result is still available for download.
    pub(crate) fn is_fresh(&self, now: u64, life: Duration) -> bool {
        now < self.due_ms + milliseconds(life)
    }
}
