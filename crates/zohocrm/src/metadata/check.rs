//! Checks whether a record fits the fields of its module, as far as this can be known before it is sent.

use super::field::{Field, FieldType, PickListValue};
use super::names;
use crate::error::{FieldProblem, FieldProblemKind};
use crate::record::Record;
use crate::value::{Date, DateTime, Map, Value};

/// What the record is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Update,
}

/// Returns everything that is wrong with a record.
pub(super) fn problems(fields: &[Field], record: &Record, purpose: Purpose) -> Vec<FieldProblem> {
    let mut checker = Checker { purpose, problems: Vec::new() };
    checker.record(fields, record.fields(), "");
    checker.problems
}

struct Checker {
    purpose: Purpose,
    problems: Vec<FieldProblem>,
}

impl Checker {
    /// Checks a record, or a row of a subform whose path is `at`.
    fn record(&mut self, fields: &[Field], record: &Map, at: &str) {
        for (name, value) in record {
            // Fields that begin with a dollar sign are Zoho's, and every record has an id.
            if name.starts_with('$') || name == "id" {
                continue;
            }
            let path = format!("{at}{name}");
            match fields.iter().find(|field| field.api_name == *name) {
                Some(field) => self.value(field, value, path),
                None => self.add(path, FieldProblemKind::Unknown, suggestion(fields, name)),
            }
        }
        if self.purpose == Purpose::Create {
            for field in fields.iter().filter(|field| field.system_mandatory && field.can_be_created()) {
                if !record.contains_key(&field.api_name) {
                    let path = format!("{at}{}", field.api_name);
                    self.add(path, FieldProblemKind::Missing, expected(field));
                }
            }
        }
    }

    fn value(&mut self, field: &Field, value: &Value, path: String) {
        let may_be_set = match self.purpose {
            Purpose::Create => field.can_be_created(),
            Purpose::Update => field.can_be_updated(),
        };
        if !may_be_set {
            return self.add(path, FieldProblemKind::ReadOnly, "leave it out".to_owned());
        }
        if value.is_null() {
            if field.system_mandatory {
                self.add(path, FieldProblemKind::Missing, expected(field));
            }
            return;
        }
        if !is_of_type(field, value) {
            return self.add(path, FieldProblemKind::WrongType, expected(field));
        }
        if is_too_long(field, value) {
            return self.add(path, FieldProblemKind::TooLong, expected(field));
        }
        match (&field.data_type, value) {
            (FieldType::PickList, Value::String(text)) if !is_in_list(field, text) => {
                self.add(path, FieldProblemKind::NotInPickList, expected(field));
            }
            (FieldType::MultiSelectPickList, Value::Array(values))
                if !values.iter().filter_map(Value::as_str).all(|text| is_in_list(field, text)) =>
            {
                self.add(path, FieldProblemKind::NotInPickList, expected(field));
            }
            (FieldType::Subform, Value::Array(rows)) => self.rows(field, rows, &path),
            _ => {}
        }
    }

    fn rows(&mut self, field: &Field, rows: &[Value], path: &str) {
        let fields = field.subform.as_ref().map(|subform| subform.fields.as_slice()).unwrap_or_default();
        for (index, row) in rows.iter().enumerate() {
            // A row that exists already may be incomplete.
            if let Value::Object(row) = row
                && !fields.is_empty()
                && !row.contains_key("id")
            {
                self.record(fields, row, &format!("{path}[{index}]."));
            }
        }
    }

    fn add(&mut self, field: String, kind: FieldProblemKind, expected: String) {
        self.problems.push(FieldProblem { field, kind, expected });
    }
}

/// Whether a value that is not null is of the field's type.
fn is_of_type(field: &Field, value: &Value) -> bool {
    let is_list_of = |is: fn(&Value) -> bool| value.as_array().is_some_and(|values| values.iter().all(is));
    // Some of Zoho's own fields are lists with the type text, such as `Tag`.
    if field.json_type.as_deref() == Some("jsonarray") && !value.is_array() {
        return false;
    }
    match &field.data_type {
        FieldType::Text if field.json_type.as_deref() == Some("jsonarray") => true,
        FieldType::Text
        | FieldType::TextArea
        | FieldType::Phone
        | FieldType::Website
        | FieldType::PickList => value.is_string(),
        FieldType::Email => value.as_str().is_some_and(|text| text.is_empty() || text.contains('@')),
        FieldType::Integer => is_whole(value),
        FieldType::BigInteger => {
            is_whole(value) || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok())
        }
        FieldType::Double | FieldType::Currency | FieldType::Percent => value.is_number(),
        FieldType::Boolean => value.is_boolean(),
        FieldType::Date => value.as_str().is_some_and(|text| text.parse::<Date>().is_ok()),
        FieldType::DateTime => value.as_str().is_some_and(|text| text.parse::<DateTime>().is_ok()),
        FieldType::MultiSelectPickList => is_list_of(Value::is_string),
        FieldType::Lookup | FieldType::OwnerLookup | FieldType::UserLookup => {
            let is_id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            value.is_object() || value.as_str().is_some_and(is_id)
        }
        FieldType::ConsentLookup => value.is_object(),
        FieldType::MultiSelectLookup
        | FieldType::MultiUserLookup
        | FieldType::Subform
        | FieldType::FileUpload
        | FieldType::ImageUpload => is_list_of(Value::is_object),
        _ => true,
    }
}

