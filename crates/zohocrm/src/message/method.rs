//! `Method`: the HTTP methods that the CRM supports; `OperationName`: a call in error messages and logs.

use std::fmt;
use std::str::FromStr;

/// An HTTP method that the CRM supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Creates a resource, or starts an action.
    Post,
    /// Replaces or changes a resource.
    Put,
    /// Changes a resource.
    Patch,
    /// Deletes a resource.
    Delete,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    /// Parses a method in any case: `get`, `GET`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let methods = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];
        methods.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownMethod)
    }
}

/// A text that is not the name of a supported method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown HTTP method; expected one of GET, POST, PUT, PATCH, DELETE")]
pub struct UnknownMethod;

/// Method and path of a call, without its query, which can contain personal data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperationName<'a> {
    method: Method,
    path: &'a str,
}

impl<'a> OperationName<'a> {
    pub(crate) fn new(method: Method, path: &'a str) -> Self {
        Self { method, path: path.split(['?', '#']).next().unwrap_or_default() }
    }
}

impl fmt::Display for OperationName<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path.escape_debug())
    }
}
