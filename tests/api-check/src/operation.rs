//! `Operation`: one call of the API, as whoever describes it says it is.

use crate::schema::SchemaId;

/// One call of the API.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Where it is described: a file of the specification or a module of the SDK, such as `roles`.
    pub file: String,
    /// What it is called there.
    pub name: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, with names in curly brackets.
    pub path: String,
    /// What goes into path, query and headers.
    pub parameters: Vec<Parameter>,
    /// What is sent.
    pub body: Option<Content>,
    /// What may come back, by status.
    pub responses: Vec<(u16, Option<Content>)>,
}

/// A part of a path, of a query string or of the headers.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// Where it goes.
    pub place: Place,
    /// What its value is.
    pub schema: SchemaId,
    /// Whether the call is said to be nothing without it.
    pub required: bool,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query string.
    Query,
    /// Among the headers.
    Header,
}

/// A body.
#[derive(Clone, Debug)]
pub struct Content {
    /// Its media type.
    pub media_type: String,
    /// Its shape, where it is described.
    pub schema: Option<SchemaId>,
}

impl Operation {
    /// The operation in a few words, for messages and as a key: file, method and path.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {} {}", self.file, self.method, self.path)
    }

    /// The bodies that come with a status of success.
    pub fn successes(&self) -> impl Iterator<Item = (u16, &Content)> {
        self.bodies().filter(|(status, _)| (200..300).contains(status))
    }

    /// The bodies that come with a status of failure.
    pub fn failures(&self) -> impl Iterator<Item = (u16, &Content)> {
        self.bodies().filter(|(status, _)| !(200..300).contains(status))
    }

    /// The parameters of one place.
    pub fn parameters_in(&self, place: Place) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }

    fn bodies(&self) -> impl Iterator<Item = (u16, &Content)> {
        self.responses.iter().filter_map(|(status, content)| Some((*status, content.as_ref()?)))
    }
}

impl Content {
    /// Whether it is JSON by its media type.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.media_type.contains("json")
    }
}

/// A path with its names left out: descriptions call the same thing by different names.
#[must_use]
pub fn without_names(path: &str) -> String {
    let segment = |segment: &str| match segment.starts_with('{') && segment.ends_with('}') {
        true => "{}".to_owned(),
        false => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}
