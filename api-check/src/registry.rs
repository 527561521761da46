//! What the generated registry is made of: every operation of the client, ready to be built and to be read.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zohocrm::{Crm, Date, DateTime, Request, Upload};

/// An operation of the client.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its module under `zohocrm::api`.
    pub area: &'static str,
    /// Its method.
    pub operation: &'static str,
    /// `GET`.
    pub method: &'static str,
    /// The path, with names where values go. `/{download_url}` stands for a whole URL.
    pub path: &'static str,
    /// Where it was found.
    pub source: Source,
    /// Builds it, with all its parameters.
    pub build: fn(&Crm, &Samples) -> Request,
    /// Reads an answer and writes it again; nothing if the answer is a file.
    pub answer: Option<RoundTrip>,
    /// Reads a body and writes it again; nothing if it has none, or sends a file.
    pub body: Option<RoundTrip>,
}

impl Entry {
    /// What [`Samples::with_body`] calls its body: `roles.create`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}.{}", self.area, self.operation)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{} ({} {}, {:?})", self.area, self.operation, self.method, self.path, self.source)
    }
}

/// Where an operation was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a file of the specification.
    OpenApi {
        /// The file's name, without `.json`.
        file: &'static str,
        /// `GET`.
        method: &'static str,
        /// As the file has it.
        path: &'static str,
    },
    /// In the official Python SDK only.
    PythonSdk {
        /// The module.
        module: &'static str,
        /// The method of its operations class.
        function: &'static str,
    },
}

/// Reads JSON as a type of the client, and writes it again.
pub type RoundTrip = fn(&[u8]) -> Result<Vec<u8>, String>;

/// Reads JSON as `T`, and writes it again.
///
/// # Errors
/// When the JSON is not of this shape; says where.
pub fn round_trip<T: Serialize + DeserializeOwned>(json: &[u8]) -> Result<Vec<u8>, String> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    serde_json::to_vec(&value).map_err(|error| error.to_string())
}

/// The values that calls are built with. Those that are not chosen are made from the parameter's name.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    texts: HashMap<String, String>,
    bodies: HashMap<String, Value>,
}

impl Samples {
    /// With a value for all text parameters of this name.
    #[must_use]
    pub fn with_text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.texts.insert(name.into(), value.into());
        self
    }

    /// With a body for an operation, such as `roles.create`.
    #[must_use]
    pub fn with_body(mut self, operation: impl Into<String>, body: impl Into<Value>) -> Self {
        self.bodies.insert(operation.into(), body.into());
        self
    }

    /// A text.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_else(|| format!("sample {name}"))
    }

    /// Two texts.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        vec![format!("{name}-1"), format!("{name}-2")]
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        i64::try_from(name.len()).unwrap_or(i64::MAX)
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        f64::from(u32::try_from(name.len()).unwrap_or(u32::MAX)) + 0.5
    }

    /// A flag: the one that is not the default in Rust.
    #[must_use]
    pub fn boolean(&self, _name: &str) -> bool {
        true
    }

    /// A moment.
    ///
    /// # Panics
    /// Never: the text is a moment.
    #[must_use]
    pub fn date_time(&self, _name: &str) -> DateTime {
        "2026-01-02T03:04:05+00:00".parse().unwrap_or_else(|error| panic!("{error}"))
    }

    /// A day.
    ///
    /// # Panics
    /// Never: the text is a day.
    #[must_use]
    pub fn date(&self, _name: &str) -> Date {
        "2026-01-02".parse().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The body that was chosen for an operation, or an empty one.
    ///
    /// # Panics
    /// When the body is not of the operation's type.
    #[must_use]
    pub fn body<T: DeserializeOwned>(&self, operation: &str) -> T {
        let empty = [Value::Object(serde_json::Map::new()), Value::Array(Vec::new())];
        let chosen = self.bodies.get(operation);
        let candidates = chosen.map_or(empty.as_slice(), std::slice::from_ref);
        let read = candidates.iter().find_map(|body| serde_json::from_value(body.clone()).ok());
        read.unwrap_or_else(|| panic!("the body for {operation} is not of its type: {candidates:?}"))
    }

    /// A small file.
    #[must_use]
    pub fn upload(&self) -> Upload {
        Upload::from_bytes("sample.txt", "the content of a sample")
    }
}
