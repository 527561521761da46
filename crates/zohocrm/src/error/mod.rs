//! Why a call failed, and what to do next.

mod api;
mod field_problem;
mod rejection;

use std::error::Error as StdError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::message::RawResponse;

pub use api::{ApiError, RecordError};
pub use field_problem::{FieldProblem, FieldProblemKind};
pub use rejection::ErrorKind;

/// A call that failed. `Clone`, so that many waiters can share one. [`kind`](Self::kind) says what it means for the
/// caller.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No access token could be had.
    #[error(transparent)]
    Token(#[from] zoho_oauth::Error),

    /// Zoho answered, and the answer was no.
    #[error(transparent)]
    Api(Arc<ApiError>),

    /// Zoho refused the one record that was sent.
    #[error(transparent)]
    Record(Arc<RecordError>),

    /// No answer came.
    #[error("no answer came from {host} ({evidence}); check the network and try again")]
    #[non_exhaustive]
    Unreachable {
        /// Who was asked.
        host: String,
        /// What was seen: no connection, a timeout, an answer that broke off.
        evidence: &'static str,
        /// Whether the call may have reached Zoho, and may have been carried out.
        sent: bool,
        /// The cause.
        source: Arc<dyn StdError + Send + Sync>,
    },

    /// An answer came that cannot be read: a proxy's page, half a body, or JSON of another shape.
    #[error(
        "the answer cannot be used: HTTP {status}, {evidence}{}; check that the API URL is that of Zoho",
        at(json_path)
    )]
    #[non_exhaustive]
    InvalidResponse {
        /// Its HTTP status.
        status: u16,
        /// What is wrong with it.
        evidence: String,
        /// Where in the JSON: `roles[3].name`.
        json_path: Option<String>,
        /// The answer as it came.
        response: Arc<RawResponse>,
    },

    /// The answer is longer than this program has room for. Files are streamed: see [`Download`](crate::Download).
    #[error("the answer is longer than {max_bytes} bytes; ask for less at once, or raise `max_bytes`")]
    #[non_exhaustive]
    TooLarge {
        /// Its HTTP status.
        status: u16,
        /// The most bytes that an answer may have: [`CrmBuilder::max_bytes`](crate::CrmBuilder::max_bytes).
        max_bytes: usize,
    },

    /// Zoho says that there are more records, but the next page would be this one again. What came before is complete.
    #[error(
        "Zoho says that there are more records and gives no way to get on; narrow the list down and ask again"
    )]
    PaginationStalled,

    /// The record was not sent, because the call for those before it failed.
    #[error("the record was not sent, since the call before it failed: {0}")]
    NotSent(Arc<Self>),

    /// The record does not fit the fields of its module. Nothing was sent.
    #[error("the record does not fit {}: {}", module.escape_debug(), listed(problems))]
    #[non_exhaustive]
    InvalidRecord {
        /// The module.
        module: String,
        /// All that is wrong with it.
        problems: Arc<[FieldProblem]>,
    },

    /// A job in the background failed.
    #[error("the job {} failed: {evidence}; correct it and start another", job.escape_debug())]
    #[non_exhaustive]
    JobFailed {
        /// Zoho's id of the job.
        job: String,
        /// What Zoho says about it.
        evidence: String,
    },

    /// A job in the background did not end in time. It goes on: it can be waited for again.
    #[error(
        "the job {} was still {:?} after {} seconds; it goes on: wait for it again by its id",
        job.escape_debug(), state, waited.as_secs()
    )]
    #[non_exhaustive]
    JobUnfinished {
        /// Zoho's id of the job.
        job: String,
        /// How far it was when it was last seen; `not seen`, if no look at it came through.
        state: String,
        /// How long it was waited for.
        waited: Duration,
    },

    /// A job was to be started and the call failed, but Zoho may have started the job.
    #[error(
        "Zoho may have started a job for rows {} to {}; check for their records before you send them again",
        rows.start + 1, rows.end
    )]
    #[non_exhaustive]
    JobInDoubt {
        /// The positions of the rows in the input, counted from 0, skipped rows included.
        rows: Range<usize>,
        /// The error of the call.
        source: Arc<Self>,
    },

    /// The organisation has fewer API credits left than [`CrmBuilder::credits_floor`](crate::CrmBuilder::credits_floor)
    /// keeps back. Nothing was sent.
    #[error("{remaining} API credits are left, and {floor} are kept back; wait: credits return daily")]
    #[non_exhaustive]
    CreditsShort {
        /// How many Zoho said are left.
        remaining: u64,
        /// How many are kept back.
        floor: u64,
        /// When a call is let through again, to see whether there are more.
        retry_at: SystemTime,
    },

    /// The request would take the token to a host that is not its own. Nothing was sent.
    #[error("the token is for {own} and is not sent to {host}; give a path, such as /crm/v8/Leads")]
    ForeignHost {
        /// The host that was asked for.
        host: String,
        /// The API host that the token is for.
        own: String,
    },

    /// A file of this machine cannot be read or written.
    #[error("the file {} cannot be used: {evidence}", path.display())]
    #[non_exhaustive]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        evidence: String,
    },

    /// The request cannot be sent as it is.
    #[error("the request cannot be sent: {0}")]
    Request(String),
}

