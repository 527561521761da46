//! What some fields consist of: a pointer at a record, a file, a consent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::value::{Date, DateTime, Extra, Nullable};

/// A pointer at another record or user: its id, and what Zoho tells along with it.
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
    /// A pointer at the record, or user, with this id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, email: None, extra: Extra::new() }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name, where Zoho gave it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The e-mail address; users have one.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// What else Zoho told.
    #[must_use]
    pub fn extra(&self) -> &Extra {
        &self.extra
    }
}

/// A file in a field for files or images. To attach one, upload it and give the id that it got.
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
    /// The id of the file in the field, once it is there.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub id: Nullable<String>,
    /// The id that the upload gave it.
    #[serde(rename = "File_Id__s", skip_serializing_if = "Nullable::is_absent")]
    pub file_id: Nullable<String>,
    /// Its name.
    #[serde(rename = "File_Name__s", skip_serializing_if = "Nullable::is_absent")]
    pub file_name: Nullable<String>,
    /// Its size in bytes, as a text.
    #[serde(rename = "Size__s", skip_serializing_if = "Nullable::is_absent")]
    pub size: Nullable<String>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

impl FileField {
    /// A file that was uploaded, by the id that it got.
    pub fn uploaded(file_id: impl Into<String>) -> Self {
        Self { file_id: Nullable::Value(file_id.into()), ..Self::default() }
    }

    /// Takes a file out of its field, by its id there.
    pub fn deleted(id: impl Into<String>) -> Self {
        let extra = Extra::from_iter([("_delete".to_owned(), Value::Null)]);
        Self { id: Nullable::Value(id.into()), extra, ..Self::default() }
    }
}

/// What a person has agreed to: how they may be contacted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Consent {
    /// Why their data may be kept: `Obtained`, `Pending`, `Legitimate Interests` and more.
    #[serde(rename = "Data_Processing_Basis", skip_serializing_if = "Nullable::is_absent")]
    pub data_processing_basis: Nullable<String>,
    /// When they agreed.
    #[serde(rename = "Consent_Date", skip_serializing_if = "Nullable::is_absent")]
    pub consent_date: Nullable<Date>,
    /// How they agreed: `Email`, `Phone`, `Survey` and more.
    #[serde(rename = "Consent_Through", skip_serializing_if = "Nullable::is_absent")]
    pub consent_through: Nullable<String>,
    /// What was noted about it.
    #[serde(rename = "Consent_Remarks", skip_serializing_if = "Nullable::is_absent")]
    pub consent_remarks: Nullable<String>,
    /// Whether they may be written to.
    #[serde(rename = "Contact_Through_Email", skip_serializing_if = "Nullable::is_absent")]
    pub contact_through_email: Nullable<bool>,
    /// Whether they may be called.
    #[serde(rename = "Contact_Through_Phone", skip_serializing_if = "Nullable::is_absent")]
    pub contact_through_phone: Nullable<bool>,
    /// Whether they may be asked in a survey.
    #[serde(rename = "Contact_Through_Survey", skip_serializing_if = "Nullable::is_absent")]
    pub contact_through_survey: Nullable<bool>,
    /// Whether they may be contacted through social media.
    #[serde(rename = "Contact_Through_Social", skip_serializing_if = "Nullable::is_absent")]
    pub contact_through_social: Nullable<bool>,
    /// When they were asked by e-mail.
    #[serde(rename = "Mail_Sent_Time", skip_serializing_if = "Nullable::is_absent")]
    pub mail_sent_time: Nullable<DateTime>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Makes values for [`Record::with`](super::Record::with).
macro_rules! into_value {
    ($($kind:ty),+) => {
        $(impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                // These are texts and objects with text keys, which are always written.
                serde_json::to_value(value).unwrap_or_default()
            }
        })+
    };
}

into_value!(Lookup, FileField, Consent, Date, DateTime);
