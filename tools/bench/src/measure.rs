//! Measures in turns.
//!
//! The speed of a machine drifts while other programs run. So two sides are measured in short rounds, one after the other
//! and in alternating order, and the ratio is taken within each round.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::Outcome;

/// The number and length of the rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Each round gives one sample.
    pub(crate) rounds: usize,
    /// The approximate length of one side of a round.
    pub(crate) round: Duration,
}

/// Nanoseconds per call, one sample for each round, in the order in which they were taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Effort {
    /// Measures one side. `run` makes the given number of calls and returns how long they took.
    pub(crate) fn alone(self, mut run: impl FnMut(u64) -> Outcome<Duration>) -> Outcome<Samples> {
        let calls = self.calibrate(&mut run)?;
        let mut samples = Samples::default();
        for _ in 0..self.rounds {
            samples.take(calls, &mut run)?;
        }
        Ok(samples)
    }

    /// Measures two sides in turns: the product, and what it is compared with.
    pub(crate) fn pair(
        self,
        mut product: impl FnMut(u64) -> Outcome<Duration>,
        mut other: impl FnMut(u64) -> Outcome<Duration>,
    ) -> Outcome<(Samples, Samples)> {
        let (product_calls, other_calls) = (self.calibrate(&mut product)?, self.calibrate(&mut other)?);
        let (mut products, mut others) = (Samples::default(), Samples::default());
        for round in 0..self.rounds {
            if round % 2 == 0 {
                products.take(product_calls, &mut product)?;
                others.take(other_calls, &mut other)?;
            } else {
                others.take(other_calls, &mut other)?;
                products.take(product_calls, &mut product)?;
            }
        }
        Ok((products, others))
    }

    /// Returns the same time in more and shorter rounds, for short calls: an interruption by another program then spoils
    /// one sample instead of a part of each.
    pub(crate) fn in_many_rounds(self) -> Self {
        Self { rounds: self.rounds * 8, round: self.round / 4 }
    }

    /// Returns the number of calls that fill a round, and warms up on the way.
    fn calibrate(self, run: &mut impl FnMut(u64) -> Outcome<Duration>) -> Outcome<u64> {
        let mut calls = 1;
        loop {
            // Another program may have interrupted one of the two.
            let took = run(calls)?.min(run(calls)?);
            if took >= self.round / 2 {
                let per_call = took.as_secs_f64() / calls as f64;
                return Ok(((self.round.as_secs_f64() / per_call) as u64).max(1));
            }
            calls *= 2;
        }
    }
}

impl Samples {
    /// Measures one call per round without warming up.
    pub(crate) fn cold(rounds: usize, mut run: impl FnMut() -> Outcome<Duration>) -> Outcome<Self> {
        let mut samples = Self::default();
        for _ in 0..rounds {
            samples.take(1, &mut |_| run())?;
        }
        Ok(samples)
    }

    fn take(&mut self, calls: u64, run: &mut impl FnMut(u64) -> Outcome<Duration>) -> Outcome {
        self.0.push(run(calls)?.as_nanos() as f64 / calls as f64);
        Ok(())
    }

    /// Returns the ratio to `others`, round by round.
    pub(crate) fn over(&self, others: &Self) -> Self {
        Self(self.0.iter().zip(&others.0).map(|(one, other)| one / other).collect())
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Returns the first and the third quartile.
    pub(crate) fn quartiles(&self) -> (f64, f64) {
        (self.quantile(0.25), self.quantile(0.75))
    }

    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted.get((share * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
    }
}

/// Makes the calls, one after the other.
pub(crate) fn repeat(calls: u64, mut call: impl FnMut() -> Outcome) -> Outcome<Duration> {
    let started = Instant::now();
    for _ in 0..calls {
        call()?;
    }
    Ok(started.elapsed())
}

/// Awaits the calls one after the other in one task, so that entering a runtime is not measured.
pub(crate) async fn repeat_async<F>(calls: u64, mut call: impl FnMut() -> F) -> Outcome<Duration>
where
    F: Future<Output = Outcome>,
{
    let started = Instant::now();
    for _ in 0..calls {
        call().await?;
    }
    Ok(started.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let (slow, fast) = (Samples(vec![2.0, 40.0, 6.0]), Samples(vec![1.0, 20.0, 3.0]));
        assert_eq!(slow.over(&fast).quartiles(), (2.0, 2.0));
    }

    #[test]
    fn the_median_and_the_quartiles_are_samples() {
        let samples = Samples(vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((samples.median(), samples.quartiles()), (3.0, (2.0, 4.0)));
    }

    #[test]
    fn a_round_lasts_about_as_long_as_asked_for() {
        let effort = Effort { rounds: 1, round: Duration::from_millis(8) };
        let calls = effort.calibrate(&mut |calls| Ok(Duration::from_micros(calls))).unwrap();
        assert_eq!(calls, 8_000);
    }
}
