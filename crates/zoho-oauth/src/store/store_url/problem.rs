//! Why a text is not the URL of a token store.

use std::fmt;

use super::super::error::{StoreError, StoreErrorKind};
use super::kind::StoreKind;

/// Why a text is not the URL of a token store: what is wrong, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreUrlError(pub(super) Problem);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    MissingScheme,
    UnknownScheme(String),
    MissingPath(&'static str),
    UnexpectedPath,
    Malformed {
        /// As it was written.
        scheme: String,
        kind: StoreKind,
        error: url::ParseError,
    },
    UnescapedCharacter,
    BadEncoding(&'static str),
    UnknownSetting {
        name: String,
        known: &'static [&'static str],
    },
    InvalidSetting {
        name: &'static str,
        expected: &'static str,
    },
    #[allow(dead_code, reason = "a build may lack the store that names databases by numbers")]
    InvalidPath {
        expected: &'static str,
    },
    #[allow(dead_code, reason = "every store but these takes a URL in its `open`")]
    WrongKind {
        expected: &'static str,
    },
}

#[allow(dead_code, reason = "a build may lack the stores that take these settings")]
impl StoreUrlError {
    pub(in crate::store) fn invalid_setting(name: &'static str, expected: &'static str) -> Self {
        Self(Problem::InvalidSetting { name, expected })
    }

    pub(in crate::store) fn wrong_kind(expected: StoreKind) -> Self {
        Self(Problem::WrongKind { expected: expected.example() })
    }

    pub(in crate::store) fn invalid_path(expected: &'static str) -> Self {
        Self(Problem::InvalidPath { expected })
    }
}

impl StoreUrlError {
    /// Whether the URL has no scheme, or one that no store has.
    #[must_use]
    pub fn is_unknown_scheme(&self) -> bool {
        matches!(self.0, Problem::MissingScheme | Problem::UnknownScheme(_))
    }

    /// Whether the scheme is known and a setting behind the question mark is unknown or has an invalid value.
    #[must_use]
    pub fn is_about_a_setting(&self) -> bool {
        matches!(self.0, Problem::UnknownSetting { .. } | Problem::InvalidSetting { .. })
    }

    fn evidence(&self) -> String {
        match &self.0 {
            Problem::MissingScheme => "no scheme".to_owned(),
            Problem::UnknownScheme(scheme) => format!("unknown scheme `{scheme}`"),
            Problem::MissingPath(scheme) => format!("`{scheme}:` without a path"),
            Problem::UnexpectedPath => "`memory:` with a path".to_owned(),
            Problem::Malformed { error, .. } => error.to_string(),
            Problem::UnescapedCharacter => "an `@` after the host, or a `#`".to_owned(),
            Problem::BadEncoding(part) => format!("the {part} is not percent-encoded correctly"),
            Problem::UnknownSetting { name, .. } => format!("unknown setting `{}`", name.escape_debug()),
            Problem::InvalidSetting { name, .. } => format!("invalid value for the setting `{name}`"),
            Problem::InvalidPath { .. } => "invalid path".to_owned(),
            Problem::WrongKind { .. } => "the URL is for another kind of store".to_owned(),
        }
    }

    fn next_step(&self) -> String {
        match &self.0 {
            Problem::MissingScheme | Problem::UnknownScheme(_) => "expected `memory:`, `file:PATH`, `sqlite:PATH`, `sqlite::memory:`, `mysql://`, `postgres://`, `redis://`, `rediss://`, `redis+sentinel://` or `aws-secretsmanager:PREFIX`".to_owned(),
            Problem::MissingPath("file") => "expected a path, as in `file:sdk_tokens.txt`".to_owned(),
            Problem::MissingPath(_) => "expected a path, as in `sqlite:zohooauth.db`".to_owned(),
            Problem::UnexpectedPath => "expected `memory:` alone".to_owned(),
            Problem::Malformed { scheme, kind, .. } => format!("expected `{scheme}://user:password@host{}`; in a password, write `/` as `%2F` and `@` as `%40`", kind.example_place(scheme)),
            Problem::UnescapedCharacter => "in a password, write `/` as `%2F`, `?` as `%3F`, `#` as `%23` and `@` as `%40`".to_owned(),
            Problem::BadEncoding(_) => "write `%` itself as `%25`".to_owned(),
            Problem::UnknownSetting { known, .. } => format!("expected one of {}", known.join(", ")),
            Problem::InvalidSetting { expected, .. } | Problem::InvalidPath { expected } => format!("expected {expected}"),
            Problem::WrongKind { expected } => format!("expected {expected}"),
        }
    }
}

impl fmt::Display for StoreUrlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "invalid store URL: {}; {}", self.evidence(), self.next_step())
    }
}

impl std::error::Error for StoreUrlError {}

impl From<StoreUrlError> for StoreError {
    fn from(error: StoreUrlError) -> Self {
        Self::of(StoreErrorKind::Rejected, "open the token store at this URL")
            .evidence(error.evidence())
            .next_step(error.next_step())
    }
}
