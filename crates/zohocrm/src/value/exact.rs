//! Decodes JSON with the digits of its numbers.
//!
//! serde hands numbers over as integers or `f64`. The feature `arbitrary_precision` of `serde_json` hands over their text, but
//! for every crate in a program, and then `f64` no longer works within `#[serde(flatten)]`. So each value is requested as
//! raw text, as `serde_json::value::RawValue` does. Other deserializers ignore such a request and hand over the value itself.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::{Map, Number, Value, without_position};

/// The name by which `serde_json` is asked for raw text, and that of the only member of an object with that text.
const RAW_TEXT: &str = "$serde_json::private::RawValue";

/// The name of the only member of an object with the text of a number, if `arbitrary_precision` is enabled.
const NUMBER_TEXT: &str = "$serde_json::private::Number";

/// The maximum depth of lists and objects, as in `serde_json`.
const MAX_DEPTH: u8 = 127;

const A_NUMBER: &str = "a number";

/// Whether an object whose first member has this name is a number.
pub(crate) fn is_name_of_number(name: &str) -> bool {
    name == NUMBER_TEXT
}

/// Whether a newtype of this name is a request for the text of a value.
#[cfg(feature = "bulk")]
pub(crate) fn is_request_for_text(name: &str) -> bool {
    name == RAW_TEXT
}

pub(super) fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    AnyValue { depth: MAX_DEPTH }.deserialize(deserializer)
}

pub(super) fn map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
    deserializer.deserialize_map(Members { depth: MAX_DEPTH })
}

/// Decodes a number, or a text that is one.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
    match value(deserializer)? {
        Value::Number(number) => Ok(number),
        Value::String(text) => Number::parse(&text)
            .ok_or_else(|| D::Error::invalid_type(Unexpected::Other("other text"), &A_NUMBER)),
        other => Err(D::Error::invalid_type(kind_of(&other), &A_NUMBER)),
    }
}

/// Decodes the raw text of one value.
fn value_of_raw(raw: &str, depth: u8) -> Result<Value, serde_json::Error> {
    if let Some(text) = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"'))
        && !text.contains(['\\', '"'])
    {
        return Ok(text.into());
    }
    if let Some(number) = Number::parse(raw) {
        return Ok(number.into());
    }
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw).map(Value::String),
        Some(b'{') => {
            serde_json::Deserializer::from_str(raw).deserialize_map(Members { depth }).map(Value::Object)
        }
        Some(b'[') => {
            serde_json::Deserializer::from_str(raw).deserialize_seq(Items { depth }).map(Value::Array)
        }
        _ => Ok(serde_json::from_str::<Option<bool>>(raw)?.into()),
    }
}

/// Decodes any value. `depth` lists and objects may still be nested in it.
struct AnyValue {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_newtype_struct(RAW_TEXT, self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        match members.next_key_seed(AnyName)? {
            Some(Name::OfText) => members.next_value_seed(RawText { depth: self.depth }),
            Some(Name::Member(first)) => {
                let depth = nested(self.depth)?;
                let mut object = Map::new();
                object.insert(first, members.next_value_seed(Self { depth })?);
                Members { depth: self.depth }.collect(object, members).map(Value::Object)
            }
            None => Ok(Map::new().into()),
        }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Value, A::Error> {
        Items { depth: self.depth }.visit_seq(items).map(Value::Array)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }
}

/// Decodes raw text that was handed over as a text.
struct RawText {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for RawText {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for RawText {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the text of a JSON value")
    }

    fn visit_str<E: Error>(self, raw: &str) -> Result<Value, E> {
        value_of_raw(raw, self.depth).map_err(|error| E::custom(without_position(&error)))
    }
}

/// Decodes the members of an object.
struct Members {
    depth: u8,
}

impl Members {
    fn collect<'de, A: MapAccess<'de>>(self, mut object: Map, mut members: A) -> Result<Map, A::Error> {
        let depth = nested(self.depth)?;
        while let Some(name) = members.next_key::<String>()? {
            object.insert(name, members.next_value_seed(AnyValue { depth })?);
        }
        Ok(object)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Map;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Map, A::Error> {
        self.collect(Map::new(), members)
    }
}

/// Decodes the items of a list.
struct Items {
    depth: u8,
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Value>, A::Error> {
        let depth = nested(self.depth)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(AnyValue { depth })? {
            list.push(item);
        }
        Ok(list)
    }
}

/// The name of the first member of an object: it tells whether the object is one.
enum Name {
    /// The only member is the text of a value.
    OfText,
    Member(String),
}

/// Decodes a [`Name`].
struct AnyName;

impl<'de> DeserializeSeed<'de> for AnyName {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for AnyName {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(match name {
            RAW_TEXT | NUMBER_TEXT => Name::OfText,
            _ => Name::Member(name.to_owned()),
        })
    }
}

/// The depth that remains inside of a list or an object.
fn nested<E: Error>(depth: u8) -> Result<u8, E> {
    depth.checked_sub(1).ok_or_else(|| E::custom("recursion limit exceeded"))
}

/// The kind of a value, without its content.
fn kind_of(value: &Value) -> Unexpected<'static> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(_) => Unexpected::Other("boolean"),
        Value::Number(_) => Unexpected::Other("number"),
        Value::String(_) => Unexpected::Other("text"),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    const EXACT: [&str; 10] = [
        "104.83900000000001",
        "9999999999999999.99",
        "12.50",
        "-0",
        "-0.0",
        "1E5",
        "1e400",
        "9007199254740993",
        "18446744073709551616",
        "0.123456789012345678901234567890",
    ];

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Deal {
        amount: Number,
        rest: Value,
    }

