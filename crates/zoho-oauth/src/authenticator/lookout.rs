//! Looks at the store beside the callers: a store that is slow or down delays no caller that has a valid token.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::backoff::Backoff;
use crate::error::Error;
use crate::token::OAuthToken;

use super::clock::Moment;
use super::flight::Flights;
use super::parts::Parts;
use super::watch::Watch;

/// Delays before the next look at a store in trouble.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(1), 1.5, Duration::from_secs(5), (0.75, 1.0));

/// How long a look at a store in trouble may take: a custom store may have no timeout of its own.
const LOOK_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Lookout {
    parts: Arc<Parts>,
    watch: Arc<Watch>,
    looks: Flights<(), ()>,
}

impl Lookout {
    pub(super) fn new(parts: Arc<Parts>, watch: Arc<Watch>) -> Self {
        let looks = Flights::new(parts.machine.clone());
        Self { parts, watch, looks }
    }

    /// Starts a look at the store in the background if it is time for one.
    pub(super) fn look_if_due(self: &Arc<Self>, now: Moment) -> bool {
        let is_due = self.watch.is_due(now.uptime);
        if is_due {
            let lookout = self.clone();
            // No caller waits for it here.
            drop(self.looks.launch((), || async move { lookout.look(now.uptime).await }));
        }
        is_due
    }

    /// Waits for the look under way, if there is one.
    pub(super) async fn next_look(&self) {
        if let Some(look) = self.looks.under_way(&()) {
            // A look that failed has been noted.
            let _ = look.await;
        }
    }

    /// Reads the store's version number. A store that cannot be read counts as unchanged.
    async fn look(self: Arc<Self>, started_at: u64) -> Result<(), Error> {
        let version = self.patiently(None, self.parts.rows.store.version()).await;
        match version {
            Ok(version) => self.watch.note_version(version, started_at),
            Err(error) => {
                tracing::debug!(%error, "could not read the store's version");
                self.wait_for_recovery(None);
            }
        }
        Ok(())
    }

    /// Waits for `reading`, which may be that of the row of `wanted`. If it takes long, the store counts as in trouble.
    pub(super) async fn patiently<T>(
        &self,
        wanted: Option<&OAuthToken>,
        reading: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(reading);
        tokio::select! {
            biased;
            outcome = &mut reading => return outcome,
            () = self.parts.machine.sleep(self.watch.patience) => self.wait_for_recovery(wanted.cloned()),
        }
        reading.await
    }

    /// Has callers served from memory until the store responds again: to a reading of its version, and of the row of
    /// `wanted`. One task finds that out.
    pub(super) fn wait_for_recovery(&self, wanted: Option<OAuthToken>) {
        if !self.watch.note_trouble() {
            return;
        }
        tracing::warn!(
            store = self.parts.rows.store.as_it_is().name(),
            "the token store does not respond; valid tokens are served from memory until it does"
        );
        let (machine, parts) = (self.parts.machine.clone(), Arc::downgrade(&self.parts));
        let trouble = Trouble(self.watch.clone());
        self.parts.machine.spawn(Box::pin(async move {
            let mut pauses = PAUSES;
            loop {
                machine.sleep(pauses.next_delay(machine.random())).await;
                if responds(&parts, wanted.as_ref()).await {
                    break;
                }
            }
            drop(trouble);
        }));
    }
}

/// A store in trouble. However the task ends that waits for the recovery, the next caller looks for itself.
struct Trouble(Arc<Watch>);

impl Drop for Trouble {
    fn drop(&mut self) {
        self.0.recovered();
    }
}

/// Whether the store responds, or no authenticator is interested any longer.
async fn responds(parts: &Weak<Parts>, wanted: Option<&OAuthToken>) -> bool {
    let Some(parts) = parts.upgrade() else { return true };
    let Parts { machine, rows, .. } = &*parts;
    let look = async {
        if rows.store.version().await.is_err() {
            return false;
        }
        match wanted {
            Some(wanted) => rows.find(wanted).await.err().is_none_or(|error| !error.is_transient()),
            None => true,
        }
    };
    tokio::select! {
        biased;
        responds = look => responds,
        () = machine.sleep(LOOK_TIMEOUT) => false,
    }
}
