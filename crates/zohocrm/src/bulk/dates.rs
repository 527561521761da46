//! `Dates`: whether a column holds nothing but dates, and how Zoho is told.

use std::str::FromStr;

use crate::value::{Date, DateTime};

/// How [`Date`] writes a day, in the letters of Zoho's `format`.
const DAYS: &str = "yyyy-MM-dd";
/// How [`DateTime`] writes a moment.
const MOMENTS: &str = "yyyy-MM-dd'T'HH:mm:ssXXX";

/// What the cells of a column are, as far as they were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dates {
    /// All of them are empty.
    #[default]
    Unknown,
    Days,
    Moments,
    /// One is something else.
    None,
}

impl Dates {
    /// The same, with one more cell.
    pub(super) fn with(self, cell: &str) -> Self {
        if cell.is_empty() || self == Self::None {
            return self;
        }
        let seen = match cell.len() {
            10 if Date::from_str(cell).is_ok() => Self::Days,
            // `Z` or an offset, and no parts of a second.
            20 | 25
                if cell.as_bytes()[10] == b'T' && DateTime::from_str(cell).is_ok() && !cell.contains('.') =>
            {
                Self::Moments
            }
            _ => Self::None,
        };
        if self == Self::Unknown || self == seen { seen } else { Self::None }
    }

    /// The `format` of the column, if it has one.
    pub(super) fn format(self) -> Option<&'static str> {
        match self {
            Self::Days => Some(DAYS),
            Self::Moments => Some(MOMENTS),
            Self::Unknown | Self::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(cells: &[&str]) -> Option<&'static str> {
        cells.iter().fold(Dates::default(), |dates, cell| dates.with(cell)).format()
    }

    #[test]
    fn a_column_of_dates_alone_has_a_format() {
        assert_eq!(format(&["", "2026-11-22", "", "0001-01-01"]), Some(DAYS));
        assert_eq!(format(&["2026-11-22T09:30:00+01:00", "", "2026-11-22T09:30:00Z"]), Some(MOMENTS));
        assert_eq!(format(&["", ""]), None);
    }

    #[test]
    fn a_column_with_anything_else_has_none() {
        for cells in [
            &["2026-11-22", "22.11.2026"][..],
            &["soon", "2026-11-22"],
            &["2026-13-22"],
            &["2026-11-22", "2026-11-22T09:30:00+01:00"],
            &["2026-11-22T09:30:00.1234Z"],
            &["2026-11-22T09:30:00.12345+01:00"],
            &["2026-11-22 09:30:00+01:00"],
            &["äääää"],
        ] {
            assert_eq!(format(cells), None, "{cells:?}");
        }
    }
}
