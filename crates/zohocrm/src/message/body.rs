//! `Upload`: a file to send; `Body`: what a request carries.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A file to upload.
///
/// A file on disk is streamed, so it is never in memory as a whole. Each attempt opens it again and sends the length that it
/// has then: what is appended meanwhile is not sent, and a file that becomes shorter is an error. A folder, a pipe and a
/// device cannot be uploaded.
#[derive(Clone)]
pub struct Upload {
    pub(crate) name: String,
    pub(crate) source: Source,
}

/// Where the content of an [`Upload`] comes from.
#[derive(Clone)]
pub(crate) enum Source {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

impl Upload {
    /// A file on disk, uploaded under its own name.
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { name, source: Source::Path(path) }
    }

    /// Content that is already in memory.
    pub fn from_bytes(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), source: Source::Bytes(content.into().into()) }
    }

    /// Uploads the file under another name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The file name that Zoho receives.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Upload");
        shown.field("name", &self.name);
        match &self.source {
            Source::Path(path) => shown.field("path", path),
            Source::Bytes(content) => shown.field("bytes", &content.len()),
        };
        shown.finish()
    }
}

/// The body of a request. It can be sent more than once.
#[derive(Clone, Default)]
pub(crate) enum Body {
    #[default]
    None,
    Json(Arc<[u8]>),
    Form(Vec<(String, Part)>),
}

/// One part of a multipart form.
#[derive(Clone)]
pub(crate) enum Part {
    Text(String),
    File(Upload),
}

impl fmt::Debug for Body {
    /// Shows the size only: the content can be personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Json(text) => write!(formatter, "Json({} bytes)", text.len()),
            Self::Form(parts) => write!(formatter, "Form({} parts)", parts.len()),
        }
    }
}
