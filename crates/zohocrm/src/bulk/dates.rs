//! `Dates`: detects whether a column contains only dates, and their format.

use std::str::FromStr;

use crate::value::{Date, DateTime};

/// The format of [`Date`], in the syntax of Zoho's `format`.
const DATES: &str = "yyyy-MM-dd";
/// The format of [`DateTime`].
const DATE_TIMES: &str = "yyyy-MM-dd'T'HH:mm:ssXXX";

/// The kind of dates in the cells of a column so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dates {
    /// All cells are empty.
    #[default]
    Unknown,
    Date,
    DateTime,
    /// A cell is not a date, or the kinds differ.
    None,
}

impl Dates {
    /// Adds a cell.
    pub(super) fn with(self, cell: &str) -> Self {
        if cell.is_empty() || self == Self::None {
            return self;
        }
        let seen = match cell.len() {
            10 if Date::from_str(cell).is_ok() => Self::Date,
            // With `Z` or an offset, and without fractions of a second.
            20 | 25
                if cell.as_bytes()[10] == b'T' && DateTime::from_str(cell).is_ok() && !cell.contains('.') =>
            {
                Self::DateTime
            }
            _ => Self::None,
        };
        if self == Self::Unknown || self == seen { seen } else { Self::None }
    }

    /// The `format` of the column, if all of its dates have the same one.
    pub(super) fn format(self) -> Option<&'static str> {
        match self {
            Self::Date => Some(DATES),
            Self::DateTime => Some(DATE_TIMES),
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
    fn a_column_of_dates_only_has_a_format() {
        assert_eq!(format(&["", "2026-11-22", "", "0001-01-01"]), Some(DATES));
        assert_eq!(format(&["2026-11-22T09:30:00+01:00", "", "2026-11-22T09:30:00Z"]), Some(DATE_TIMES));
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
