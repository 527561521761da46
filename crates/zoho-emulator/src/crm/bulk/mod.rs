//! Bulk jobs and mass actions: their requests, and the jobs that run in the background.

mod archive;
mod criteria;
mod mass;
mod order;
mod read;
mod rows;
mod upload;
mod write;

use serde_json::Value;

pub(crate) use self::mass::{
    change_owner as mass_change_owner, delete as mass_delete, status as mass_status, update as mass_update,
};
pub(crate) use self::read::{create as create_read, details as read_details, result as read_result};
pub(crate) use self::upload::upload;
pub(crate) use self::write::{create as create_write, details as write_details, result as write_result};
use crate::world::World;

/// The price of a bulk read in API credits.
/// <https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html>
pub(crate) const READ_COST: u64 = 50;
/// The price of a bulk write in API credits.
pub(crate) const WRITE_COST: u64 = 500;

/// Runs every job that is due, and posts the callbacks.
pub(crate) fn run_due(world: &World) {
    while let Some(finished) = run_next(world) {
        if let Some((url, body)) = finished.callback {
            world.webhooks.post(&url, &body);
        }
    }
}

/// A job that has just run.
struct Finished {
    callback: Option<(String, Value)>,
}

fn run_next(world: &World) -> Option<Finished> {
    let now = world.now_ms();
    let next_read = world.state().jobs.reads.next_due(now);
    if let Some(id) = next_read {
        return Some(Finished { callback: read::run(world, id) });
    }
    let next_mass = world.state().jobs.mass.next_due(now);
    if let Some(id) = next_mass {
        mass::run(world, id);
        return Some(Finished { callback: None });
    }
    let next_write = world.state().jobs.writes.next_due(now);
    next_write.map(|id| Finished { callback: write::run(world, id) })
}
