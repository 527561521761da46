//! Reads the example bodies that Zoho publishes, from a folder with one file for each.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::description::Unreadable;

/// An example body that Zoho publishes.
#[derive(Clone, Debug)]
pub struct Example {
    /// The file: `roles/list-200.json`.
    pub file: String,
    /// The HTTP method.
    pub method: String,
    /// The path, with parameter names in braces.
    pub path: String,
    /// The status of the response, or `None` for the body of a request.
    pub status: Option<u16>,
    /// The body.
    pub body: Value,
}

impl Example {
    /// Whether this is the body of a successful response.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| status < 300)
    }
}

/// Reads every `RESOURCE/NAME.json`, in alphabetical order.
///
/// # Errors
/// When a file cannot be read, or is not an example.
pub fn read(folder: &Path) -> Result<Vec<Example>, Unreadable> {
    let mut examples = Vec::new();
    for resource in listed(folder)?.iter().filter(|path| path.is_dir()) {
        for path in listed(resource)? {
            let text = fs::read(&path).map_err(|error| Unreadable::file(&path, error))?;
            let content: Value =
                serde_json::from_slice(&text).map_err(|error| Unreadable::file(&path, error))?;
            examples.push(example(folder, &path, &content)?);
        }
    }
    match examples.is_empty() {
        true => Err(Unreadable::file(folder, "contains no example")),
        false => Ok(examples),
    }
}

fn example(folder: &Path, path: &Path, content: &Value) -> Result<Example, Unreadable> {
    let text = |name: &str| match content[name].as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Unreadable::file(path, format!("has no `{name}`"))),
    };
    Ok(Example {
        file: path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned(),
        method: text("method")?,
        path: text("path")?,
        status: content["status"].as_u64().and_then(|status| u16::try_from(status).ok()),
        body: content["body"].clone(),
    })
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let entries = fs::read_dir(folder).map_err(|error| Unreadable::file(folder, error))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}