impl Error {
    /// What it means for the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Token(error) if error.needs_login() => ErrorKind::LoginRequired,
            Self::Token(error) if error.retry_at().is_some() => ErrorKind::Throttled,
            Self::Token(error) if error.is_transient() => ErrorKind::Unreachable,
            Self::Token(_) => ErrorKind::Other,
            Self::Api(error) => error.kind(),
            Self::Record(error) => error.kind(),
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::InvalidResponse { .. } | Self::TooLarge { .. } | Self::PaginationStalled => {
                ErrorKind::Decode
            }
            Self::NotSent(error) | Self::JobInDoubt { source: error, .. } => error.kind(),
            Self::CreditsShort { .. } => ErrorKind::Throttled,
            Self::InvalidRecord { .. } => ErrorKind::InvalidData,
            Self::JobFailed { .. } | Self::JobUnfinished { .. } => ErrorKind::Other,
            Self::ForeignHost { .. } | Self::File { .. } | Self::Request(_) => ErrorKind::Request,
        }
    }

    /// Whether the same call may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Token(error) => error.is_transient(),
            Self::CreditsShort { .. } | Self::JobInDoubt { .. } => false,
            Self::JobUnfinished { .. } => true,
            _ => matches!(self.kind(), ErrorKind::Throttled | ErrorKind::Unreachable | ErrorKind::Server),
        }
    }

    /// Whether Zoho may have carried out the call although it failed.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        match self {
            Self::Unreachable { sent, .. } => *sent,
            // The token is requested before the call is sent.
            Self::Token(_) => false,
            _ => matches!(self.kind(), ErrorKind::Unreachable | ErrorKind::Server | ErrorKind::Decode),
        }
    }

    /// The error of a call that was to start a job for `rows`.
    #[cfg(feature = "bulk")]
    pub(crate) fn starting_job(self, rows: Range<usize>) -> Self {
        if self.is_in_doubt() { Self::JobInDoubt { rows, source: Arc::new(self) } } else { self }
    }

    /// Whether the user has to log in before the call can succeed.
    ///
    /// A missing scope is not such a case: a login that asks for the same scopes does not help.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        self.kind() == ErrorKind::LoginRequired
    }

    /// When to try again, where that is known. Zoho names no time with HTTP 429.
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        match self {
            Self::Token(error) => error.retry_at(),
            Self::CreditsShort { retry_at, .. } => Some(*retry_at),
            _ => None,
        }
    }

    /// The field that Zoho refused: where in the body if Zoho says so, or its API name, or the parameter.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::InvalidRecord { problems, .. } => Some(&problems.first()?.field),
            _ => self.rejection()?.field(),
        }
    }

    /// The id of the record that was there before.
    #[must_use]
    pub fn duplicate_of(&self) -> Option<&str> {
        self.rejection()?.duplicate_of()
    }

    /// The scopes of which the login lacks one; empty if that is not the trouble, or the call is not among those known.
    #[must_use]
    pub fn missing_scopes(&self) -> &[&'static str] {
        self.api().map(ApiError::scopes).unwrap_or_default()
    }

    /// The permissions that the user's profile lacks, where Zoho names them.
    #[must_use]
    pub fn missing_permissions(&self) -> Vec<&str> {
        let lacks = |_: &_| self.kind() == ErrorKind::PermissionMissing;
        self.rejection().filter(lacks).map(|rejection| rejection.permissions()).unwrap_or_default()
    }

    /// What Zoho answered, if it was Zoho that said no.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// What Zoho said about the record, if it refused this one.
    #[must_use]
    pub fn record(&self) -> Option<&RecordError> {
        match self {
            Self::Record(error) => Some(error),
            _ => None,
        }
    }

    /// What Zoho calls the request that it refused, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.request_id(),
            Self::Record(error) => error.request_id(),
            Self::InvalidResponse { response, .. } => response.request_id(),
            Self::NotSent(error) | Self::JobInDoubt { source: error, .. } => error.request_id(),
            _ => None,
        }
    }

    fn rejection(&self) -> Option<&rejection::Rejection> {
        match self {
            Self::Api(error) => Some(error.rejection()),
            Self::Record(error) => Some(error.rejection()),
            _ => None,
        }
    }

    /// An answer that is not what it should be.
    pub(crate) fn unusable(response: &RawResponse, evidence: impl Into<String>) -> Self {
        Self::undecodable(response, evidence.into(), None)
    }

    /// An answer that is not what it should be, and where.
    pub(crate) fn undecodable(response: &RawResponse, evidence: String, json_path: Option<String>) -> Self {
        Self::InvalidResponse {
            status: response.status,
            evidence,
            json_path,
            response: Arc::new(response.clone()),
        }
    }

    /// Nothing came in time.
    pub(crate) fn late(host: String) -> Self {
        let source = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Self::Unreachable { host, evidence: "it took too long", sent: true, source: Arc::new(source) }
    }

    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File { path: path.to_owned(), evidence: error.to_string() }
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::Api(Arc::new(error))
    }
}

impl From<RecordError> for Error {
    fn from(error: RecordError) -> Self {
        Self::Record(Arc::new(error))
    }
}

fn listed(problems: &[FieldProblem]) -> String {
    problems.iter().map(FieldProblem::to_string).collect::<Vec<_>>().join("; ")
}

fn at(json_path: &Option<String>) -> String {
    json_path.as_ref().map(|path| format!(" at {path}")).unwrap_or_default()
}
