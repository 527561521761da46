//! Names types and their fields.

use std::collections::{HashMap, HashSet};

use heck::ToUpperCamelCase;

use super::duplicates::duplicates;
use super::operations::identifier;
use super::place::Places;
use super::shapes::{NamedAfter, SHARED, Shape, ShapeContent, Shapes};
use super::words::{one_of, words};
use super::wrapper::{is_results, is_wrapper, wrapper};
use crate::error::{Error, Result};
use crate::model::{Field, Name, Type, TypeContent, TypeRef};
use crate::overrides::Overrides;
use crate::schema::Key;

/// Names that generated code already uses.
const TAKEN: &[&str] = &[
    "ActionResult",
    "Box",
    "Clone",
    "Crm",
    "Date",
    "DateTime",
    "Debug",
    "Default",
    "Deserialize",
    "Download",
    "Err",
    "Extra",
    "From",
    "Into",
    "Iterator",
    "IntoIterator",
    "Map",
    "Method",
    "None",
    "Nullable",
    "Ok",
    "Option",
    "Record",
    "Request",
    "Result",
    "Self",
    "Send",
    "Serialize",
    "Some",
    "String",
    "Sync",
    "ToString",
    "Upload",
    "Value",
    "Vec",
];

/// The names that an area's types must not use.
#[derive(Debug)]
pub struct AreaContext {
    /// The source's name of the area.
    pub area: String,
    /// Names of the types of its operations.
    pub taken: HashSet<String>,
}

/// The Rust names of types and fields.
#[derive(Debug, Default)]
pub struct Named {
    names: HashMap<Key, String>,
    /// Duplicates, with the types that replace them.
    same: HashMap<Key, Key>,
    /// The names of the fields of structs, in order.
    fields: HashMap<Key, Vec<String>>,
    /// Types that only the overrides define.
    added: HashSet<Key>,
}

impl Named {
    /// The name of a type as the module of an area, or `shared`, refers to it.
    #[must_use]
    pub fn name(&self, key: &Key, places: &Places, inside: Option<&str>) -> Name {
        let key = self.same.get(key).unwrap_or(key);
        let name = self.names[key].clone();
        if places[key].as_deref() == inside { Name::Own(name) } else { Name::Shared(name) }
    }

    /// The types that an area, or `shared`, defines, in the order in which they were found.
    #[must_use]
    pub fn types(
        &self,
        shapes: &Shapes,
        places: &Places,
        inside: Option<&str>,
        sent: &HashSet<Key>,
    ) -> Vec<Type> {
        let is_here = |key: &Key| places.get(key).is_some_and(|place| place.as_deref() == inside);
        let sent: HashSet<&Key> = sent.iter().map(|key| self.same.get(key).unwrap_or(key)).collect();
        let here = shapes.iter().filter(|(key, _)| is_here(key) && !self.same.contains_key(*key));
        here.map(|(key, shape)| Type {
            name: self.names[key].clone(),
            sentence: match &shape.named_after {
                NamedAfter::Definition(_) if key.area == SHARED => {
                    "A shape that occurs under many names in Zoho's files".to_owned()
                }
                NamedAfter::Definition(_) if self.added.contains(key) => {
                    "A shape that Zoho's files do not define".to_owned()
                }
                _ => sentence(shape, &self.names),
            },
            content: match &shape.content {
                ShapeContent::Struct(fields) => {
                    let named = fields.iter().zip(&self.fields[key]);
                    let field = |((wire, kind), name): (&(String, TypeRef<Key>), &String)| Field {
                        wire: wire.clone(),
                        name: name.clone(),
                        kind: kind.map(&|key| self.name(key, places, inside)),
                        other: None,
                    };
                    TypeContent::Struct(named.map(field).collect())
                }
                ShapeContent::Enum(values) => TypeContent::Enum(variants(values)),
            },
            is_sent: sent.contains(key),
        })
        .collect()
    }
}

/// Names all types that are used.
///
/// # Errors
/// When two different types of one module would have the same name.
pub fn name(shapes: &Shapes, places: &Places, areas: &[AreaContext], overrides: &Overrides) -> Result<Named> {
    let mut collisions = Vec::new();
    let same = duplicates(shapes, places, overrides);
    let fields = name_fields(shapes, places, overrides, &mut collisions);
    let added = shapes.keys().filter(|key| overrides.adds(key)).cloned().collect();
    let mut named = Named { names: HashMap::new(), same, fields, added };
    let mut all: Vec<(Option<&str>, HashSet<String>)> = vec![(None, HashSet::new())];
    all.extend(areas.iter().map(|area| (Some(area.area.as_str()), area.taken.clone())));
    for (inside, taken) in all {
        let here: Vec<(&Key, &Shape)> = shapes
            .iter()
            .filter(|(key, _)| places.get(*key).is_some_and(|place| place.as_deref() == inside))
            .filter(|(key, _)| !named.same.contains_key(*key))
            .collect();
        Naming { named: &mut named, taken, overrides, collisions: &mut collisions }.name(&here);
    }
    if collisions.is_empty() { Ok(named) } else { Err(Error::Collisions(collisions)) }
}

