//! `DateTime` and `Date`: dates in Zoho's format.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// A date and time with a UTC offset, in Zoho's format: `2026-11-22T09:30:00+01:00`.
///
/// The original text is kept, so that a round trip loses nothing. Zoho's responses are in the time zone of the user. Two
/// texts of the same instant are not equal; compare their [`unix_seconds`](Self::unix_seconds) instead.
///
/// ```
/// use zohocrm::DateTime;
///
/// let call: DateTime = "2026-11-22T09:30:00+01:00".parse()?;
/// assert_eq!(call.unix_seconds(), Some(1_795_336_200));
/// assert_eq!(call.offset_minutes(), Some(60));
/// # Ok::<(), zohocrm::InvalidDate>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateTime(String);

impl DateTime {
    /// Creates a date and time in UTC from seconds since 1970-01-01T00:00:00Z. `None` outside the years 0 to 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let moment = time::OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        Some(Self(text_of(moment)))
    }

    /// The original text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Seconds since 1970-01-01T00:00:00Z. `None` if the text is not a valid date and time.
    #[must_use]
    pub fn unix_seconds(&self) -> Option<i64> {
        Some(parse_date_time(&self.0)?.unix_timestamp())
    }

    /// The UTC offset in minutes, positive to the east. `None` if the text is not a valid date and time.
    #[must_use]
    pub fn offset_minutes(&self) -> Option<i16> {
        Some(parse_date_time(&self.0)?.offset().whole_minutes())
    }

    /// Converts to the standard library's type. `None` if the text is not a valid date and time.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        parse_date_time(&self.0).map(SystemTime::from)
    }

    /// The date at its UTC offset. `None` if the text is not a valid date and time.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        let date = parse_date_time(&self.0)?.date();
        Some(Date(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())))
    }
}

impl From<SystemTime> for DateTime {
    /// Converts to UTC, rounded down to seconds: the CRM stores no fractions.
    fn from(moment: SystemTime) -> Self {
        let seconds = match moment.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(rounded_up(before.duration())).unwrap_or(i64::MAX),
        };
        // The format can only represent the years 0 to 9999.
        let seconds = seconds.clamp(-62_167_219_200, 253_402_300_799);
        Self::from_unix_seconds(seconds).unwrap_or_default()
    }
}

impl FromStr for DateTime {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_date_time(text).map(|_| Self(text.to_owned())).ok_or_else(|| InvalidDate(text.to_owned()))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A date in Zoho's format: `2026-11-22`. The original text is kept.
///
/// ```
/// use zohocrm::Date;
///
/// let day = Date::new(2026, 11, 22).expect("November has 30 days");
/// assert_eq!(day.as_str(), "2026-11-22");
/// assert_eq!(Date::new(2026, 2, 30), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(String);

impl Date {
    /// Creates a date from year, month (1 to 12) and day of the month. `None` if there is no such date.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(0..=9999).contains(&year) {
            return None;
        }
        time::Date::from_calendar_date(year, time::Month::try_from(month).ok()?, day).ok()?;
        Some(Self(format!("{year:04}-{month:02}-{day:02}")))
    }

    /// The original text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Year, month (1 to 12) and day of the month. `None` if the text is not a valid date.
    #[must_use]
    pub fn year_month_day(&self) -> Option<(i32, u8, u8)> {
        let date = parse_date(&self.0)?;
        Some((date.year(), u8::from(date.month()), date.day()))
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_date(text).map(|_| Self(text.to_owned())).ok_or_else(|| InvalidDate(text.to_owned()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The error when a text is not a [`Date`] or [`DateTime`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid date `{0}`; expected a date such as `2026-11-22` or a time such as `2026-11-22T09:30:00+01:00`"
)]
pub struct InvalidDate(String);

fn parse_date_time(text: &str) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
}

fn parse_date(text: &str) -> Option<time::Date> {
    let midnight = parse_date_time(&format!("{text}T00:00:00Z"))?;
    Some(midnight.date())
}

/// Zoho's format has no fractions and no `Z`.
fn text_of(moment: time::OffsetDateTime) -> String {
    let (hour, minute, second) = moment.to_hms();
    let (year, month, day) = moment.to_calendar_date();
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00", u8::from(month))
}

fn rounded_up(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_time_keeps_its_text_and_offset() {
        let moment: DateTime = "2023-05-10T01:10:47-05:30".parse().unwrap();
        assert_eq!(moment.as_str(), "2023-05-10T01:10:47-05:30");
        assert_eq!(moment.offset_minutes(), Some(-330));
        assert_eq!(moment.date().unwrap().as_str(), "2023-05-10");
        assert_eq!(
            DateTime::from_unix_seconds(moment.unix_seconds().unwrap()).unwrap().as_str(),
            "2023-05-10T06:40:47+00:00"
        );
    }

    #[test]
    fn a_system_time_becomes_a_date_time_in_utc() {
        let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_336_200_900);
        assert_eq!(DateTime::from(moment).as_str(), "2026-11-22T08:30:00+00:00");
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(500);
        assert_eq!(DateTime::from(before).as_str(), "1969-12-31T23:59:59+00:00");
    }

    #[test]
    fn parse_rejects_an_invalid_date_and_decoding_keeps_it() {
        for text in ["", "yesterday", "2026-13-01", "2026-11-22T25:00:00+00:00", "2026-W01-1", "20261122"] {
            assert!(text.parse::<Date>().is_err() && text.parse::<DateTime>().is_err(), "{text}");
        }
        let odd: DateTime = serde_json::from_str(r#""soon""#).unwrap();
        assert_eq!((odd.as_str(), odd.unix_seconds()), ("soon", None));
    }
}
