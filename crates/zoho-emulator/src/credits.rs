//! API credits of an organisation: so many in 24 hours.

use std::collections::HashMap;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What every organisation has used.
#[derive(Debug, Default)]
pub(crate) struct Credits {
    used: HashMap<String, Used>,
}

#[derive(Debug)]
struct Used {
    since_ms: u64,
    credits: u64,
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
    /// Spends `cost` of the `daily` credits of an organisation. The day begins with the first call.
    pub(crate) fn spend(&mut self, organisation: &str, cost: u64, daily: u64, now: u64) -> Spent {
        let used = self
            .used
            .entry(organisation.to_owned())
            .and_modify(|used| {
                if used.since_ms + DAY_MS <= now {
                    *used = Used { since_ms: now, credits: 0 };
                }
            })
            .or_insert(Used { since_ms: now, credits: 0 });
        if used.credits + cost > daily {
            return Spent::Exhausted;
        }
        used.credits += cost;
        if used.credits * 2 >= daily { Spent::Remaining(daily - used.credits) } else { Spent::Plenty }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_only_from_half_on_and_comes_back_after_a_day() {
        let mut credits = Credits::default();
        assert_eq!(credits.spend("org", 4, 10, 0), Spent::Plenty);
        assert_eq!(credits.spend("org", 1, 10, 0), Spent::Remaining(5));
        assert_eq!(credits.spend("org", 5, 10, 0), Spent::Remaining(0));
        assert_eq!(credits.spend("org", 1, 10, DAY_MS - 1), Spent::Exhausted);
        assert_eq!(credits.spend("other", 1, 10, DAY_MS - 1), Spent::Plenty);
        assert_eq!(credits.spend("org", 1, 10, DAY_MS), Spent::Plenty);
    }
}
