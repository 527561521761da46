//! What the writer thread hands to the file: a change, and who waits for it.

use crate::store::error::StoreError;

use super::draft::Draft;

/// A change to write, with the channel to its caller.
pub(super) trait Job: Send {
    /// Adds its changes to the draft. Called again with a new draft if the file has changed.
    fn run(&mut self, draft: &mut Draft<'_>);

    /// Sends the result to the caller.
    fn reply(self: Box<Self>, written: &Result<(), StoreError>);
}
