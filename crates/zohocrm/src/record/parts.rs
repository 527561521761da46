//! The values of some kinds of fields: a reference to a record, a file, a consent.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::value::described::{Decode, described, member, misfits, read, read_or_number};
use crate::value::{Date, DateTime, Described, Extra, Misfit, Nullable, Value};

/// A reference to another record or user: its id, and what Zoho sends along with it.
///
/// ```
/// use zohocrm::{Lookup, Record};
///
/// let contact = Record::new().with("Account_Name", Lookup::new("5725767000000412001"));
/// assert_eq!(contact.lookup("Account_Name").unwrap().id(), "5725767000000412001");
/// ```
///
/// A name or an email address that is not a text stays in [`extra`](Self::extra).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lookup {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
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

impl Decode for Lookup {
    fn decode(value: &Value, _: &mut bool) -> Option<Self> {
        let mut lookup = Self::new("");
        let has_id = value.get("id").is_some_and(|id| !id.is_null() && read_or_number(&mut lookup.id, id));
        for (name, value) in value.as_object()? {
            let fits = match name.as_str() {
                "id" => true,
                "name" => read_or_number(&mut lookup.name, value),
                "email" => read(&mut lookup.email, value),
                _ => false,
            };
            if !fits {
                lookup.extra.insert(name.clone(), value.clone());
            }
        }
        has_id.then_some(lookup)
    }

    fn find_misfits(&self, path: &str, found: &mut Vec<Misfit>) {
        for name in ["name", "email"] {
            let misfit = |value: &Value| Misfit { path: member(path, name), value: value.clone() };
            found.extend(self.extra.get(name).map(misfit));
        }
    }
}

impl Described for Lookup {
    fn misfits(&self) -> Vec<Misfit> {
        misfits(self)
    }
}

impl<'de> Deserialize<'de> for Lookup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Extra::deserialize(deserializer)?;
        let lookup = Self::decode(&members.into(), &mut true);
        lookup.ok_or_else(|| D::Error::custom("expected an object with the id of a record or user"))
    }
}

described! {
    /// A file in a field for files or images. To attach a file, upload it and set its upload id.
    ///
    /// ```
    /// use zohocrm::{FileField, Record};
    ///
    /// let student = Record::new().with("Certificates", vec![FileField::uploaded("ae9c7cefa418aec1d6a5cc2d9ab35c32")]);
    /// assert_eq!(student.files("Certificates").len(), 1);
    /// ```
    pub struct FileField {
        /// The id of the file in the field, once the record has been saved.
        pub id: Nullable<String> = "id" or_number,
        /// The id that the upload returned.
        pub file_id: Nullable<String> = "File_Id__s" or_number,
        /// The file name.
        pub file_name: Nullable<String> = "File_Name__s" or_number,
        /// The size in bytes, as text.
        pub size: Nullable<String> = "Size__s" or_number,
    }
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

described! {
    /// A person's consent: how they may be contacted.
    pub struct Consent {
        /// The legal basis for storing their data: `Obtained`, `Pending`, `Legitimate Interests` and more.
        pub data_processing_basis: Nullable<String> = "Data_Processing_Basis",
        /// When they consented.
        pub consent_date: Nullable<Date> = "Consent_Date",
        /// How they consented: `Email`, `Phone`, `Survey` and more.
        pub consent_through: Nullable<String> = "Consent_Through",
        /// Remarks about the consent.
        pub consent_remarks: Nullable<String> = "Consent_Remarks" or_number,
        /// Whether they may be contacted by email.
        pub contact_through_email: Nullable<bool> = "Contact_Through_Email",
        /// Whether they may be contacted by phone.
        pub contact_through_phone: Nullable<bool> = "Contact_Through_Phone",
        /// Whether they may be contacted with a survey.
        pub contact_through_survey: Nullable<bool> = "Contact_Through_Survey",
        /// Whether they may be contacted through social media.
        pub contact_through_social: Nullable<bool> = "Contact_Through_Social",
        /// When the request for consent was sent by email.
        pub mail_sent_time: Nullable<DateTime> = "Mail_Sent_Time",
    }
}

/// Implements conversions for [`Record::with`](super::Record::with).
macro_rules! into_value {
    ($($kind:ty),+) => {
        $(impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                // These are texts and objects with text keys, which always serialize.
                Self::from_serialize(&value).unwrap_or_default()
            }
        })+
    };
}

into_value!(Lookup, FileField, Consent, Date, DateTime);
