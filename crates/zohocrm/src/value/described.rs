//! `described!`: a struct for a JSON object that Zoho describes, read member by member. A member whose value is of another
//! kind than described is kept as it came, and the other members are read.

use std::borrow::Cow;

use super::{Extra, Number, Value};

/// A member of a JSON object whose value is of another kind than its field: it was kept as it came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Misfit {
    /// The path of the member, such as `users[1].full_name`.
    pub path: String,
    /// The value, as it came.
    pub value: Value,
}

/// A type for JSON that Zoho describes.
///
/// A member with a value of another kind than described does not make the rest unreadable: its field stays empty, and `extra`
/// has the value under the member's name. Of a list, the field has the items that fit, and `extra` the whole list. An object
/// where a list is described is read as a list of one.
///
/// ```
/// use zohocrm::{Described, FileField};
///
/// let file: FileField = serde_json::from_str(r#"{"id": "71", "File_Name__s": ["a.pdf"]}"#)?;
/// assert_eq!(file.id.as_deref(), Some("71"));
/// assert_eq!(file.misfits()[0].path, "File_Name__s");
/// assert_eq!(file.extra["File_Name__s"][0], "a.pdf");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Described {
    /// All members, at any depth, whose values are of another kind than described.
    fn misfits(&self) -> Vec<Misfit>;
}

/// A value that is read from JSON as far as it fits.
pub(crate) trait Decode: Sized {
    /// Reads a value; `None` if it is of another kind. `is_whole` becomes false if items of a list were left out.
    fn decode(value: &Value, is_whole: &mut bool) -> Option<Self>;

    /// Whether encoding leaves out a member with this value.
    fn is_left_out(&self) -> bool {
        false
    }

    /// Finds the misfits inside. `path` is that of this value.
    fn find_misfits(&self, path: &str, found: &mut Vec<Misfit>) {
        let _ = (path, found);
    }
}

/// Implements [`Decode`] with the type's own `Deserialize`, and [`Described`] for a type that accepts any content.
macro_rules! decode_as_a_whole {
    ($($kind:ty),+ $(,)?) => {
        $(
            impl crate::value::described::Decode for $kind {
                fn decode(value: &crate::value::Value, _: &mut bool) -> Option<Self> {
                    value.decode().ok()
                }
            }

            impl crate::value::described::Described for $kind {
                fn misfits(&self) -> Vec<crate::value::described::Misfit> {
                    Vec::new()
                }
            }
        )+
    };
}

decode_as_a_whole!(super::Date, super::DateTime);

/// Implements [`Decode`] for a type that is one kind of value.
macro_rules! decode_kinds {
    ($($kind:ty = $read:expr),+ $(,)?) => {
        $(
            impl Decode for $kind {
                fn decode(value: &Value, _: &mut bool) -> Option<Self> {
                    $read(value)
                }
            }

            impl Described for $kind {
                fn misfits(&self) -> Vec<Misfit> {
                    Vec::new()
                }
            }
        )+
    };
}

decode_kinds!(
    String = |value: &Value| value.as_str().map(str::to_owned),
    bool = Value::as_bool,
    i64 = Value::as_i64,
    u64 = Value::as_u64,
    Number = |value: &Value| value.as_number().cloned(),
    Value = |value: &Value| Some(value.clone()),
    Extra = |value: &Value| value.as_object().cloned(),
);

impl<T: Decode> Decode for Vec<T> {
    fn decode(value: &Value, is_whole: &mut bool) -> Option<Self> {
        // Zoho sends some lists of one item as the item alone.
        let items = match value {
            Value::Array(items) => items.as_slice(),
            Value::Object(_) => std::slice::from_ref(value),
            _ => return None,
        };
        let fitting: Self = items.iter().filter_map(|item| T::decode(item, is_whole)).collect();
        *is_whole &= fitting.len() == items.len();
        Some(fitting)
    }

    fn find_misfits(&self, path: &str, found: &mut Vec<Misfit>) {
        for (item, index) in self.iter().zip(0..) {
            item.find_misfits(&format!("{path}[{index}]"), found);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(value: &Value, is_whole: &mut bool) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::decode(value, is_whole).map(Some),
        }
    }

