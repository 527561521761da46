//! Converts the cells of CSV to the types of their fields. CSV has only texts, and Zoho accepts a number only as a JSON
//! number.

use zohocrm::metadata::{Field, FieldType};
use zohocrm::{FileField, Number, Value};

use crate::input::api_id;
use crate::messages::InvalidCell;

/// Converts a cell to the value of a field. `None` leaves the field unchanged. A text that is not a valid value stays a
/// text, which Zoho reports.
pub(super) fn value(field: &Field, text: &str) -> Result<Option<Value>, InvalidCell> {
    if is_reference(field) {
        return reference(field, "id", text).map(Some);
    }
    if field.data_type == FieldType::Subform {
        return json_list(text).map(Some).ok_or(InvalidCell::Subform);
    }
    if is_list(field) {
        return several(field, text);
    }
    Ok(Some(scalar(field, text).unwrap_or_else(|| Value::from(text))))
}

/// Converts the cell of a lookup.
pub(super) fn reference(field: &Field, property: &str, text: &str) -> Result<Value, InvalidCell> {
    let text = text.trim();
    if property == "id" {
        if let Some(object) = json_object(text) {
            return Ok(object);
        }
        if is_user(field) && text.contains('@') {
            return Ok(object("email", text));
        }
        return id(text).map(|id| object("id", id)).map_err(|_| InvalidCell::NotALookup);
    }
    match is_user(field) && property.eq_ignore_ascii_case("email") {
        true => Ok(object("email", text)),
        false => Err(InvalidCell::NotById),
    }
}

/// Checks an id. A spreadsheet writes long numbers as `5.72577E+18`.
pub(super) fn id(text: &str) -> Result<&str, InvalidCell> {
    let id = api_id(text);
    match !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(id),
        false => Err(InvalidCell::NotAnId),
    }
}

/// The values of a list, which are separated by semicolons.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|value| !value.is_empty())
}

/// Whether the field is a lookup of a single record or user.
pub(super) fn is_reference(field: &Field) -> bool {
    field.json_type.as_deref() == Some("jsonobject")
}

/// Whether a field has several values.
pub(super) fn is_list(field: &Field) -> bool {
    field.json_type.as_deref() == Some("jsonarray") && field.data_type != FieldType::Subform
}

fn is_user(field: &Field) -> bool {
    matches!(field.data_type, FieldType::OwnerLookup | FieldType::UserLookup)
}

/// Converts a text, number or boolean.
fn scalar(field: &Field, text: &str) -> Option<Value> {
    let text = text.trim();
    match field.json_type.as_deref()? {
        "integer" => text.parse::<i64>().ok().map(Value::from),
        "double" => number(text).map(Value::from),
        "boolean" => text.to_ascii_lowercase().parse::<bool>().ok().map(Value::from),
        _ => None,
    }
}

/// Reads a number with all its digits, also if it begins with `+`, `.` or zeros, which JSON does not allow.
fn number(text: &str) -> Option<Number> {
    // JSON has no NaN; it would become null and clear the field.
    text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.trim_start_matches('0').trim_end_matches('.');
    let zero = if digits.starts_with(|first: char| first.is_ascii_digit()) { "" } else { "0" };
    format!("{sign}{zero}{digits}").parse().ok()
}

/// Converts a list of values: JSON, or texts that are separated by semicolons.
fn several(field: &Field, text: &str) -> Result<Option<Value>, InvalidCell> {
    let is_multi_select = field.data_type == FieldType::MultiSelectPickList;
    let is_item = |item: &Value| if is_multi_select { item.is_string() } else { item.is_object() };
    if let Some(list) =
        json_list(text).filter(|list| list.as_array().is_some_and(|list| list.iter().all(is_item)))
    {
        return Ok(Some(list));
    }
    let item = |text: &str| match &field.data_type {
        FieldType::FileUpload | FieldType::ImageUpload => Ok(FileField::uploaded(text).into()),
        FieldType::MultiSelectLookup | FieldType::MultiUserLookup => id(text)
            .map(|id| object(linking_field(field), object("id", id)))
            .map_err(|_| InvalidCell::NotALookup),
        _ => Ok(Value::from(text)),
    };
    let items: Vec<Value> = match field.api_name.as_str() {
        // A comma cannot be in the name of a tag, and Zoho's import separates tags by commas.
        "Tag" => {
            list(text).flat_map(|text| text.split(',')).map(|name| object("name", name.trim())).collect()
        }
        _ => list(text).map(item).collect::<Result<_, _>>()?,
    };
    Ok((!items.is_empty()).then(|| items.into()))
}

/// The field of the linking module that refers to the other record: each item of a multi-select lookup is a record of
/// that module (help.zoho.com, "Kaizen #199: FAQs on Multi-Select Lookup (MxN) Field in Zoho CRM").
fn linking_field(field: &Field) -> &str {
    let described = field.extra.get(field.data_type.as_str());
    let name = described.and_then(|described| {
        let connected = &described["linking_details"]["connected_lookup_field"]["api_name"];
        described.get("connectedlookup_apiname").unwrap_or(connected).as_str()
    });
    name.unwrap_or(&field.api_name)
}

fn object(name: &str, value: impl Into<Value>) -> Value {
    Value::from_iter([(name, value)])
}

fn json_object(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}

