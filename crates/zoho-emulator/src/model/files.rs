//! Uploaded files, by organisation and id.

use std::collections::HashMap;

use bytes::Bytes;

/// The uploaded files of every organisation.
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
    pub(crate) fn insert(&mut self, organisation: &str, id: &str, file: StoredFile) {
        self.stored.insert((organisation.to_owned(), id.to_owned()), file);
    }

    pub(crate) fn get(&self, organisation: &str, id: &str) -> Option<&StoredFile> {
        self.stored.get(&(organisation.to_owned(), id.to_owned()))
    }

    /// Removes a file, and returns whether the organisation had it.
    pub(crate) fn remove(&mut self, organisation: &str, id: &str) -> bool {
        self.stored.remove(&(organisation.to_owned(), id.to_owned())).is_some()
    }
}