/// Names the fields of each struct.
fn name_fields(
    shapes: &Shapes,
    places: &Places,
    overrides: &Overrides,
    collisions: &mut Vec<String>,
) -> HashMap<Key, Vec<String>> {
    let mut named = HashMap::new();
    for (key, shape) in shapes.iter().filter(|(key, _)| places.contains_key(*key)) {
        let ShapeContent::Struct(fields) = &shape.content else { continue };
        let mut names = Vec::with_capacity(fields.len());
        // Every struct has this field for members without a field.
        let mut seen: HashMap<String, &str> = [("extra".to_owned(), "extra (added to every struct)")].into();
        for (wire, _) in fields {
            let name = overrides.field_name(key, wire).map_or_else(|| identifier(wire), str::to_owned);
            if let Some(first) = seen.insert(name.clone(), wire) {
                collisions.push(format!(
                    "the fields `{first}` and `{wire}` of `{key}` would both be named `{name}`; add a [[field]] entry with `name` for one of them"
                ));
            }
            names.push(name);
        }
        named.insert(key.clone(), names);
    }
    named
}

/// Names the types of one module.
struct Naming<'a> {
    named: &'a mut Named,
    taken: HashSet<String>,
    overrides: &'a Overrides,
    collisions: &'a mut Vec<String>,
}

impl Naming<'_> {
    /// Names the types that the source or an operation names first, then the types of their fields.
    fn name(&mut self, here: &[(&Key, &Shape)]) {
        let wanted: Vec<(&Key, &Shape, Vec<String>)> =
            here.iter().map(|(key, shape)| (*key, *shape, self.candidates(key, shape))).collect();
        let mut short: HashMap<&str, usize> = HashMap::new();
        for (_, shape, candidates) in &wanted {
            if matches!(shape.named_after, NamedAfter::Field(..))
                && let Some(first) = candidates.first()
            {
                *short.entry(first).or_default() += 1;
            }
        }
        let is_field = |shape: &Shape| matches!(shape.named_after, NamedAfter::Field(..));
        for (key, shape, candidates) in wanted.iter().filter(|(_, shape, _)| !is_field(shape)) {
            self.give(key, shape, candidates);
        }
        for (key, shape, candidates) in wanted.iter().filter(|(_, shape, _)| is_field(shape)) {
            let mut candidates = candidates.clone();
            if candidates.len() == 1
                && short[candidates[0].as_str()] > 1
                && self.overrides.type_name(key).is_none()
            {
                // Fields with this name hold different types.
                candidates.clear();
            }
            if let NamedAfter::Field(parent, field) = &shape.named_after {
                let parent = self.named.same.get(parent).unwrap_or(parent);
                let parent = self.named.names.get(parent).cloned().unwrap_or_default();
                let parent = parent.trim_end_matches("Response").trim_end_matches("Body");
                candidates.push(format!("{parent}{}", one_of(field)));
            }
            self.give(key, shape, &candidates);
        }
    }

    fn candidates(&self, key: &Key, shape: &Shape) -> Vec<String> {
        if let Some(name) = self.overrides.type_name(key) {
            return vec![name.to_owned()];
        }
        let area = words(&key.area).join("_").to_upper_camel_case();
        let one = one_of(&key.area);
        match &shape.named_after {
            NamedAfter::Definition(name) if is_wrapper(name) => {
                let end = wrapper(name, shape);
                vec![format!("{area}{end}"), format!("{area}{}", words(name).join("_").to_upper_camel_case())]
            }
            NamedAfter::Definition(name) => {
                let name = words(name).join("_").to_upper_camel_case();
                vec![name.clone(), format!("{one}{name}")]
            }
            NamedAfter::Field(_, field) if matches!(shape.content, ShapeContent::Struct(_)) => {
                vec![one_of(field)]
            }
            NamedAfter::Field(..) => Vec::new(),
            NamedAfter::Response(request) => {
                let end = if is_results(shape) { "Results" } else { "Response" };
                vec![format!("{area}{end}"), format!("{request}{end}")]
            }
            NamedAfter::Body(request) => vec![format!("{area}Body"), format!("{request}Body")],
            NamedAfter::Parameter(request, parameter) => {
                let name = one_of(parameter);
                vec![format!("{one}{name}"), format!("{request}{name}")]
            }
        }
    }

    fn give(&mut self, key: &Key, shape: &Shape, candidates: &[String]) {
        let free = |name: &&String| !TAKEN.contains(&name.as_str()) && !self.taken.contains(*name);
        if let Some(name) = candidates.iter().find(free) {
            self.taken.insert(name.clone());
            self.named.names.insert(key.clone(), name.clone());
            return;
        }
        self.collisions.push(format!(
            "the type `{key}` ({}) would be named {}, which is taken; add a [[type]] entry with `name`",
            sentence(shape, &self.named.names),
            candidates.join(" or ")
        ));
    }
}

