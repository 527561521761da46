//! Turns schemas into types. A union becomes one struct with the fields of all branches, and a text with several known
//! values becomes an enum. A rejection of the whole call is not part of its response.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::envelope::envelope;
use super::shapes::{NamedAfter, SHARED, Shape, ShapeContent, Shapes};
use super::union::MAX_DEPTH;
use crate::error::{Error, Result};
use crate::model::TypeRef;
use crate::overrides::Overrides;
use crate::schema::{Definitions, Key, Schema, TextFormat};

/// Turns schemas into types.
#[derive(Debug)]
pub struct Lowering<'a> {
    pub(super) definitions: &'a Definitions,
    overrides: &'a Overrides,
    shapes: Shapes,
    /// The types of the named shapes.
    known: HashMap<Key, TypeRef<Key>>,
    /// The types of unions of named shapes.
    pub(super) unions: HashMap<Vec<Key>, TypeRef<Key>>,
}

impl<'a> Lowering<'a> {
    /// Starts with these named shapes.
    #[must_use]
    pub fn new(definitions: &'a Definitions, overrides: &'a Overrides) -> Self {
        Self { definitions, overrides, shapes: Shapes::new(), known: HashMap::new(), unions: HashMap::new() }
    }

    /// Returns the structs and enums that were found.
    #[must_use]
    pub fn into_shapes(self) -> Shapes {
        self.shapes
    }

    /// The type of a schema. `at` is its position, which identifies shapes without a name.
    ///
    /// # Errors
    /// When a reference leads to no definition, or shapes without a name nest without end.
    pub fn lower(&mut self, schema: &Schema, at: &Key, named_after: &NamedAfter) -> Result<TypeRef<Key>> {
        Ok(match schema {
            // An object without known fields is often a text or a number on the wire.
            Schema::Any | Schema::File => TypeRef::Value,
            Schema::Object(fields) if fields.is_empty() => TypeRef::Value,
            Schema::Integer => TypeRef::Integer,
            Schema::Number => TypeRef::Float,
            Schema::Boolean => TypeRef::Boolean,
            Schema::Record => TypeRef::Record,
            Schema::Text { format, values } => self.text(*format, values, at, named_after),
            Schema::List { items, nullable } => {
                let items = self.lower(items, at, named_after)?;
                let items = if *nullable { TypeRef::Optional(Box::new(items)) } else { items };
                TypeRef::List(Box::new(items))
            }
            Schema::Object(fields) if envelope(&at.name, fields).is_some() => TypeRef::ActionResult,
            Schema::Object(fields) => self.structure(fields, at, named_after)?,
            Schema::Named(key) => self.named(key)?,
            Schema::OneOf(branches) => self.union(branches, at, named_after)?,
        })
    }

    pub(super) fn text(
        &mut self,
        format: TextFormat,
        values: &[String],
        at: &Key,
        named_after: &NamedAfter,
    ) -> TypeRef<Key> {
        match format {
            TextFormat::Date => return TypeRef::Date,
            TextFormat::DateTime => return TypeRef::DateTime,
            TextFormat::Plain => {}
        }
        let field = at.name.rsplit('.').next().unwrap_or_default();
        // Zoho adds codes and messages without notice, and a single value is not a choice.
        if values.len() < 2
            || matches!(field, "code" | "message")
            || !values.iter().all(|value| is_nameable(value))
        {
            return TypeRef::Text;
        }
        let content = ShapeContent::Enum(values.to_vec());
        self.shapes.insert(at.clone(), Shape { named_after: named_after.clone(), content });
        TypeRef::Named(at.clone())
    }

    fn named(&mut self, key: &Key) -> Result<TypeRef<Key>> {
        if let Some(known) = self.known.get(key) {
            return Ok(known.clone());
        }
        let Some(schema) = self.definitions.get(key) else {
            return Err(Error::source(key, "no file defines this shape"));
        };
        let named_after = NamedAfter::Definition(key.name.clone());
        if matches!(schema, Schema::Object(fields) if !fields.is_empty() && envelope(&key.name, fields).is_none())
        {
            // A shape can contain itself.
            self.known.insert(key.clone(), TypeRef::Named(key.clone()));
        }
        let lowered = self.lower(schema, key, &named_after)?;
        self.known.insert(key.clone(), lowered.clone());
        Ok(lowered)
    }

