//! Recognizes the envelope of results and rejections: `{"code", "details", "message", "status"}`.

use indexmap::IndexMap;

use crate::schema::Schema;

/// The kind of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// A success, or either outcome.
    Result,
    /// A rejection.
    Rejection,
}

/// Fields that an envelope can have besides its four.
const OPTIONAL: [&str; 2] = ["action", "duplicate_field"];

/// The kind of envelope that an object is, if it is one. The fields decide; if they cannot, the shape's name does.
pub(super) fn envelope(name: &str, fields: &IndexMap<String, Schema>) -> Option<Envelope> {
    let has = |field| fields.contains_key(field);
    if !has("code") || !(has("status") || has("message")) {
        return None;
    }
    let is_part =
        |field: &str| matches!(field, "code" | "details" | "message" | "status") || OPTIONAL.contains(&field);
    if !fields.keys().all(|field| is_part(field)) {
        return None;
    }
    let has_value = |field: &str, text: &str| match fields.get(field) {
        Some(Schema::Text { values, .. }) => values.iter().any(|value| value.eq_ignore_ascii_case(text)),
        _ => false,
    };
    let name = name.to_lowercase();
    let is_rejection = if has_value("status", "success") || has_value("code", "SUCCESS") {
        false
    } else {
        has_value("status", "error") || name.contains("exception") || name.contains("error")
    };
    Some(if is_rejection { Envelope::Rejection } else { Envelope::Result })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(fields: [(&str, &[&str]); 3]) -> IndexMap<String, Schema> {
        let text = |values: &[&str]| Schema::Text {
            format: crate::schema::TextFormat::Plain,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        fields.into_iter().map(|(name, values)| (name.to_owned(), text(values))).collect()
    }

    #[test]
    fn an_envelope_is_recognized_by_its_fields_and_its_kind_by_its_status() {
        let rejection = object([("code", &[]), ("status", &["error"]), ("message", &[])]);
        assert_eq!(envelope("x", &rejection), Some(Envelope::Rejection));
        let result = object([("code", &[]), ("status", &["success", "error"]), ("message", &[])]);
        assert_eq!(envelope("x", &result), Some(Envelope::Result));
    }

    #[test]
    fn an_envelope_whose_fields_do_not_tell_is_recognized_by_its_name() {
        let fields = object([("code", &[]), ("status", &[]), ("message", &[])]);
        assert_eq!(envelope("APIException", &fields), Some(Envelope::Rejection));
        assert_eq!(envelope("Outcome", &fields), Some(Envelope::Result));
    }

    #[test]
    fn an_object_with_other_fields_is_not_an_envelope() {
        let fields = object([("code", &[]), ("status", &[]), ("currency", &[])]);
        assert_eq!(envelope("x", &fields), None);
    }
}