    fn find_misfits(&self, path: &str, found: &mut Vec<Misfit>) {
        self.iter().for_each(|value| value.find_misfits(path, found));
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(value: &Value, is_whole: &mut bool) -> Option<Self> {
        T::decode(value, is_whole).map(Self::new)
    }

    fn find_misfits(&self, path: &str, found: &mut Vec<Misfit>) {
        T::find_misfits(self, path, found);
    }
}

impl<T: Described> Described for Vec<T> {
    fn misfits(&self) -> Vec<Misfit> {
        let of_item = |(index, item): (usize, &T)| {
            let within =
                move |Misfit { path, value }| Misfit { path: member(&format!("[{index}]"), &path), value };
            item.misfits().into_iter().map(within)
        };
        self.iter().enumerate().flat_map(of_item).collect()
    }
}

pub(crate) fn misfits(value: &impl Decode) -> Vec<Misfit> {
    let mut found = Vec::new();
    value.find_misfits("", &mut found);
    found
}

/// Reads a member into its field. Returns whether all of the value fits. A null where no field can be null leaves the default.
pub(crate) fn read<T: Decode>(field: &mut T, value: &Value) -> bool {
    let mut is_whole = true;
    match T::decode(value, &mut is_whole) {
        Some(decoded) => {
            *field = decoded;
            is_whole
        }
        None => value.is_null(),
    }
}

/// Reads a member that is described as text and can come as a number.
pub(crate) fn read_or_number<T: Decode>(field: &mut T, value: &Value) -> bool {
    let as_text = |value: &Value| Some(Value::String(value.as_number()?.to_string()));
    read(field, &replaced(value, as_text))
}

/// Reads a member that is described as a number and can come as text.
pub(crate) fn read_or_text<T: Decode>(field: &mut T, value: &Value) -> bool {
    let as_number = |value: &Value| Some(Value::Number(value.as_str()?.parse::<Number>().ok()?));
    read(field, &replaced(value, as_number))
}

/// The value, or the items of the list, with those replaced for which there is a replacement.
fn replaced(value: &Value, replacement: impl Fn(&Value) -> Option<Value>) -> Cow<'_, Value> {
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| replacement(item).unwrap_or_else(|| item.clone()));
            Cow::Owned(Value::Array(items.collect()))
        }
        value => replacement(value).map_or(Cow::Borrowed(value), Cow::Owned),
    }
}

