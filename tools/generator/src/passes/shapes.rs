//! [`Shape`]: a type that has no Rust name yet.

use indexmap::IndexMap;

use crate::model::TypeRef;
use crate::schema::Key;

/// Types by the source's names.
pub type Shapes = IndexMap<Key, Shape>;

/// A struct or an enum that has no Rust name yet.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The source of its name.
    pub named_after: NamedAfter,
    /// Fields or values.
    pub content: ShapeContent,
}

/// The source of a type's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NamedAfter {
    /// A definition of the source.
    Definition(String),
    /// The field that holds it: the type with the field, and the field.
    Field(Key, String),
    /// The operation that returns it.
    Response(String),
    /// The operation that sends it.
    Body(String),
    /// A parameter: the operation, and the parameter.
    Parameter(String, String),
}

/// The content of a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShapeContent {
    /// Fields.
    Struct(Vec<(String, TypeRef<Key>)>),
    /// The known values of a text.
    Enum(Vec<String>),
}

/// The area of types that no area owns.
pub(super) const SHARED: &str = "shared";
