//! `Shape`: a type that has no Rust name yet.

use indexmap::IndexMap;

use crate::model::TypeRef;
use crate::schema::Key;

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
