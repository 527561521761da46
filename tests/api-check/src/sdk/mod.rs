//! Reads Zoho's official Python SDK: its operations from the source code, the shapes of its classes from its data file.

mod classes;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use crate::description::{Description, Unreadable};

const OPERATIONS: &str = "src/com/zoho/crm/api";
const CLASSES: &str = "src/json_details.json";

/// Reads the package `zohocrmsdk` from its folder.
///
/// # Errors
/// When a file cannot be read, or does not have the format that the SDK's generator writes.
pub fn read(package: &Path) -> Result<Description, Unreadable> {
    let path = package.join(CLASSES);
    let text = fs::read(&path).map_err(|error| Unreadable::file(&path, error))?;
    let details = serde_json::from_slice(&text).map_err(|error| Unreadable::file(&path, error))?;
    let mut classes = classes::Classes::new(&details);
    let mut operations = Vec::new();
    for path in files(&package.join(OPERATIONS))? {
        let text = fs::read_to_string(&path).map_err(|error| Unreadable::file(&path, error))?;
        for method in source::methods(&text) {
            operations.push(classes.operation(&method)?);
        }
    }
    Ok(Description { operations, schemas: classes.into_schemas() })
}

/// Lists the files `…/roles/roles_operations.py`.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let listed = |folder: &Path| -> Result<Vec<PathBuf>, Unreadable> {
        let entries = fs::read_dir(folder).map_err(|error| Unreadable::file(folder, error))?;
        Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
    };
    let mut files = Vec::new();
    for area in listed(folder)?.iter().filter(|path| path.is_dir()) {
        let is_source = |path: &PathBuf| path.to_string_lossy().ends_with("_operations.py");
        files.extend(listed(area)?.into_iter().filter(is_source));
    }
    files.sort();
    Ok(files)
}
