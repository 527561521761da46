//! Reads the fields of a record, by kind.

use std::error::Error as StdError;
use std::fmt;

use serde::de::DeserializeOwned;

use super::{Consent, FileField, Lookup, Record};
use crate::value::{Date, DateTime, Number, Value, without_position};

/// Zoho's value of a pick list in which nothing is selected.
const NONE_SELECTED: &str = "-None-";

impl Record {
    /// The record's id.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.text("id")
    }

    /// Returns a field as JSON, including null.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields().get(name)
    }

    /// Whether the field is present and null.
    #[must_use]
    pub fn is_null(&self, name: &str) -> bool {
        self.field(name).is_some_and(Value::is_null)
    }

    /// Decodes a field; `None` if it is missing or null.
    ///
    /// # Errors
    /// If the field has another shape.
    ///
    /// ```
    /// use zohocrm::Record;
    ///
    /// let lead = Record::new().with("No_of_Employees", 3);
    /// assert_eq!(lead.get::<u32>("No_of_Employees")?, Some(3));
    /// assert_eq!(lead.get::<u32>("Rating")?, None);
    /// assert!(lead.get::<String>("No_of_Employees").is_err());
    /// # Ok::<(), zohocrm::FieldError>(())
    /// ```
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, FieldError> {
        match self.field(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                value.decode().map(Some).map_err(|error| FieldError::new(name, &without_position(&error)))
            }
        }
    }

    /// Decodes the whole record.
    ///
    /// # Errors
    /// If a field has another shape, or a required field is missing.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, FieldError> {
        let text =
            serde_json::to_string(self).map_err(|error| FieldError::new("", &without_position(&error)))?;
        let mut reader = serde_json::Deserializer::from_str(&text);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            FieldError::new(if path == "." { "" } else { &path }, &without_position(error.inner()))
        })
    }

    /// Reads a text: a line, an email address, a phone number, an auto-number.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_str()
    }

    /// Reads a whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.field(name)? {
            // Zoho sends long integers as text, because JavaScript would round them.
            Value::String(digits) => digits.parse().ok(),
            value => value.as_i64(),
        }
    }

    /// Reads a number with all its digits: decimal, currency, percent, or a whole number. In a row of a bulk read the number is
    /// text, which is parsed.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<Number> {
        match self.field(name)? {
            Value::String(digits) => digits.parse().ok(),
            value => value.as_number().cloned(),
        }
    }

    /// Reads a number as the nearest `f64`, which holds 15 to 17 digits. [`number`](Self::number) keeps all of them.
    #[must_use]
    pub fn float(&self, name: &str) -> Option<f64> {
        match self.field(name)? {
            Value::String(digits) => digits.parse().ok().filter(|number: &f64| number.is_finite()),
            value => value.as_f64(),
        }
    }

    /// Reads a boolean. In a row of a bulk read the boolean is text, which is parsed.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.field(name)? {
            Value::String(text) => text.parse().ok(),
            value => value.as_bool(),
        }
    }

    /// Reads a date.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<Date> {
        self.text(name)?.parse().ok()
    }

    /// Reads a date and time, with its offset.
    #[must_use]
    pub fn date_time(&self, name: &str) -> Option<DateTime> {
        self.text(name)?.parse().ok()
    }

    /// Reads the value of a pick list; `None` also if nothing is selected (`-None-`).
    #[must_use]
    pub fn pick_list(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|selected| *selected != NONE_SELECTED)
    }

    /// Reads the values of a multi-select pick list; empty if the field is missing. In a row of a bulk read they are text
    /// with semicolons, which is split.
    #[must_use]
    pub fn multi_select(&self, name: &str) -> Vec<&str> {
        match self.text(name) {
            Some(text) => text.split(';').filter(|value| !value.is_empty()).collect(),
            None => self.items(name).iter().filter_map(Value::as_str).collect(),
        }
    }

    /// Reads a reference to another record.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<Lookup> {
        self.get(name).ok().flatten()
    }

    /// Reads the user who owns the record.
    #[must_use]
    pub fn owner(&self) -> Option<Lookup> {
        self.lookup("Owner")
    }

    /// Reads the rows of a subform; empty if the field is missing.
    #[must_use]
    pub fn subform(&self, name: &str) -> Vec<Self> {
        self.items(name).iter().filter_map(Value::as_object).cloned().map(Self::from).collect()
    }

    /// Reads the files of a field for files or images; empty if the field is missing.
    #[must_use]
    pub fn files(&self, name: &str) -> Vec<FileField> {
        self.items(name).iter().filter_map(|item| item.decode().ok()).collect()
    }

    /// Reads the person's consent, from the field `Data_Processing_Basis_Details`.
    #[must_use]
    pub fn consent(&self) -> Option<Consent> {
        self.get("Data_Processing_Basis_Details").ok().flatten()
    }

    fn items(&self, name: &str) -> &[Value] {
        self.field(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A field, or a whole record, that does not have the requested shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    field: String,
    evidence: String,
}

impl FieldError {
    pub(super) fn new(field: &str, evidence: &str) -> Self {
        Self { field: field.to_owned(), evidence: evidence.to_owned() }
    }

    /// The API name of the field, or a path such as `Courses[0].Title`. Empty for the record as a whole.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => write!(formatter, "could not convert the record: {}", self.evidence),
            field => write!(formatter, "could not convert the field `{field}`: {}", self.evidence),
        }
    }
}