    pub(super) fn structure(
        &mut self,
        fields: &IndexMap<String, Schema>,
        at: &Key,
        named_after: &NamedAfter,
    ) -> Result<TypeRef<Key>> {
        if at.name.split('.').count() > MAX_DEPTH {
            return Err(Error::source(at, "shapes without a name nest without end"));
        }
        // A shape that occurs in many places under many names becomes one type.
        let overrides = self.overrides;
        if at.area != SHARED
            && let Some(name) = overrides.common(fields)
        {
            return self.structure(fields, &Key::new(SHARED, name), &NamedAfter::Definition(name.to_owned()));
        }
        // Insert it first, so that it precedes the types that it contains.
        let empty = ShapeContent::Struct(Vec::new());
        self.shapes.insert(at.clone(), Shape { named_after: named_after.clone(), content: empty });
        let mut all = fields.clone();
        for (name, schema) in self.overrides.fields_of(at, fields) {
            all.insert(name.to_owned(), schema);
        }
        let mut lowered = Vec::with_capacity(all.len());
        for (name, schema) in &all {
            let named_after = NamedAfter::Field(at.clone(), name.clone());
            let kind = match self.lower(schema, &at.child(name), &named_after)? {
                // The sources describe some ids as numbers, which are texts on the wire.
                TypeRef::Integer if is_id(name) => TypeRef::Value,
                kind => kind,
            };
            lowered.push((name.clone(), kind));
        }
        if let Some(shape) = self.shapes.get_mut(at) {
            shape.content = ShapeContent::Struct(lowered);
        }
        Ok(TypeRef::Named(at.clone()))
    }
}

/// Whether a field holds an id.
fn is_id(field: &str) -> bool {
    let field = field.trim_end_matches("__s");
    matches!(field, "id" | "zuid" | "zgid") || field.ends_with("_id")
}

