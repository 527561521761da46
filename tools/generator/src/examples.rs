//! Reads the bodies that Zoho publishes as examples.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};

/// Reads the `body` of every `*.json` file in the subfolders of a folder.
///
/// # Errors
/// When a file is not JSON.
pub fn load(folder: &Path) -> Result<Vec<Value>> {
    let mut bodies = Vec::new();
    for folder in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&folder)? {
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read(&path).map_err(|error| Error::file(&path, error))?;
                let mut example: Value =
                    serde_json::from_slice(&text).map_err(|error| Error::file(&path, error))?;
                bodies.push(example["body"].take());
            }
        }
    }
    Ok(bodies)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| Error::file(folder, error))?;
    entries.map(|entry| Ok(entry.map_err(|error| Error::file(folder, error))?.path())).collect()
}
