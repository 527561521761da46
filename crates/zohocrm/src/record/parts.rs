//! The values of some kinds of fields: a reference to a record, a file, a consent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::value::{Date, DateTime, Extra, Nullable};

/// A reference to another record or user: its id, and what Zoho sends along with it.
///
/// ```
/// use zohocrm::{Lookup, Record};
///
/// let contact = Record::new().with("Account_Name", Lookup::new("5725767000000412001"));
/// assert_eq!(contact.lookup("Account_Name").unwrap().id(), "5725767000000412001");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lookup {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl Lookup {
    /// Creates a reference to the record or user with this id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, email: None, extra: Extra::new() }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name, if Zoho sent it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The email address. Only users have one.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Members without an accessor.
    #[must_use]
    pub fn extra(&self) -> &Extra {
        &self.extra
    }
}

/// A file in a field for files or images. To attach a file, upload it and set its upload id.
///
/// ```
/// use zohocrm::{FileField, Record};
///
/// let student = Record::new().with("Certificates", vec![FileField::uploaded("ae9c7cefa418aec1d6a5cc2d9ab35c32")]);
/// assert_eq!(student.files("Certificates").len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FileField {
    /// The id of the file in the field, once the record has been saved.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub id: Nullable<String>,
    /// The id that the upload returned.
    #[serde(rename = "File_Id__s", skip_serializing_if = "Nullable::is_absent")]
    pub file_id: Nullable<String>,
    /// The file name.
    #[serde(rename = "File_Name__s", skip_serializing_if = "Nullable::is_absent")]
    pub file_name: Nullable<String>,
    /// The size in bytes, as text.
    #[serde(rename = "Size__s", skip_serializing_if = "Nullable::is_absent")]
    pub size: Nullable<String>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

impl FileField {
    /// Creates a value that attaches an uploaded file, given the id that the upload returned.
    pub fn uploaded(file_id: impl Into<String>) -> Self {
        Self { file_id: Nullable::Value(file_id.into()), ..Self::default() }
    }

    /// Creates a value that removes a file from the field, given its id there.
    pub fn deleted(id: impl Into<String>) -> Self {
        let extra = Extra::from_iter([("_delete".to_owned(), Value::Null)]);
        Self { id: Nullable::Value(id.into()), extra, ..Self::default() }
    }
}

/// A person's consent: how they may be contacted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Consent {
    /// The legal basis for storing their data: `Obtained`, `Pending`, `Legitimate Interests` and more.
    #[serde(rename = "Data_Processing_Basis", skip_serializing_if = "Nullable::is_absent")]
    pub data_processing_basis: Nullable<String>,
    /// When they consented.
    #[serde(rename = "Consent_Date", skip_serializing_if = "Nullable::is_absent")]
    pub consent_date: Nullable<Date>,
    /// How they consented: `Email`, `Phone`, `Survey` and more.
    #[serde(rename = "Consent_Through", skip_serializing_if = "Nullable::is_absent")]
    pub consent_through: Nullable<String>,
    /// Remarks about the consent.
    #[serde(rename = "Consent_Remarks", skip_serializing_if = "Nullable::is_absent")]
    pub consent_remarks: Nullable<String>,
    /// Whether they may be contacted by email.
    #[serde(rename = "Contact_Through_Email", skip_serializing_if = "Nullable::is_absent")]
    pub contact_through_email: Nullable<bool>,
    /// Whether they may be contacted by phone.
    #[serde(rename = "Contact_Through_Phone", skip_serializing_if = "Nullable::is_absent")]
    pub contact_through_phone: Nullable<bool>,
    /// Whether they may be contacted with a survey.
    #[serde(rename = "Contact_Through_Survey", skip_serializing_if = "Nullable::is_absent")]
    pub contact_through_survey: Nullable<bool>,
    /// Whether they may be contacted through social media.
    #[serde(rename = "Contact_Through_Social", skip_serializing_if = "Nullable::is_absent")]
    pub contact_through_social: Nullable<bool>,
    /// When the request for consent was sent by email.
    #[serde(rename = "Mail_Sent_Time", skip_serializing_if = "Nullable::is_absent")]
    pub mail_sent_time: Nullable<DateTime>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Implements conversions for [`Record::with`](super::Record::with).
macro_rules! into_value {
    ($($kind:ty),+) => {
        $(impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                // These are texts and objects with text keys, which always serialize.
                serde_json::to_value(value).unwrap_or_default()
            }
        })+
    };
}

into_value!(Lookup, FileField, Consent, Date, DateTime);