    #[test]
    fn every_number_is_written_as_it_was_read() {
        for number in EXACT {
            let text =
                format!(r#"{{"amount":{number},"rest":[{number},{{"a":{{"b":{number}}}}},"{number}"]}}"#);
            let any: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(any.to_string(), text);
            assert_eq!(serde_json::from_reader::<_, Value>(text.as_bytes()).unwrap(), any);
            let deal: Deal = serde_json::from_slice(text.as_bytes()).unwrap();
            assert_eq!(deal.amount.as_str(), number);
            assert_eq!(serde_json::to_string(&deal).unwrap(), text);
            assert_eq!(any.decode::<Deal>().unwrap(), deal);
            assert_eq!(Value::from_serialize(&deal).unwrap(), any);
        }
    }

    #[test]
    fn other_deserializers_hand_over_what_they_have() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Outer {
            #[serde(flatten)]
            deal: Deal,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(Number),
            Deal(Deal),
        }
        let text = r#"{"amount":1952.5,"rest":{"a":[1,null,true,"x"]}}"#;
        let deal: Deal = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<Outer>(text).unwrap().deal, deal);
        assert_eq!(
            serde_json::from_str::<Either>("104.83900000000001").unwrap(),
            Either::Number("104.83900000000001".parse().unwrap())
        );
        assert_eq!(serde_json::from_value::<Deal>(serde_json::from_str(text).unwrap()).unwrap(), deal);
        assert_eq!(serde_json::to_value(&deal).unwrap().to_string(), text);
    }

    #[test]
    fn a_number_is_not_decoded_from_another_value_and_the_error_quotes_nothing() {
        for text in ["null", "true", "[1]", "{}", r#""secret""#, r#""1 ""#, r#""01""#] {
            let error = serde_json::from_str::<Number>(text).unwrap_err().to_string();
            assert!(error.contains("expected a number") && !error.contains("secret"), "{text}: {error}");
        }
        assert_eq!(serde_json::from_str::<Number>(r#""12.50""#).unwrap().as_str(), "12.50");
    }

    #[test]
    fn json_that_is_too_deep_is_an_error() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(serde_json::from_str::<Value>(&nested(127)).is_ok());
        for text in [nested(128), nested(200_000), "{\"a\":".repeat(200_000)] {
            assert!(serde_json::from_str::<Value>(&text).is_err());
        }
    }

    #[test]
    fn invalid_json_is_an_error_wherever_its_text_comes_from() {
        #[derive(Debug, Deserialize)]
        struct Flattened {
            #[serde(flatten)]
            #[expect(dead_code, reason = "decoding it is what is tested")]
            rest: Value,
        }
        for text in ["\"\\ud800\"", "[1 2]", "{\"a\" 1}", "01", "tru", ""] {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
        for raw in ["\\\"", "1-2", "nul", "[1", "", "\\\"a\\\"b\\\""] {
            let text = format!(r#"{{"{RAW_TEXT}":"{raw}"}}"#);
            assert!(serde_json::from_str::<Flattened>(&text).is_err(), "{text}");
        }
    }

    /// Any JSON without blanks.
    fn json() -> impl Strategy<Value = String> {
        let number = "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?";
        let text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
        let leaf = prop_oneof![
            number,
            text,
            proptest::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned)
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                proptest::collection::vec(inner, 0..6).prop_map(|items| {
                    let members = items.iter().enumerate().map(|(name, item)| format!("\"m{name}\":{item}"));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_written_as_it_was_read(text in json()) {
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap().to_string(), text);
        }

        #[test]
        fn a_text_is_a_number_exactly_if_json_says_so(text in "[-+0-9.eE]{0,8}") {
            let is_number = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            prop_assert_eq!(text.parse::<Number>().is_ok(), is_number, "{}", text);
        }
    }
}
