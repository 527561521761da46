//! The installed faults.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::effect::Effect;
use super::fault::Fault;
use crate::http::Call;

/// The installed faults, in the order of installation.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    installed: Mutex<Vec<Fault>>,
    cleared: watch::Sender<()>,
}

impl Faults {
    pub(crate) fn install(&self, fault: Fault) {
        if !fault.is_spent() {
            self.lock().push(fault);
        }
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
        self.cleared.send_replace(());
    }

    /// A receiver that is notified by the next [`clear`](Self::clear).
    pub(crate) fn next_clear(&self) -> watch::Receiver<()> {
        self.cleared.subscribe()
    }

    /// The number of faults that still apply to later requests.
    pub(crate) fn pending(&self) -> usize {
        self.lock().len()
    }

    /// The effect of the first fault that matches a request, whose remaining count decreases by one.
    pub(crate) fn take(&self, call: &Call) -> Option<Effect> {
        let mut installed = self.lock();
        let index = installed.iter().position(|fault| fault.fits(call))?;
        let fault = &mut installed[index];
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.remaining = fault.remaining.map(|times| times - 1);
        let effect = fault.effect.clone();
        installed.retain(|fault| !fault.is_spent());
        Some(effect)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.installed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn refresh() -> Call {
        Call::new("POST", "/oauth/v2/token", "grant_type=refresh_token", Vec::new(), Bytes::new())
    }

    #[test]
    fn a_fault_happens_as_often_as_configured() {
        let faults = Faults::default();
        faults.install(Fault::on("POST /oauth/v2/token").skip(1).times(2).drop_before());
        let happened = [(); 4].map(|()| faults.take(&refresh()).is_some());
        assert_eq!(happened, [false, true, true, false]);
        assert_eq!(faults.pending(), 0);
    }

    #[test]
    fn a_fault_with_a_condition_does_not_affect_other_requests() {
        let faults = Faults::default();
        faults.install(Fault::on("*").when("grant_type", "authorization_code").hang());
        assert_eq!(faults.take(&refresh()), None);
        faults.install(Fault::on("POST /oauth/*").hang());
        assert_eq!(faults.take(&refresh()), Some(Effect::Hang(None)));
    }
}
