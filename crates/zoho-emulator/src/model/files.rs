//! Uploaded files, by organization and id.

use std::collections::HashMap;

use bytes::Bytes;

/// The uploaded files of every organization.
#[derive(Debug, Default)]
pub(crate) struct FileStore {
    stored: HashMap<(String, String), StoredFile>,
}

/// An uploaded file.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    pub(crate) name: String,
    pub(crate) content: Bytes,
}

impl FileStore {
    pub(crate) fn insert(&mut self, organization: &str, id: &str, file: StoredFile) {
        self.stored.insert((organization.to_owned(), id.to_owned()), file);
    }

    pub(crate) fn get(&self, organization: &str, id: &str) -> Option<&StoredFile> {
        self.stored.get(&(organization.to_owned(), id.to_owned()))
    }

    /// Removes a file, and returns whether the organization had it.
    pub(crate) fn remove(&mut self, organization: &str, id: &str) -> bool {
        self.stored.remove(&(organization.to_owned(), id.to_owned())).is_some()
    }
}