fn json_list(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_array)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::output::csv_cell;

    fn field(description: serde_json::Value) -> Field {
        serde_json::from_value(description).unwrap()
    }

    fn list_field(data_type: &str) -> Field {
        field(json!({ "api_name": "Some_Field", "data_type": data_type, "json_type": "jsonarray" }))
    }

    #[track_caller]
    fn converted(field: &Field, text: &str) -> Value {
        value(field, text).unwrap().unwrap()
    }

    #[test]
    fn a_cell_that_is_not_a_number_stays_a_string_and_never_clears_the_field() {
        let field = field(json!({ "json_type": "double" }));
        for (text, number) in [
            (" 1.5 ", "1.5"),
            ("104.83900000000001", "104.83900000000001"),
            ("999999999999999.99", "999999999999999.99"),
            ("12.50", "12.50"),
            ("+007.50", "7.50"),
            ("-.5", "-0.5"),
            ("00", "0"),
            ("7.", "7"),
            ("1e3", "1e3"),
        ] {
            assert_eq!(converted(&field, text).to_string(), number);
        }
        for text in ["NaN", "inf", "-infinity", "1e999", "n/a"] {
            assert_eq!(converted(&field, text), text, "{text}");
        }
    }

    #[test]
    fn a_list_has_the_form_that_its_kind_of_field_needs() {
        let mut tags = list_field("text");
        tags.api_name = "Tag".to_owned();
        assert_eq!(
            converted(&tags, "a; b;c,d;"),
            json!([{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}])
        );
        assert_eq!(converted(&tags, r#"[{"name":"a","id":"1"}]"#), json!([{"name": "a", "id": "1"}]));
        for kind in ["fileupload", "imageupload"] {
            let files = converted(&list_field(kind), "ae9c;b3f1");
            assert_eq!(files, json!([{"File_Id__s": "ae9c"}, {"File_Id__s": "b3f1"}]), "{kind}");
        }
        assert_eq!(converted(&list_field("multiselectpicklist"), "Art;Chess;"), json!(["Art", "Chess"]));
        assert_eq!(
            value(&list_field("multiselectpicklist"), ";"),
            Ok(None),
            "no value leaves the field unchanged"
        );
        let subform = list_field("subform");
        assert_eq!(converted(&subform, r#"[{"Quantity":1}]"#), json!([{"Quantity": 1}]));
        assert_eq!(value(&subform, "a;b"), Err(InvalidCell::Subform));
    }

    #[test]
    fn an_item_of_a_multi_select_lookup_refers_to_the_other_record() {
        let linked = |kind: &str, description: serde_json::Value| {
            field(
                json!({ "api_name": "Skills", "data_type": kind, "json_type": "jsonarray", kind: description }),
            )
        };
        let linking_details =
            json!({ "linking_details": { "connected_lookup_field": { "api_name": "Skill" } } });
        for (field, name) in [
            (linked("multiselectlookup", json!({ "connectedlookup_apiname": "Skill" })), "Skill"),
            (linked("multiselectlookup", linking_details), "Skill"),
            (linked("multiuserlookup", json!({ "connectedlookup_apiname": "User" })), "User"),
            (linked("multiselectlookup", json!({})), "Skills"),
        ] {
            assert_eq!(
                converted(&field, "17;zcrm_18"),
                json!([{ name: { "id": "17" } }, { name: { "id": "18" } }])
            );
            assert_eq!(value(&field, "17;Rust"), Err(InvalidCell::NotALookup));
        }
    }

    #[test]
    fn a_value_that_begins_like_json_is_json_only_if_it_fits() {
        let multi_select = list_field("multiselectpicklist");
        assert_eq!(converted(&multi_select, r#"["a;b","c"]"#), json!(["a;b", "c"]));
        for (text, expected) in [
            ("[VIP] Club;Chess", json!(["[VIP] Club", "Chess"])),
            ("[1]", json!(["[1]"])),
            ("[", json!(["["])),
        ] {
            assert_eq!(converted(&multi_select, text), expected);
        }
        let text = field(json!({ "data_type": "text", "json_type": "string" }));
        assert_eq!(converted(&text, " [1] "), " [1] ");
    }

    #[test]
    fn a_lookup_is_an_id_an_address_or_json() {
        let lookup = |kind: &str| field(json!({ "data_type": kind, "json_type": "jsonobject" }));
        for text in ["17", " 17 ", "zcrm_17", r#"{"id":"17"}"#] {
            assert_eq!(converted(&lookup("lookup"), text), json!({ "id": "17" }), "{text}");
        }
        assert_eq!(
            converted(&lookup("ownerlookup"), "ada@example.com"),
            json!({ "email": "ada@example.com" })
        );
        for text in ["Ada Lovelace", "5.72577E+18", "[17]", "{", "ada@example.com"] {
            assert_eq!(value(&lookup("lookup"), text), Err(InvalidCell::NotALookup), "{text}");
        }
        assert_eq!(id("5.72577E+18"), Err(InvalidCell::NotAnId));
        let owner = lookup("ownerlookup");
        assert_eq!(reference(&owner, "email", "ada@example.com"), Ok(object("email", "ada@example.com")));
        assert_eq!(reference(&owner, "city", "Rome"), Err(InvalidCell::NotById));
    }

    proptest! {
        #[test]
        fn a_list_that_is_printed_is_read_as_it_was(
            values in prop::collection::vec("[a-z;\\[\\]\", 1]{0,4}", 1..4),
        ) {
            let printed = csv_cell(&Value::from(values.clone()));
            prop_assert_eq!(value(&list_field("multiselectpicklist"), &printed), Ok(Some(Value::from(values))));
        }

        #[test]
        fn objects_in_a_list_are_read_as_they_were(names in prop::collection::vec(".{0,6}", 1..4)) {
            let rows: Value = names.iter().map(|name| json!({ "name": name })).collect();
            for kind in ["text", "subform", "multiselectlookup", "fileupload"] {
                prop_assert_eq!(value(&list_field(kind), &csv_cell(&rows)), Ok(Some(rows.clone())));
            }
        }
    }
}
