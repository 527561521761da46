//! Decodes the cells of a row as a type of the caller.
//!
//! A type that accepts any value gets a number or boolean only if that loses nothing. The `csv` crate makes 49 of `0049` and 1e16
//! of `9999999999999999.99`.

use std::fmt;
use std::iter::{Enumerate, Zip};
use std::str::FromStr;

use csv::{StringRecord, StringRecordIter};
use serde::de::value::SeqDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::value::is_request_for_text;

/// Decodes a row from the names of the columns and the cells.
pub(super) fn decode<T: DeserializeOwned>(
    columns: &StringRecord,
    row: &StringRecord,
) -> Result<T, InvalidCell> {
    T::deserialize(Row { columns, row })
}

/// Why a row is not of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InvalidCell {
    /// The position of the cell, counted from 0; `None` if the row as a whole is invalid.
    pub(super) column: Option<usize>,
    pub(super) reason: String,
}

impl InvalidCell {
    fn in_column(self, column: usize) -> Self {
        Self { column: self.column.or(Some(column)), ..self }
    }
}

impl fmt::Display for InvalidCell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

impl std::error::Error for InvalidCell {}

impl Error for InvalidCell {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self { column: None, reason: reason.to_string() }
    }
}

/// A row as a map or a list of its cells.
struct Row<'de> {
    columns: &'de StringRecord,
    row: &'de StringRecord,
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = InvalidCell;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        visitor.visit_map(Members { cells: self.columns.iter().zip(self.row).enumerate(), next: None })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        visitor.visit_seq(SeqDeserializer::new(self.row.iter().map(Cell)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, InvalidCell> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, InvalidCell> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, InvalidCell> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct map struct
        enum identifier ignored_any
    }
}

/// The cells of a row with the names of their columns.
struct Members<'de> {
    cells: Enumerate<Zip<StringRecordIter<'de>, StringRecordIter<'de>>>,
    /// The cell whose name was read.
    next: Option<(usize, Cell<'de>)>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = InvalidCell;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, InvalidCell> {
        let Some((index, (column, cell))) = self.cells.next() else { return Ok(None) };
        self.next = Some((index, Cell(cell)));
        seed.deserialize(Cell(column)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, InvalidCell> {
        let (index, cell) = self.next.take().ok_or_else(|| InvalidCell::custom("a value without a name"))?;
        seed.deserialize(cell).map_err(|error| error.in_column(index))
    }
}

/// The text of a cell.
#[derive(Clone, Copy)]
struct Cell<'de>(&'de str);

impl Cell<'_> {
    fn parse<T: FromStr<Err: fmt::Display>>(self) -> Result<T, InvalidCell> {
        self.0.parse().map_err(InvalidCell::custom)
    }

    /// Parses the text if it can be restored from the value.
    fn parse_lossless<T: FromStr + ToString>(self) -> Option<T> {
        self.0.parse().ok().filter(|value: &T| value.to_string() == self.0)
    }
}

impl<'de> IntoDeserializer<'de, InvalidCell> for Cell<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Implements the methods for types that are parsed.
macro_rules! parse {
    ($($method:ident $visit:ident),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
            visitor.$visit(self.parse()?)
        })+
    };
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = InvalidCell;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        if let Some(value) = self.parse_lossless() {
            visitor.visit_bool(value)
        } else if let Some(whole) = self.parse_lossless() {
            visitor.visit_i64(whole)
        } else if let Some(float) = self.parse_lossless().filter(|float: &f64| float.is_finite()) {
            visitor.visit_f64(float)
        } else {
            visitor.visit_borrowed_str(self.0)
        }
    }

    parse! {
        deserialize_bool visit_bool, deserialize_char visit_char, deserialize_f32 visit_f32, deserialize_f64 visit_f64,
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_i128 visit_i128, deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64, deserialize_u128 visit_u128,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        visitor.visit_borrowed_bytes(self.0.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        match self.0 {
            "" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, InvalidCell> {
        match is_request_for_text(name) {
            true => visitor.visit_borrowed_str(self.0),
            false => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, InvalidCell> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, InvalidCell> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { unit unit_struct seq tuple tuple_struct map struct }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;
    use crate::record::Record;
    use crate::value::Number;

    const EXACT: [&str; 5] =
        ["104.83900000000001", "9999999999999999.99", "12.50", "9007199254740993", "18446744073709551616"];

    fn decode_cell<T: DeserializeOwned>(cell: &str) -> Result<T, InvalidCell> {
        let mut row: HashMap<String, T> = decode(&vec!["Amount"].into(), &vec![cell].into())?;
        Ok(row.remove("Amount").unwrap())
    }

    #[test]
    fn every_digit_reaches_a_type_that_can_hold_it() {
        for text in EXACT {
            assert_eq!(decode_cell::<Number>(text).unwrap().as_str(), text);
            assert_eq!(decode_cell::<String>(text).unwrap(), text);
            assert_eq!(decode_cell::<f64>(text).unwrap(), text.parse::<f64>().unwrap());
            let record: Record = decode(&vec!["Amount"].into(), &vec![text].into()).unwrap();
            assert_eq!(record.text("Amount"), Some(text), "as in `rows`");
            let any = decode_cell::<serde_json::Value>(text).unwrap();
            assert_eq!(any.as_str().map_or_else(|| any.to_string(), str::to_owned), text);
        }
        assert_eq!(decode_cell::<serde_json::Value>("0049").unwrap(), "0049");
        assert_eq!(decode_cell::<serde_json::Value>("49").unwrap(), 49);
    }

    #[test]
    fn a_cell_decodes_as_every_kind_of_type() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Lead {
            name: String,
            hot: bool,
            size: Option<u16>,
            revenue: Option<f64>,
            status: Status,
            #[serde(flatten)]
            more: More,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        enum Status {
            New,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct More {
            score: f64,
            rank: i64,
        }
        let columns = vec!["name", "hot", "size", "revenue", "status", "score", "rank", "unused"].into();
        let lead: Lead =
            decode(&columns, &vec!["Ada", "true", "7", "", "New", "0.5", "3", "x"].into()).unwrap();
        let more = More { score: 0.5, rank: 3 };
        let expected =
            Lead { name: "Ada".into(), hot: true, size: Some(7), revenue: None, status: Status::New, more };
        assert_eq!(lead, expected);
        let pair: (String, u8) = decode(&vec!["a", "b"].into(), &vec!["x", "2"].into()).unwrap();
        assert_eq!(pair, ("x".to_owned(), 2));
    }

    #[test]
    fn an_invalid_cell_is_named_by_its_column() {
        let invalid =
            decode::<HashMap<String, u8>>(&vec!["a", "b"].into(), &vec!["1", "x"].into()).unwrap_err();
        assert_eq!((invalid.column, invalid.reason.as_str()), (Some(1), "invalid digit found in string"));
        assert!(decode_cell::<Vec<u8>>("1").is_err());
    }
}
