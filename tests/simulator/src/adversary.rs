//! What goes wrong, and when.

use std::time::Duration;

use crate::fault::Fault;
use crate::plan::Outage;
use crate::records::ProcessId;
use crate::records::Trouble;
use crate::simulation::Simulation;
use crate::world::{Phase, World};

/// Lets the faults of the plan happen until the faults end.
pub(crate) async fn run(simulation: Simulation) {
    let faults: Vec<Fault> = simulation.with(|world| world.plan.faults.iter().collect());
    if faults.is_empty() {
        return;
    }
    loop {
        let pause = simulation.with(|world| {
            let horizon = world.plan.horizon;
            world.random.between(horizon / 100, horizon / 8)
        });
        simulation.sleep(pause).await;
        let is_over = simulation.with(|world| {
            let chosen = faults[world.random.below(faults.len())];
            let is_over = world.phase != Phase::Troubled;
            if !is_over {
                world.let_happen(chosen);
            }
            is_over
        });
        if is_over {
            return;
        }
    }
}

/// Lets no host connect to the accounts server for a while.
pub(crate) async fn run_outage(simulation: Simulation, outage: Outage) {
    simulation.sleep(outage.begins_at).await;
    simulation.with(|world| world.conditions.everywhere.push(Fault::RefuseAccounts));
    simulation.sleep(Outage::LENGTH).await;
    simulation.with(|world| world.conditions.everywhere.retain(|fault| *fault != Fault::RefuseAccounts));
}

impl World {
    /// Whether a process may be killed now.
    pub(crate) fn may_strike(&self) -> bool {
        self.phase == Phase::Troubled && self.plan.faults.contains(Fault::Kill)
    }

    /// Perhaps kills or pauses a process that has just reached an await.
    pub(crate) fn strike_at_an_await(&mut self, process: ProcessId) {
        if self.may_strike() && self.random.one_in(self.plan.kill_one_in) {
            self.kill(process, "at an await");
        }
        let may_pause = self.phase == Phase::Troubled && self.plan.faults.contains(Fault::Pause);
        if may_pause && self.random.one_in(self.plan.kill_one_in) {
            self.pause(process);
        }
    }

    /// Ends everything that is going wrong.
    pub(crate) fn make_well(&mut self) {
        self.phase = Phase::Calm;
        self.conditions.everywhere.clear();
        self.conditions.on_host.clear();
        self.note(None, None, || "THE FAULTS END".to_owned());
    }

    fn let_happen(&mut self, fault: Fault) {
        let host = self.random.below(self.plan.hosts);
        match fault {
            Fault::Kill | Fault::Pause => {
                let alive: Vec<_> =
                    (0..self.processes.len()).filter(|process| self.is_alive(*process)).collect();
                if alive.is_empty() {
                    return;
                }
                let process = alive[self.random.below(alive.len())];
                if fault == Fault::Kill { self.kill(process, "from outside") } else { self.pause(process) }
            }
            Fault::StepHostClock => {
                let step = self.step();
                self.hosts[host].clock_ahead += step;
                self.note(None, None, || format!("the clock of host {host} is set by {step} ms"));
            }
            Fault::StepStoreClock => {
                let step = self.step();
                self.store.clock_ahead += step;
                self.note(None, None, || format!("the store's clock is set by {step} ms"));
            }
            Fault::Revert => {
                if self.store.revert(&mut self.random) {
                    self.trouble_on(0, Trouble::Reverted);
                    let now = self.now;
                    self.records.users.iter_mut().for_each(|user| user.login_changed_at = Some(now));
                    self.note(None, None, || "the store FAILS OVER to an older copy".to_owned());
                }
            }
            Fault::RefuseStore | Fault::CutOff | Fault::FullDisk => self.begin_on_host(fault, host),
            Fault::LoseStore
            | Fault::SlowStore
            | Fault::RejectSaves
            | Fault::ReadOnly
            | Fault::LoseAccounts
            | Fault::SlowAccounts
            | Fault::FailAccounts
            | Fault::RefuseAccounts => self.begin_everywhere(fault),
        }
    }

    /// Stops a process for longer than its lease lives.
    fn pause(&mut self, process: ProcessId) {
        let lease = self.plan.tokens.lease_life;
        let duration = self.random.between(lease / 2, self.plan.longest_pause());
        self.processes[process].paused_until = self.now + duration;
        self.trouble(process, Trouble::Struck);
        // Wakes the scheduler when the pause is over.
        self.after(duration, |_| {});
        self.note(Some(process), None, || format!("PAUSED for {:.3} s", duration.as_secs_f64()));
    }

    fn begin_on_host(&mut self, fault: Fault, host: usize) {
        if !self.conditions.on_host.contains(&(fault, host)) {
            self.conditions.on_host.push((fault, host));
            self.note(None, None, || format!("{fault:?} begins on host {host}"));
            let duration = self.length();
            self.after(duration, move |world| {
                world.conditions.on_host.retain(|active| *active != (fault, host));
                world.note(None, None, || format!("{fault:?} ends on host {host}"));
            });
        }
    }

    fn begin_everywhere(&mut self, fault: Fault) {
        if !self.conditions.everywhere.contains(&fault) {
            let user = self.random.below(self.plan.users);
            self.conditions.rejected_user = self.random.one_in(2).then_some(user);
            self.conditions.everywhere.push(fault);
            self.note(None, None, || format!("{fault:?} begins"));
            let duration = self.length();
            self.after(duration, move |world| {
                world.conditions.everywhere.retain(|active| *active != fault);
                world.note(None, None, || format!("{fault:?} ends"));
            });
        }
    }

    /// How long a condition lasts.
    fn length(&mut self) -> Duration {
        let longest =
            self.random.pick([self.plan.horizon / 4, self.plan.horizon / 20, Duration::from_secs(5)]);
        self.random.between(Duration::from_millis(10), longest)
    }

    /// By how many milliseconds a clock is set.
    fn step(&mut self) -> i64 {
        self.random.pick([-3_600_000, -120_000, -5_000, -900, 900, 5_000, 120_000, 3_600_000])
    }
}
