//! The errors of the generator.

use std::fmt::Display;
use std::path::PathBuf;

/// Why nothing was generated.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("could not read or write `{}`: {reason}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system or the parser.
        reason: String,
    },
    /// A program that the generator runs failed.
    #[error("`{program}` failed: {reason}")]
    Program {
        /// The program.
        program: String,
        /// What it printed, or why it did not start.
        reason: String,
    },
    /// A source contains something that the generator does not support.
    #[error("unsupported input in `{place}`: {reason}")]
    Source {
        /// The file or the shape.
        place: String,
        /// What is unsupported.
        reason: String,
    },
    /// Two items would have the same name.
    #[error("{} name collisions:\n  {}", .0.len(), .0.join("\n  "))]
    Collisions(Vec<String>),
    /// `overrides.toml` lacks an entry, or has one that matches nothing.
    #[error("`overrides.toml` is out of date:\n  {}", .0.join("\n  "))]
    Overrides(Vec<String>),
    /// The committed files are not what the generator writes.
    #[error("{} generated files are out of date; run `cargo xtask generate`:\n  {}", .0.len(), .0.join("\n  "))]
    OutOfDate(Vec<String>),
}

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>, reason: impl Display) -> Self {
        Self::File { path: path.into(), reason: reason.to_string() }
    }

    pub(crate) fn source(place: impl Display, reason: impl Display) -> Self {
        Self::Source { place: place.to_string(), reason: reason.to_string() }
    }
}
