//! The fields of a record that a response shows.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Value, json};

use crate::bodies::too_many_in_parameter;
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::metadata::Module;
use crate::model::records::Record;

const MAX_FIELDS: usize = 50;

/// Selects the fields that are shown.
pub(crate) struct View<'a> {
    /// The fields that are shown in addition to the id, without duplicates.
    names: Vec<&'a str>,
    /// Whether the internal fields of the CRM are shown, too.
    everything: bool,
}

impl<'a> View<'a> {
    /// The view of a single record: the requested fields, or all.
    pub(crate) fn of_one(module: &'a Module, wanted: Option<Vec<&'a str>>) -> Self {
        let Some(wanted) = wanted else {
            let names = module.fields.iter().map(|field| field.api_name.as_str());
            return Self { names: names.filter(|name| *name != "id").collect(), everything: true };
        };
        let mut names = Vec::new();
        for name in wanted {
            let known = name.starts_with('$') || module.find(name).is_some();
            if known && name != "id" && !names.contains(&name) {
                names.push(name);
            }
        }
        Self { names, everything: false }
    }

    /// The view of a record in a list, without subforms.
    pub(crate) fn of_many(module: &'a Module, wanted: Option<Vec<&'a str>>) -> Self {
        let mut view = Self::of_one(module, wanted);
        view.names.retain(|name| module.find(name).is_none_or(|field| !field.only_in_single_records()));
        view
    }

    /// A record in this view. The id is always shown.
    pub(crate) fn show<'v>(&'v self, record: &'v Record) -> Shown<'v> {
        Shown { view: self, record }
    }
}

/// A record in a view. It is serialized directly from the store, so that a page of a list copies nothing.
pub(crate) struct Shown<'v> {
    view: &'v View<'v>,
    record: &'v Record,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { view, record } = *self;
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("id", &record.id())?;
        for name in &view.names {
            body.serialize_entry(name, &value(record, name))?;
        }
        if view.everything {
            let own = |name: &str| record.fields.contains_key(name);
            for (name, value) in internal_fields().iter().filter(|(name, _)| !own(name)) {
                body.serialize_entry(name, value)?;
            }
            for (name, value) in record.fields.iter().filter(|(name, _)| name.starts_with('$')) {
                body.serialize_entry(name, value)?;
            }
        }
        body.end()
    }
}

fn value<'v>(record: &'v Record, name: &str) -> Cow<'v, Value> {
    let known = record.value(name);
    if !known.is_null() || !name.starts_with('$') {
        return known;
    }
    let internal = internal_fields().into_iter().find(|(internal, _)| *internal == name);
    internal.map_or(known, |(_, value)| Cow::Owned(value))
}

/// The internal fields of a record, whose values are constant in the emulator.
fn internal_fields() -> [(&'static str, Value); 17] {
    [
        ("$currency_symbol", json!("$")),
        ("$field_states", Value::Null),
        ("$review_process", json!({ "approve": false, "reject": false, "resubmit": false })),
        ("$approval", json!({ "delegate": false, "approve": false, "reject": false, "resubmit": false })),
        ("$approval_state", json!("approved")),
        ("$editable", json!(true)),
        ("$in_merge", json!(false)),
        ("$locked_for_me", json!(false)),
        ("$sharing_permission", json!("full_access")),
        ("$converted_detail", json!({})),
        ("$orchestration", json!(false)),
        ("$pathfinder", json!(false)),
        ("$process_flow", json!(false)),
        ("$review", Value::Null),
        ("$wizard_connection_path", Value::Null),
        ("$zia_owner_assignment", json!("owner_recommendation_unavailable")),
        ("$zia_visions", Value::Null),
    ]
}

/// The fields in the parameter `fields`.
pub(crate) fn fields_parameter<'a>(request: &Request<'a>) -> Result<Option<Vec<&'a str>>, Response> {
    let fields = request.list_parameter("fields").filter(|fields| !fields.is_empty());
    if fields.as_ref().is_some_and(|fields| fields.len() > MAX_FIELDS) {
        return Err(too_many_in_parameter(MAX_FIELDS, "fields", "limit exceeded"));
    }
    Ok(fields)
}
