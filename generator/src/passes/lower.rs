//! From schemas to types: refusals are taken out of answers, unions become one struct with the fields of all, texts
//! with several known values become enums.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::envelope::{Envelope, envelope};
use crate::error::{Error, Result};
use crate::model::TypeRef;
use crate::overrides::Overrides;
use crate::schema::{Definitions, Key, Schema, TextFormat};

/// The types that were found, under the source's names.
pub type Shapes = IndexMap<Key, Shape>;

/// A struct or an enum that has no Rust name yet.
#[derive(Clone, Debug)]
pub struct Shape {
    /// What it is called after.
    pub named_after: NamedAfter,
    /// What is in it.
    pub content: ShapeContent,
}

/// What a type is called after.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NamedAfter {
    /// The source's definition.
    Definition(String),
    /// The field that holds it, of this type.
    Field(Key, String),
    /// The operation that answers with it.
    Answer(String),
    /// The operation that sends it.
    Body(String),
    /// A parameter of this operation.
    Parameter(String, String),
}

/// What is in a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShapeContent {
    /// Fields.
    Struct(Vec<(String, TypeRef)>),
    /// The known values of a text.
    Enum(Vec<String>),
}

/// The area of what no area owns.
pub(super) const SHARED: &str = "shared";

/// How deep shapes may stand in shapes without a name.
const DEEPEST: usize = 24;

/// Turns schemas into types.
#[derive(Debug)]
pub struct Lowering<'a> {
    definitions: &'a Definitions,
    overrides: &'a Overrides,
    shapes: Shapes,
    /// What became of the named shapes.
    known: HashMap<Key, TypeRef>,
    /// What became of several that may stand in one place.
    unions: HashMap<Vec<Key>, TypeRef>,
}

impl<'a> Lowering<'a> {
    /// With these named shapes.
    #[must_use]
    pub fn new(definitions: &'a Definitions, overrides: &'a Overrides) -> Self {
        Self { definitions, overrides, shapes: Shapes::new(), known: HashMap::new(), unions: HashMap::new() }
    }

    /// The types that were found.
    #[must_use]
    pub fn into_shapes(self) -> Shapes {
        self.shapes
    }

