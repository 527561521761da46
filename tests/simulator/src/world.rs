//! The whole state of a run: the fleet, the servers, what is going wrong, and what was observed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use zoho_oauth::Authenticator;

use crate::accounts::{Accounts, name};
use crate::clock::time_of_day;
use crate::disk::Disk;
use crate::fault::Fault;
use crate::invariant::Invariant;
use crate::plan::{Outage, Plan};
use crate::random::Random;
use crate::records::{Observed, ProcessId, Records, Trouble, Violation};
use crate::secret::{ACCESS, REFRESH, number};
use crate::store::Store;
use crate::timers::{Event, Timers};
use crate::trace::{Line, Trace};

/// A task of a process or, without one, of the world.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    /// The time since the start.
    pub(crate) now: Duration,
    pub(crate) phase: Phase,
    pub(crate) random: Random,
    pub(crate) timers: Timers<Self>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) processes: Vec<Process>,
    pub(crate) conditions: Conditions,
    pub(crate) store: Store,
    pub(crate) accounts: Accounts,
    pub(crate) records: Records,
    pub(crate) trace: Trace,
    pub(crate) born: Vec<Born>,
    /// The processes that were killed and whose tasks are still to be dropped.
    pub(crate) killed: Vec<ProcessId>,
}

/// How far the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Callers call and things go wrong.
    Troubled,
    /// Nothing goes wrong any more.
    Calm,
    Over,
}

#[derive(Debug)]
pub(crate) struct Host {
    /// By how many milliseconds its clock is ahead of the true time.
    pub(crate) clock_ahead: i64,
    pub(crate) disk: Disk,
}

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) host: usize,
    pub(crate) is_alive: bool,
    pub(crate) paused_until: Duration,
    /// The access tokens that it received from the accounts server, by number.
    pub(crate) received: Vec<usize>,
    pub(crate) authenticator: Option<Authenticator>,
}

/// What is going wrong now.
#[derive(Debug)]
pub(crate) struct Conditions {
    /// The faults that are active everywhere.
    pub(crate) everywhere: Vec<Fault>,
    /// The faults that are active on one host.
    pub(crate) on_host: Vec<(Fault, usize)>,
    /// The user whose row alone is rejected, if only one is.
    pub(crate) rejected_user: Option<usize>,
}

/// A task that is to be run.
pub(crate) struct Born {
    pub(crate) process: Option<ProcessId>,
    pub(crate) task: Task,
}

impl World {
    pub(crate) fn new(plan: Plan, is_traced: bool) -> Self {
        let mut random = Random::new(plan.seed ^ 0x5eed);
        let hosts = (0..plan.hosts).map(|_| Host::new(&mut random)).collect();
        let mut world = Self {
            now: Duration::ZERO,
            phase: Phase::Troubled,
            timers: Timers::default(),
            hosts,
            processes: Vec::new(),
            conditions: Conditions { everywhere: Vec::new(), on_host: Vec::new(), rejected_user: None },
            store: Store::new(&plan, &mut random),
            accounts: Accounts::default(),
            records: Records::new(plan.users),
            trace: Trace { is_recorded: is_traced, lines: Vec::new() },
            born: Vec::new(),
            killed: Vec::new(),
            random,
            plan,
        };
        world.settle_in();
        world
    }

    /// Gives most users a row: with a token that is about to expire, with one that has expired, or with none.
    fn settle_in(&mut self) {
        for user in 0..self.plan.users {
            if self.plan.habits.log_in && self.random.one_in(3) {
                continue;
            }
            let credential = self.accounts.new_credential(user, self.now);
            let life = self.plan.tokens.life;
            let left = self.random.pick([Duration::ZERO, life / 4, life / 2, life]);
            let left = self.plan.outage.map_or(left, Outage::expiry);
            let access = (!self.random.one_in(4) || self.plan.outage.is_some()).then(|| {
                let number = self.accounts.issue(credential, self.now, left);
                (number, self.store.clock(self.now + left))
            });
            self.store.insert(user, credential, access);
        }
    }

