//! `DateTime` and `Date`: moments and days as Zoho writes them.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// A moment with the offset of some place, as Zoho writes it: `2026-11-22T09:30:00+01:00`.
///
/// It keeps the text as it came, so nothing is lost by reading and writing it back. Zoho's answers are in the time zone
/// of the user; two texts of one moment are not equal, but [`unix_seconds`](Self::unix_seconds) says the same of both.
///
/// ```
/// use zohocrm::DateTime;
///
/// let call: DateTime = "2026-11-22T09:30:00+01:00".parse()?;
/// assert_eq!(call.unix_seconds(), Some(1_795_336_200));
/// assert_eq!(call.offset_minutes(), Some(60));
/// # Ok::<(), zohocrm::NotADate>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateTime(String);

impl DateTime {
    /// A moment from seconds since 1970-01-01T00:00:00Z, shown in UTC. `None` outside the years 0 to 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let moment = time::OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        Some(Self(text_of(moment)))
    }

    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Seconds since 1970-01-01T00:00:00Z; `None` if the text is no moment.
    #[must_use]
    pub fn unix_seconds(&self) -> Option<i64> {
        Some(moment_in(&self.0)?.unix_timestamp())
    }

    /// How many minutes its clock is ahead of UTC; `None` if the text is no moment.
    #[must_use]
    pub fn offset_minutes(&self) -> Option<i16> {
        Some(moment_in(&self.0)?.offset().whole_minutes())
    }

    /// The same as the standard library's time; `None` if the text is no moment.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        moment_in(&self.0).map(SystemTime::from)
    }

    /// The day on its own clock; `None` if the text is no moment.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        let date = moment_in(&self.0)?.date();
        Some(Date(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())))
    }
}

impl From<SystemTime> for DateTime {
    /// In UTC, to the second: the CRM keeps no parts of it.
    fn from(moment: SystemTime) -> Self {
        let seconds = match moment.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(rounded_up(before.duration())).unwrap_or(i64::MAX),
        };
        // The years 0 to 9999 are all that the text has room for.
        let seconds = seconds.clamp(-62_167_219_200, 253_402_300_799);
        Self::from_unix_seconds(seconds).unwrap_or_default()
    }
}

impl FromStr for DateTime {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        moment_in(text).map(|_| Self(text.to_owned())).ok_or_else(|| NotADate(text.to_owned()))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A day as Zoho writes it: `2026-11-22`. It keeps the text as it came.
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
    /// A day by year, month (1 to 12) and day of the month; `None` if there is none such.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(0..=9999).contains(&year) {
            return None;
        }
        time::Date::from_calendar_date(year, time::Month::try_from(month).ok()?, day).ok()?;
        Some(Self(format!("{year:04}-{month:02}-{day:02}")))
    }

    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Year, month (1 to 12) and day of the month; `None` if the text is no day.
    #[must_use]
    pub fn year_month_day(&self) -> Option<(i32, u8, u8)> {
        let date = day_in(&self.0)?;
        Some((date.year(), u8::from(date.month()), date.day()))
    }
}

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        day_in(text).map(|_| Self(text.to_owned())).ok_or_else(|| NotADate(text.to_owned()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text is not a moment such as `2026-11-22T09:30:00+01:00`, or not a day such as `2026-11-22`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a day such as 2026-11-22 nor a moment such as 2026-11-22T09:30:00+01:00")]
pub struct NotADate(String);

fn moment_in(text: &str) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
}

fn day_in(text: &str) -> Option<time::Date> {
    let midnight = moment_in(&format!("{text}T00:00:00Z"))?;
    Some(midnight.date())
}

/// Zoho writes no fractions and no `Z`.
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
    fn a_moment_keeps_its_text_and_its_offset() {
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
    fn a_system_time_becomes_a_moment_in_utc() {
        let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_336_200_900);
        assert_eq!(DateTime::from(moment).as_str(), "2026-11-22T08:30:00+00:00");
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(500);
        assert_eq!(DateTime::from(before).as_str(), "1969-12-31T23:59:59+00:00");
    }

    #[test]
    fn what_is_no_date_is_refused_by_parse_and_kept_by_reading() {
        for text in ["", "yesterday", "2026-13-01", "2026-11-22T25:00:00+00:00", "2026-W01-1", "20261122"] {
            assert!(text.parse::<Date>().is_err() && text.parse::<DateTime>().is_err(), "{text}");
        }
        let odd: DateTime = serde_json::from_str(r#""soon""#).unwrap();
        assert_eq!((odd.as_str(), odd.unix_seconds()), ("soon", None));
    }
}
