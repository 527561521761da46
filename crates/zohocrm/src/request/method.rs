//! `Method`: the HTTP methods that the CRM knows.

use std::fmt;
use std::str::FromStr;

/// An HTTP method that the CRM knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or starts something.
    Post,
    /// Replaces, or changes.
    Put,
    /// Changes.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// Its name on the wire.
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

    /// Reads a method in any case: `get`, `GET`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let methods = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];
        methods.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownMethod)
    }
}

/// The text is not one of the CRM's methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is none of GET, POST, PUT, PATCH and DELETE")]
pub struct UnknownMethod;
