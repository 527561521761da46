//! API credits: what each organization has used in the last 24 hours.

use std::collections::{HashMap, VecDeque};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Calls within this time are counted together.
const GRAIN_MS: u64 = 60 * 1000;

/// The used credits of every organization.
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

/// The result of spending credits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    /// Less than half of the credits is used; Zoho does not report the rest.
    Plenty,
    /// At least half is used; this many are left.
    Remaining(u64),
    /// The credits do not cover the call.
    Exhausted,
}

impl Credits {
    /// Spends `cost` of the organization's `daily` credits.
    pub(crate) fn spend(&mut self, organization: &str, cost: u64, daily: u64, now: u64) -> Spent {
        let used = self.used.entry(organization.to_owned()).or_default();
        used.roll_to(now);
        if used.total + cost > daily {
            return Spent::Exhausted;
        }
        used.add(cost, now);
        if used.total * 2 >= daily { Spent::Remaining(daily - used.total) } else { Spent::Plenty }
    }

    /// The credits that an organization has used in the last 24 hours.
    pub(crate) fn used(&mut self, organization: &str, now: u64) -> u64 {
        let used = self.used.entry(organization.to_owned()).or_default();
        used.roll_to(now);
        used.total
    }
}

impl Used {
    fn add(&mut self, cost: u64, now: u64) {
        self.total += cost;
        match self.spent.back_mut() {
            Some((time, credits)) if *time + GRAIN_MS > now => *credits += cost,
            _ => self.spent.push_back((now, cost)),
        }
    }

    /// Removes what was spent at least 24 hours ago.
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
    fn the_rest_is_reported_once_half_is_used_and_credits_return_after_a_day() {
        let mut credits = Credits::default();
        assert_eq!(credits.spend("org", 4, 10, 1), Spent::Plenty);
        assert_eq!(credits.spend("org", 1, 10, 1), Spent::Remaining(5));
        assert_eq!(credits.spend("org", 5, 10, 1), Spent::Remaining(0));
        assert_eq!(credits.spend("org", 1, 10, DAY_MS), Spent::Exhausted);
        assert_eq!(credits.spend("other", 1, 10, DAY_MS), Spent::Plenty);
        assert_eq!(credits.spend("org", 1, 10, DAY_MS + 1), Spent::Plenty);
    }

    #[test]
    fn credits_return_as_the_24_hours_since_each_call_end() {
        let mut credits = Credits::default();
        credits.spend("org", 6, 10, 0);
        credits.spend("org", 4, 10, DAY_MS / 2);
        assert_eq!(credits.used("org", DAY_MS - 1), 10);
        assert_eq!(credits.used("org", DAY_MS), 4);
        assert_eq!(credits.used("org", DAY_MS + DAY_MS / 2), 0);
    }
}
