//! Which fields of a record an answer has.

use serde_json::{Value, json};

use crate::crm::{Request, error};
use crate::http::Answer;
use crate::metadata::Module;
use crate::store::{Fields, Record};

const MAXIMUM_FIELDS: usize = 50;

/// How records are shown.
pub(crate) struct View<'a> {
    /// The fields that are shown.
    names: Vec<&'a str>,
    /// Whether everything else that the CRM says about a record is shown, too.
    everything: bool,
}

impl<'a> View<'a> {
    /// A record with everything, or with the fields that were asked for.
    pub(crate) fn of_one(module: &'a Module, wanted: Option<Vec<&'a str>>) -> Self {
        let everything = wanted.is_none();
        let known = |name: &&str| name.starts_with('$') || module.find(name).is_some();
        let all = || module.fields.iter().map(|field| field.api_name.as_str()).collect();
        Self { names: wanted.map_or_else(all, |names| names.into_iter().filter(known).collect()), everything }
    }

    /// The same for a list, in which records have no rows of subforms.
    pub(crate) fn of_many(module: &'a Module, wanted: Option<Vec<&'a str>>) -> Self {
        let mut view = Self::of_one(module, wanted);
        view.names.retain(|name| module.find(name).is_none_or(|field| !field.only_in_single_records()));
        view
    }

    /// The record as an answer shows it; the id is always there.
    pub(crate) fn show(&self, record: &Record) -> Value {
        let mut body = Fields::new();
        body.insert("id".to_owned(), json!(record.id()));
        for name in &self.names {
            body.insert((*name).to_owned(), value(record, name));
        }
        if self.everything {
            let own = record.fields.iter().filter(|(name, _)| name.starts_with('$'));
            body.extend(internal_fields().map(|(name, value)| (name.to_owned(), value)));
            body.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        }
        Value::Object(body)
    }
}

fn value(record: &Record, name: &str) -> Value {
    let known = record.value(name).into_owned();
    if !known.is_null() || !name.starts_with('$') {
        return known;
    }
    internal_fields().into_iter().find(|(internal, _)| *internal == name).map_or(known, |(_, value)| value)
}

/// What the CRM says about a record besides its fields, as far as it never changes here.
fn internal_fields() -> [(&'static str, Value); 9] {
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
    ]
}

/// The fields that the parameter `fields` names.
pub(crate) fn fields_parameter<'a>(request: &Request<'a>) -> Result<Option<Vec<&'a str>>, Answer> {
    let fields = request.list_parameter("fields").filter(|fields| !fields.is_empty());
    if fields.as_ref().is_some_and(|fields| fields.len() > MAXIMUM_FIELDS) {
        let details = json!({ "limit": MAXIMUM_FIELDS, "param_name": "fields" });
        return Err(error(400, "LIMIT_EXCEEDED", &details, "the number of fields exceeds the limit"));
    }
    Ok(fields)
}
