//! `Notification`: the body that Zoho posts. No I/O.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::record::Record;
use crate::request::describe;
use crate::value::open_enum::open_enum;
use crate::value::{Extra, Map, Value, or_default, or_number};

/// The body that Zoho posts to [`Channel::notify_url`](crate::Channel::notify_url) when records changed.
///
/// ```
/// use zohocrm::{Notification, RecordOperation};
///
/// # fn main() -> Result<(), zohocrm::InvalidNotification> {
/// let body = br#"{"server_time": 1718117126473, "module": "Leads", "ids": ["5725767000003000064"], "operation": "insert",
///     "channel_id": "1000000068001", "token": "a text that is hard to guess"}"#;
/// let notification = Notification::read(body)?;
/// assert!(notification.has_token("a text that is hard to guess"), "only Zoho knows the token");
/// assert_eq!(notification.operation, Some(RecordOperation::Insert));
/// assert_eq!(notification.ids, ["5725767000003000064"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Notification {
    /// The id of the channel.
    #[serde(deserialize_with = "or_number")]
    pub channel_id: String,
    /// The module, by its API name.
    #[serde(deserialize_with = "or_default")]
    pub module: String,
    /// The operation on the records.
    pub operation: Option<RecordOperation>,
    /// The ids of the records.
    #[serde(deserialize_with = "or_number")]
    pub ids: Vec<String>,
    /// The time at which Zoho sent it, in milliseconds since 1970-01-01T00:00:00Z.
    pub server_time: Option<i64>,
    /// The URL of the module.
    pub resource_uri: Option<String>,
    /// The query parameters of the URL that Zoho called.
    pub query_params: Option<Map>,
    /// The changed fields: for each record, an object with its id and the names of the fields. See
    /// [`affected_fields_of`](Self::affected_fields_of).
    pub affected_fields: Option<Vec<Map>>,
    /// The new values, if the channel requested them. See [`affected_values_of`](Self::affected_values_of).
    pub affected_values: Option<Vec<AffectedValues>>,
    /// The secret of the channel. See [`has_token`](Self::has_token).
    pub token: Option<SecretString>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Notification {
    /// Parses the body that Zoho posted.
    ///
    /// # Errors
    /// When the body is not a notification.
    pub fn read(body: &[u8]) -> Result<Self, InvalidNotification> {
        serde_json::from_slice(body).map_err(|error| InvalidNotification(describe(&error).1))
    }

    /// Whether the notification contains this token of the channel. If not, Zoho did not send it. The comparison takes constant
    /// time for tokens of the same length.
    #[must_use]
    pub fn has_token(&self, expected: &str) -> bool {
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        token.is_some_and(|token| token.as_bytes().ct_eq(expected.as_bytes()).into())
    }

    /// Returns the names of the fields of a record that changed.
    #[must_use]
    pub fn affected_fields_of(&self, id: &str) -> Vec<&str> {
        let records = self.affected_fields.iter().flatten();
        let names = records.filter_map(|record| record.get(id)?.as_array()).flatten();
        names.filter_map(Value::as_str).collect()
    }

    /// Returns the new values of a record, if the channel requested them.
    #[must_use]
    pub fn affected_values_of(&self, id: &str) -> Option<&Record> {
        self.affected_values
            .iter()
            .flatten()
            .find(|affected| affected.record_id == id)
            .map(|affected| &affected.values)
    }
}

/// The new values of a record.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AffectedValues {
    /// The record's id.
    #[serde(deserialize_with = "or_number")]
    pub record_id: String,
    /// The fields that changed.
    pub values: Record,
}

open_enum! {
    /// An operation on records.
    pub enum RecordOperation {
        /// They were created.
        Insert = "insert",
        /// They were changed.
        Update = "update",
        /// They were deleted.
        Delete = "delete",
    }
}

/// The error when a body is not a notification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a notification from Zoho: {0}; respond with an error and check who calls this URL")]
pub struct InvalidNotification(String);
