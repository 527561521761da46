//! The registry that the generator writes: one [`Entry`] for each operation, built with all its parameters.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zohocrm::{Crm, Date, DateTime, Described, Request, Upload};

/// One operation of the client.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The module: `roles`.
    pub area: &'static str,
    /// The method of the module: `list`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with parameter names in braces. `/{download_url}` means a whole URL.
    pub path: &'static str,
    /// The source that describes it.
    pub source: Source,
    /// The scopes in its documentation: any one of the lists, and all scopes of that list.
    pub scopes: &'static [&'static [&'static str]],
    /// The required parameters outside the path, by their names on the wire.
    pub required: &'static [&'static str],
    /// Builds the call through its public builder, with every parameter.
    pub build: fn(&Crm, &Samples) -> Request,
    /// The round trip of the response, or `None` if the response is a file.
    pub response: Option<RoundTrip>,
    /// The round trip of the body, or `None` if there is none or it is a file.
    pub body: Option<RoundTrip>,
}

impl Entry {
    /// The name of the operation, and the key of its sample body: `roles.create`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}.{}", self.area, self.operation)
    }
}

/// The source that describes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// One of Zoho's OpenAPI files.
    OpenApi {
        /// The name of the file without `.json`.
        file: &'static str,
        /// The HTTP method.
        method: &'static str,
        /// The path, as in the file.
        path: &'static str,
    },
    /// Only the official Python SDK.
    PythonSdk {
        /// The module: `taxes`.
        module: &'static str,
        /// The function: `get_taxes`.
        function: &'static str,
    },
}

/// Decodes JSON into some type and encodes it again.
pub type RoundTrip = fn(&[u8]) -> Result<Vec<u8>, String>;

/// Decodes JSON into a `T` and encodes it again.
///
/// # Errors
/// When the JSON is not a `T`, or a member is of another kind than its field. The message contains the path.
pub fn round_trip<T: DeserializeOwned + Serialize + Described>(json: &[u8]) -> Result<Vec<u8>, String> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    match value.misfits().into_iter().next() {
        Some(misfit) => Err(format!("{}: {} is of another kind", misfit.path, misfit.value)),
        None => serde_json::to_vec(&value).map_err(|error| error.to_string()),
    }
}

/// Sample parameters: a distinct value for each name, with characters that a URL has to escape.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    texts: HashMap<String, String>,
    bodies: HashMap<String, Value>,
    has_empty_lists: bool,
}

impl Samples {
    /// Makes every list of a parameter empty.
    #[must_use]
    pub fn with_empty_lists(self) -> Self {
        Self { has_empty_lists: true, ..self }
    }

    /// Adds a text for a name.
    #[must_use]
    pub fn with_text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.texts.insert(name.into(), text.into());
        self
    }

    /// Adds a body for the operation `area.operation`.
    #[must_use]
    pub fn with_body(mut self, key: impl Into<String>, body: Value) -> Self {
        self.bodies.insert(key.into(), body);
        self
    }

    /// The text for a name.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_else(|| format!("{name} /?&=+%#,;"))
    }

    /// The integer for a name.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        name.bytes().fold(7, |hash: i64, byte| (hash * 31 + i64::from(byte)) % 1_000_003)
    }

    /// The number for a name.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the integer is below one million")]
    pub fn number(&self, name: &str) -> f64 {
        self.integer(name) as f64 + 0.5
    }

    /// The flag for a name, which is always true.
    #[must_use]
    pub fn boolean(&self, _name: &str) -> bool {
        true
    }

    /// The list for a name: two texts, or none.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        if self.has_empty_lists {
            return Vec::new();
        }
        vec![format!("first {name}"), format!("second {name}?&")]
    }

    /// The date and time for a name.
    #[must_use]
    pub fn date_time(&self, name: &str) -> DateTime {
        DateTime::from_unix_seconds(1_795_336_200 + self.integer(name)).unwrap_or_default()
    }

    /// The date for a name.
    #[must_use]
    pub fn date(&self, name: &str) -> Date {
        self.date_time(name).date().unwrap_or_default()
    }

    /// The body for the operation `area.operation`. Default: an empty one.
    ///
    /// # Panics
    /// When the body is not a `T`.
    #[must_use]
    pub fn body<T: DeserializeOwned>(&self, key: &str) -> T {
        let empty = [Value::Object(Map::new()), Value::Array(Vec::new())];
        let bodies = self.bodies.get(key).map_or(empty.as_slice(), std::slice::from_ref);
        let body = bodies.iter().find_map(|body| serde_json::from_value(body.clone()).ok());
        body.unwrap_or_else(|| panic!("no sample is a body of `{key}`: {bodies:?}"))
    }

    /// A small text file.
    #[must_use]
    pub fn upload(&self) -> Upload {
        Upload::from_bytes("sample file.txt", "the content of the file")
    }
}
