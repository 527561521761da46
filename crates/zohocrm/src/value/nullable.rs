//! `Nullable`: a member of a JSON object that is absent, null or a value.

use std::ops::Deref;

use super::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::described::{Decode, Misfit};

/// A member of a JSON object: absent, null or a value. Zoho distinguishes them: an update leaves an absent field as it is,
/// and clears a field that is null.
///
/// ```
/// use zohocrm::Nullable;
///
/// let name: Nullable<String> = "Manager".into();
/// assert_eq!(name.as_deref(), Some("Manager"));
/// assert_eq!(Nullable::<i64>::Null.get(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Nullable<T> {
    /// The member is absent. Encoding leaves it out.
    #[default]
    Absent,
    /// The member is `null`.
    Null,
    /// The member has a value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Returns the value, if there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Returns a mutable reference to the value, if there is one.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Converts into an `Option`, with `None` for absent and null.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Returns the value, or the default of its type.
    pub fn unwrap_or_default(self) -> T
    where
        T: Default,
    {
        self.into_option().unwrap_or_default()
    }

    /// Returns the value dereferenced: a `String` as `&str`, a `Vec` as a slice.
    pub fn as_deref(&self) -> Option<&T::Target>
    where
        T: Deref,
    {
        self.get().map(Deref::deref)
    }

    /// Whether the member is absent.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the member is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether there is a value.
    pub fn is_value(&self) -> bool {
        matches!(self, Self::Value(_))
    }
}

impl<T> Nullable<Vec<T>> {
    /// Returns the items of a list. Empty if the list is absent or null.
    #[must_use]
    pub fn items(&self) -> &[T] {
        self.as_deref().unwrap_or_default()
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl From<&str> for Nullable<String> {
    fn from(value: &str) -> Self {
        Self::Value(value.to_owned())
    }
}

impl<T: Decode> Decode for Nullable<T> {
    fn decode(value: &Value, is_whole: &mut bool) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            value => T::decode(value, is_whole).map(Self::Value),
        }
    }

    fn is_left_out(&self) -> bool {
        self.is_absent()
    }

    fn find_misfits(&self, path: &str, found: &mut Vec<Misfit>) {
        self.get().into_iter().for_each(|value| value.find_misfits(path, found));
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Role {
        #[serde(skip_serializing_if = "Nullable::is_absent")]
        name: Nullable<String>,
    }

    #[test]
    fn absent_null_and_value_survive_a_round_trip() {
        for (text, role) in [
            ("{}", Role { name: Nullable::Absent }),
            (r#"{"name":null}"#, Role { name: Nullable::Null }),
            (r#"{"name":"Manager"}"#, Role { name: "Manager".into() }),
        ] {
            assert_eq!(serde_json::from_str::<Role>(text).unwrap(), role);
            assert_eq!(serde_json::to_string(&role).unwrap(), text);
        }
    }
}
