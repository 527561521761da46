//! Reads `json_details.json`, which lists the fields of every class of the SDK.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::schema::{Definitions, Key, Schema, TextFormat};

/// The prefix of class names, as in `zohocrmsdk.src.com.zoho.crm.api.roles.Role`.
const PACKAGE: &str = "zohocrmsdk.src.com.zoho.crm.api.";

/// The classes, by key.
pub(super) struct Details(IndexMap<Key, Map<String, Value>>);

impl Details {
    pub(super) fn read(text: &str) -> Result<Self> {
        let classes: IndexMap<String, Map<String, Value>> =
            serde_json::from_str(text).map_err(|error| Error::source("json_details.json", error))?;
        Ok(Self(classes.into_iter().filter_map(|(name, class)| Some((key(&name)?, class))).collect()))
    }

    /// Returns the shapes: all classes except those that hold parameters.
    pub(super) fn definitions(&self) -> Definitions {
        let shapes = self.0.iter().filter(|(key, _)| !is_parameters(&key.name));
        shapes.map(|(key, class)| (key.clone(), shape(class))).collect()
    }

    /// Returns the parameters in a class: name, whether it is required, and shape.
    pub(super) fn parameters(&self, module: &str, class: &str) -> Vec<(String, bool, Schema)> {
        let matches = |key: &&Key| key.area == module && key.name.eq_ignore_ascii_case(class);
        let Some(class) = self.0.keys().find(matches).and_then(|key| self.0.get(key)) else {
            return Vec::new();
        };
        let fields =
            class.iter().filter_map(|(_, field)| Field::read(field)).filter(|field| !field.is_open());
        fields.map(|field| (field.name.clone(), field.required_for == "true", field.schema())).collect()
    }
}

fn is_parameters(class: &str) -> bool {
    class.ends_with("Param") || class.ends_with("Header")
}

/// The key of a class, or `None` for a class outside the API's modules.
pub(super) fn key(name: &str) -> Option<Key> {
    let (module, class) = name.strip_prefix(PACKAGE)?.split_once('.')?;
    Some(Key::new(module, class))
}

fn shape(class: &Map<String, Value>) -> Schema {
    if class.get("interface").and_then(Value::as_bool) == Some(true) {
        let classes = class.get("classes").and_then(Value::as_array).into_iter().flatten();
        let classes = classes.filter_map(|class| key(class.as_str()?));
        return Schema::OneOf(classes.map(Schema::Named).collect());
    }
    let fields = class.iter().filter(|(name, _)| *name != "key_modified");
    let fields = fields.filter_map(|(_, field)| Field::read(field));
    Schema::Object(fields.map(|field| (field.name.clone(), field.schema())).collect())
}

/// A field of a class.
#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    spec_type: String,
    #[serde(default)]
    required_for: String,
    #[serde(default)]
    values: Vec<Value>,
    sub_type: Option<SubType>,
    structure_name: Option<String>,
    #[serde(default)]
    keys: Vec<Value>,
}

/// The items of a list or a map.
#[derive(Deserialize)]
struct SubType {
    #[serde(rename = "type")]
    kind: String,
}

impl Field {
    fn read(field: &Value) -> Option<Self> {
        serde_json::from_value(field.clone()).ok()
    }

    /// Whether it is a placeholder for parameters that the caller names.
    fn is_open(&self) -> bool {
        self.kind == "Map" && self.sub_type.as_ref().is_some_and(|of| of.kind.starts_with(PACKAGE))
    }

    fn schema(&self) -> Schema {
        match self.kind.as_str() {
            "List" => match (&self.sub_type, &self.structure_name) {
                (Some(of), _) => Schema::list(named_or_simple(&of.kind)),
                (None, Some(name)) => Schema::list(named_or_simple(name)),
                (None, None) => Schema::list(Schema::Any),
            },
            "Map" => self.keys(),
            kind if kind.ends_with(".Choice") => self.choice(),
            kind => named_or_simple(kind),
        }
    }

    fn keys(&self) -> Schema {
        let keys = self.keys.iter().filter_map(Self::read);
        Schema::Object(keys.map(|key| (key.name.clone(), key.schema())).collect())
    }

    /// The shape of a choice between values.
    fn choice(&self) -> Schema {
        match self.spec_type.rsplit('.').next() {
            Some("TBoolean") => Schema::Boolean,
            Some("TInteger") => Schema::Integer,
            Some("TString") => {
                let values = self.values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                Schema::Text { format: TextFormat::Plain, values }
            }
            _ => Schema::Any,
        }
    }
}

fn named_or_simple(kind: &str) -> Schema {
    let written = |format| Schema::Text { format, values: Vec::new() };
    match kind {
        // A `Long` is an id: a number in the SDK, a text on the wire.
        "String" | "Long" | "TimeZone" | "LocalTime" => Schema::text(),
        "Integer" => Schema::Integer,
        "Double" => Schema::Number,
        "Boolean" => Schema::Boolean,
        "Date" => written(TextFormat::Date),
        "DateTime" => written(TextFormat::DateTime),
        "Map" => Schema::Object(IndexMap::new()),
        kind if kind.ends_with(".StreamWrapper") => Schema::File,
        kind => key(kind).map_or(Schema::Any, Schema::Named),
    }
}
