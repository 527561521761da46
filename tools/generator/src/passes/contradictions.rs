//! Finds the members that are text in one place of Zoho's files and a number in another. For these, the client accepts both.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Client, Name, OtherKind, Type, TypeContent, TypeRef};
use crate::schema::{Description, Schema, TextFormat};

/// The names of members, by the kinds of their values in Zoho's files.
#[derive(Debug, Default)]
pub struct Kinds {
    texts: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Kinds {
    /// Adds what a description says about members.
    pub fn add_description(&mut self, description: &Description) {
        for schema in description.definitions.values() {
            self.add_schema(None, schema);
        }
        for operation in &description.operations {
            let body = operation.body.iter().map(|body| &body.schema);
            body.chain(&operation.responses).for_each(|schema| self.add_schema(None, schema));
        }
    }

    /// Adds the members of a published example.
    pub fn add_example(&mut self, body: &Value) {
        self.add_value(None, body);
    }

    /// The names of the members that are text in one place and a number in another.
    #[must_use]
    pub fn contradictions(&self) -> BTreeSet<&str> {
        self.texts.intersection(&self.numbers).map(String::as_str).collect()
    }

    /// Marks the fields that accept both.
    pub fn mark(&self, client: &mut Client) {
        let contradictions = self.contradictions();
        let shared = enums(&client.shared);
        for area in &mut client.areas {
            let own = enums(&area.types);
            let is_enum = |name: &Name| match name {
                Name::Own(name) => own.contains(name),
                Name::Shared(name) => shared.contains(name),
            };
            mark_all(&mut area.types, &contradictions, is_enum);
        }
        mark_all(&mut client.shared, &contradictions, |name: &Name| match name {
            Name::Own(name) | Name::Shared(name) => shared.contains(name),
        });
    }

    /// Adds a schema. `name` is that of the member that has it.
    fn add_schema(&mut self, name: Option<&str>, schema: &Schema) {
        match schema {
            Schema::Text { format: TextFormat::Plain, .. } => self.texts.extend(name.map(str::to_owned)),
            Schema::Integer | Schema::Number => self.numbers.extend(name.map(str::to_owned)),
            Schema::List { items, .. } => self.add_schema(name, items),
            Schema::OneOf(branches) => branches.iter().for_each(|branch| self.add_schema(name, branch)),
            Schema::Object(fields) => {
                fields.iter().for_each(|(name, field)| self.add_schema(Some(name), field));
            }
            Schema::Text { .. }
            | Schema::Any
            | Schema::Boolean
            | Schema::File
            | Schema::Record
            | Schema::Named(_) => {}
        }
    }

    fn add_value(&mut self, name: Option<&str>, value: &Value) {
        match value {
            Value::String(_) => self.texts.extend(name.map(str::to_owned)),
            Value::Number(_) => self.numbers.extend(name.map(str::to_owned)),
            Value::Array(items) => items.iter().for_each(|item| self.add_value(name, item)),
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| self.add_value(Some(name), member));
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

fn enums(types: &[Type]) -> BTreeSet<String> {
    let enums = types.iter().filter(|kind| matches!(kind.content, TypeContent::Enum(_)));
    enums.map(|kind| kind.name.clone()).collect()
}

fn mark_all(types: &mut [Type], contradictions: &BTreeSet<&str>, is_enum: impl Fn(&Name) -> bool) {
    for kind in types {
        let TypeContent::Struct(fields) = &mut kind.content else { continue };
        for field in fields.iter_mut().filter(|field| contradictions.contains(field.wire.as_str())) {
            field.other = other_kind(&field.kind, &is_enum);
        }
    }
}

fn other_kind(kind: &TypeRef, is_enum: &impl Fn(&Name) -> bool) -> Option<OtherKind> {
    match kind {
        TypeRef::Text => Some(OtherKind::Number),
        TypeRef::Named(name) => is_enum(name).then_some(OtherKind::Number),
        TypeRef::Integer | TypeRef::Float => Some(OtherKind::Text),
        TypeRef::List(of) | TypeRef::Optional(of) | TypeRef::Boxed(of) => other_kind(of, is_enum),
        TypeRef::Boolean
        | TypeRef::Date
        | TypeRef::DateTime
        | TypeRef::Value
        | TypeRef::Record
        | TypeRef::ActionResult => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{Key, RawOperation};

    #[test]
    fn a_member_that_is_text_here_and_a_number_there_is_a_contradiction() {
        let object = |fields: [(&str, Schema); 3]| {
            Schema::Object(fields.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect())
        };
        let tin = object([("size", Schema::Integer), ("shade", Schema::text()), ("age", Schema::Number)]);
        let lid = object([
            ("size", Schema::list(Schema::text())),
            ("shade", Schema::text()),
            ("made", Schema::Text { format: TextFormat::Date, values: Vec::new() }),
        ]);
        let operation =
            RawOperation { responses: vec![lid], ..RawOperation::for_tests("a", "b", "GET", "/") };
        let definitions = [(Key::new("paint", "Tin"), tin)].into_iter().collect();
        let mut kinds = Kinds::default();
        kinds.add_description(&Description { definitions, operations: vec![operation] });
        assert_eq!(Vec::from_iter(kinds.contradictions()), ["size"]);
        kinds.add_example(&json!({ "tins": [{ "age": "7", "made": 1999, "open": true }] }));
        assert_eq!(Vec::from_iter(kinds.contradictions()), ["age", "size"]);
    }
}
