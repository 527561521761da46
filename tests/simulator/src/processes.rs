//! Processes: how one starts.

use std::time::Duration;

use zoho_oauth::store::{AnyStore, StoreIdentity};
use zoho_oauth::{Authenticator, DataCenter, OAuthClient};

use crate::accounts::CLIENT;
use crate::callers::Caller;
use crate::machine::SimulatedMachine;
use crate::plan::ACCOUNTS_TIMEOUT;
use crate::records::ProcessId;
use crate::simulation::Simulation;
use crate::store_client::StoreClient;
use crate::world::{Phase, Process};

/// Starts a process on a host, with its callers.
pub(crate) fn start(simulation: &Simulation, host: usize) {
    let (process, plan, phase) = simulation.with(|world| {
        let process = world.processes.len();
        let state = Process {
            host,
            is_alive: true,
            paused_until: Duration::ZERO,
            received: Vec::new(),
            authenticator: None,
        };
        world.processes.push(state);
        world.note(Some(process), None, || format!("STARTED on host {host}"));
        (process, world.plan.clone(), world.phase)
    });
    let store = AnyStore::coordinated(StoreClient::new(simulation.clone(), process))
        .named("the simulated token store")
        .identified_by(StoreIdentity::new("simulated"));
    let built = Authenticator::builder(DataCenter::Eu.production())
        .client(OAuthClient::new(CLIENT.0, CLIENT.1))
        .store(store)
        .spool_folder("/spool")
        .find_user(plan.habits.find_user)
        .margin(plan.tokens.margin)
        .early_window(plan.tokens.early_window)
        .lease_life(plan.tokens.lease_life)
        .request_timeout(ACCOUNTS_TIMEOUT)
        .machine(SimulatedMachine::new(simulation.clone(), process))
        .build();
    let Ok(authenticator) = built else { return };
    let callers = if phase == Phase::Troubled { plan.callers } else { 0 };
    for _ in 0..callers {
        let caller = Caller::new(simulation.clone(), process, authenticator.clone());
        simulation.spawn(Some(process), Box::pin(caller.run()));
    }
    simulation.with(|world| world.processes[process].authenticator = Some(authenticator));
}

/// The processes that are alive.
pub(crate) fn alive(simulation: &Simulation) -> Vec<ProcessId> {
    simulation.with(|world| (0..world.processes.len()).filter(|process| world.is_alive(*process)).collect())
}
