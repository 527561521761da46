//! Reads `overrides.toml`: handwritten facts that the sources lack or get wrong. Every entry has a reason.

mod entries;

use std::cell::RefCell;
use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::schema::{Key, RawOperation, Schema, TextFormat};
pub use entries::{AreaOverride, OperationOverride};
use entries::{CommonShape, FieldOverride, ParameterOverride, TypeOverride};

/// The content of the file.
const TEXT: &str = include_str!("../../overrides.toml");

/// All entries of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// The areas, by name.
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
    /// Shapes that mean the same wherever they occur.
    #[serde(default, rename = "common")]
    common: Vec<CommonShape>,
    /// The entries that the passes asked for.
    #[serde(skip)]
    used: RefCell<BTreeSet<String>>,
}

impl Overrides {
    /// Reads the project's file.
    ///
    /// # Errors
    /// When the file is not TOML, or an entry has missing or unknown keys.
    pub fn of_the_project() -> Result<Self> {
        Self::read(TEXT)
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// When it is not TOML, or an entry has missing or unknown keys.
    pub fn read(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| Error::source("overrides.toml", error))
    }

    /// Returns the entry of an operation.
    pub fn operation(&self, operation: &RawOperation) -> Option<&OperationOverride> {
        let (area, id) = (&operation.area, &operation.id);
        let found = self.operations.iter().find(|entry| entry.area == *area && entry.id == *id)?;
        self.mark(format!("operation {area}/{id}"));
        Some(found)
    }

    /// Returns the name of an operation, in words.
    pub(crate) fn name_of_operation<'a>(&'a self, operation: &'a RawOperation) -> &'a str {
        let name = self.areas.get(&operation.area).and_then(|area| area.names.get(&operation.id));
        if name.is_some() {
            self.mark(format!("name {}/{}", operation.area, operation.id));
        }
        name.unwrap_or(&operation.id)
    }

    /// Returns the shape of a parameter, and whether it is required. The narrowest entry wins: one for an operation, then
    /// one for an area, then one for all.
    pub(crate) fn parameter(&self, operation: &RawOperation, name: &str) -> (Option<Schema>, Option<bool>) {
        let matches = |entry: &&ParameterOverride| entry.applies_to(&operation.area, &operation.id, name);
        let mut found: Vec<&ParameterOverride> = self.parameters.iter().filter(matches).collect();
        found.sort_by_key(|entry| entry.narrowness());
        found.iter().for_each(|entry| self.mark(entry.title()));
        let shape = found.iter().rev().find_map(|entry| entry.is.as_deref());
        (shape.map(schema), found.iter().rev().find_map(|entry| entry.required))
    }

