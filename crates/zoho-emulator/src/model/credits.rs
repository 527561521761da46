//! API credits of an organisation: so many in the last 24 hours.

use std::collections::{HashMap, VecDeque};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Calls within this time are counted as one moment.
const GRAIN_MS: u64 = 60 * 1000;

/// What every organisation has used.
#[derive(Debug, Default)]
pub(crate) struct Credits {
    used: HashMap<String, Used>,
}

/// The credits of the last 24 hours, oldest first.
#[derive(Debug, Default)]
struct Used {
    spent: VecDeque<(u64, u64)>,
    total: u64,
}

/// What came of spending a credit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    /// Fewer than half are used: Zoho says nothing.
    Plenty,
    /// At least half are used: so many are left.
    Remaining(u64),
    /// All are used: this call gets nothing.
    Exhausted,
}

impl Credits {
    /// Spends `cost` of the `daily` credits of an organisation.
    pub(crate) fn spend(&mut self, organisation: &str, cost: u64, daily: u64, now: u64) -> Spent {
        let used = self.used.entry(organisation.to_owned()).or_default();
        used.roll_to(now);
        if used.total + cost > daily {
            return Spent::Exhausted;
        }
        used.add(cost, now);
        if used.total * 2 >= daily { Spent::Remaining(daily - used.total) } else { Spent::Plenty }
    }

    /// How many credits an organisation has used in the last 24 hours.
    pub(crate) fn used(&mut self, organisation: &str, now: u64) -> u64 {
        let used = self.used.entry(organisation.to_owned()).or_default();
        used.roll_to(now);
        used.total
    }
}

impl Used {
    fn add(&mut self, cost: u64, now: u64) {
        self.total += cost;
        match self.spent.back_mut() {
            Some((moment, credits)) if *moment + GRAIN_MS > now => *credits += cost,
            _ => self.spent.push_back((now, cost)),
        }
    }

    /// Forgets what was spent a day ago or earlier.
    fn roll_to(&mut self, now: u64) {
        while let Some((_, credits)) = self.spent.pop_front_if(|(spent_at, _)| *spent_at + DAY_MS <= now) {
            self.total -= credits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_only_from_half_on_and_comes_back_after_a_day() {
        let mut credits = Credits::default();
        assert_eq!(credits.spend("org", 4, 10, 1), Spent::Plenty);
        assert_eq!(credits.spend("org", 1, 10, 1), Spent::Remaining(5));
        assert_eq!(credits.spend("org", 5, 10, 1), Spent::Remaining(0));
        assert_eq!(credits.spend("org", 1, 10, DAY_MS), Spent::Exhausted);
        assert_eq!(credits.spend("other", 1, 10, DAY_MS), Spent::Plenty);
        assert_eq!(credits.spend("org", 1, 10, DAY_MS + 1), Spent::Plenty);
    }

    #[test]
    fn credits_come_back_one_by_one_as_the_day_rolls_on() {
        let mut credits = Credits::default();
        credits.spend("org", 6, 10, 0);
        credits.spend("org", 4, 10, DAY_MS / 2);
        assert_eq!(credits.used("org", DAY_MS - 1), 10);
        assert_eq!(credits.used("org", DAY_MS), 4);
        assert_eq!(credits.used("org", DAY_MS + DAY_MS / 2), 0);
    }
}
