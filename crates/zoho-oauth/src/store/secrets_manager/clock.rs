//! AWS's clock, as its answers tell it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_secretsmanager::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_secretsmanager::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_secretsmanager::error::BoxError;
use aws_sdk_secretsmanager::primitives::{DateTime, DateTimeFormat};

/// The clock that all who share the store go by: the `Date` of AWS's answers, carried on between two of them.
///
/// It counts whole seconds, cut off, so it is late by up to a second and never early. Two hosts differ by less than
/// the one second by which `LeaseEntry` forgives a clock.
#[derive(Debug, Default)]
pub(super) struct ServerClock {
    last: Mutex<Option<Answer>>,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    date: SystemTime,
    received: Instant,
}

impl ServerClock {
    /// What time it is at AWS; `None` before the first answer.
    pub(super) fn now(&self) -> Option<SystemTime> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).map(Answer::carried_on)
    }

    /// Takes over what an answer says.
    fn note(&self, date: SystemTime) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Cut-off seconds and answers that overtake each other make no difference of more than this.
        let is_known = |earlier: Answer| {
            let ahead = earlier.carried_on().duration_since(date);
            ahead.is_ok_and(|ahead| ahead < Duration::from_secs(3))
        };
        if !last.is_some_and(is_known) {
            *last = Some(Answer { date, received: Instant::now() });
        }
    }
}

impl Answer {
    fn carried_on(self) -> SystemTime {
        self.date + self.received.elapsed()
    }
}

/// Reads every answer's date.
#[derive(Debug)]
pub(super) struct ReadDate(pub(super) std::sync::Arc<ServerClock>);

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
    fn a_later_answer_with_the_same_second_does_not_set_the_clock_back() {
        let clock = ServerClock::default();
        assert_eq!(clock.now(), None);
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        clock.note(date);
        std::thread::sleep(Duration::from_millis(5));
        let before = clock.now();
        clock.note(date);
        assert!(before.is_some() && clock.now() >= before);
        let long_before = date - Duration::from_secs(60);
        clock.note(long_before);
        assert!(clock.now() < before, "a clock that was really set back is believed");
    }
}
