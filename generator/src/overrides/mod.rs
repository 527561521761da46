//! `overrides.toml`: what neither source says, or says wrongly. Written by hand; every entry has a reason.

use std::cell::RefCell;
use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::schema::{Key, RawOperation, Schema, TextFormat};

/// The file.
const TEXT: &str = include_str!("../overrides.toml");

/// All that was said by hand.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// What is said of an area.
    #[serde(default)]
    pub areas: IndexMap<String, AreaOverride>,
    #[serde(default, rename = "operation")]
    operations: Vec<OperationOverride>,
    #[serde(default, rename = "parameter")]
    parameters: Vec<ParameterOverride>,
    #[serde(default, rename = "field")]
    fields: Vec<FieldOverride>,
    #[serde(default, rename = "type")]
    types: Vec<TypeOverride>,
    /// Shapes that are the same thing wherever they stand.
    #[serde(default, rename = "common")]
    common: Vec<CommonShape>,
    #[serde(skip)]
    used: RefCell<BTreeSet<String>>,
}

/// What is said of an area.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaOverride {
    /// The feature that it is behind.
    pub feature: String,
    /// The name of its module, if not the area's own.
    pub name: Option<String>,
    /// One of what it is about, in words; worked out from its name if it is not said.
    pub noun: Option<String>,
    /// Better names for operations, in words, by the source's name.
    #[serde(default)]
    pub names: IndexMap<String, String>,
    /// The scope without its last part, if the source's is wrong or missing.
    pub scope: Option<String>,
    /// Why, if more than the feature is said.
    #[allow(dead_code, reason = "for readers of the file")]
    pub reason: Option<String>,
}

/// What is said of an operation. It is found by its area and its name in the source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationOverride {
    area: String,
    id: String,
    /// The name of its method, if the rules make a bad one.
    pub method: Option<String>,
    /// Left out altogether.
    #[serde(default)]
    pub omit: bool,
    /// Left out, since it is the same call as this one: `record/Get Record`. What it says goes there.
    pub same_as: Option<String>,
    /// It has the method and the URL of another operation, and is something else.
    #[serde(default)]
    pub distinct: bool,
    /// What is sent.
    pub body: Option<String>,
    /// What is answered.
    pub answer: Option<String>,
    /// Another path.
    pub path: Option<String>,
    /// Why.
    pub reason: String,
}

/// What is said of a parameter, in one area or in all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterOverride {
    name: String,
    area: Option<String>,
    is: String,
    #[allow(dead_code, reason = "for readers of the file")]
    reason: String,
}

/// What is said of a field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldOverride {
    /// `area/Type` as the source names it.
    r#type: String,
    field: String,
    /// Its shape.
    is: Option<String>,
    /// Its name in Rust.
    name: Option<String>,
    #[allow(dead_code, reason = "for readers of the file")]
    reason: String,
}

/// A shape that is the same thing wherever it stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommonShape {
    /// Its name in `shared`.
    name: String,
    fields: IndexMap<String, String>,
    #[allow(dead_code, reason = "for readers of the file")]
    reason: String,
}

impl CommonShape {
    /// Whether these are its fields, in any order.
    fn is(&self, fields: &IndexMap<String, Schema>) -> bool {
        let said =
            |(name, is): (&String, &String)| fields.get(name).is_some_and(|field| *field == schema(is));
        fields.len() == self.fields.len() && self.fields.iter().all(said)
    }
}

/// What is said of a shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeOverride {
    /// `area/Type` as the source names it.
    r#type: String,
    /// Something else altogether.
    is: Option<String>,
    /// These fields, for a shape that no source defines.
    fields: Option<IndexMap<String, String>>,
    /// A name.
    name: Option<String>,
    #[allow(dead_code, reason = "for readers of the file")]
    reason: String,
}

impl Overrides {
    /// Those of the project.
    ///
    /// # Errors
    /// When the file is not TOML, or an entry is not of this shape.
    pub fn of_the_project() -> Result<Self> {
        Self::read(TEXT)
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is not TOML, or an entry is not of this shape.
    pub fn read(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| Error::source("overrides.toml", error))
    }

    /// What is said of an operation.
    pub fn operation(&self, operation: &RawOperation) -> Option<&OperationOverride> {
        let (area, id) = (&operation.area, &operation.id);
        let found = self.operations.iter().find(|entry| entry.area == *area && entry.id == *id)?;
        self.mark(format!("operation {area}/{id}"));
        Some(found)
    }

    /// What an operation is called, in words.
    pub(crate) fn name_of_operation<'a>(&'a self, operation: &'a RawOperation) -> &'a str {
        let said = self.areas.get(&operation.area).and_then(|area| area.names.get(&operation.id));
        if said.is_some() {
            self.mark(format!("name {}/{}", operation.area, operation.id));
        }
        said.unwrap_or(&operation.id)
    }

    /// The shape of a parameter, if it is said.
    pub(crate) fn parameter(&self, area: &str, name: &str) -> Option<Schema> {
        let matches = |entry: &&ParameterOverride| {
            entry.name == name && entry.area.as_deref().is_none_or(|own| own == area)
        };
        let found = self.parameters.iter().filter(matches).max_by_key(|entry| entry.area.is_some())?;
        self.mark(format!("parameter {}/{name}", found.area.as_deref().unwrap_or("*")));
        Some(schema(&found.is))
    }