/// Whether a value can become the name of a variant.
fn is_nameable(value: &str) -> bool {
    value.len() <= 60 && value.chars().any(|letter| letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object<const N: usize>(fields: [(&str, Schema); N]) -> Schema {
        Schema::Object(fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect())
    }

    fn one_of(values: &[&str]) -> Schema {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Schema::Text { format: TextFormat::Plain, values }
    }

    fn rejection() -> Schema {
        object([("code", one_of(&["BAD"])), ("status", one_of(&["error"])), ("message", Schema::text())])
    }

    fn lowered(definitions: &Definitions, schema: &Schema) -> (TypeRef<Key>, Shapes) {
        let overrides = Overrides::default();
        let mut lowering = Lowering::new(definitions, &overrides);
        let at = Key::new("paint", "Response");
        let kind = lowering.lower(schema, &at, &NamedAfter::Response("Get Color".into())).unwrap();
        (kind, lowering.into_shapes())
    }

    fn fields(shapes: &Shapes, name: &str) -> Vec<(String, TypeRef<Key>)> {
        match &shapes[&Key::new("paint", name)].content {
            ShapeContent::Struct(fields) => fields.clone(),
            ShapeContent::Enum(_) => panic!("`{name}` is an enum"),
        }
    }

    #[test]
    fn a_response_type_does_not_include_rejections() {
        let (definitions, overrides) = (Definitions::new(), Overrides::default());
        let mut lowering = Lowering::new(&definitions, &overrides);
        let responses = [Schema::OneOf(vec![object([("color", Schema::text())]), rejection()])];
        let (at, named_after) = (Key::new("paint", "Response"), NamedAfter::Response("Get Color".into()));
        let kind = lowering.response(&responses, &at, &named_after).unwrap();
        assert_eq!(kind, TypeRef::Named(at));
        assert_eq!(fields(&lowering.into_shapes(), "Response"), [("color".to_owned(), TypeRef::Text)]);
    }

    #[test]
    fn an_item_type_includes_rejections() {
        let items = Schema::OneOf(vec![object([("color", Schema::text())]), rejection()]);
        let (_, shapes) = lowered(&Definitions::new(), &object([("tins", Schema::list(items))]));
        let names: Vec<String> = fields(&shapes, "Response.tins").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["color", "code", "status", "message"]);
    }

    #[test]
    fn a_result_for_each_item_becomes_an_action_result() {
        let result =
            object([("code", Schema::text()), ("status", one_of(&["success"])), ("details", object([]))]);
        let items = Schema::list(Schema::OneOf(vec![result, rejection()]));
        let (_, shapes) = lowered(&Definitions::new(), &object([("colors", items)]));
        let list = TypeRef::List(Box::new(TypeRef::ActionResult));
        assert_eq!(fields(&shapes, "Response"), [("colors".to_owned(), list)]);
    }

    #[test]
    fn a_union_of_objects_has_the_fields_of_all_and_a_conflict_becomes_a_value() {
        let first = object([("id", Schema::text()), ("size", Schema::Integer)]);
        let second = object([("size", Schema::text()), ("lid", Schema::Boolean)]);
        let (_, shapes) = lowered(&Definitions::new(), &Schema::OneOf(vec![first, second]));
        let expected = [("id", TypeRef::Text), ("size", TypeRef::Value), ("lid", TypeRef::Boolean)];
        assert_eq!(fields(&shapes, "Response"), expected.map(|(name, kind)| (name.to_owned(), kind)));
    }

    #[test]
    fn a_text_is_an_enum_if_it_has_several_values_and_is_not_a_message() {
        let response = object([
            ("kind", one_of(&["oil", "water"])),
            ("only", one_of(&["oil"])),
            ("message", one_of(&["it is oil", "it is water"])),
        ]);
        let (_, shapes) = lowered(&Definitions::new(), &response);
        let kinds: Vec<TypeRef<Key>> =
            fields(&shapes, "Response").into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [TypeRef::Named(Key::new("paint", "Response.kind")), TypeRef::Text, TypeRef::Text]);
    }

    #[test]
    fn a_shape_can_contain_itself() {
        let tree = Key::new("paint", "Tree");
        let definition = object([("branches", Schema::list(Schema::Named(tree.clone())))]);
        let (kind, shapes) =
            lowered(&[(tree.clone(), definition)].into_iter().collect(), &Schema::Named(tree.clone()));
        assert_eq!(shapes.len(), 1);
        assert_eq!(kind, TypeRef::Named(tree));
    }

    #[test]
    fn a_common_shape_is_one_type_wherever_it_occurs() {
        let text =
            "[[common]]\nname = \"Reference\"\nfields = { id = \"text\" }\nreason = \"it is everywhere\"";
        let overrides = Overrides::read(text).unwrap();
        let definitions = Definitions::new();
        let mut lowering = Lowering::new(&definitions, &overrides);
        let owner = object([("id", Schema::text())]);
        let kinds = ["Owner", "Lid"].map(|name| {
            lowering.lower(&owner, &Key::new("paint", name), &NamedAfter::Definition(name.into())).unwrap()
        });
        assert_eq!(
            kinds,
            [
                TypeRef::Named(Key::new("shared", "Reference")),
                TypeRef::Named(Key::new("shared", "Reference"))
            ]
        );
    }

    #[test]
    fn an_id_that_is_described_as_a_number_accepts_a_text() {
        let response = object([("tin_id__s", Schema::Integer), ("size", Schema::Integer)]);
        let (_, shapes) = lowered(&Definitions::new(), &response);
        let kinds: Vec<TypeRef<Key>> =
            fields(&shapes, "Response").into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [TypeRef::Value, TypeRef::Integer]);
    }

    #[test]
    fn the_same_union_in_two_places_is_one_type() {
        let definitions: Definitions = [("A", "a"), ("B", "b")]
            .map(|(name, field)| (Key::new("paint", name), object([(field, Schema::text())])))
            .into_iter()
            .collect();
        let either = || Schema::OneOf(["A", "B"].map(|name| Schema::Named(Key::new("paint", name))).to_vec());
        let (_, shapes) = lowered(&definitions, &object([("one", either()), ("two", either())]));
        let kinds: Vec<TypeRef<Key>> =
            fields(&shapes, "Response").into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds[0], kinds[1]);
    }
}