impl StdError for FieldError {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn student() -> Record {
        Value::from(json!({
            "id": "5725767000000524157",
            "Name": "Ada",
            "Owner": {"name": "Patricia Boyle", "id": "5725767000000411001", "email": "p@example.com"},
            "Age": 36,
            "Grade": 1.5,
            "Big": "9007199254740993",
            "Enrolled": true,
            "Birthday": "1815-12-10",
            "Last_Seen": "2026-11-22T09:30:00+05:30",
            "Status": "-None-",
            "Languages": ["en", "fr"],
            "Courses": [{"id": "1", "Title": "Analysis"}, {"id": "2", "Title": "Logic"}],
            "Papers": [{"id": "7", "File_Id__s": "c0ffee", "File_Name__s": "notes.pdf", "Size__s": "2048"}],
            "Data_Processing_Basis_Details": {"Data_Processing_Basis": "Obtained", "Contact_Through_Email": true},
            "Guardian": null,
        }))
        .decode()
        .unwrap()
    }

    #[test]
    fn every_kind_of_field_has_a_method() {
        let ada = student();
        assert_eq!(ada.id(), Some("5725767000000524157"));
        assert_eq!(
            (ada.integer("Age"), ada.float("Age"), ada.number("Grade")),
            (Some(36), Some(36.0), "1.5".parse().ok())
        );
        assert_eq!(ada.integer("Big"), Some(9_007_199_254_740_993));
        assert_eq!(ada.boolean("Enrolled"), Some(true));
        assert_eq!(ada.date("Birthday"), Date::new(1815, 12, 10));
        assert_eq!(ada.date_time("Last_Seen").unwrap().offset_minutes(), Some(330));
        assert_eq!((ada.pick_list("Status"), ada.text("Status")), (None, Some("-None-")));
        assert_eq!(ada.multi_select("Languages"), ["en", "fr"]);
        assert_eq!(ada.subform("Courses")[1].text("Title"), Some("Logic"));
        assert_eq!(ada.owner().unwrap().email(), Some("p@example.com"));
        assert_eq!(ada.files("Papers")[0].file_name.as_deref(), Some("notes.pdf"));
        assert_eq!(ada.consent().unwrap().contact_through_email.into_option(), Some(true));
        assert!(ada.is_null("Guardian") && !ada.is_null("Nothing"));
    }

    #[test]
    fn a_row_of_texts_is_read_like_a_record() {
        let row = Record::new().with("Amount", "1952.5").with("Count", "3").with("Hot", "true");
        let row = row.with("Languages", "en;fr").with("One", "en").with("Odd", "NaN").with("Name", "Ada");
        assert_eq!(
            (row.float("Amount"), row.integer("Count"), row.number("Count")),
            (Some(1952.5), Some(3), "3".parse().ok())
        );
        assert_eq!((row.boolean("Hot"), row.multi_select("Languages")), (Some(true), vec!["en", "fr"]));
        assert_eq!(row.multi_select("One"), ["en"]);
        assert_eq!((row.number("Odd"), row.float("Odd"), row.boolean("Name")), (None, None, None));
    }

    #[test]
    fn a_field_of_another_kind_is_none_and_never_a_panic() {
        let ada = student();
        for name in ["Age", "Courses", "Guardian", "Nothing", "Owner"] {
            assert!(
                ada.text(name).is_none() && ada.date(name).is_none() && ada.boolean(name).is_none(),
                "{name}"
            );
            assert!(ada.multi_select(name).is_empty() && ada.files("Languages").is_empty(), "{name}");
        }
        assert!(ada.lookup("Name").is_none() && ada.consent().is_some());
    }

    #[test]
    fn a_wrong_type_is_distinguished_from_a_missing_field() {
        let ada = student();
        assert_eq!(ada.get::<i64>("Guardian"), Ok(None));
        let error = ada.get::<i64>("Name").unwrap_err();
        assert_eq!(error.field(), "Name");
    }

    #[test]
    fn a_failed_conversion_of_a_record_names_the_field() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "deserializing always fails")]
        struct Odd {
            #[serde(rename = "Courses")]
            courses: Vec<Course>,
        }
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "deserializing always fails")]
        struct Course {
            #[serde(rename = "Title")]
            title: u8,
        }
        assert_eq!(student().deserialize::<Odd>().unwrap_err().field(), "Courses[0].Title");
    }

    #[test]
    fn a_record_converts_to_a_struct_and_back() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Student {
            name: String,
            age: Option<u8>,
        }
        let ada: Student = student().deserialize().unwrap();
        assert_eq!(ada, Student { name: "Ada".to_owned(), age: Some(36) });
        assert_eq!(Record::from_serialize(&ada).unwrap().integer("Age"), Some(36));
        assert!(Record::from_serialize(&"not an object").is_err());
    }
}