    /// The type of a schema; `at` is where it stands, and names it if nothing else does.
    ///
    /// # Errors
    /// When a name is not defined, or shapes without a name have no end.
    pub fn lower(&mut self, schema: &Schema, at: &Key, named_after: &NamedAfter) -> Result<TypeRef> {
        Ok(match schema {
            // An object of which no field is known turns out to be a text, or a number, as often as not.
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

    fn text(&mut self, format: TextFormat, values: &[String], at: &Key, named_after: &NamedAfter) -> TypeRef {
        match format {
            TextFormat::Date => return TypeRef::Date,
            TextFormat::DateTime => return TypeRef::DateTime,
            TextFormat::Plain => {}
        }
        let field = at.name.rsplit('.').next().unwrap_or_default();
        // Zoho's codes and messages grow without notice, and one value is no choice.
        if values.len() < 2
            || matches!(field, "code" | "message")
            || !values.iter().all(|value| is_nameable(value))
        {
            return TypeRef::Text;
        }
        let content = ShapeContent::Enum(values.to_vec());
        self.shapes.insert(at.clone(), Shape { named_after: named_after.clone(), content });
        TypeRef::Shape(at.clone())
    }

    fn named(&mut self, key: &Key) -> Result<TypeRef> {
        if let Some(known) = self.known.get(key) {
            return Ok(known.clone());
        }
        let Some(schema) = self.definitions.get(key) else {
            return Err(Error::source(key, "it is used and defined nowhere"));
        };
        let named_after = NamedAfter::Definition(key.name.clone());
        if matches!(schema, Schema::Object(fields) if !fields.is_empty() && envelope(&key.name, fields).is_none())
        {
            // It may stand in itself.
            self.known.insert(key.clone(), TypeRef::Shape(key.clone()));
        }
        let lowered = self.lower(schema, key, &named_after)?;
        self.known.insert(key.clone(), lowered.clone());
        Ok(lowered)
    }

    fn structure(
        &mut self,
        fields: &IndexMap<String, Schema>,
        at: &Key,
        named_after: &NamedAfter,
    ) -> Result<TypeRef> {
        if at.name.split('.').count() > DEEPEST {
            return Err(Error::source(at, "shapes without a name stand in each other without an end"));
        }
        // A shape that stands in many places under as many names is one type.
        let overrides = self.overrides;
        if at.area != SHARED
            && let Some(name) = overrides.common(fields)
        {
            return self.structure(fields, &Key::new(SHARED, name), &NamedAfter::Definition(name.to_owned()));
        }
        // Its place among the types is before those that stand in it.
        let empty = ShapeContent::Struct(Vec::new());
        self.shapes.insert(at.clone(), Shape { named_after: named_after.clone(), content: empty });
        let mut all = fields.clone();
        for (name, schema) in self.overrides.fields_of(at) {
            all.insert(name.to_owned(), schema);
        }
        let mut lowered = Vec::with_capacity(all.len());
        for (name, schema) in &all {
            let named_after = NamedAfter::Field(at.clone(), name.clone());
            let kind = match self.lower(schema, &at.child(name), &named_after)? {
                // Sources call some ids numbers; they come as texts.
                TypeRef::Integer if is_id(name) => TypeRef::Value,
                kind => kind,
            };
            lowered.push((name.clone(), kind));
        }
        if let Some(shape) = self.shapes.get_mut(at) {
            shape.content = ShapeContent::Struct(lowered);
        }
        Ok(TypeRef::Shape(at.clone()))
    }

    fn union(&mut self, branches: &[Schema], at: &Key, named_after: &NamedAfter) -> Result<TypeRef> {
        let mut flat: Vec<&Schema> = Vec::new();
        flatten(self.definitions, branches, &mut flat, 0);
        let answers: Vec<&Schema> = flat
            .iter()
            .copied()
            .filter(|branch| envelope_of(self.definitions, branch) != Some(Envelope::Refusal))
            .collect();
        let branches = if answers.is_empty() { flat } else { answers };
        match branches.as_slice() {
            [] => return Ok(TypeRef::Value),
            [only] => return self.lower(only, at, named_after),
            _ => {}
        }
        if branches.iter().all(|branch| envelope_of(self.definitions, branch).is_some()) {
            return Ok(TypeRef::ActionResult);
        }
        let resolved: Vec<&Schema> =
            branches.iter().map(|branch| resolve(self.definitions, branch)).collect();
        if resolved.iter().any(|branch| matches!(branch, Schema::Record)) {
            return Ok(TypeRef::Record);
        }
        if resolved.iter().all(|branch| matches!(branch, Schema::Object(_))) {
            return self.joined(&branches, at, named_after);
        }
        if resolved.iter().all(|branch| matches!(branch, Schema::List { .. })) {
            let items = resolved.iter().filter_map(|branch| match branch {
                Schema::List { items, .. } => Some((**items).clone()),
                _ => None,
            });
            return self.lower(&Schema::list(Schema::OneOf(items.collect())), at, named_after);
        }
        if resolved.iter().all(|branch| matches!(branch, Schema::Text { .. })) {
            return Ok(self.one_text(&resolved, at, named_after));
        }
        let is_number = |branch: &&Schema| matches!(branch, Schema::Integer | Schema::Number);
        Ok(match resolved.first() {
            Some(first) if resolved.iter().all(|branch| branch == first) => {
                self.lower(first, at, named_after)?
            }
            _ if resolved.iter().all(is_number) => TypeRef::Float,
            _ => TypeRef::Value,
        })
    }

    /// One struct with the fields of all.
    fn joined(&mut self, branches: &[&Schema], at: &Key, named_after: &NamedAfter) -> Result<TypeRef> {
        let names = branches.iter().map(|branch| match branch {
            Schema::Named(key) => Some(key.clone()),
            _ => None,
        });
        let names: Option<Vec<Key>> = names.collect();
        let names = names.map(|mut names| {
            names.sort();
            names
        });
        if let Some(known) = names.as_ref().and_then(|names| self.unions.get(names)) {
            return Ok(known.clone());
        }
        if let Some(names) = &names {
            // It may stand in itself.
            self.unions.insert(names.clone(), TypeRef::Shape(at.clone()));
        }
        let mut fields: IndexMap<String, Vec<Schema>> = IndexMap::new();
        for branch in branches {
            let Schema::Object(more) = resolve(self.definitions, branch) else { continue };
            for (name, schema) in more {
                let known = fields.entry(name.clone()).or_default();
                if !known.contains(schema) {
                    known.push(schema.clone());
                }
            }
        }
        let one = |(name, mut schemas): (String, Vec<Schema>)| {
            let schema = if schemas.len() == 1 { schemas.remove(0) } else { Schema::OneOf(schemas) };
            (name, schema)
        };
        let fields: IndexMap<String, Schema> = fields.into_iter().map(one).collect();
        if fields.is_empty() {
            return Ok(TypeRef::Value);
        }
        let joined = self.structure(&fields, at, named_after)?;
        if let Some(names) = names {
            self.unions.insert(names, joined.clone());
        }
        Ok(joined)
    }

    /// One text with the values of all; any text, if one of them is.
    fn one_text(&mut self, branches: &[&Schema], at: &Key, named_after: &NamedAfter) -> TypeRef {
        let mut values: Vec<String> = Vec::new();
        let mut written = None;
        for branch in branches {
            let Schema::Text { format, values: more } = branch else { continue };
            if more.is_empty() || written.is_some_and(|known| known != *format) {
                return TypeRef::Text;
            }
            written = Some(*format);
            for value in more {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
        }
        self.text(written.unwrap_or(TextFormat::Plain), &values, at, named_after)
    }
}

/// The branches of branches, each once.
fn flatten<'s>(
    definitions: &'s Definitions,
    branches: &'s [Schema],
    into: &mut Vec<&'s Schema>,
    depth: usize,
) {
    for branch in branches {
        match resolve(definitions, branch) {
            Schema::OneOf(more) if depth < DEEPEST => flatten(definitions, more, into, depth + 1),
            _ if into.contains(&branch) => {}
            _ => into.push(branch),
        }
    }
}

/// What a name stands for.
fn resolve<'s>(definitions: &'s Definitions, schema: &'s Schema) -> &'s Schema {
    let mut schema = schema;
    for _ in 0..DEEPEST {
        match schema {
            Schema::Named(key) => match definitions.get(key) {
                Some(next) => schema = next,
                None => break,
            },
            Schema::OneOf(branches) if branches.len() == 1 => schema = &branches[0],
            _ => break,
        }
    }
    schema
}

fn envelope_of(definitions: &Definitions, schema: &Schema) -> Option<Envelope> {
    let name = match schema {
        Schema::Named(key) => key.name.as_str(),
        _ => "",
    };
    match resolve(definitions, schema) {
        Schema::Object(fields) => envelope(name, fields),
        _ => None,
    }
}

/// Whether a schema has no branch but refusals.
pub(super) fn only_refuses(definitions: &Definitions, schema: &Schema) -> bool {
    let mut branches = Vec::new();
    flatten(definitions, std::slice::from_ref(schema), &mut branches, 0);
    branches.iter().all(|branch| envelope_of(definitions, branch) == Some(Envelope::Refusal))
}

/// Whether a field holds an id.
fn is_id(field: &str) -> bool {
    let field = field.trim_end_matches("__s");
    matches!(field, "id" | "zuid" | "zgid") || field.ends_with("_id")
}

/// Whether a value can be the name of an enum's variant.
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

    fn refusal() -> Schema {
        object([("code", one_of(&["BAD"])), ("status", one_of(&["error"])), ("message", Schema::text())])
    }

    fn lowered(definitions: &Definitions, schema: &Schema) -> (TypeRef, Shapes) {
        let overrides = Overrides::default();
        let mut lowering = Lowering::new(definitions, &overrides);
        let at = Key::new("paint", "Answer");
        let kind = lowering.lower(schema, &at, &NamedAfter::Answer("Get Color".into())).unwrap();
        (kind, lowering.into_shapes())
    }

    fn fields(shapes: &Shapes, name: &str) -> Vec<(String, TypeRef)> {
        match &shapes[&Key::new("paint", name)].content {
            ShapeContent::Struct(fields) => fields.clone(),
            ShapeContent::Enum(_) => panic!("an enum"),
        }
    }

    #[test]
    fn a_refusal_is_no_part_of_an_answer() {
        let answer = Schema::OneOf(vec![object([("color", Schema::text())]), refusal()]);
        let (kind, shapes) = lowered(&Definitions::new(), &answer);
        assert_eq!(kind, TypeRef::Shape(Key::new("paint", "Answer")));
        assert_eq!(fields(&shapes, "Answer"), [("color".to_owned(), TypeRef::Text)]);
    }

    #[test]
    fn a_result_for_each_item_becomes_an_action_result() {
        let result =
            object([("code", Schema::text()), ("status", one_of(&["success"])), ("details", object([]))]);
        let items = Schema::list(Schema::OneOf(vec![result, refusal()]));
        let (_, shapes) = lowered(&Definitions::new(), &object([("colors", items)]));
        let list = TypeRef::List(Box::new(TypeRef::ActionResult));
        assert_eq!(fields(&shapes, "Answer"), [("colors".to_owned(), list)]);
    }

    #[test]
    fn several_objects_become_one_with_the_fields_of_all_and_a_conflict_becomes_a_value() {
        let first = object([("id", Schema::text()), ("size", Schema::Integer)]);
        let second = object([("size", Schema::text()), ("lid", Schema::Boolean)]);
        let (_, shapes) = lowered(&Definitions::new(), &Schema::OneOf(vec![first, second]));
        let expected = [("id", TypeRef::Text), ("size", TypeRef::Value), ("lid", TypeRef::Boolean)];
        assert_eq!(fields(&shapes, "Answer"), expected.map(|(name, kind)| (name.to_owned(), kind)));
    }

    #[test]
    fn a_text_is_an_enum_only_if_there_is_a_choice_and_it_is_no_message() {
        let answer = object([
            ("kind", one_of(&["oil", "water"])),
            ("only", one_of(&["oil"])),
            ("message", one_of(&["it is oil", "it is water"])),
        ]);
        let (_, shapes) = lowered(&Definitions::new(), &answer);
        let kinds: Vec<TypeRef> = fields(&shapes, "Answer").into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [TypeRef::Shape(Key::new("paint", "Answer.kind")), TypeRef::Text, TypeRef::Text]);
    }

    #[test]
    fn a_shape_may_stand_in_itself() {
        let tree = Key::new("paint", "Tree");
        let definition = object([("branches", Schema::list(Schema::Named(tree.clone())))]);
        let (kind, shapes) =
            lowered(&[(tree.clone(), definition)].into_iter().collect(), &Schema::Named(tree.clone()));
        assert_eq!(shapes.len(), 1);
        assert_eq!(kind, TypeRef::Shape(tree));
    }

    #[test]
    fn a_common_shape_is_one_type_wherever_it_stands() {
        let said =
            "[[common]]\nname = \"Reference\"\nfields = { id = \"text\" }\nreason = \"it is everywhere\"";
        let overrides = Overrides::read(said).unwrap();
        let definitions = Definitions::new();
        let mut lowering = Lowering::new(&definitions, &overrides);
        let owner = object([("id", Schema::text())]);
        let kinds = ["Owner", "Lid"].map(|name| {
            lowering.lower(&owner, &Key::new("paint", name), &NamedAfter::Definition(name.into())).unwrap()
        });
        assert_eq!(
            kinds,
            [
                TypeRef::Shape(Key::new("shared", "Reference")),
                TypeRef::Shape(Key::new("shared", "Reference"))
            ]
        );
    }

    #[test]
    fn an_id_that_is_called_a_number_may_be_a_text() {
        let answer = object([("tin_id__s", Schema::Integer), ("size", Schema::Integer)]);
        let (_, shapes) = lowered(&Definitions::new(), &answer);
        let kinds: Vec<TypeRef> = fields(&shapes, "Answer").into_iter().map(|(_, kind)| kind).collect();
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
        let kinds: Vec<TypeRef> = fields(&shapes, "Answer").into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds[0], kinds[1]);
    }
}
