//! New ids, in blocks: one change of the register serves ten rows. What is left of a block when the process ends is
//! never given out.

use tokio::sync::Mutex;

use super::super::ids::{id_number, next_id};
use super::Backend;
use super::fault::Fault;
use super::secret::pause;

const BLOCK: u64 = 10;

/// The ids that this process may give out.
#[derive(Debug, Default)]
pub(super) struct Ids {
    block: Mutex<Block>,
}

#[derive(Debug, Default)]
struct Block {
    last_given: u64,
    left: u64,
    /// The register is at least here.
    register: u64,
}

impl Ids {
    /// A new id. It may have been chosen by somebody, so the row's creation decides.
    pub(super) async fn next(&self, backend: &Backend) -> Result<String, Fault> {
        let mut block = self.block.lock().await;
        if block.left == 0 {
            let before = raise(backend, |highest| Some(a_block_after(highest))).await?;
            *block = Block { last_given: before, left: BLOCK, register: a_block_after(before) };
        }
        block.left -= 1;
        block.last_given = after(block.last_given);
        Ok(block.last_given.to_string())
    }

    /// Sees to it that an id which somebody chose is not given out.
    pub(super) async fn pass_over(&self, backend: &Backend, id: &str) -> Result<(), Fault> {
        let Some(number) = id_number(id) else { return Ok(()) };
        let mut block = self.block.lock().await;
        if number > block.register {
            // Chosen ids often come in a row: the next ones then need no other change.
            let end = a_block_after(number);
            let before = raise(backend, |highest| (highest < number).then_some(end)).await?;
            block.register = if before < number { end } else { before };
        }
        Ok(())
    }
}

/// Changes the register as `change` says; hands back what it was.
async fn raise(backend: &Backend, change: impl Fn(u64) -> Option<u64>) -> Result<u64, Fault> {
    let name = backend.names.highest_id();
    for attempt in 0..10 {
        let reading = backend.client.read_register::<u64>(&name).await?;
        let highest = reading.value().copied().unwrap_or(0);
        let Some(changed) = change(highest) else { return Ok(highest) };
        if backend.client.write_register(&reading, changed).await? {
            return Ok(highest);
        }
        tokio::time::sleep(pause(attempt)).await;
    }
    Err(Fault::Contended)
}

fn a_block_after(highest: u64) -> u64 {
    (0..BLOCK).fold(highest, |number, _| after(number))
}

/// The next number; after the last one it is one again.
fn after(number: u64) -> u64 {
    id_number(&next_id(number, |_| false)).unwrap_or_default()
}
