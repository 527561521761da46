//! Delays between attempts.

use std::time::Duration;

/// Delays that grow from one attempt to the next. Each is multiplied by a random number, so that processes that
/// collided do not collide again.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    factor: f64,
    max: Duration,
    spread: (f64, f64),
    count: u32,
}

impl Backoff {
    /// Starts with `first` and multiplies it by `factor` after each delay, up to `max`. A delay is multiplied by a
    /// random number between the two of `spread`.
    pub(crate) const fn new(first: Duration, factor: f64, max: Duration, spread: (f64, f64)) -> Self {
        Self { first, factor, max, spread, count: 0 }
    }

    /// Returns the delay before the next attempt, as the random number `chance` decides.
    pub(crate) fn next_delay(&mut self, chance: u64) -> Duration {
        let delay = self.delay_after(self.count, chance);
        self.count = self.count.saturating_add(1);
        delay
    }

    /// As [`next_delay`](Self::next_delay), after `count` earlier delays, for callers that count their attempts.
    pub(crate) fn delay_after(&self, count: u32, chance: u64) -> Duration {
        let growth = self.factor.powi(i32::try_from(count).unwrap_or(i32::MAX));
        // As numbers: a `Duration` panics on overflow.
        let delay = (self.first.as_secs_f64() * growth).min(self.max.as_secs_f64());
        let (from, to) = self.spread;
        Duration::from_secs_f64(delay * (from + (to - from) * fraction(chance)))
    }
}

/// Converts a random number to one between 0 and 1.
pub(crate) fn fraction(chance: u64) -> f64 {
    chance as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_the_maximum_and_stay_within_their_spread() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(100), 2.0, ms(300), (1.0, 2.0));
        for base in [100, 200, 300, 300] {
            let delay = backoff.next_delay(rand::random());
            assert!(delay >= ms(base) && delay <= ms(2 * base), "{delay:?} after a base of {base} ms");
        }
        assert!(backoff.delay_after(u32::MAX, u64::MAX) <= ms(600));
    }

    #[test]
    fn a_spread_of_one_gives_exact_delays() {
        let backoff = Backoff::new(Duration::from_micros(100), 2.0, Duration::from_millis(2), (1.0, 1.0));
        let delays = [0, 1, 4, 5].map(|count| backoff.delay_after(count, 7).as_micros());
        assert_eq!(delays, [100, 200, 1_600, 2_000]);
    }
}