    /// The fields whose shapes are said; the source may not have them.
    pub(crate) fn fields_of(&self, key: &Key) -> Vec<(&str, Schema)> {
        let name = key.to_string();
        let of_this = self.fields.iter().filter(|entry| entry.r#type == name);
        of_this
            .filter_map(|entry| {
                let is = entry.is.as_ref()?;
                self.mark(format!("field {name} {}", entry.field));
                Some((entry.field.as_str(), schema(is)))
            })
            .collect()
    }

    /// The name of a field in Rust, if it is said.
    pub(crate) fn field_name(&self, key: &Key, field: &str) -> Option<&str> {
        let of = key.to_string();
        let found = self.fields.iter().find(|entry| entry.r#type == of && entry.field == field)?;
        let name = found.name.as_deref()?;
        self.mark(format!("field {of} {field}"));
        Some(name)
    }

    /// The name of a shape, if it is said.
    pub(crate) fn type_name(&self, key: &Key) -> Option<&str> {
        let key = key.to_string();
        let found = self.types.iter().find(|entry| entry.r#type == key && entry.name.is_some())?;
        self.mark(format!("type {key}"));
        found.name.as_deref()
    }

    /// What a shape with these fields is called wherever it stands, if it is called the same everywhere.
    pub(crate) fn common(&self, fields: &IndexMap<String, Schema>) -> Option<&str> {
        let found = self.common.iter().find(|common| common.is(fields))?;
        self.mark(format!("common {}", found.name));
        Some(&found.name)
    }

    /// The shapes that are said in place of, or beside, those of the sources.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (Key, Schema)> {
        self.types.iter().filter_map(|entry| {
            let said = match (&entry.is, &entry.fields) {
                (Some(is), _) => schema(is),
                (None, Some(fields)) => {
                    Schema::Object(fields.iter().map(|(name, is)| (name.clone(), schema(is))).collect())
                }
                (None, None) => return None,
            };
            self.mark(format!("type {}", entry.r#type));
            Some((key(&entry.r#type)?, said))
        })
    }

    fn mark(&self, entry: String) {
        self.used.borrow_mut().insert(entry);
    }

    /// # Errors
    /// When an entry was never used: what it names is not there.
    pub(crate) fn all_were_used(&self) -> Result<()> {
        let operations = self.operations.iter().map(|entry| format!("operation {}/{}", entry.area, entry.id));
        let parameters = self.parameters.iter();
        let parameters = parameters
            .map(|entry| format!("parameter {}/{}", entry.area.as_deref().unwrap_or("*"), entry.name));
        let fields = self.fields.iter().map(|entry| format!("field {} {}", entry.r#type, entry.field));
        let types = self.types.iter().map(|entry| format!("type {}", entry.r#type));
        let names = self
            .areas
            .iter()
            .flat_map(|(area, said)| said.names.keys().map(move |id| format!("name {area}/{id}")));
        let common = self.common.iter().map(|entry| format!("common {}", entry.name));
        let used = self.used.borrow();
        let unused = operations
            .chain(names)
            .chain(common)
            .chain(parameters)
            .chain(fields)
            .chain(types)
            .filter(|entry| !used.contains(entry));
        let unused: Vec<String> =
            unused.map(|entry| format!("{entry}: nothing of this name is there")).collect();
        if unused.is_empty() { Ok(()) } else { Err(Error::Overrides(unused)) }
    }
}

/// `users/Minified_User`.
fn key(text: &str) -> Option<Key> {
    let (area, name) = text.split_once('/')?;
    Some(Key::new(area, name))
}

/// A shape in words: `text`, `list of users/Minified_User`.
pub(crate) fn schema(text: &str) -> Schema {
    if let Some(items) = text.strip_prefix("list of ") {
        return Schema::list(schema(items));
    }
    let written = |format| Schema::Text { format, values: Vec::new() };
    match text {
        "text" => Schema::text(),
        "integer" => Schema::Integer,
        "number" => Schema::Number,
        "boolean" => Schema::Boolean,
        "date" => written(TextFormat::Date),
        "date-time" => written(TextFormat::DateTime),
        "record" => Schema::Record,
        "file" => Schema::File,
        _ => key(text).map_or(Schema::Any, Schema::Named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_said_in_words() {
        assert_eq!(schema("list of text"), Schema::list(Schema::text()));
        assert_eq!(schema("users/User"), Schema::Named(Key::new("users", "User")));
        assert_eq!(schema("anything"), Schema::Any);
    }

    #[test]
    fn an_entry_that_nothing_asked_for_is_out_of_date() {
        let overrides = Overrides::read(
            r#"
            [[field]]
            type = "paint/Color"
            field = "shade"
            is = "text"
            reason = "it is a number in an example"
            "#,
        )
        .unwrap();
        assert!(overrides.all_were_used().unwrap_err().to_string().contains("paint/Color shade"));
        assert_eq!(overrides.fields_of(&Key::new("paint", "Color")), [("shade", Schema::text())]);
        overrides.all_were_used().unwrap();
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let text = "[[parameter]]\nname = \"ids\"\nis = \"list of text\"";
        assert!(Overrides::read(text).unwrap_err().to_string().contains("reason"));
    }
}
