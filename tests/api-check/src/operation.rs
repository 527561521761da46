//! [`Operation`]: one call of the API, as a source describes it.

use crate::schema::SchemaId;

/// One call of the API.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The file of the specification or the module of the SDK that describes it, such as `roles`.
    pub file: String,
    /// Its name in that file.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path, with parameter names in braces.
    pub path: String,
    /// The parameters in the path, the query and the headers.
    pub parameters: Vec<Parameter>,
    /// The body of the request.
    pub body: Option<Content>,
    /// The bodies of responses, by status.
    pub responses: Vec<(u16, Option<Content>)>,
}

/// A parameter in the path, the query or a header.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name on the wire.
    pub name: String,
    /// Path, query or header.
    pub place: Place,
    /// The shape of its value.
    pub schema: SchemaId,
    /// Whether the source says that the call needs it.
    pub required: bool,
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

/// A body.
#[derive(Clone, Debug)]
pub struct Content {
    /// The media type.
    pub media_type: String,
    /// The shape, if the source describes it.
    pub schema: Option<SchemaId>,
}

impl Operation {
    /// File, method and path: identifies the operation in messages.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {} {}", self.file, self.method, self.path)
    }

    /// The bodies of successful responses.
    pub fn successes(&self) -> impl Iterator<Item = (u16, &Content)> {
        self.bodies().filter(|(status, _)| (200..300).contains(status))
    }

    /// The bodies of error responses.
    pub fn failures(&self) -> impl Iterator<Item = (u16, &Content)> {
        self.bodies().filter(|(status, _)| !(200..300).contains(status))
    }

    /// The parameters in one part of the request.
    pub fn parameters_in(&self, place: Place) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }

    fn bodies(&self) -> impl Iterator<Item = (u16, &Content)> {
        self.responses.iter().filter_map(|(status, content)| Some((*status, content.as_ref()?)))
    }
}

impl Content {
    /// Whether the media type is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.media_type.contains("json")
    }
}

/// A path without the names of its parameters, which differ between descriptions of the same call.
#[must_use]
pub fn without_names(path: &str) -> String {
    let segment = |segment: &str| match segment.starts_with('{') && segment.ends_with('}') {
        true => "{}".to_owned(),
        false => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}