/// Whether a value is a number without a fraction.
fn is_whole(value: &Value) -> bool {
    value.as_i64().is_some() || value.as_u64().is_some()
}

/// Whether a text has more characters, or a whole number more digits, than the field accepts.
fn is_too_long(field: &Field, value: &Value) -> bool {
    let Some(length) =
        field.length.and_then(|length| usize::try_from(length).ok()).filter(|length| *length > 0)
    else {
        return false;
    };
    match (&field.data_type, value) {
        (
            FieldType::Text | FieldType::TextArea | FieldType::Email | FieldType::Phone | FieldType::Website,
            Value::String(text),
        ) => text.chars().count() > length,
        (FieldType::Integer | FieldType::BigInteger, value) => {
            let digits = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            digits.trim_start_matches('-').len() > length
        }
        _ => false,
    }
}

/// Whether a text is one of the values. A renamed value is also accepted under its first name.
fn is_in_list(field: &Field, text: &str) -> bool {
    let is_it =
        |value: &PickListValue| value.display_value == text || value.actual_value.as_deref() == Some(text);
    field.pick_list_values.is_empty() || field.pick_list_values.iter().any(is_it)
}

/// Describes what a field accepts.
fn expected(field: &Field) -> String {
    let length = field.length.unwrap_or(255);
    match &field.data_type {
        FieldType::Text if field.json_type.as_deref() == Some("jsonarray") => "give a list".to_owned(),
        FieldType::Text | FieldType::TextArea | FieldType::Phone | FieldType::Website => {
            format!("give a text of up to {length} characters")
        }
        FieldType::Email => format!("give an email address of up to {length} characters"),
        FieldType::Integer => format!("give a whole number of up to {length} digits"),
        FieldType::BigInteger => format!("give a whole number of up to {length} digits, as a text"),
        FieldType::Double | FieldType::Currency | FieldType::Percent => "give a number".to_owned(),
        FieldType::Boolean => "give true or false".to_owned(),
        FieldType::Date => "give a date, such as 2026-11-22".to_owned(),
        FieldType::DateTime => "give a date and time, such as 2026-11-22T09:30:00+01:00".to_owned(),
        FieldType::PickList => format!("give one of {}", values(field)),
        FieldType::MultiSelectPickList => format!("give a list of {}", values(field)),
        FieldType::Lookup | FieldType::OwnerLookup | FieldType::UserLookup => {
            "give a lookup: {\"id\": …}".to_owned()
        }
        FieldType::MultiSelectLookup | FieldType::MultiUserLookup => {
            "give a list of rows that each contain a lookup".to_owned()
        }
        FieldType::Subform => "give a list of rows".to_owned(),
        FieldType::FileUpload | FieldType::ImageUpload => "give a list of uploaded files".to_owned(),
        FieldType::ConsentLookup => "give a consent".to_owned(),
        _ => "give a value".to_owned(),
    }
}

/// Lists the values of a pick list, or the first of them.
fn values(field: &Field) -> String {
    const MAX_SHOWN: usize = 12;
    let shown: Vec<String> = field.values().take(MAX_SHOWN).map(|value| format!("{value:?}")).collect();
    match field.pick_list_values.len() {
        0 => "any texts".to_owned(),
        count if count > MAX_SHOWN => format!("{}, and {} more", shown.join(", "), count - MAX_SHOWN),
        _ => shown.join(", "),
    }
}

/// Suggests the field that was probably meant.
fn suggestion(fields: &[Field], name: &str) -> String {
    let meant = names::meant(fields, Field::names, name).into_iter().next();
    match (meant, names::nearest(fields, Field::names, name)) {
        (Some(field), _) => format!("its API name is `{}`", field.api_name.escape_debug()),
        (None, Some(field)) => format!("did you mean `{}`?", field.api_name.escape_debug()),
        (None, None) => "check the fields of the module".to_owned(),
    }
}
