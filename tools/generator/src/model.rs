//! What is emitted: areas with operations and types, all named as they are in Rust.

use crate::schema::{Content, Key, Origin, Place};

/// The generated client.
#[derive(Debug)]
pub struct Client {
    /// The areas, by name.
    pub areas: Vec<Area>,
    /// The types that more than one area uses.
    pub shared: Vec<Type>,
}

/// The type, in each area's module, that has the area's operations.
pub const HANDLE: &str = "Operations";

/// The operations on one thing.
#[derive(Debug)]
pub struct Area {
    /// Its module, and the method of `Api` that opens it: `user_groups`.
    pub name: String,
    /// The feature that it is behind.
    pub feature: String,
    /// What it is about, in words: `user groups`.
    pub words: String,
    /// Its operations.
    pub operations: Vec<Operation>,
    /// Its types.
    pub types: Vec<Type>,
}

/// One call.
#[derive(Debug)]
pub struct Operation {
    /// The method of the area: `list`.
    pub name: String,
    /// The type of the call: `ListUserGroups`.
    pub request: String,
    /// What it does: `Lists user groups`.
    pub sentence: String,
    /// `GET`.
    pub method: String,
    /// `/crm/v8/settings/user_groups/{group}`.
    pub path: String,
    /// Whether it is answered by the host for content.
    pub on_upload_host: bool,
    /// Whether the path is a whole URL that Zoho gave.
    pub is_url: bool,
    /// What has to be given, in order.
    pub arguments: Vec<Parameter>,
    /// What may be given.
    pub options: Vec<Parameter>,
    /// What is sent.
    pub body: Option<Body>,
    /// What is answered.
    pub answer: Answer,
    /// Which scopes allow it: of the lists any one, of each list all.
    pub scopes: Vec<Vec<String>>,
    /// Where it was found.
    pub origin: Origin,
    /// What else the last part of the path may be.
    pub also_takes: Vec<String>,
}

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// On the wire.
    pub wire: String,
    /// In Rust.
    pub name: String,
    /// Where it goes.
    pub place: Place,
    /// What it is: text, a number, a flag, a moment, a list of these, or an enum.
    pub kind: TypeRef,
}

/// What is sent.
#[derive(Debug)]
pub struct Body {
    /// JSON, or a form.
    pub content: Content,
    /// The type of the JSON.
    pub kind: TypeRef,
    /// The field of the form that the file goes into.
    pub file_field: String,
}

/// What is answered.
#[derive(Debug)]
pub enum Answer {
    /// JSON of this type.
    Json(TypeRef),
    /// A file.
    Bytes,
}

/// A struct or an enum.
#[derive(Debug)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// What it is, in words.
    pub sentence: String,
    /// What is in it.
    pub content: TypeContent,
    /// Whether callers make one, so that it needs setters.
    pub is_sent: bool,
}

/// What is in a type.
#[derive(Debug)]
pub enum TypeContent {
    /// Fields, any of which may be missing or null.
    Struct(Vec<Field>),
    /// The known values of a text: variant and text.
    Enum(Vec<(String, String)>),
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// On the wire.
    pub wire: String,
    /// In Rust.
    pub name: String,
    /// What it is.
    pub kind: TypeRef,
}

/// A type in a signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeRef {
    /// `String`; ids too.
    Text,
    /// `i64`.
    Integer,
    /// `f64`.
    Float,
    /// `bool`.
    Boolean,
    /// `Date`.
    Date,
    /// `DateTime`.
    DateTime,
    /// `Vec<_>`.
    List(Box<Self>),
    /// `Option<_>`, in a list.
    Optional(Box<Self>),
    /// `Box<_>`, in a cycle.
    Boxed(Box<Self>),
    /// `Value`.
    Value,
    /// `Record`.
    Record,
    /// `ActionResult`.
    ActionResult,
    /// A type that is still known by the source's name for it.
    Shape(Key),
    /// A type of this area.
    Own(String),
    /// A type of `shared`.
    Shared(String),
}

impl TypeRef {
    /// The shape that it is, or is a list of.
    #[must_use]
    pub fn shape(&self) -> Option<&Key> {
        match self {
            Self::Shape(key) => Some(key),
            Self::List(of) | Self::Optional(of) | Self::Boxed(of) => of.shape(),
            _ => None,
        }
    }

    /// The same with what stands in the innermost list or box replaced.
    #[must_use]
    pub fn map_ends(&self, replace: &impl Fn(&Self) -> Self) -> Self {
        let inside = |of: &Self| Box::new(of.map_ends(replace));
        match self {
            Self::List(of) => Self::List(inside(of)),
            Self::Optional(of) => Self::Optional(inside(of)),
            Self::Boxed(of) => Self::Boxed(inside(of)),
            other => replace(other),
        }
    }

    /// The same with every shape replaced.
    #[must_use]
    pub fn map_shapes(&self, replace: &impl Fn(&Key) -> Self) -> Self {
        self.map_ends(&|end| match end {
            Self::Shape(key) => replace(key),
            other => other.clone(),
        })
    }

    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_untyped(&self) -> bool {
        match self {
            Self::Value => true,
            Self::List(of) | Self::Optional(of) => of.is_untyped(),
            _ => false,
        }
    }
}