/// The path of a member.
pub(crate) fn member(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Defines a struct with a field for each member that Zoho describes, and `extra` for all others:
/// `pub size: Nullable<String> = "Size__s" or_number`.
///
/// A text with `or_number` also accepts a number, and a number with `or_text` also accepts a text of digits.
macro_rules! described {
    (
        $(#[$about:meta])*
        $vis:vis struct $name:ident {
            $($(#[$doc:meta])* pub $field:ident: $kind:ty = $wire:literal $($other:ident)?,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        $vis struct $name {
            $($(#[$doc])* pub $field: $kind,)*
            /// Members without a field, and those whose value is of another kind than their field.
            pub extra: crate::value::Extra,
        }

        impl crate::value::described::Decode for $name {
            fn decode(value: &crate::value::Value, _: &mut bool) -> Option<Self> {
                let mut decoded = <Self as Default>::default();
                for (name, value) in value.as_object()? {
                    let fits = match name.as_str() {
                        $($wire => crate::value::described::described!(@read decoded.$field, value $(, $other)?),)*
                        _ => false,
                    };
                    if !fits {
                        decoded.extra.insert(name.clone(), value.clone());
                    }
                }
                Some(decoded)
            }

            fn find_misfits(&self, path: &str, found: &mut Vec<crate::value::described::Misfit>) {
                for (name, value) in &self.extra {
                    if matches!(name.as_str(), $($wire)|*) {
                        let path = crate::value::described::member(path, name);
                        found.push(crate::value::described::Misfit { path, value: value.clone() });
                    }
                }
                $(self.$field.find_misfits(&crate::value::described::member(path, $wire), found);)*
            }
        }

        impl crate::value::described::Described for $name {
            fn misfits(&self) -> Vec<crate::value::described::Misfit> {
                crate::value::described::misfits(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let members = <crate::value::Extra as serde::Deserialize>::deserialize(deserializer)?;
                let decoded = crate::value::described::Decode::decode(&members.into(), &mut true);
                Ok(decoded.unwrap_or_default())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use crate::value::described::Decode;
                let mut members = serializer.serialize_map(None)?;
                $(
                    if !self.$field.is_left_out() {
                        serde::ser::SerializeMap::serialize_entry(&mut members, $wire, &self.$field)?;
                    }
                )*
                for (name, value) in &self.extra {
                    let has_field = match name.as_str() {
                        $($wire => !self.$field.is_left_out(),)*
                        _ => false,
                    };
                    if !has_field {
                        serde::ser::SerializeMap::serialize_entry(&mut members, name, value)?;
                    }
                }
                serde::ser::SerializeMap::end(members)
            }
        }
    };
    (@read $field:expr, $value:ident) => { crate::value::described::read(&mut $field, $value) };
    (@read $field:expr, $value:ident, or_number) => {
        crate::value::described::read_or_number(&mut $field, $value)
    };
    (@read $field:expr, $value:ident, or_text) => {
        crate::value::described::read_or_text(&mut $field, $value)
    };
}

pub(crate) use {decode_as_a_whole, described};

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Nullable;
    use super::*;

    described! {
        /// A user.
        struct User {
            /// The id.
            pub id: Nullable<String> = "id" or_number,
            /// The age.
            pub age: Nullable<i64> = "age" or_text,
            /// The names.
            pub names: Nullable<Vec<String>> = "names",
            /// The user above.
            pub above: Nullable<Box<User>> = "above",
            /// The users below.
            pub below: Nullable<Vec<User>> = "below",
        }
    }

    fn read(value: Value) -> User {
        serde_json::from_value(value).unwrap()
    }

    fn paths(user: &User) -> Vec<String> {
        user.misfits().into_iter().map(|misfit| misfit.path).collect()
    }

    #[test]
    fn a_member_that_does_not_fit_is_kept_and_its_neighbors_are_read() {
        let value = json!({
            "id": "1", "age": {"years": 3}, "new": null,
            "below": [{"id": "2"}, {"id": true, "age": 4}],
            "above": {"names": "Ada", "age": 5},
        });
        let user = read(value.clone());
        assert_eq!(user.id.as_deref(), Some("1"));
        assert!(user.age.is_absent());
        assert_eq!(user.below.items()[1].age, Nullable::Value(4));
        assert_eq!(user.above.get().unwrap().age, Nullable::Value(5));
        assert_eq!(paths(&user), ["age", "above.names", "below[1].id"]);
        assert_eq!(user.misfits()[0].value, json!({"years": 3}));
        assert_eq!(serde_json::to_value(&user).unwrap(), value);
    }

    #[test]
    fn the_items_of_a_list_that_fit_are_read() {
        let list = json!([{"id": "1"}, "two", {"id": "3"}, null]);
        let user = read(json!({ "below": list, "names": ["Ada", 7] }));
        let ids: Vec<_> = user.below.items().iter().map(|user| user.id.as_deref()).collect();
        assert_eq!(ids, [Some("1"), Some("3")]);
        assert_eq!(user.names.items(), ["Ada"]);
        assert_eq!(paths(&user), ["below", "names"]);
        assert_eq!(user.extra["below"], list);
    }

    #[test]
    fn an_object_is_a_list_of_one() {
        let user = read(json!({ "below": {"id": "2"}, "names": {"first": "Ada"} }));
        assert_eq!(user.below.items()[0].id.as_deref(), Some("2"));
        assert_eq!(user.names.items(), [""; 0]);
        assert_eq!(paths(&user), ["names"]);
    }

    #[test]
    fn text_and_number_stand_for_each_other_where_it_is_said() {
        let user = read(json!({ "id": 5_725_767_000_000_412_001_u64, "age": "44" }));
        assert_eq!((user.id.as_deref(), user.age.get()), (Some("5725767000000412001"), Some(&44)));
        assert_eq!(paths(&user), [""; 0]);
        let user = read(json!({ "id": [1], "age": "old" }));
        assert_eq!(paths(&user), ["id", "age"]);
    }

    #[test]
    fn null_and_absent_are_distinct_and_survive() {
        for value in [json!({ "id": null, "below": [] }), json!({ "age": 7 }), json!({})] {
            assert_eq!(serde_json::to_value(read(value.clone())).unwrap(), value);
        }
    }

    described! {
        /// A tin with fields that cannot be null.
        struct Tin {
            /// The shades.
            pub shades: Vec<String> = "shades",
            /// Whether it is open.
            pub is_open: bool = "is_open",
        }
    }

    #[test]
    fn null_leaves_the_default_where_nothing_can_be_null() {
        let tin: Tin = serde_json::from_value(json!({ "shades": null, "is_open": null })).unwrap();
        assert_eq!((tin.misfits(), &tin), (Vec::new(), &Tin::default()));
        let tin: Tin = serde_json::from_value(json!({ "shades": ["dark"], "is_open": "yes" })).unwrap();
        assert_eq!((tin.shades, tin.is_open), (vec!["dark".to_owned()], false));
    }

    #[test]
    fn anything_but_an_object_is_an_error() {
        for text in ["[]", "7", "\"Ada\"", "null"] {
            assert!(serde_json::from_str::<User>(text).is_err(), "{text}");
        }
    }
}
