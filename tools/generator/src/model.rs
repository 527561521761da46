//! The model of the client: areas with operations and types, under their Rust names.
//!
//! Until its types are named, an operation refers to them by the source's [`Key`]: it is an `Operation<Key>`. A
//! [`Client`] holds operations and types with Rust names only.

use crate::schema::{Key, Origin, Place};

/// The generated client.
#[derive(Debug)]
pub struct Client {
    /// The areas, sorted by name.
    pub areas: Vec<Area>,
    /// The types that more than one area uses.
    pub shared: Vec<Type>,
}

/// The name of the type that holds an area's operations, in the area's module.
pub const HANDLE: &str = "Operations";

/// A group of operations that becomes one module.
#[derive(Debug)]
pub struct Area {
    /// The name of the module and of the `Api` method that opens it: `user_groups`.
    pub name: String,
    /// The Cargo feature that enables the area.
    pub feature: String,
    /// The subject in words: `user groups`.
    pub words: String,
    /// The operations of the area.
    pub operations: Vec<Operation>,
    /// The types that only this area uses.
    pub types: Vec<Type>,
}

/// One call.
#[derive(Debug)]
pub struct Operation<N = Name> {
    /// The method of the area's handle: `list`.
    pub name: String,
    /// The type of the call: `ListUserGroups`.
    pub request: String,
    /// What the call does, without a full stop: `Lists user groups`.
    pub sentence: String,
    /// The HTTP method: `GET`.
    pub method: String,
    /// `/crm/v8/settings/user_groups/{group}`.
    pub path: String,
    /// Whether the call goes to the host for uploads and downloads.
    pub on_upload_host: bool,
    /// Whether the only path parameter is a whole URL from an earlier response.
    pub is_url: bool,
    /// The required parameters, in order.
    pub arguments: Vec<Parameter<N>>,
    /// The optional parameters.
    pub options: Vec<Parameter<N>>,
    /// The body of the request.
    pub body: Option<Body<N>>,
    /// The body of a successful response.
    pub response: Response<N>,
    /// The query parameters that select what the call applies to, at least one of which it needs.
    pub selection: Vec<String>,
    /// The scopes that allow the call: any one of the lists, and all scopes of that list.
    pub scopes: Vec<Vec<String>>,
    /// The source that describes the operation.
    pub origin: Origin,
    /// Other values that the last path parameter accepts.
    pub also_takes: Vec<String>,
}

/// A parameter of a call.
#[derive(Debug)]
pub struct Parameter<N = Name> {
    /// The name on the wire.
    pub wire: String,
    /// The name in Rust.
    pub name: String,
    /// Path, query or header.
    pub place: Place,
    /// Text, a number, a flag, a date, a list of these, or an enum.
    pub kind: TypeRef<N>,
}

/// The body of a request.
#[derive(Debug)]
pub enum Body<N = Name> {
    /// JSON of this type.
    Json(TypeRef<N>),
    /// `multipart/form-data` with one file.
    Form {
        /// The form field that holds the file.
        file_field: String,
    },
}

/// The body of a successful response.
#[derive(Debug)]
pub enum Response<N = Name> {
    /// JSON of this type.
    Json(TypeRef<N>),
    /// A file.
    Bytes,
}

/// A struct or an enum.
#[derive(Debug)]
pub struct Type {
    /// The name in Rust.
    pub name: String,
    /// A noun phrase that describes the type, without a full stop.
    pub sentence: String,
    /// Fields or variants.
    pub content: TypeContent,
    /// Whether requests contain the type, so that callers need setters.
    pub is_sent: bool,
}

/// The content of a type.
#[derive(Debug)]
pub enum TypeContent {
    /// Fields, any of which may be absent or null.
    Struct(Vec<Field>),
    /// The known values of a text: variant name and text.
    Enum(Vec<(String, String)>),
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// The name on the wire.
    pub wire: String,
    /// The name in Rust.
    pub name: String,
    /// The type of the field.
    pub kind: TypeRef,
    /// The other kind of value that the field accepts.
    pub other: Option<OtherKind>,
}

/// What a field accepts besides values of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKind {
    /// A number in place of a text.
    Number,
    /// A text in place of a number.
    Text,
}

/// A type in a signature. `N` identifies the structs and enums of the client: a [`Key`] before they are named, a
/// [`Name`] afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeRef<N = Name> {
    /// `String`, also for ids.
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
    /// `Option<_>`, inside a list.
    Optional(Box<Self>),
    /// `Box<_>`, to break a cycle.
    Boxed(Box<Self>),
    /// `Value`.
    Value,
    /// `Record`.
    Record,
    /// `ActionResult`.
    ActionResult,
    /// A struct or an enum of the client.
    Named(N),
}

/// The Rust name of a struct or an enum, and the module that defines it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// In the module that refers to it.
    Own(String),
    /// In `shared`.
    Shared(String),
}

impl<N> TypeRef<N> {
    /// The struct or enum that this is, or that it is a list, an option or a box of.
    #[must_use]
    pub fn named(&self) -> Option<&N> {
        match self {
            Self::Named(name) => Some(name),
            Self::List(of) | Self::Optional(of) | Self::Boxed(of) => of.named(),
            _ => None,
        }
    }

    /// The same type with every name replaced.
    #[must_use]
    pub fn map<M>(&self, rename: &impl Fn(&N) -> M) -> TypeRef<M> {
        let inner = |of: &Self| Box::new(of.map(rename));
        match self {
            Self::Text => TypeRef::Text,
            Self::Integer => TypeRef::Integer,
            Self::Float => TypeRef::Float,
            Self::Boolean => TypeRef::Boolean,
            Self::Date => TypeRef::Date,
            Self::DateTime => TypeRef::DateTime,
            Self::List(of) => TypeRef::List(inner(of)),
            Self::Optional(of) => TypeRef::Optional(inner(of)),
            Self::Boxed(of) => TypeRef::Boxed(inner(of)),
            Self::Value => TypeRef::Value,
            Self::Record => TypeRef::Record,
            Self::ActionResult => TypeRef::ActionResult,
            Self::Named(name) => TypeRef::Named(rename(name)),
        }
    }

    /// Whether the sources say nothing about the type.
    #[must_use]
    pub fn is_untyped(&self) -> bool {
        match self {
            Self::Value => true,
            Self::List(of) | Self::Optional(of) => of.is_untyped(),
            _ => false,
        }
    }
}

impl Operation<Key> {
    /// The same operation with Rust names for its types.
    #[must_use]
    pub fn named(self, rename: &impl Fn(&Key) -> Name) -> Operation {
        let parameters = |parameters: Vec<Parameter<Key>>| {
            let named = parameters.into_iter().map(|Parameter { wire, name, place, kind }| Parameter {
                wire,
                name,
                place,
                kind: kind.map(rename),
            });
            named.collect()
        };
        Operation {
            name: self.name,
            request: self.request,
            sentence: self.sentence,
            method: self.method,
            path: self.path,
            on_upload_host: self.on_upload_host,
            is_url: self.is_url,
            arguments: parameters(self.arguments),
            options: parameters(self.options),
            body: self.body.map(|body| match body {
                Body::Json(kind) => Body::Json(kind.map(rename)),
                Body::Form { file_field } => Body::Form { file_field },
            }),
            response: match self.response {
                Response::Json(kind) => Response::Json(kind.map(rename)),
                Response::Bytes => Response::Bytes,
            },
            selection: self.selection,
            scopes: self.scopes,
            origin: self.origin,
            also_takes: self.also_takes,
        }
    }
}