fn sentence(shape: &Shape, names: &HashMap<Key, String>) -> String {
    match (&shape.named_after, &shape.content) {
        (NamedAfter::Field(parent, field), ShapeContent::Enum(_)) => {
            let parent = names.get(parent).map_or(parent.name.as_str(), String::as_str);
            format!("Known values of `{field}` in `{parent}`")
        }
        (NamedAfter::Field(parent, field), ShapeContent::Struct(_)) => {
            let parent = names.get(parent).map_or(parent.name.as_str(), String::as_str);
            format!("The type of `{field}` in `{parent}`")
        }
        (NamedAfter::Definition(name), _) => format!("The `{name}` schema of Zoho's files"),
        (NamedAfter::Response(request), _) => format!("The response to `{request}`"),
        (NamedAfter::Body(request), _) => format!("The body of `{request}`"),
        (NamedAfter::Parameter(request, parameter), _) => {
            format!("Known values of the parameter `{parameter}` of `{request}`")
        }
    }
}

/// The variants of an enum, with unique names.
fn variants(values: &[String]) -> Vec<(String, String)> {
    let mut taken: HashSet<String> = ["Other".to_owned(), "Self".to_owned()].into();
    let mut variants = Vec::new();
    for value in values {
        let spelled: String = value
            .chars()
            .map(|letter| match letter {
                '+' => " plus ".to_owned(),
                '%' => " percent ".to_owned(),
                '&' => " and ".to_owned(),
                other => other.to_string(),
            })
            .collect();
        let mut name = words(&spelled).join("_").to_upper_camel_case();
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            name = format!("N{name}");
        }
        // `ASC` and `asc` are different values.
        while !taken.insert(name.clone()) {
            name.push_str(if value.chars().any(char::is_uppercase) { "Capital" } else { "Lower" });
        }
        variants.push((name, value.clone()));
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(named_after: NamedAfter, fields: &[(&str, TypeRef<Key>)]) -> Shape {
        let fields = fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect();
        Shape { named_after, content: ShapeContent::Struct(fields) }
    }

    fn in_paint(shapes: &Shapes) -> Places {
        shapes.keys().map(|key| (key.clone(), Some("paint".to_owned()))).collect()
    }

    fn named(shapes: &Shapes, taken: &[&str]) -> Result<Named> {
        let taken = taken.iter().map(|name| (*name).to_owned()).collect();
        let areas = [AreaContext { area: "paint".into(), taken }];
        name(shapes, &in_paint(shapes), &areas, &Overrides::default())
    }

    fn definition(name: &str) -> NamedAfter {
        NamedAfter::Definition(name.into())
    }

    #[test]
    fn a_wrapper_is_named_after_its_area_and_the_type_of_a_field_after_the_field() {
        let wrapper = Key::new("paint", "Response_Wrapper");
        let field = wrapper.child("tins");
        let shapes: Shapes = [
            (
                wrapper.clone(),
                shape(
                    definition("Response_Wrapper"),
                    &[("tins", TypeRef::List(Box::new(TypeRef::Named(field.clone()))))],
                ),
            ),
            (
                field.clone(),
                shape(NamedAfter::Field(wrapper.clone(), "tins".into()), &[("id", TypeRef::Text)]),
            ),
        ]
        .into_iter()
        .collect();
        let named = named(&shapes, &[]).unwrap();
        assert_eq!((named.names[&wrapper].as_str(), named.names[&field].as_str()), ("PaintResponse", "Tin"));
    }

    #[test]
    fn a_type_does_not_take_the_name_of_an_operation() {
        let color = Key::new("paint", "Color");
        let shapes: Shapes =
            [(color.clone(), shape(definition("Color"), &[("id", TypeRef::Text)]))].into_iter().collect();
        assert_eq!(named(&shapes, &["Color"]).unwrap().names[&color], "PaintColor");
        let error = named(&shapes, &["Color", "PaintColor"]).unwrap_err().to_string();
        assert!(error.contains("paint/Color") && error.contains("[[type]]"), "{error}");
    }

    #[test]
    fn two_wrappers_with_the_same_fields_become_one_type() {
        let results = [("colors", TypeRef::List(Box::new(TypeRef::ActionResult)))];
        let (first, second) = (Key::new("paint", "Success_Wrapper"), Key::new("paint", "ActionHandler"));
        let shapes: Shapes = [
            (first.clone(), shape(definition("Success_Wrapper"), &results)),
            (second.clone(), shape(definition("ActionHandler"), &results)),
        ]
        .into_iter()
        .collect();
        let named = named(&shapes, &[]).unwrap();
        assert_eq!((named.names[&first].as_str(), &named.same[&second]), ("PaintResults", &first));
    }

    #[test]
    fn variants_have_unique_names() {
        let values = ["asc", "ASC", "1 day", "a+b"].map(str::to_owned);
        let names: Vec<String> = variants(&values).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Asc", "AscCapital", "N1Day", "APlusB"]);
    }
}
