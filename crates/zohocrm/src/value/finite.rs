//! Finds numbers that JSON cannot express. `serde_json` writes NaN and infinity as null, and null empties a field.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Error, Serializer};

/// Serializes a value as JSON. NaN and an infinite number are errors.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    if json.contains("null") {
        value.serialize(Check).map_err(serde_json::Error::custom)?;
    }
    Ok(json)
}

/// A number that JSON cannot express, or a value that cannot be serialized.
#[derive(Debug)]
struct NotFinite {
    evidence: String,
    /// Where it is, from the inside out.
    path: Vec<String>,
}

impl NotFinite {
    fn in_member(mut self, name: impl Into<String>) -> Self {
        self.path.push(name.into());
        self
    }
}

impl fmt::Display for NotFinite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: Vec<_> = self.path.iter().rev().map(|name| name.escape_debug().to_string()).collect();
        match path.is_empty() {
            true => formatter.write_str(&self.evidence),
            false => write!(formatter, "`{}`: {}", path.join("."), self.evidence),
        }
    }
}

impl std::error::Error for NotFinite {}

impl Error for NotFinite {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { evidence: message.to_string(), path: Vec::new() }
    }
}

/// A serializer that writes nothing.
#[derive(Clone, Copy)]
struct Check;

type Outcome = Result<(), NotFinite>;

macro_rules! fine {
    ($($method:ident($($kind:ty),*)),+ $(,)?) => {
        $(fn $method(self, $(_: $kind),*) -> Outcome {
            Ok(())
        })+
    };
}

impl Serializer for Check {
    type Ok = ();
    type Error = NotFinite;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Members;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fine! {
        serialize_bool(bool), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128),
        serialize_none(), serialize_unit(), serialize_unit_struct(&'static str),
        serialize_unit_variant(&'static str, u32, &'static str),
    }

    fn serialize_f32(self, number: f32) -> Outcome {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Outcome {
        match number.is_finite() {
            true => Ok(()),
            false => Err(NotFinite::custom(format_args!("{number} is no number in JSON"))),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Outcome {
        value.serialize(self).map_err(|error| error.in_member(variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members, NotFinite> {
        Ok(Members::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, NotFinite> {
        Ok(self)
    }
}

macro_rules! items {
    ($($kind:ident $method:ident),+) => {
        $(impl ser::$kind for Check {
            type Ok = ();
            type Error = NotFinite;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
                value.serialize(*self)
            }

            fn end(self) -> Outcome {
                Ok(())
            }
        })+
    };
}

items!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! members {
    ($($kind:ident),+) => {
        $(impl ser::$kind for Check {
            type Ok = ();
            type Error = NotFinite;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Outcome {
                value.serialize(*self).map_err(|error| error.in_member(name))
            }

            fn end(self) -> Outcome {
                Ok(())
            }
        })+
    };
}

members!(SerializeStruct, SerializeStructVariant);

/// The members of a map, and the name of the current one.
#[derive(Default)]
struct Members {
    name: String,
}

impl ser::SerializeMap for Members {
    type Ok = ();
    type Error = NotFinite;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Outcome {
        // What is no text as a name is an error of its own, when the value is written as JSON.
        self.name = serde_json::to_value(name)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        value.serialize(Check).map_err(|error| error.in_member(std::mem::take(&mut self.name)))
    }

    fn end(self) -> Outcome {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::record::Record;

    #[derive(Serialize)]
    struct Deal {
        #[serde(rename = "Amount")]
        amount: Option<f64>,
        #[serde(rename = "Rows")]
        rows: Vec<Row>,
        #[serde(flatten)]
        extra: BTreeMap<String, f32>,
    }

    #[derive(Serialize)]
    struct Row {
        #[serde(rename = "Rate")]
        rate: (u8, f64),
    }

    fn deal(amount: f64, rate: f64, extra: f32) -> Deal {
        let extra = BTreeMap::from([("Score".to_owned(), extra)]);
        Deal { amount: Some(amount), rows: vec![Row { rate: (1, 2.0) }, Row { rate: (3, rate) }], extra }
    }

    #[test]
    fn finite_numbers_and_null_are_fine() {
        to_json(&deal(1.5, -0.0, f32::MAX)).unwrap();
        to_json(&Deal { amount: None, ..deal(f64::MAX, f64::MIN_POSITIVE, 0.0) }).unwrap();
        to_json(&serde_json::json!({ "a": [null, 1, "NaN", { "b": 2.5 }] })).unwrap();
    }

    #[test]
    fn a_number_that_is_not_finite_is_found_wherever_it_is() {
        for (value, message) in [
            (deal(f64::NAN, 1.0, 1.0), "`Amount`: NaN is no number in JSON"),
            (deal(1.0, f64::INFINITY, 1.0), "`Rows.Rate`: inf is no number in JSON"),
            (deal(1.0, 1.0, f32::NEG_INFINITY), "`Score`: -inf is no number in JSON"),
        ] {
            assert_eq!(to_json(&value).unwrap_err().to_string(), message);
        }
        let record =
            Record::new().with("Amount", f64::NAN).with("Rows", vec![Record::new().with("Rate", 1.5)]);
        assert_eq!(to_json(&record).unwrap_err().to_string(), "`Amount`: NaN is no number in JSON");
        assert!(!record.is_null("Amount") && record.number("Rows").is_none());
    }
}
