//! `Details`: what the details of a rejection say about fields, expected values and duplicates.

use crate::value::Value;

/// The number of possible values that a message lists.
const MAX_LISTED: usize = 20;

/// The `details` of a rejection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Details<'a>(pub(super) &'a Value);

impl<'a> Details<'a> {
    /// The fields and parameters that the details name, by path if there is one: the rejected one, then those that limit it,
    /// contradict it, or are expected in its place.
    pub(super) fn fields(self) -> Vec<&'a str> {
        let others = [
            "limit_due_to",
            "ambiguity_due_to",
            "expected_fields",
            "expected_data",
            "param_names",
            "linking_fields",
            "column_name",
            "field",
            "mapped_field",
            "dependee",
            "exists_in",
        ];
        let others = others.into_iter().filter_map(|name| self.0.get(name));
        let mut fields = Vec::from_iter(name_of(self.0));
        for field in others.flat_map(names_in) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }

    /// Whether the details are about parameters of the request, not about fields in its body.
    pub(super) fn are_about_parameters(self) -> bool {
        ["param_name", "param", "param_names"].iter().any(|name| self.0.get(name).is_some())
    }

    /// What Zoho expects instead of the rejected value, in words.
    pub(super) fn expected(self) -> Option<String> {
        let text = |name: &str| self.0.get(name).and_then(scalar);
        let first = |names: [&str; 2]| names.into_iter().find_map(text);
        let mut words = Vec::new();
        words.extend(
            first(["expected_data_type", "expected_type"])
                .map(|kind| format!("a value of the type `{kind}`")),
        );
        words.extend(["supported_values", "supported"].iter().find_map(|name| one_of(self.0.get(name)?)));
        words.extend(text("regex").map(|pattern| format!("a text that matches `{pattern}`")));
        words.extend(text("minimum_length").map(|length| format!("at least {length} characters")));
        words.extend(text("maximum_length").map(|length| format!("at most {length} characters")));
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// The limit that was exceeded.
    pub(super) fn limit(self) -> Option<String> {
        ["limit", "max_limit", "allowed_count", "MAXIMUM_SIZE"]
            .iter()
            .find_map(|name| scalar(self.0.get(name)?))
    }

    /// The id of the existing record, tag or user that is duplicated.
    pub(super) fn duplicate(self) -> Option<&'a str> {
        self.duplicate_record().get("id")?.as_str()
    }

    /// The API name of the module that has the duplicate.
    pub(super) fn module_of_duplicate(self) -> Option<&'a str> {
        self.duplicate_record().get("module")?.get("api_name")?.as_str()
    }

    fn duplicate_record(self) -> &'a Value {
        self.0.get("duplicate_record").unwrap_or(self.0)
    }

    /// The part of the path that is wrong, counted from 1 after the version: 2 is the id in `/crm/v8/Leads/1`.
    pub(super) fn part_of_path(self) -> Option<u64> {
        self.0.get("resource_path_index")?.as_u64()?.checked_add(1)
    }

    /// The missing permissions.
    pub(super) fn permissions(self) -> Vec<&'a str> {
        self.0.get("permissions").map(names_in).unwrap_or_default()
    }
}

/// The names in a text, a list of texts, an object that names a field, or a list of such objects.
fn names_in(value: &Value) -> Vec<&str> {
    match value {
        Value::String(name) => vec![name],
        Value::Array(items) => items.iter().flat_map(names_in).collect(),
        named => Vec::from_iter(name_of(named)),
    }
}

fn name_of(details: &Value) -> Option<&str> {
    ["json_path", "api_name", "param_name", "param"].iter().find_map(|name| details.get(name)?.as_str())
}

/// A text or a number, safe to print on one line.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.escape_debug().to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn one_of(values: &Value) -> Option<String> {
    let values = match values {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let mut listed: Vec<String> =
        values.iter().filter_map(scalar).take(MAX_LISTED).map(|value| format!("`{value}`")).collect();
    if values.len() > MAX_LISTED {
        listed.push(format!("{} more", values.len() - MAX_LISTED));
    }
    (!listed.is_empty()).then(|| format!("one of {}", listed.join(", ")))
}
