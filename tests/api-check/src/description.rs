//! [`Description`]: all operations, as one source describes them.

use std::fmt;
use std::path::Path;

use crate::operation::{Operation, without_names};
use crate::schema::Schemas;

/// All operations, as one source describes them.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// The operations.
    pub operations: Vec<Operation>,
    /// The shapes of their bodies and responses.
    pub schemas: Schemas,
}

impl Description {
    /// Finds the operation that a file describes with this method and path.
    #[must_use]
    pub fn find(&self, file: &str, method: &str, path: &str) -> Option<&Operation> {
        self.operations.iter().find(|it| it.file == file && it.method == method && it.path == path)
    }

    /// Finds the operations with this method and path. The names of path parameters may differ.
    pub fn at<'a>(&'a self, method: &'a str, path: &str) -> impl Iterator<Item = &'a Operation> {
        let path = without_names(path);
        self.operations.iter().filter(move |it| it.method == method && without_names(&it.path) == path)
    }
}

/// The error when a description cannot be read.
#[derive(Clone, Debug)]
pub struct Unreadable(String);

impl Unreadable {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    pub(crate) fn file(path: &Path, error: impl fmt::Display) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}
