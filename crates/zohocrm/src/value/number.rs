//! `Number`: a number with exactly the digits that were received or given.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::exact;

/// A number with exactly its digits: `104.83900000000001`, `12.50` and `9999999999999999.99` stay as they are, in both
/// directions. An `f64` holds only 15 to 17 digits.
///
/// It is the recommended type for a currency or decimal field, in a struct and in [`Record::get`](crate::Record::get). A decimal
/// type of another library would be decoded from an `f64`, so convert a `Number` to it, by its text:
///
/// ```
/// use zohocrm::{Number, Record};
///
/// let deal: Record = serde_json::from_str(r#"{"Amount": 9999999999999999.99}"#)?;
/// let amount = deal.number("Amount").expect("the field is a number");
/// assert_eq!(amount.as_str(), "9999999999999999.99");
/// // For example: let amount: rust_decimal::Decimal = amount.as_str().parse()?;
/// assert_eq!(amount.as_f64(), Some(1e16), "the nearest f64");
///
/// let reduced = deal.with("Amount", "9999999999999999.98".parse::<Number>()?);
/// assert_eq!(serde_json::to_string(&reduced)?, r#"{"Amount":9999999999999999.98}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Two numbers are equal if their digits are: `12.5` does not equal `12.50`.
///
/// A number that is text in JSON, such as `"9007199254740993"`, is decoded too. serde itself reads numbers as `f64` for
/// `#[serde(flatten)]` and for enums that are untagged or internally tagged, before this type sees them. Within those, only
/// what an `f64` holds is kept, unless your program enables the feature `arbitrary_precision` of `serde_json`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    /// A number as JSON writes it.
    text: Box<str>,
}

impl Number {
    /// The number as text, as JSON writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole number, if it is one without a fraction or exponent and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// The whole number, if it is one without a fraction, exponent or sign and fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.text.parse().ok()
    }

    /// The nearest `f64`; `None` if the number is too large for one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.text.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A number from text in which JSON writes it; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        is_number(text).then(|| Self::of_json(text))
    }

    fn of_json(text: &str) -> Self {
        Self { text: text.into() }
    }

    /// A number with the fewest digits that identify it and without an exponent; or NaN or infinity, which JSON cannot
    /// express.
    pub(super) fn of_float(number: &impl ToString) -> Self {
        Self::of_json(&number.to_string())
    }

    /// Whether JSON can express the number.
    pub(crate) fn is_finite(&self) -> bool {
        is_number(&self.text)
    }
}

/// Whether JSON writes a number like this. <https://www.rfc-editor.org/rfc/rfc8259#section-6>
fn is_number(text: &str) -> bool {
    let (whole, rest) = digits(text.strip_prefix('-').unwrap_or(text));
    let (fraction, rest) = rest.strip_prefix('.').map_or((None, rest), |rest| {
        let (fraction, rest) = digits(rest);
        (Some(fraction), rest)
    });
    let exponent = match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None if rest.is_empty() => None,
        None => return false,
    };
    let is_whole = !whole.is_empty() && (whole == "0" || !whole.starts_with('0'));
    let are_digits = |text: &str| !text.is_empty() && digits(text).1.is_empty();
    is_whole && fraction.is_none_or(are_digits) && exponent.is_none_or(are_digits)
}

/// Splits the text after its first digits.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

impl FromStr for Number {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| InvalidNumber(text.to_owned()))
    }
}

impl TryFrom<f64> for Number {
    type Error = InvalidNumber;

    /// Converts a finite number, with the fewest digits that identify it and without an exponent.
    fn try_from(number: f64) -> Result<Self, Self::Error> {
        match number.is_finite() {
            true => Ok(Self::of_float(&number)),
            false => Err(InvalidNumber(number.to_string())),
        }
    }
}

impl TryFrom<f32> for Number {
    type Error = InvalidNumber;

    /// Converts a finite number, with the fewest digits that identify it and without an exponent.
    fn try_from(number: f32) -> Result<Self, Self::Error> {
        match number.is_finite() {
            true => Ok(Self::of_float(&number)),
            false => Err(InvalidNumber(number.to_string())),
        }
    }
}

macro_rules! from_integers {
    ($($kind:ty),+) => {
        $(impl From<$kind> for Number {
            fn from(number: $kind) -> Self {
                Self::of_json(&number.to_string())
            }
        })+
    };
}

from_integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Number {
    /// Formats other than JSON get an integer or `f64`, if it has the same digits.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(whole) = self.as_i64().filter(|_| *self.text != *"-0") {
            return serializer.serialize_i64(whole);
        }
        if let Some(whole) = self.as_u64() {
            return serializer.serialize_u64(whole);
        }
        let Ok(raw) = serde_json::from_str::<&RawValue>(&self.text) else {
            return serializer.serialize_f64(self.text.parse().unwrap_or(f64::NAN));
        };
        match self.as_f64() {
            Some(float) if serde_json::to_string(&float).is_ok_and(|text| *text == *self.text) => {
                serializer.serialize_f64(float)
            }
            _ => raw.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        exact::number(deserializer)
    }
}

/// The error when a text is not a [`Number`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid number `{0}`; expected a number as in JSON, such as `-104.50`")]
pub struct InvalidNumber(String);
