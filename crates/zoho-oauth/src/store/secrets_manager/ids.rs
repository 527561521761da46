//! Assigns ids in blocks, so that one change of the register serves ten rows. If the process ends, the rest of its block is
//! never assigned.

use tokio::sync::Mutex;

use super::super::identity::StoreIdentity;
use super::super::ids::{id_number, next_id};
use super::Backend;
use super::fault::Fault;
use super::secret::retry_delay;

const BLOCK: u64 = 10;

/// The ids that this process may assign.
#[derive(Debug, Default)]
pub(super) struct Ids {
    block: Mutex<Block>,
}

#[derive(Debug, Default)]
struct Block {
    last: u64,
    left: u64,
    /// A lower bound of the register's value.
    register: u64,
}

impl Ids {
    /// Returns a new id. A caller may have chosen the same id for a row, which only the creation of the row finds out.
    pub(super) async fn next(&self, backend: &Backend) -> Result<String, Fault> {
        let mut block = self.block.lock().await;
        if block.left == 0 {
            let before = raise(backend, |highest| Some(a_block_after(highest))).await?;
            *block = Block { last: before, left: BLOCK, register: a_block_after(before) };
        }
        block.left -= 1;
        block.last = after(block.last);
        Ok(block.last.to_string())
    }

    /// Ensures that an id which a caller chose is not assigned to another row.
    pub(super) async fn skip(&self, backend: &Backend, id: &str) -> Result<(), Fault> {
        let Some(number) = id_number(id) else { return Ok(()) };
        let mut block = self.block.lock().await;
        if number > block.register {
            // Chosen ids are often consecutive. Skipping a whole block saves changes for the next ones.
            let end = a_block_after(number);
            let before = raise(backend, |highest| (highest < number).then_some(end)).await?;
            block.register = if before < number { end } else { before };
        }
        Ok(())
    }
}

/// Returns the identity of the store: the ARN of the register, without the region, because a replica in another region has
/// the ARN of its primary with its own region. Creates the register if there is none and the account may write.
pub(super) async fn identity(backend: &Backend) -> Result<Option<StoreIdentity>, Fault> {
    let name = backend.names.highest_id();
    for attempt in 0..5 {
        let reading = backend.client.read_register::<u64>(&name).await?.intact()?;
        if let Some(arn) = reading.arn() {
            return Ok(Some(StoreIdentity::new(without_region(arn))));
        }
        match backend.client.write_register(&reading, 0).await {
            Ok(_) => tokio::time::sleep(retry_delay(attempt)).await,
            Err(fault) if fault.code().is_some() => {
                tracing::debug!(?fault, "could not create the store's identity; continuing without it");
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        }
    }
    Err(Fault::Contended)
}

/// Removes the region from `arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX`
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/create-manage-multi-region-secrets.html>).
fn without_region(arn: &str) -> String {
    let parts = arn.splitn(5, ':').enumerate();
    parts.map(|(position, part)| if position == 3 { "" } else { part }).collect::<Vec<_>>().join(":")
}

/// Sets the register to the result of `change`, if any. Returns its previous value.
async fn raise(backend: &Backend, change: impl Fn(u64) -> Option<u64>) -> Result<u64, Fault> {
    let name = backend.names.highest_id();
    for attempt in 0..10 {
        let reading = backend.client.read_register::<u64>(&name).await?.intact()?;
        let highest = reading.value().copied().unwrap_or(0);
        let Some(changed) = change(highest) else { return Ok(highest) };
        if backend.client.write_register(&reading, changed).await? {
            return Ok(highest);
        }
        tokio::time::sleep(retry_delay(attempt)).await;
    }
    Err(Fault::Contended)
}

fn a_block_after(highest: u64) -> u64 {
    (0..BLOCK).fold(highest, |number, _| after(number))
}

/// Returns the next number. The one after the highest is 1.
fn after(number: u64) -> u64 {
    id_number(&next_id(number, |_| false)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_in_another_region_has_the_same_identity() {
        let arn =
            |region| format!("arn:aws:secretsmanager:{region}:123456789012:secret:zoho/highest_id-AbCdEf");
        assert_eq!(without_region(&arn("eu-west-1")), without_region(&arn("us-east-1")));
        assert_eq!(
            without_region(&arn("eu-west-1")),
            "arn:aws:secretsmanager::123456789012:secret:zoho/highest_id-AbCdEf"
        );
    }
}
