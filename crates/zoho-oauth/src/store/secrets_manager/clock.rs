//! AWS's clock, as its answers tell it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_secretsmanager::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_secretsmanager::error::BoxError;
use aws_sdk_secretsmanager::primitives::{DateTime, DateTimeFormat};

/// The clock that all who share the store go by: the `Date` of AWS's last answer, in whole seconds.
///
/// Nothing of this machine's own clock is in it. So two programs, of which the second has read what the first has
/// written, agree on what was earlier.
#[derive(Debug, Default)]
pub(super) struct ServerClock {
    last: Mutex<Option<SystemTime>>,
}

impl ServerClock {
    /// What the last answer said; `None` before the first one.
    pub(super) fn last(&self) -> Option<SystemTime> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, date: SystemTime) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Answers overtake each other; a clock that is further behind was set back.
        let was_overtaken = last.is_some_and(|last| last > date && last - OVERTAKEN_BY < date);
        if !was_overtaken {
            *last = Some(date);
        }
    }
}

const OVERTAKEN_BY: Duration = Duration::from_secs(10);

/// Reads every answer's date.
#[derive(Debug)]
pub(super) struct ReadDate(pub(super) Arc<ServerClock>);

impl Intercept for ReadDate {
    fn name(&self) -> &'static str {
        "ReadDate"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|text| DateTime::from_str(text, DateTimeFormat::HttpDate).ok());
        if let Some(date) = date.and_then(|date| SystemTime::try_from(date).ok()) {
            self.0.note(date);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_overtaken_does_not_set_the_clock_back_but_a_clock_that_was_set_back_does() {
        let clock = ServerClock::default();
        assert_eq!(clock.last(), None);
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let second = Duration::from_secs(1);
        for (said, expected) in [
            (date, date),
            (date + second, date + second),
            (date, date + second),
            (date - 60 * second, date - 60 * second),
        ] {
            clock.note(said);
            assert_eq!(clock.last(), Some(expected));
        }
    }
}
