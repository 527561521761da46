//! What the generator says that it made: one [`Entry`] for each operation, built with all its parameters.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zohocrm::{Crm, Date, DateTime, Request, Upload};

/// One operation of the client.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its module: `roles`.
    pub area: &'static str,
    /// Its method: `list`.
    pub operation: &'static str,
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The path, with names in curly brackets. `/{download_url}` stands for a whole URL.
    pub path: &'static str,
    /// Where the generator found it.
    pub source: Source,
    /// The scopes that its documentation names: of the lists any one, of each list all.
    pub scopes: &'static [&'static [&'static str]],
    /// What beside the path and the body it cannot be built without, by the names on the wire.
    pub required: &'static [&'static str],
    /// Builds the call through its public builder, with everything that can be set.
    pub build: fn(&Crm, &Samples) -> Request,
    /// Reads an answer and writes it again; `None` where the answer is a file.
    pub response: Option<RoundTrip>,
    /// Reads what is sent and writes it again; `None` where nothing is sent, or a file.
    pub body: Option<RoundTrip>,
}

impl Entry {
    /// What the sample of its body is called: `roles.create`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}.{}", self.area, self.operation)
    }
}

/// Where the generator found an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// In a file of the specification.
    OpenApi {
        /// Its name, without `.json`.
        file: &'static str,
        /// `GET`, `POST`, …
        method: &'static str,
        /// The path, as it is there.
        path: &'static str,
    },
    /// In the official Python SDK alone.
    PythonSdk {
        /// `taxes`.
        module: &'static str,
        /// `get_taxes`.
        function: &'static str,
    },
}

/// Reads JSON as some type, and writes that as JSON.
pub type RoundTrip = fn(&[u8]) -> Result<Vec<u8>, String>;

/// Reads JSON as a `T`, and writes that as JSON.
///
/// # Errors
/// When the JSON is no `T`; says where.
pub fn round_trip<T: DeserializeOwned + Serialize>(json: &[u8]) -> Result<Vec<u8>, String> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    serde_json::to_vec(&value).map_err(|error| error.to_string())
}

/// What an operation is built with: a value for each name, each unlike the others and hard to write into a URL.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    texts: HashMap<String, String>,
    bodies: HashMap<String, Value>,
}

impl Samples {
    /// The same with a text of the caller's.
    #[must_use]
    pub fn with_text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.texts.insert(name.into(), text.into());
        self
    }

    /// The same with a body for the operation `area.operation`.
    #[must_use]
    pub fn with_body(mut self, key: impl Into<String>, body: Value) -> Self {
        self.bodies.insert(key.into(), body);
        self
    }

    /// A text.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_else(|| format!("{name} /?&=+%#,;"))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        name.bytes().fold(7, |hash: i64, byte| (hash * 31 + i64::from(byte)) % 1_000_003)
    }

    /// A number.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "it is below a million")]
    pub fn number(&self, name: &str) -> f64 {
        self.integer(name) as f64 + 0.5
    }

    /// True.
    #[must_use]
    pub fn boolean(&self, _name: &str) -> bool {
        true
    }

    /// Two texts.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        vec![format!("first {name}"), format!("second {name}?&")]
    }

    /// A moment.
    #[must_use]
    pub fn date_time(&self, name: &str) -> DateTime {
        DateTime::from_unix_seconds(1_795_336_200 + self.integer(name)).unwrap_or_default()
    }

    /// A day.
    #[must_use]
    pub fn date(&self, name: &str) -> Date {
        self.date_time(name).date().unwrap_or_default()
    }

    /// The body for the operation `area.operation`; an empty one where none was given.
    ///
    /// # Panics
    /// When it is no `T`.
    #[must_use]
    pub fn body<T: DeserializeOwned>(&self, key: &str) -> T {
        let empty = [Value::Object(Map::new()), Value::Array(Vec::new())];
        let bodies = self.bodies.get(key).map_or(empty.as_slice(), std::slice::from_ref);
        let body = bodies.iter().find_map(|body| serde_json::from_value(body.clone()).ok());
        body.unwrap_or_else(|| panic!("the sample is no body of {key}: {bodies:?}"))
    }

    /// A file.
    #[must_use]
    pub fn upload(&self) -> Upload {
        Upload::from_bytes("sample file.txt", "the content of the file")
    }
}
