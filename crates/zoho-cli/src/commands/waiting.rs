//! What a command says while it waits.

use std::pin::pin;
use std::time::Duration;

use crate::output::Output;

/// How often to check whether the user should know that the command still works.
const INTERVAL: Duration = Duration::from_secs(1);

/// Runs the work of a command. While nothing happens, says on standard error what it waits for.
pub(super) async fn announced<T>(output: &Output, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(INTERVAL, &mut work).await {
            Ok(done) => return done,
            Err(_) => output.announce_wait(),
        }
    }
}
