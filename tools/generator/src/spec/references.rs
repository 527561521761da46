//! Resolves references between the files of the folder. Nothing is fetched.

use indexmap::IndexMap;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::schema::Key;

/// The files of the specification, by name.
#[derive(Clone, Debug, Default)]
pub struct Files(IndexMap<String, Value>);

impl Files {
    /// Adds a file under its name without `.json`.
    pub fn insert(&mut self, name: String, document: Value) {
        self.0.insert(name, document);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, document)| (name.as_str(), document))
    }

    /// Follows a reference. Returns the value and the file that contains it, or the value itself if it is not a reference.
    pub(super) fn resolve<'a>(&'a self, file: &'a str, value: &'a Value) -> Result<(&'a str, &'a Value)> {
        let (mut file, mut value) = (file, value);
        while let Some(reference) = value["$ref"].as_str() {
            let (target, pointer) = split(file, reference);
            let found = self.0.get_key_value(target);
            let found = found.and_then(|(name, document)| Some((name, document.pointer(pointer)?)));
            let Some((name, next)) = found else {
                return Err(Error::source(
                    format!("{file}.json"),
                    format!("the reference `{reference}` leads nowhere"),
                ));
            };
            (file, value) = (name, next);
        }
        Ok((file, value))
    }
}

/// The key of the shape that a reference leads to, or `None` if it leads to something else.
pub(super) fn definition(file: &str, reference: &str) -> Option<Key> {
    let (target, pointer) = split(file, reference);
    let name = pointer.strip_prefix("/components/schemas/")?;
    (!name.contains('/')).then(|| Key::new(target, name))
}

/// Splits `https://…/users.json#/components/…` into `users` and `/components/…`.
fn split<'a>(file: &'a str, reference: &'a str) -> (&'a str, &'a str) {
    let (address, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let name = address.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".json").unwrap_or(name);
    (if name.is_empty() { file } else { name }, pointer)
}
