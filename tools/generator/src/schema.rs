//! What both sources say, in one language: operations and the shapes of their bodies.

use std::fmt;

use indexmap::IndexMap;

/// What a source describes.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Every named shape.
    pub definitions: Definitions,
    /// Every operation, in the source's order.
    pub operations: Vec<RawOperation>,
}

/// Named shapes.
pub type Definitions = IndexMap<Key, Schema>;

/// The name of a shape: `users/Minified_User`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The file or the module that defines it.
    pub area: String,
    /// Its name there.
    pub name: String,
}

impl Key {
    /// A name in an area.
    pub fn new(area: impl Into<String>, name: impl Into<String>) -> Self {
        Self { area: area.into(), name: name.into() }
    }

    /// The name of something inside.
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

/// The shape of a value. What only says what a client should refuse (patterns, lengths, required fields) is left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// Anything.
    Any,
    /// Text; `values` are those that are known, none if any may come.
    Text {
        /// How it is written.
        format: TextFormat,
        /// The known values.
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
        /// What is in it.
        items: Box<Self>,
        /// Whether an item may be null.
        nullable: bool,
    },
    /// A record of a module: its fields are the organisation's own.
    Record,
    /// An object; without fields, any object.
    Object(IndexMap<String, Self>),
    /// One of several shapes.
    OneOf(Vec<Self>),
    /// A shape that is defined elsewhere.
    Named(Key),
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// In no special way.
    Plain,
    /// As a day.
    Date,
    /// As a moment.
    DateTime,
}

impl Schema {
    /// Text of any kind.
    #[must_use]
    pub fn text() -> Self {
        Self::Text { format: TextFormat::Plain, values: Vec::new() }
    }

    /// A list of this.
    #[must_use]
    pub fn list(items: Self) -> Self {
        Self::List { items: Box::new(items), nullable: false }
    }

    /// Whether it says nothing: any value, or an object of which no field is known.
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
    /// The file or the module it stands in.
    pub area: String,
    /// Its name there, in words: `Get Roles`.
    pub id: String,
    /// `GET`.
    pub method: String,
    /// `/crm/v8/settings/roles/{id}`.
    pub path: String,
    /// Whether it is answered by the host for content.
    pub on_upload_host: bool,
    /// Path, query and header parameters.
    pub parameters: Vec<Parameter>,
    /// What is sent.
    pub body: Option<Body>,
    /// The JSON answers of success.
    pub answers: Vec<Schema>,
    /// Whether it answers with a file.
    pub answers_bytes: bool,
    /// The scopes that the source names: of the lists any one, of each list all.
    pub scopes: Vec<Vec<String>>,
    /// Where it was found.
    pub origin: Origin,
    /// The names of path parameters that stand in the same place in operations with the same URL.
    pub also_takes: Vec<String>,
}

impl RawOperation {
    /// Method and path without the names of the parameters: what makes two operations the same call.
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

    /// One that says nothing but what it is called and where it goes.
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
            answers: Vec::new(),
            answers_bytes: false,
            scopes: Vec::new(),
            origin: Origin::OpenApi { file: area.into() },
            also_takes: Vec::new(),
        }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Body {
    /// As JSON or as a form with a file.
    pub content: Content,
    /// Its shape.
    pub schema: Schema,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// JSON.
    Json,
    /// `multipart/form-data`.
    Form,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// Where it goes.
    pub place: Place,
    /// Whether the call cannot do without.
    pub required: bool,
    /// Its shape.
    pub schema: Schema,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into the path.
    Path,
    /// Into the query.
    Query,
    /// Into a header.
    Header,
}

/// Where an operation was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a file of the specification.
    OpenApi {
        /// The file's name, without `.json`.
        file: String,
    },
    /// In the official Python SDK only.
    PythonSdk {
        /// The module.
        module: String,
        /// The method.
        function: String,
    },
}
