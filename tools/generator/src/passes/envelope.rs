//! The envelope of results and refusals: `{"code", "details", "message", "status"}`.

use indexmap::IndexMap;

use crate::schema::Schema;

/// What an envelope says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// That it was done, or either.
    Result,
    /// That it was refused.
    Refusal,
}

/// What an envelope may have beside its four fields.
const MORE: [&str; 2] = ["action", "duplicate_field"];

/// Whether an object is an envelope, and which. The shape's name decides if its fields do not.
pub(super) fn envelope(name: &str, fields: &IndexMap<String, Schema>) -> Option<Envelope> {
    let has = |field| fields.contains_key(field);
    if !has("code") || !(has("status") || has("message")) {
        return None;
    }
    let is_part =
        |field: &str| matches!(field, "code" | "details" | "message" | "status") || MORE.contains(&field);
    if !fields.keys().all(|field| is_part(field)) {
        return None;
    }
    let says = |field: &str, text: &str| match fields.get(field) {
        Some(Schema::Text { values, .. }) => values.iter().any(|value| value.eq_ignore_ascii_case(text)),
        _ => false,
    };
    let name = name.to_lowercase();
    let refuses = if says("status", "success") || says("code", "SUCCESS") {
        false
    } else {
        says("status", "error") || name.contains("exception") || name.contains("error")
    };
    Some(if refuses { Envelope::Refusal } else { Envelope::Result })
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
    fn an_envelope_is_known_by_its_fields_and_its_kind_by_its_status() {
        let refusal = object([("code", &[]), ("status", &["error"]), ("message", &[])]);
        assert_eq!(envelope("x", &refusal), Some(Envelope::Refusal));
        let result = object([("code", &[]), ("status", &["success", "error"]), ("message", &[])]);
        assert_eq!(envelope("x", &result), Some(Envelope::Result));
    }

    #[test]
    fn an_envelope_that_does_not_say_is_known_by_its_name() {
        let fields = object([("code", &[]), ("status", &[]), ("message", &[])]);
        assert_eq!(envelope("APIException", &fields), Some(Envelope::Refusal));
        assert_eq!(envelope("Outcome", &fields), Some(Envelope::Result));
    }

    #[test]
    fn an_object_with_fields_of_its_own_is_no_envelope() {
        let fields = object([("code", &[]), ("status", &[]), ("currency", &[])]);
        assert_eq!(envelope("x", &fields), None);
    }
}
