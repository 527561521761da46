//! Why nothing was generated.

use std::fmt::Display;
use std::path::PathBuf;

/// Why nothing was generated.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{} cannot be used: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A program that is needed failed.
    #[error("`{program}` failed: {reason}")]
    Program {
        /// Which.
        program: String,
        /// What it said.
        reason: String,
    },
    /// A source says something that is not understood.
    #[error("{place} is not understood: {reason}")]
    Source {
        /// Where.
        place: String,
        /// What.
        reason: String,
    },
    /// Two things would have the same name.
    #[error("{} names collide:\n  {}", .0.len(), .0.join("\n  "))]
    Collisions(Vec<String>),
    /// An entry of `overrides.toml` names something that is not there.
    #[error("overrides.toml is out of date:\n  {}", .0.join("\n  "))]
    Overrides(Vec<String>),
    /// What was committed is not what would be generated.
    #[error("{} generated files differ; run `cargo xtask generate`:\n  {}", .0.len(), .0.join("\n  "))]
    Differs(Vec<String>),
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>, reason: impl Display) -> Self {
        Self::File { path: path.into(), reason: reason.to_string() }
    }

    pub(crate) fn source(place: impl Display, reason: impl Display) -> Self {
        Self::Source { place: place.to_string(), reason: reason.to_string() }
    }
}
