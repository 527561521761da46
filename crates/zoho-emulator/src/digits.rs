//! Numbers with all their digits.
//!
//! `serde_json` holds `12.50` as 12.5, and 9999999999999999.99 as 1e16. Its feature `arbitrary_precision` would change how every
//! crate in a program that uses this emulator reads JSON. So a number that would change is held as an object:
//! `{"$digits": "12.50"}`. Such objects exist only between [`parse`] and [`to_text`].

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Number, Value, json};

const NAME: &str = "$digits";

/// How `serde_json` writes such an object.
const BEFORE: &str = r#"{"$digits":""#;
const AFTER: &str = r#""}"#;

/// Parses JSON.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(&with_objects(text))
}

/// Writes JSON.
pub(crate) fn to_text(body: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(body).map(|text| without_objects(&text))
}

/// A value as text: a string without quotes, the rest as JSON.
pub(crate) fn to_plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| to_text(value).unwrap_or_default(), str::to_owned)
}

/// A number, if the text is one in JSON.
pub(crate) fn number(text: &str) -> Option<Value> {
    let number: Number = text.parse().ok()?;
    Some(match number.to_string() == text {
        true => Value::Number(number),
        false => json!({ NAME: text }),
    })
}

/// The digits of a number; `None` if the value is of another kind.
pub(crate) fn of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Number(number) => Some(number.to_string().into()),
        Value::Object(object) => object.get(NAME)?.as_str().map(Cow::Borrowed),
        _ => None,
    }
}

/// The nearest float; `None` if the value is not a number.
pub(crate) fn as_f64(value: &Value) -> Option<f64> {
    of(value)?.parse().ok()
}

/// The digits of a number without zeros at the end, so that equal numbers have the same.
pub(crate) fn normalized(value: &Value) -> Option<Cow<'_, str>> {
    let digits = of(value)?;
    Some(decimal(&digits).map_or(digits, |number| number.normalize().to_string().into()))
}

/// The sum of those values that are numbers; `None` if it has more than 28 digits.
pub(crate) fn sum<'v>(values: impl IntoIterator<Item = Cow<'v, Value>>) -> Option<Value> {
    let add = |sum: Decimal, value: Cow<'_, Value>| match of(&value) {
        Some(digits) => sum.checked_add(decimal(&digits)?),
        None => Some(sum),
    };
    let sum = values.into_iter().try_fold(Decimal::ZERO, add)?;
    number(&sum.normalize().to_string())
}

/// Whether the value is a number, or a string that is one.
pub(crate) fn is_number(value: &Value) -> bool {
    in_value(value).is_some_and(|digits| digits.parse::<f64>().is_ok())
}

/// The order of two values that are numbers, or strings that are numbers; `None` if one of them is not.
pub(crate) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    if let (Some(one), Some(other)) = (as_whole(one), as_whole(other)) {
        return Some(one.cmp(&other));
    }
    let (one, other) = (in_value(one)?, in_value(other)?);
    match (decimal(&one), decimal(&other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.parse::<f64>().ok()?.partial_cmp(&other.parse().ok()?),
    }
}

fn as_whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64(),
    }
}

fn in_value(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.trim().into()),
        value => of(value),
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// Replaces the numbers that would change by objects.
fn with_objects(text: &str) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut copied = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += match byte {
            b'"' => length_of_string(&bytes[start..]),
            b'-' | b'0'..=b'9' => bytes[start..].iter().take_while(|byte| is_part_of_number(**byte)).count(),
            _ => 1,
        };
        let token = text.get(start..at).unwrap_or_default();
        if let Some(Value::Object(_)) = (*byte != b'"').then(|| number(token)).flatten() {
            replaced.extend([&text[copied..start], BEFORE, token, AFTER]);
            copied = at;
        }
    }
    match copied {
        0 => text.into(),
        _ => (replaced + &text[copied..]).into(),
    }
}

/// The length of a string with its quotes.
fn length_of_string(bytes: &[u8]) -> usize {
    let mut is_escaped = false;
    let is_end = |byte: &u8| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    };
    bytes[1..].iter().position(is_end).map_or(bytes.len(), |inner| inner + 2)
}

fn is_part_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}

/// Replaces the objects by their numbers. Within a string, their quotes would be escaped.
fn without_objects(text: &str) -> String {
    let mut parts = text.split(BEFORE);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(AFTER).filter(|(digits, _)| digits.parse::<Number>().is_ok()) {
            Some((digits, rest)) => replaced.extend([digits, rest]),
            None => replaced.extend([BEFORE, part]),
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_written_as_it_was_read() {
        for number in [
            "104.83900000000001",
            "12.50",
            "9999999999999999.99",
            "0.1",
            "-0",
            "-0.0",
            "1E5",
            "1e-7",
            "1.0",
            "9007199254740993",
            "18446744073709551616",
            "123456789012345678901234567890.123456789",
        ] {
            let text =
                format!(r#"{{"a":[{number},{{"b":{number}}}],"c":"{number}","d\"":"\\","e":{number}}}"#);
            assert_eq!(to_text(&parse::<Value>(&text).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn invalid_json_stays_invalid() {
        for text in ["1.2.3", "01", "[1.50", "\"1.50", "1.50 2", "{\"a\":1.}", "-", "1e", "\"\\"] {
            assert!(parse::<Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_object_that_a_client_made_up_never_breaks_the_json() {
        for text in
            [r#"{"$digits":"x"}"#, r#"{"$digits":"1","a":2}"#, r#"{"$digits":""}"#, r#"{"$digits":"\"}"}"#]
        {
            assert_eq!(to_text(&parse::<Value>(text).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn numbers_are_compared_digit_by_digit() {
        let compare = |one: &str, other| super::compare(&number(one).unwrap(), &json!(other));
        assert_eq!(compare("9999999999999999.98", "9999999999999999.99"), Some(Ordering::Less));
        assert_eq!(compare("12.50", "12.5"), Some(Ordering::Equal));
        assert_eq!(compare("1e3", "1000"), Some(Ordering::Equal));
        assert_eq!(compare("1e300", "2"), Some(Ordering::Greater));
        assert_eq!(compare("2", "x"), None);
    }

    #[test]
    fn a_sum_has_all_its_digits() {
        let sum = |numbers: &[&str]| {
            let values = numbers.iter().map(|text| Cow::Owned(number(text).unwrap()));
            sum(values).map(|sum| of(&sum).unwrap().into_owned())
        };
        assert_eq!(sum(&["0.1", "0.2"]).as_deref(), Some("0.3"));
        assert_eq!(sum(&["9999999999999999.98", "0.01"]).as_deref(), Some("9999999999999999.99"));
        assert_eq!(sum(&["1e300", "1"]), None);
    }
}
