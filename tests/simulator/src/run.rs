//! One run from its beginning to its end.

use std::time::Duration;

use crate::executor::Executor;
use crate::invariant::Invariant;
use crate::plan::Plan;
use crate::records::Violation;
use crate::simulation::Simulation;
use crate::trace::Line;
use crate::world::World;
use crate::{adversary, finale, processes};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The first invariant that did not hold.
    pub violation: Option<Violation>,
    /// How often the scheduler chose.
    pub steps: usize,
    /// How many requests for a token reached the accounts server.
    pub tokens: usize,
    /// How many calls for an access token failed.
    pub failed_calls: usize,
    /// How much virtual time passed.
    pub lasted: Duration,
    /// What happened, if it was recorded.
    pub trace: Vec<Line>,
}

/// Runs `plan`.
#[must_use]
pub fn run(plan: &Plan) -> Outcome {
    simulate(plan, false)
}

/// Runs `plan` and records what happens.
#[must_use]
pub fn run_traced(plan: &Plan) -> Outcome {
    simulate(plan, true)
}

/// Leaves out what a violation does not need, as long as the same invariant does not hold.
#[must_use]
pub fn shrink(plan: &Plan, invariant: Invariant) -> Plan {
    let mut smallest = plan.clone();
    let still_fails =
        |plan: &Plan| run(plan).violation.is_some_and(|violation| violation.invariant == invariant);
    for fault in plan.faults.iter() {
        let smaller = Plan { faults: smallest.faults.without(fault), ..smallest.clone() };
        if still_fails(&smaller) {
            smallest = smaller;
        }
    }
    let reductions: [fn(&mut Plan); 5] = [
        |plan| plan.users -= 1,
        |plan| plan.callers -= 1,
        |plan| plan.processes -= 1,
        |plan| plan.hosts -= 1,
        |plan| plan.horizon /= 2,
    ];
    for reduce in reductions {
        loop {
            let mut smaller = smallest.clone();
            reduce(&mut smaller);
            let is_possible = smaller.users > 0
                && smaller.callers > 0
                && smaller.hosts > 0
                && smaller.processes >= smaller.hosts
                && smaller.horizon > Duration::from_secs(10);
            if !is_possible || !still_fails(&smaller) {
                break;
            }
            smallest = smaller;
        }
    }
    smallest
}

fn simulate(plan: &Plan, is_traced: bool) -> Outcome {
    let simulation = Simulation::new(World::new(plan.clone(), is_traced));
    for number in 0..plan.processes {
        processes::start(&simulation, number % plan.hosts);
    }
    simulation.spawn(None, Box::pin(adversary::run(simulation.clone())));
    if let Some(outage) = plan.outage {
        simulation.spawn(None, Box::pin(adversary::run_outage(simulation.clone(), outage)));
    }
    simulation.spawn(None, Box::pin(finale::run(simulation.clone())));
    let mut executor = Executor::new(simulation.clone());
    let steps = executor.run();
    simulation
        .with(|world| {
            if steps.is_none() {
                world.fail(Invariant::Recovery, None, "the run has no end".to_owned());
            }
            // The authenticators and the events to come hold the simulation, which holds them.
            let authenticators: Vec<_> =
                world.processes.iter_mut().filter_map(|process| process.authenticator.take()).collect();
            let leftovers =
                (authenticators, std::mem::take(&mut world.timers), std::mem::take(&mut world.born));
            let outcome = Outcome {
                violation: world.records.violation.take(),
                steps: steps.unwrap_or_default(),
                tokens: world.accounts.issued.len(),
                failed_calls: world.records.calls_failed,
                lasted: world.now,
                trace: std::mem::take(&mut world.trace.lines),
            };
            (outcome, leftovers)
        })
        .0
}
