//! How values compare: strings regardless of case, timestamps regardless of offset, lookups by id or name.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::digits;
use crate::model::metadata::Kind;
use crate::timestamp::{is_date, parse_iso8601};

/// The order of two values of one kind. `None`: they cannot be compared, or one of them is `null`.
///
/// The second value may be the string form of the first kind, such as `"7"` for `7`.
pub(crate) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => None,
        _ if digits::of(one).or(digits::of(other)).is_some() => digits::compare(one, other),
        (Value::Bool(one), other) => Some(one.cmp(&boolean(other)?)),
        (Value::String(one), Value::String(other)) => match (timestamp(one), timestamp(other)) {
            (Some(one), Some(other)) => Some(one.cmp(&other)),
            _ => Some(one.to_lowercase().cmp(&other.to_lowercase())),
        },
        _ => None,
    }
}

/// The value of a field of this kind as it compares. A long integer is written as a string, but compares as a number.
pub(crate) fn comparable<'v>(kind: Option<&Kind>, value: Cow<'v, Value>) -> Cow<'v, Value> {
    let number = match (kind, value.as_ref()) {
        (Some(Kind::BigInteger), Value::String(digits)) => digits.parse().ok(),
        _ => None,
    };
    number.map_or(value, |number| Cow::Owned(Value::Number(number)))
}

/// Whether two values are equal. A lookup equals its id and its name, a list equals each of its elements.
pub(crate) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Array(elements), Value::Array(_)) => elements == other.as_array().unwrap_or(elements),
        (Value::Array(elements), _) => elements.iter().any(|element| equal(element, other)),
        (Value::Object(_), _) if digits::of(one).is_none() => parts(one).any(|part| equal(part, other)),
        _ => compare(one, other) == Some(Ordering::Equal),
    }
}

/// Whether a string, or the name of a lookup, starts with `beginning`.
pub(crate) fn starts_with(value: &Value, beginning: &Value) -> bool {
    holds(value, beginning, |text, beginning| text.starts_with(beginning))
}

/// Whether a string, or the name of a lookup, ends with `end`.
pub(super) fn ends_with(value: &Value, end: &Value) -> bool {
    holds(value, end, |text, end| text.ends_with(end))
}

/// Whether a string, or the name of a lookup, contains `part`.
pub(crate) fn contains(value: &Value, part: &Value) -> bool {
    holds(value, part, |text, part| text.contains(part))
}

/// Whether a field of this kind can have this value.
pub(crate) fn can_be(kind: &Kind, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    match kind {
        Kind::Integer | Kind::BigInteger | Kind::Double | Kind::Currency | Kind::Percent => {
            digits::is_number(value)
        }
        Kind::Boolean => boolean(value).is_some(),
        Kind::Date => is_date(text),
        Kind::DateTime => timestamp(text).is_some(),
        _ => true,
    }
}

fn holds(value: &Value, wanted: &Value, test: fn(&str, &str) -> bool) -> bool {
    let Some(wanted) = wanted.as_str() else { return false };
    match value {
        Value::String(text) => test(&text.to_lowercase(), &wanted.to_lowercase()),
        Value::Array(elements) => elements.iter().any(|element| holds(element, &wanted.into(), test)),
        Value::Object(_) => parts(value).any(|part| holds(part, &wanted.into(), test)),
        _ => false,
    }
}

/// The values that identify a lookup, an owner or a tag.
fn parts(value: &Value) -> impl Iterator<Item = &Value> {
    ["id", "name", "email"].into_iter().filter_map(|part| value.get(part))
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Parses a timestamp. The check of one byte rejects most other strings cheaply.
fn timestamp(text: &str) -> Option<u64> {
    (text.as_bytes().get(10) == Some(&b'T')).then(|| parse_iso8601(text)).flatten()
}
