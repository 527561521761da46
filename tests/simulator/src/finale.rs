//! The end of a run: nothing goes wrong any more, so everyone has to get a token, and nothing may be left behind.

use std::time::Duration;

use crate::accounts::WINDOW;
use crate::callers::Caller;
use crate::fault::Fault;
use crate::invariant::Invariant;
use crate::judge::{AFTERMATH, end, is_throttle_true};
use crate::processes;
use crate::records::ProcessId;
use crate::simulation::Simulation;
use crate::world::{Phase, World};

/// How long it takes until every caller gets a token, apart from leases and quotas.
const SETTLING: Duration = Duration::from_secs(20);

/// How often it is tried.
const INTERVAL: Duration = Duration::from_millis(900);

/// Ends the faults at the horizon, then checks what has to be true in a world that is well.
pub(crate) async fn run(simulation: Simulation) {
    let (horizon, hosts) = simulation.with(|world| (world.plan.horizon, world.plan.hosts));
    simulation.sleep(horizon).await;
    simulation.with(World::make_well);
    // What is under way ends, or its lease expires.
    simulation.sleep(AFTERMATH + Duration::from_secs(60)).await;
    simulation.with(judge_open_calls);
    for host in 0..hosts {
        processes::start(&simulation, host);
    }
    let mut alive = processes::alive(&simulation);
    while !alive.is_empty() {
        let chosen = simulation.with(|world| world.random.below(alive.len()));
        let process = alive.swap_remove(chosen);
        everyone_gets_a_token(&simulation, process).await;
        everything_is_stored(&simulation, process).await;
    }
    simulation.sleep(SETTLING).await;
    // What another process was at work with is not waited for.
    for process in processes::alive(&simulation) {
        everything_is_stored(&simulation, process).await;
    }
    simulation.with(|world| {
        end::judge_remains(world);
        world.phase = Phase::Over;
    });
}

fn judge_open_calls(world: &mut World) {
    if let Some(call) = world.records.open_calls.first().copied() {
        let message = format!(
            "{:?} of p{} has not returned, although all faults ended long ago",
            call.kind, call.process
        );
        world.fail(Invariant::PromptCall, Some(call.user), message);
    }
}

async fn everyone_gets_a_token(simulation: &Simulation, process: ProcessId) {
    for user in 0..simulation.with(|world| world.plan.users) {
        if !simulation.with(|world| world.has_login(user)) {
            continue;
        }
        let Some(mut caller) = caller(simulation, process) else { return };
        let began_at = simulation.with(|world| world.now);
        while let Err(error) = caller.ask(user).await {
            let is_late = simulation.with(|world| {
                let bound = SETTLING + world.plan.tokens.lease_life;
                // By a clock that was set, requests of long ago can be recent again.
                let windows = if world.plan.faults.contains(Fault::StepStoreClock) { 2 } else { 1 };
                let bound = if is_throttle_true(world, user) { bound + WINDOW * windows } else { bound };
                let is_late = world.now > began_at + bound;
                if is_late {
                    let message = format!("p{process} gets no token: {error}");
                    world.fail(Invariant::Recovery, Some(user), message);
                }
                is_late
            });
            if is_late {
                return;
            }
            simulation.sleep(INTERVAL).await;
        }
    }
}

async fn everything_is_stored(simulation: &Simulation, process: ProcessId) {
    let Some(caller) = caller(simulation, process) else { return };
    let began_at = simulation.with(|world| world.now);
    while !caller.recover().await {
        let is_late = simulation.with(|world| {
            let is_late = world.now > began_at + SETTLING + world.plan.tokens.lease_life;
            if is_late {
                world.fail(Invariant::Recovery, None, format!("p{process} cannot store what is spooled"));
            }
            is_late
        });
        if is_late {
            return;
        }
        simulation.sleep(INTERVAL).await;
    }
}

fn caller(simulation: &Simulation, process: ProcessId) -> Option<Caller> {
    let authenticator = simulation.with(|world| world.processes[process].authenticator.clone())?;
    Some(Caller::new(simulation.clone(), process, authenticator))
}
