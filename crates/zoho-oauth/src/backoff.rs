//! Delays between attempts.

use std::time::Duration;

use rand::RngExt;

/// Delays that grow from one attempt to the next. Each is spread at random, so that processes that collided do not
/// collide again.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    next: Duration,
    factor: f64,
    max: Duration,
    spread: (f64, f64),
}

impl Backoff {
    /// Starts with `first` and multiplies it by `factor` after each delay, up to `max`. A delay is multiplied by a
    /// random number between the two of `spread`.
    pub(crate) const fn new(first: Duration, factor: f64, max: Duration, spread: (f64, f64)) -> Self {
        Self { next: first, factor, max, spread }
    }

    /// How long to wait before the next attempt.
    pub(crate) fn next_delay(&mut self) -> Duration {
        let delay = self.next;
        self.next = delay.mul_f64(self.factor).min(self.max);
        let (from, to) = self.spread;
        delay.mul_f64(rand::rng().random_range(from..=to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_the_maximum_and_stay_within_their_spread() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(100), 2.0, ms(300), (1.0, 2.0));
        for base in [100, 200, 300, 300] {
            let delay = backoff.next_delay();
            assert!(delay >= ms(base) && delay <= ms(2 * base), "{delay:?} after a base of {base} ms");
        }
    }
}
