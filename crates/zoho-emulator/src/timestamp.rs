//! Timestamps as the CRM writes and reads them.

use std::time::Duration;

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};

/// A duration in whole milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Formats epoch milliseconds as the CRM does, in UTC: `2026-01-31T10:15:00+00:00`.
pub(crate) fn iso8601(epoch_ms: u64) -> String {
    let seconds = i64::try_from(epoch_ms / 1000).unwrap_or(i64::MAX);
    let date_time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, (hour, minute, second)) = (date_time.date(), date_time.to_hms());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00")
}

/// Parses a timestamp such as `2026-01-31T10:15:00+05:30` into milliseconds since 1970. The offset may be written as
/// `+0530`, `+05` or `Z`.
pub(crate) fn parse_iso8601(text: &str) -> Option<u64> {
    let date_time = OffsetDateTime::parse(text, &Rfc3339);
    let date_time = date_time.or_else(|_| OffsetDateTime::parse(text, &Iso8601::PARSING)).ok()?;
    u64::try_from(date_time.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Whether a text is a valid date, such as `2026-01-31`.
pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10 && Date::parse(text, &Iso8601::DATE).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_written_as_the_crm_writes_them() {
        assert_eq!(iso8601(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(iso8601(951_782_399_000), "2000-02-28T23:59:59+00:00");
        assert_eq!(iso8601(951_782_400_000), "2000-02-29T00:00:00+00:00");
        assert_eq!(iso8601(1_767_225_599_999), "2025-12-31T23:59:59+00:00");
    }

    #[test]
    fn timestamps_are_read_with_their_offset() {
        assert_eq!(parse_iso8601("1970-01-01T05:30:01+05:30"), Some(1000));
        for same in [
            "1970-01-01T00:00:01Z",
            "1970-01-01T00:00:01+0000",
            "1970-01-01T00:00:01+00",
            "1970-01-01T00:00:01-00:00",
            "1970-01-01T05:30:01.000+0530",
            "1969-12-31T16:00:01-0800",
            "19700101T000001Z",
        ] {
            assert_eq!(parse_iso8601(same), Some(1000), "{same}");
        }
        assert_eq!(parse_iso8601("1970-01-01T00:00:01.234Z"), Some(1234));
        assert_eq!(parse_iso8601("1970-01-01T00:01+00:00"), Some(60_000));
        for wrong in ["1970-01-01T00:00:01", "1970-01-01", "1970-01-01T00:00:01+99:00", "yesterday", ""] {
            assert_eq!(parse_iso8601(wrong), None, "{wrong}");
        }
        assert!(is_date("2024-02-29") && !is_date("2023-02-29") && !is_date("20240229"));
    }
}
