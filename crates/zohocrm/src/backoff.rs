//! `Backoff`: delays that double up to a maximum.

use std::time::Duration;

/// Delays that double from the first to the maximum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) max: Duration,
}

impl Backoff {
    /// The delay after an attempt. Attempts count from 1.
    pub(crate) fn delay(&self, attempt: u32) -> Duration {
        self.first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_millis(350) };
        let delays = [1, 2, 3, 4, 40, u32::MAX].map(|attempt| backoff.delay(attempt).as_millis());
        assert_eq!(delays, [100, 200, 350, 350, 350, 350]);
    }
}
