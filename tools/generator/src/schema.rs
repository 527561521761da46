//! The common representation of both sources: operations and the shapes of their bodies.

use std::fmt;

use indexmap::IndexMap;

/// The content of a source.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Every named shape.
    pub definitions: Definitions,
    /// Every operation, in the source's order.
    pub operations: Vec<RawOperation>,
}

/// Named shapes.
pub type Definitions = IndexMap<Key, Schema>;

/// The identifier of a shape: `users/Minified_User`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The file or the module that defines it.
    pub area: String,
    /// The name in that file or module.
    pub name: String,
}

impl Key {
    /// Creates the key of a shape in an area.
    pub fn new(area: impl Into<String>, name: impl Into<String>) -> Self {
        Self { area: area.into(), name: name.into() }
    }

    /// The key of a shape without a name that is a member of this one.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self::new(&self.area, format!("{}.{name}", self.name))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.area, self.name)
    }
}

/// The shape of a value. Constraints that only serve validation (patterns, lengths, required fields) are left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// Any value.
    Any,
    /// Text.
    Text {
        /// Plain text or a date.
        format: TextFormat,
        /// The known values. Empty if any text is possible.
        values: Vec<String>,
    },
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// The content of a file.
    File,
    /// A list.
    List {
        /// The shape of an item.
        items: Box<Self>,
        /// Whether an item can be null.
        nullable: bool,
    },
    /// A record of a module, whose fields each organization defines.
    Record,
    /// An object. Any object if there are no fields.
    Object(IndexMap<String, Self>),
    /// One of several shapes.
    OneOf(Vec<Self>),
    /// A reference to a named shape.
    Named(Key),
}

/// The format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// Any text.
    Plain,
    /// A date.
    Date,
    /// A date with a time.
    DateTime,
}

impl Schema {
    /// Plain text with any value.
    #[must_use]
    pub fn text() -> Self {
        Self::Text { format: TextFormat::Plain, values: Vec::new() }
    }

    /// A list of these items.
    #[must_use]
    pub fn list(items: Self) -> Self {
        Self::List { items: Box::new(items), nullable: false }
    }

    /// Whether nothing is known: any value, or an object without known fields.
    #[must_use]
    pub fn is_untyped(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Object(fields) => fields.is_empty(),
            Self::OneOf(branches) => branches.iter().all(Self::is_untyped),
            _ => false,
        }
    }
}

/// An operation as a source describes it.
#[derive(Clone, Debug)]
pub struct RawOperation {
    /// The file or the module that describes it.
    pub area: String,
    /// Its name in the source, in words: `Get Roles`.
    pub id: String,
    /// The HTTP method: `GET`.
    pub method: String,
    /// `/crm/v8/settings/roles/{id}`.
    pub path: String,
    /// Whether the call goes to the host for uploads and downloads.
    pub on_upload_host: bool,
    /// Path, query and header parameters.
    pub parameters: Vec<Parameter>,
    /// The body of the request.
    pub body: Option<Body>,
    /// The JSON bodies of successful responses.
    pub responses: Vec<Schema>,
    /// Whether a successful response is a file.
    pub returns_file: bool,
    /// The query parameters that select what the call applies to, at least one of which it needs.
    pub selection: Vec<String>,
    /// The scopes that the source names: any one of the lists, and all scopes of that list.
    pub scopes: Vec<Vec<String>>,
    /// The source that describes the operation.
    pub origin: Origin,
    /// Other values that the last path parameter accepts.
    pub also_takes: Vec<String>,
}

impl RawOperation {
    /// Method and path without parameter names. Two operations with the same template are the same call.
    #[must_use]
    pub fn template(&self) -> String {
        let mut template = format!("{} ", self.method);
        for (index, part) in self.path.split('/').enumerate() {
            if index > 0 {
                template.push('/');
            }
            template.push_str(if part.starts_with('{') { "{}" } else { part });
        }
        template
    }

    /// An operation with nothing but a name, a method and a path.
    #[cfg(test)]
    pub(crate) fn for_tests(area: &str, id: &str, method: &str, path: &str) -> Self {
        Self {
            area: area.into(),
            id: id.into(),
            method: method.into(),
            path: path.into(),
            on_upload_host: false,
            parameters: Vec::new(),
            body: None,
            responses: Vec::new(),
            returns_file: false,
            selection: Vec::new(),
            scopes: Vec::new(),
            origin: Origin::OpenApi { file: area.into() },
            also_takes: Vec::new(),
        }
    }
}

/// The body of a request.
#[derive(Clone, Debug)]
pub struct Body {
    /// The content type.
    pub content: Content,
    /// The shape of the body.
    pub schema: Schema,
}

/// The content type of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// JSON.
    Json,
    /// `multipart/form-data`.
    Form,
}

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name on the wire.
    pub name: String,
    /// Path, query or header.
    pub place: Place,
    /// Whether the call needs it.
    pub required: bool,
    /// The shape of its value.
    pub schema: Schema,
}

/// The part of a request that holds a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The path.
    Path,
    /// The query string.
    Query,
    /// A header.
    Header,
}

/// The source that describes an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One of Zoho's OpenAPI files.
    OpenApi {
        /// The name of the file without `.json`.
        file: String,
    },
    /// Only the official Python SDK.
    PythonSdk {
        /// The SDK's module.
        module: String,
        /// The method of the operations class.
        function: String,
    },
}
