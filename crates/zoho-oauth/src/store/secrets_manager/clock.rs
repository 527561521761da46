//! The clock of AWS, read from its responses.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_secretsmanager::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_secretsmanager::error::BoxError;
use aws_sdk_secretsmanager::primitives::{DateTime, DateTimeFormat};

/// The clock that all programs with this store share: the `Date` of AWS's last response, in whole seconds.
///
/// The clock of this machine has no influence on it. So if one program has read what another has written, both agree on
/// which of their times is earlier.
#[derive(Debug, Default)]
pub(super) struct ServerClock {
    last: Mutex<Option<SystemTime>>,
}

impl ServerClock {
    /// Returns the date of the last response, or `None` before the first one.
    pub(super) fn last(&self) -> Option<SystemTime> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, date: SystemTime) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Responses can arrive out of order. If the date is earlier by more than that, AWS's clock was set back.
        let is_out_of_order = last.is_some_and(|last| last > date && last - MAX_REORDERING < date);
        if !is_out_of_order {
            *last = Some(date);
        }
    }
}

const MAX_REORDERING: Duration = Duration::from_secs(10);

/// Reads the date of every response.
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
    fn a_late_response_does_not_set_the_clock_back_but_a_much_earlier_date_does() {
        let clock = ServerClock::default();
        assert_eq!(clock.last(), None);
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let second = Duration::from_secs(1);
        for (received, expected) in [
            (date, date),
            (date + second, date + second),
            (date, date + second),
            (date - 60 * second, date - 60 * second),
        ] {
            clock.note(received);
            assert_eq!(clock.last(), Some(expected));
        }
    }
}
