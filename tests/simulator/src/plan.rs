//! What a seed decides before a run begins: the fleet, the lives of tokens, how the callers behave, what can go wrong.

use std::time::Duration;

use crate::fault::{Fault, Faults};
use crate::flaw::Flaw;
use crate::invariant::Invariants;
use crate::random::Random;

/// How long a client waits for a response of the accounts server.
pub(crate) const ACCOUNTS_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client tries to connect to a server that does not react.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The plan of a run. The same plan gives the same run, event by event.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The number of hosts. Each has a disk, a clock and a network.
    pub hosts: usize,
    /// The number of processes, at least one on each host.
    pub processes: usize,
    /// The number of callers in each process.
    pub callers: usize,
    /// The number of users.
    pub users: usize,
    /// How long until the faults end.
    pub horizon: Duration,
    /// What can go wrong.
    pub faults: Faults,
    /// The planted bug.
    pub flaw: Option<Flaw>,
    /// The invariants that are checked.
    pub invariants: Invariants,
    pub(crate) tokens: Tokens,
    pub(crate) habits: Habits,
    pub(crate) store: StoreKind,
    /// When no host can connect to the accounts server, besides the faults.
    pub(crate) outage: Option<Outage>,
    /// One of so many awaits is the last of its process, if processes can be killed.
    pub(crate) kill_one_in: usize,
}

/// An outage of the accounts server that ends a minute before the first token of every user expires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    pub(crate) begins_at: Duration,
}

impl Outage {
    pub(crate) const LENGTH: Duration = Duration::from_secs(180);

    /// When the first token of every user expires.
    pub(crate) fn expiry(self) -> Duration {
        self.begins_at + Self::LENGTH + Duration::from_secs(60)
    }
}

/// How long tokens and leases live, and when they are renewed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens {
    pub(crate) life: Duration,
    pub(crate) margin: Duration,
    pub(crate) early_window: Duration,
    pub(crate) lease_life: Duration,
}

/// What callers do besides asking for a valid token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    pub(crate) refresh: bool,
    pub(crate) log_in: bool,
    pub(crate) log_out: bool,
    pub(crate) find_user: bool,
}

/// What kind of store it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreKind {
    pub(crate) has_version: bool,
    pub(crate) has_identity: bool,
    pub(crate) counts_whole_seconds: bool,
    pub(crate) poll_interval: Duration,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let hosts = 1 + random.below(3);
        let tokens = Tokens::random(&mut random);
        let lives = 2 + random.below(4) as u32;
        Self {
            seed,
            hosts,
            processes: 3 + random.below(3),
            callers: 1 + random.below(3),
            users: 1 + random.below(4),
            horizon: (tokens.life * lives).min(Duration::from_secs(4 * 3_600)),
            faults: faults(&mut random),
            flaw: None,
            invariants: Invariants::all(),
            tokens,
            habits: Habits::random(&mut random),
            store: StoreKind::random(&mut random),
            outage: None,
            kill_one_in: random.pick([100, 400, 1_500]),
        }
    }

    /// The plan of a seed in which nothing goes wrong but this: Zoho cannot be reached for three minutes, until a minute before
    /// every user's token expires. Callers ask for valid tokens and nothing else.
    #[must_use]
    pub fn of_an_outage(seed: u64) -> Self {
        let plan = Self::new(seed);
        let outage = Outage { begins_at: Duration::from_secs(600) };
        let tokens = Tokens {
            life: Duration::from_secs(3_600),
            margin: Duration::from_secs(60),
            early_window: Duration::from_secs(300),
            ..plan.tokens
        };
        let horizon = outage.expiry() + Duration::from_secs(60);
        let habits = Habits { refresh: false, log_in: false, log_out: false, ..plan.habits };
        Self { tokens, horizon, habits, outage: Some(outage), faults: Faults::default(), ..plan }
    }

    /// The plan with a planted bug.
    #[must_use]
    pub fn with_flaw(self, flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..self }
    }

    /// The plan with other invariants.
    #[must_use]
    pub fn checking(self, invariants: Invariants) -> Self {
        Self { invariants, ..self }
    }

    /// Whether every process can know every token that was issued: no fault loses a response, a lease or a save.
    pub(crate) fn is_lossless(&self) -> bool {
        const HARMLESS: [Fault; 3] = [Fault::RefuseAccounts, Fault::CutOff, Fault::FullDisk];
        self.faults.iter().all(|fault| HARMLESS.contains(&fault))
    }

    /// Whether a process may lose its lease while it works.
    pub(crate) fn may_lose_leases(&self) -> bool {
        const CAUSES: [Fault; 8] = [
            Fault::Kill,
            Fault::Pause,
            Fault::LoseStore,
            Fault::SlowStore,
            Fault::RefuseStore,
            Fault::ReadOnly,
            Fault::Revert,
            Fault::StepStoreClock,
        ];
        self.faults.contains_any(&CAUSES)
    }

    /// For how long a process can be paused.
    pub(crate) fn longest_pause(&self) -> Duration {
        if self.faults.contains(Fault::Pause) { self.tokens.lease_life * 6 } else { Duration::ZERO }
    }

    /// Whether a login can be spooled by a process that cannot find out which login it replaces.
    pub(crate) fn can_hide_rows(&self) -> bool {
        let causes = [Fault::Kill, Fault::Pause, Fault::LoseStore, Fault::SlowStore, Fault::RefuseStore];
        self.faults.contains_any(&causes)
    }
}

impl Tokens {
    fn random(random: &mut Random) -> Self {
        let life = Duration::from_secs(random.pick([40, 120, 900, 3_600, 3_600]));
        let (margin, early_window) = match life.as_secs() {
            3_600 => (Duration::from_secs(60), Duration::from_secs(300)),
            _ => (life / 20, life / 5),
        };
        let early_window = if random.one_in(6) { Duration::ZERO } else { early_window };
        Self { life, margin, early_window, lease_life: Duration::from_secs(random.pick([2, 5, 5, 15])) }
    }
}

impl Habits {
    fn random(random: &mut Random) -> Self {
        Self {
            refresh: random.one_in(3),
            log_in: random.one_in(2),
            log_out: random.one_in(4),
            find_user: !random.one_in(4),
        }
    }
}

impl StoreKind {
    fn random(random: &mut Random) -> Self {
        let is_slow = random.one_in(6);
        Self {
            has_version: random.one_in(2),
            has_identity: random.one_in(2),
            counts_whole_seconds: is_slow,
            poll_interval: Duration::from_millis(if is_slow { 60_000 } else { 500 }),
        }
    }
}

fn faults(random: &mut Random) -> Faults {
    let likely = random.pick([0, 1, 2, 2, 4, 8]);
    let mut faults = Faults::default();
    for fault in Fault::ALL {
        if random.below(Fault::ALL.len()) < likely {
            faults = faults.with(fault);
        }
    }
    faults
}