    /// Returns the fields whose shapes are overridden. They replace those of the source or add to them. An entry for all
    /// types adds none.
    pub(crate) fn fields_of(&self, key: &Key, known: &IndexMap<String, Schema>) -> Vec<(&str, Schema)> {
        let name = key.to_string();
        let applies = |entry: &&FieldOverride| match entry.r#type.as_str() {
            "*" => known.contains_key(&entry.field),
            own => own == name,
        };
        let fields = self.fields.iter().filter(applies).filter_map(|entry| {
            let is = entry.is.as_ref()?;
            self.mark(format!("field {} {}", entry.r#type, entry.field));
            Some((entry.field.as_str(), schema(is)))
        });
        fields.collect()
    }

    /// Returns the Rust name of a field, if it is overridden.
    pub(crate) fn field_name(&self, key: &Key, field: &str) -> Option<&str> {
        let of = key.to_string();
        let found = self.fields.iter().find(|entry| entry.r#type == of && entry.field == field)?;
        let name = found.name.as_deref()?;
        self.mark(format!("field {of} {field}"));
        Some(name)
    }

    /// Returns the Rust name of a shape, if it is overridden.
    pub(crate) fn type_name(&self, key: &Key) -> Option<&str> {
        let key = key.to_string();
        let found = self.types.iter().find(|entry| entry.r#type == key && entry.name.is_some())?;
        self.mark(format!("type {key}"));
        found.name.as_deref()
    }

    /// Returns the name of the common shape with these fields, if there is one.
    pub(crate) fn common(&self, fields: &IndexMap<String, Schema>) -> Option<&str> {
        let found = self.common.iter().find(|common| common.matches(fields))?;
        self.mark(format!("common {}", found.name));
        Some(&found.name)
    }

    /// Returns the shapes that replace those of the sources or add to them.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (Key, Schema)> {
        self.types.iter().filter_map(|entry| {
            let shape = match (&entry.is, &entry.fields) {
                (Some(is), _) => schema(is),
                (None, Some(fields)) => {
                    Schema::Object(fields.iter().map(|(name, is)| (name.clone(), schema(is))).collect())
                }
                (None, None) => return None,
            };
            self.mark(format!("type {}", entry.r#type));
            Some((key(&entry.r#type)?, shape))
        })
    }

    /// Whether only the overrides define a shape.
    pub(crate) fn adds(&self, key: &Key) -> bool {
        let key = key.to_string();
        self.types.iter().any(|entry| entry.fields.is_some() && entry.r#type == key)
    }

    /// Returns pairs of shapes: the key in the specification, and the key in the SDK.
    pub(crate) fn same_shapes(&self) -> impl Iterator<Item = (Key, Key)> {
        self.types.iter().filter_map(|entry| {
            let other = key(entry.same_as.as_deref()?)?;
            self.mark(format!("type {}", entry.r#type));
            Some((key(&entry.r#type)?, other))
        })
    }

    fn mark(&self, entry: String) {
        self.used.borrow_mut().insert(entry);
    }

    /// Checks that every entry was used.
    ///
    /// # Errors
    /// When an entry was not used, because what it names does not exist.
    pub(crate) fn check_all_used(&self) -> Result<()> {
        let operations = self.operations.iter().map(|entry| format!("operation {}/{}", entry.area, entry.id));
        let parameters = self.parameters.iter().map(ParameterOverride::title);
        let fields = self.fields.iter().map(|entry| format!("field {} {}", entry.r#type, entry.field));
        let types = self.types.iter().map(|entry| format!("type {}", entry.r#type));
        let names = self
            .areas
            .iter()
            .flat_map(|(area, entry)| entry.names.keys().map(move |id| format!("name {area}/{id}")));
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
            unused.map(|entry| format!("{entry}: the sources contain nothing with this name")).collect();
        if unused.is_empty() { Ok(()) } else { Err(Error::Overrides(unused)) }
    }
}

/// Parses a key: `users/Minified_User`.
fn key(text: &str) -> Option<Key> {
    let (area, name) = text.split_once('/')?;
    Some(Key::new(area, name))
}

/// Parses a shape: `text`, `list of users/Minified_User`, `list of paint/Tin or paint/Result`.
pub(crate) fn schema(text: &str) -> Schema {
    if let Some(items) = text.strip_prefix("list of ") {
        return Schema::list(schema(items));
    }
    if text.contains(" or ") {
        return Schema::OneOf(text.split(" or ").map(schema).collect());
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
    fn a_shape_is_written_in_words() {
        assert_eq!(schema("list of text"), Schema::list(Schema::text()));
        assert_eq!(schema("users/User"), Schema::Named(Key::new("users", "User")));
        assert_eq!(schema("anything"), Schema::Any);
        let either = Schema::OneOf(vec![Schema::text(), Schema::Integer]);
        assert_eq!(schema("list of text or integer"), Schema::list(either));
    }

    #[test]
    fn an_unused_entry_is_an_error() {
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
        assert!(overrides.check_all_used().unwrap_err().to_string().contains("paint/Color shade"));
        let none = IndexMap::new();
        assert_eq!(overrides.fields_of(&Key::new("paint", "Color"), &none), [("shade", Schema::text())]);
        overrides.check_all_used().unwrap();
    }

    #[test]
    fn the_narrowest_entry_of_a_parameter_wins() {
        let text = r#"
            [[parameter]]
            name = "ids"
            is = "list of text"
            reason = "a list"
            [[parameter]]
            name = "ids"
            area = "paint"
            required = true
            reason = "the call fails without"
            [[parameter]]
            name = "ids"
            area = "paint"
            operation = "Get Tins"
            required = false
            reason = "the default is all"
            "#;
        let overrides = Overrides::read(text).unwrap();
        let entries =
            |id: &str| overrides.parameter(&RawOperation::for_tests("paint", id, "GET", "/v1"), "ids");
        let several = Some(Schema::list(Schema::text()));
        assert_eq!(entries("Delete Tins"), (several.clone(), Some(true)));
        assert_eq!(entries("Get Tins"), (several, Some(false)));
        overrides.check_all_used().unwrap();
    }

    #[test]
    fn an_entry_for_a_field_of_all_types_adds_no_field() {
        let text = "[[field]]\ntype = \"*\"\nfield = \"shade\"\nis = \"any\"\nreason = \"it differs\"";
        let overrides = Overrides::read(text).unwrap();
        let (color, fields) = (Key::new("paint", "Color"), [("shade".to_owned(), Schema::text())]);
        assert_eq!(overrides.fields_of(&color, &IndexMap::new()), []);
        assert_eq!(overrides.fields_of(&color, &fields.into_iter().collect()), [("shade", Schema::Any)]);
    }

    #[test]
    fn an_entry_without_a_reason_is_rejected() {
        let text = "[[parameter]]\nname = \"ids\"\nis = \"list of text\"";
        assert!(Overrides::read(text).unwrap_err().to_string().contains("reason"));
    }
}
