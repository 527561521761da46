//! Jobs and the states they go through.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{mass, read, write};
use crate::clock::milliseconds;
use crate::crm::Request;
use crate::state::State;

/// Every job of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    pub(super) reads: Ledger<read::Order, read::Outcome>,
    pub(super) writes: Ledger<write::Order, write::Outcome>,
    pub(super) mass: Ledger<mass::Order, mass::Outcome>,
    /// How many of the next jobs fail.
    pub(crate) failures_ahead: usize,
}

impl Jobs {
    /// Whether the job that is being added is one of those that fail.
    pub(super) fn take_failure(&mut self) -> bool {
        let fails = self.failures_ahead > 0;
        self.failures_ahead -= usize::from(fails);
        fails
    }
}

/// The jobs of one kind, by id.
#[derive(Debug)]
pub(super) struct Ledger<Order, Outcome> {
    jobs: BTreeMap<u64, Job<Order, Outcome>>,
}

/// One job: what was ordered, and what came of it.
#[derive(Debug)]
pub(super) struct Job<Order, Outcome> {
    pub(super) id: u64,
    pub(super) organisation: String,
    pub(super) user: String,
    /// The user, as details name one.
    pub(super) ordered_by: Value,
    pub(super) callback: Option<String>,
    pub(super) created_ms: u64,
    pub(super) due_ms: u64,
    /// It will fail, whatever was ordered.
    pub(super) doomed: bool,
    pub(super) order: Order,
    /// `None` until it has been carried out; then what came of it, or why it failed.
    pub(super) outcome: Option<Result<Outcome, Value>>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
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
    pub(super) fn add(&mut self, job: Job<Order, Outcome>) {
        self.jobs.insert(job.id, job);
    }

    /// A job of an organisation.
    pub(super) fn get(&self, organisation: &str, id: &str) -> Option<&Job<Order, Outcome>> {
        self.jobs.get(&id.parse().ok()?).filter(|job| job.organisation == organisation)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Job<Order, Outcome>> {
        self.jobs.get_mut(&id)
    }

    /// A job whose time has come and which was not carried out yet.
    pub(super) fn next_due(&self, now: u64) -> Option<u64> {
        self.jobs.values().find(|job| job.outcome.is_none() && job.due_ms <= now).map(|job| job.id)
    }
}

impl<Order, Outcome> Job<Order, Outcome> {
    /// A job that the caller orders now.
    pub(super) fn ordered(
        request: &Request<'_>,
        state: &mut State,
        callback: Option<String>,
        order: Order,
    ) -> Self {
        let (world, user) = (request.world, request.caller.user);
        let now = world.now_ms();
        Self {
            id: state.records.new_id(),
            organisation: request.organisation().to_owned(),
            user: user.email.clone(),
            ordered_by: json!({ "id": user.id, "name": user.full_name() }),
            callback,
            created_ms: now,
            due_ms: now + milliseconds(world.settings.bulk_job_duration),
            doomed: state.jobs.take_failure(),
            order,
            outcome: None,
        }
    }

    pub(super) fn stage(&self, now: u64) -> Stage {
        let life = self.due_ms.saturating_sub(self.created_ms).max(1);
        match now.saturating_sub(self.created_ms) * 4 / life {
            _ if self.outcome.is_some() => Stage::Over,
            0 => Stage::Added,
            1 => Stage::Queued,
            _ => Stage::InProgress,
        }
    }

    /// Whether the result can still be downloaded.
    pub(super) fn is_fresh(&self, now: u64, life: Duration) -> bool {
        now < self.due_ms + milliseconds(life)
    }
}