    pub(crate) fn spawn(&mut self, process: Option<ProcessId>, task: Task) {
        self.born.push(Born { process, task });
    }

    /// Lets something happen after `delay`.
    pub(crate) fn after(&mut self, delay: Duration, act: impl FnOnce(&mut Self) + Send + 'static) {
        self.timers.add(self.now + delay, Event::Act(Box::new(act)));
    }

    pub(crate) fn is_alive(&self, process: ProcessId) -> bool {
        self.processes[process].is_alive
    }

    pub(crate) fn is_paused(&self, process: ProcessId) -> bool {
        self.processes[process].paused_until > self.now
    }

    pub(crate) fn host_of(&mut self, process: ProcessId) -> &mut Host {
        &mut self.hosts[self.processes[process].host]
    }

    /// The time of day on the host of `process`.
    pub(crate) fn clock_of(&self, process: ProcessId) -> SystemTime {
        time_of_day(self.now, self.hosts[self.processes[process].host].clock_ahead)
    }

    /// Whether `fault` is active on the host of `process`.
    pub(crate) fn suffers(&self, process: ProcessId, fault: Fault) -> bool {
        let host = self.processes[process].host;
        self.conditions.everywhere.contains(&fault) || self.conditions.on_host.contains(&(fault, host))
    }

    /// Whether the store has a row for a user with a refresh token that Zoho accepts.
    pub(crate) fn has_login(&self, user: usize) -> bool {
        let name = name(user);
        let mut rows = self.store.content.rows.iter().filter(|row| row.user_name.as_ref() == Some(&name));
        rows.any(|row| {
            let credential = row.refresh_token.as_deref().and_then(|secret| number(REFRESH, secret));
            credential.is_some_and(|credential| !self.accounts.credentials[credential].is_revoked)
        })
    }

    /// Whether the API accepts an access token.
    pub(crate) fn is_accepted(&self, secret: &str) -> bool {
        let issued = number(ACCESS, secret).map(|number| &self.accounts.issued[number]);
        issued.is_some_and(|issued| issued.revoked_at.is_none() && issued.expires_at > self.now)
    }

    /// Kills a process: whatever it does from here on has no effect.
    pub(crate) fn kill(&mut self, process: ProcessId, reason: &str) {
        if std::mem::replace(&mut self.processes[process].is_alive, false) {
            self.note(Some(process), None, || format!("KILLED {reason}"));
            self.killed.push(process);
            self.trouble(process, Trouble::Struck);
            self.records.process_killed(process, self.now);
        }
    }

    /// Notes that something went wrong on the host of `process`.
    pub(crate) fn trouble(&mut self, process: ProcessId, trouble: Trouble) {
        self.trouble_on(self.processes[process].host, trouble);
    }

    /// Notes that something went wrong on a host.
    pub(crate) fn trouble_on(&mut self, host: usize, trouble: Trouble) {
        let by_store = self.store.clock(self.now);
        self.records.troubles.push(Observed { trouble, host, at: self.now, by_store });
    }

    /// Records an event in the trace.
    pub(crate) fn note(
        &mut self,
        process: Option<ProcessId>,
        user: Option<usize>,
        text: impl FnOnce() -> String,
    ) {
        if self.trace.is_recorded {
            self.trace.lines.push(Line { at: self.now, process, user, text: text() });
        }
    }

    /// Reports that `invariant` does not hold. The first report ends the run.
    pub(crate) fn fail(&mut self, invariant: Invariant, user: Option<usize>, message: String) {
        if self.plan.invariants.contains(invariant) && self.records.violation.is_none() {
            self.note(None, user, || format!("VIOLATED {invariant:?}: {message}"));
            self.records.violation = Some(Violation { invariant, at: self.now, user, message });
        }
    }
}

impl Host {
    fn new(random: &mut Random) -> Self {
        let clock_ahead = random.pick([0, 0, 300, -1_500, 90_000, -3_600_000]);
        Self { clock_ahead, disk: Disk::default() }
    }
}

impl fmt::Debug for Born {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Born").field("process", &self.process).finish_non_exhaustive()
    }
}
