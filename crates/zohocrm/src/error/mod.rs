//! Why a call failed, and what to do next.

mod api;
mod connection_failure;
mod constructors;
mod csv;
mod details;
mod envelope;
mod field_problem;
mod kind;
#[cfg(test)]
mod messages;
mod rejection;
mod request;
mod response_problem;

use std::error::Error as StdError;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::message::RawResponse;
use crate::value::JobState;

pub(crate) use api::Blame;
pub use api::{ApiError, RecordError};
pub use connection_failure::ConnectionFailure;
pub use csv::{CsvError, CsvProblem};
pub use field_problem::{FieldProblem, FieldProblemKind};
pub use kind::ErrorKind;
use rejection::Rejection;
pub(crate) use request::Invalid;
pub use request::RequestError;
pub use response_problem::ResponseProblem;

/// A call that failed. It is `Clone`, so that many waiting tasks can share one. [`kind`](Self::kind) says what it means for
/// the caller.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no access token for the call.
    #[error(transparent)]
    Token(#[from] zoho_oauth::Error),

    /// Zoho rejected the call.
    #[error(transparent)]
    Api(Arc<ApiError>),

    /// Zoho rejected a record of the call.
    #[error(transparent)]
    Record(Arc<RecordError>),

    /// No response arrived.
    #[error("no response from {host}: {failure}{}; {}", failure.evidence(&**source), failure.next_step())]
    #[non_exhaustive]
    Unreachable {
        /// The host to which the request was sent.
        host: String,
        /// What happened to the connection.
        failure: ConnectionFailure,
        /// Whether the call may have reached Zoho and may have been carried out.
        sent: bool,
        /// The cause.
        source: Arc<dyn StdError + Send + Sync>,
    },

    /// A response arrived that cannot be used: a proxy's page, an incomplete body, or JSON of an unexpected shape.
    #[error(
        "could not use the response (HTTP {status}{}): {evidence}; {}",
        at(json_path), problem.next_step()
    )]
    #[non_exhaustive]
    InvalidResponse {
        /// The HTTP status.
        status: u16,
        /// What is wrong with the response.
        problem: ResponseProblem,
        /// What is wrong with it in detail.
        evidence: String,
        /// Where in the JSON: `roles[3].name`.
        json_path: Option<String>,
        /// The response as it was received.
        response: Arc<RawResponse>,
    },

    /// The response exceeds the maximum size. Files are streamed and have none: see [`Download`](crate::Download).
    #[error("the response has more than {max_bytes} bytes; request less data at once, or raise `max_bytes`")]
    #[non_exhaustive]
    TooLarge {
        /// The HTTP status.
        status: u16,
        /// The maximum size of a response in bytes: [`CrmBuilder::max_bytes`](crate::CrmBuilder::max_bytes).
        max_bytes: usize,
    },

    /// Zoho accepted the call, but sent no file: there is none, it is not ready yet, or it has not changed since the time that
    /// the request named.
    #[error(
        "Zoho sent no file (HTTP {status}): there is none, or it is not ready yet; check its id, or try again later"
    )]
    #[non_exhaustive]
    NoFile {
        /// The HTTP status, such as 204.
        status: u16,
    },

    /// Zoho reports more records but does not say how to get them. The records before are complete.
    #[error("Zoho reports more records but returned no new page token; narrow the list down and try again")]
    PaginationStalled,

    /// The record was not sent, because the call for the records before it failed.
    #[error("the record was not sent, because the call before it failed: {0}")]
    NotSent(Arc<Self>),

    /// The record does not fit the fields of its module. Nothing was sent.
    #[error("the record does not fit the module `{}`: {}", module.escape_debug(), listed(problems))]
    #[non_exhaustive]
    InvalidRecord {
        /// The module.
        module: String,
        /// Everything that is wrong with the record.
        problems: Arc<[FieldProblem]>,
    },

    /// A background job failed.
    #[error(
        "the job `{}` failed: {}; correct the cause and start another job",
        job.escape_debug(), reason.as_deref().unwrap_or("Zoho named no reason")
    )]
    #[non_exhaustive]
    JobFailed {
        /// Zoho's id of the job.
        job: String,
        /// The state of the job, or of the part of it that failed.
        state: JobState,
        /// Zoho's reason.
        reason: Option<String>,
    },

    /// A background job has completed, but Zoho returned no URL of its result.
    #[error("the job `{}` has completed, but Zoho returned no URL of its result; request its status again", job.escape_debug())]
    #[non_exhaustive]
    JobResultMissing {
        /// Zoho's id of the job.
        job: String,
    },

    /// A background job did not finish within the time limit. It continues, and can be waited for again.
    #[error(
        "the job `{}` was still {} after {} seconds; it continues, so wait for it again by its id",
        job.escape_debug(), in_state(state.as_ref()), waited.as_secs()
    )]
    #[non_exhaustive]
    JobUnfinished {
        /// Zoho's id of the job.
        job: String,
        /// The last known state of the job. `None` if every poll failed.
        state: Option<JobState>,
        /// How long the caller waited.
        waited: Duration,
    },

    /// A job was to be started and the call failed, but Zoho may have started the job.
    #[error(
        "Zoho may have started a job for rows {} to {}; check whether their records exist before you send them again",
        rows.start + 1, rows.end
    )]
    #[non_exhaustive]
    JobInDoubt {
        /// The positions of the rows in the input, counted from 0, skipped rows included.
        rows: Range<usize>,
        /// The error of the call.
        source: Arc<Self>,
    },

    /// The organization has fewer API credits left than [`CrmBuilder::credits_floor`](crate::CrmBuilder::credits_floor)
    /// reserves. Nothing was sent.
    #[error(
        "only {remaining} API credits are left, and {floor} are reserved; wait, because credits return daily"
    )]
    #[non_exhaustive]
    CreditsShort {
        /// The number of credits that are left, according to Zoho.
        remaining: u64,
        /// The number of credits that are reserved.
        floor: u64,
        /// When the next call is sent, to find out whether there are more.
        retry_at: SystemTime,
    },

    /// The request would send the token to a host that is not its own. Nothing was sent.
    #[error("the token for `{own}` must not be sent to `{host}`; give a path, such as `/crm/v8/Leads`")]
    ForeignHost {
        /// The host of the request.
        host: String,
        /// The API host of the token.
        own: String,
    },

    /// A local file cannot be read or written.
    #[error("could not use the file `{}`: {evidence}", path.display())]
    #[non_exhaustive]
    File {
        /// The path of the file.
        path: PathBuf,
        /// What failed. `InvalidData` if the content of the file is invalid.
        kind: std::io::ErrorKind,
        /// The message of the operating system, or what is wrong with the content.
        evidence: String,
    },

    /// A CSV file is invalid.
    #[error(transparent)]
    Csv(Arc<CsvError>),

    /// The request cannot be sent as it is.
    #[error(transparent)]
    Request(RequestError),
}

impl Error {
    /// What the error means for the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Token(error) if error.needs_login() => ErrorKind::LoginRequired,
            Self::Token(error) if error.retry_at().is_some() => ErrorKind::Throttled,
            Self::Token(zoho_oauth::Error::Unreachable { .. }) => ErrorKind::Unreachable,
            Self::Token(error) if error.is_transient() => ErrorKind::Unreachable,
            Self::Token(_) => ErrorKind::Other,
            Self::Api(error) => error.kind(),
            Self::Record(error) => error.kind(),
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::InvalidResponse { .. }
            | Self::TooLarge { .. }
            | Self::PaginationStalled
            | Self::JobResultMissing { .. } => ErrorKind::Decode,
            Self::NoFile { .. } => ErrorKind::NotFound,
            Self::NotSent(error) | Self::JobInDoubt { source: error, .. } => error.kind(),
            Self::CreditsShort { .. } => ErrorKind::Throttled,
            Self::InvalidRecord { .. } => ErrorKind::InvalidData,
            Self::JobFailed { .. } | Self::JobUnfinished { .. } => ErrorKind::Other,
            Self::ForeignHost { .. } | Self::File { .. } | Self::Csv(_) | Self::Request(_) => {
                ErrorKind::Request
            }
        }
    }

    /// Whether the same call may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Token(error) => error.is_transient(),
            Self::Unreachable { failure, .. } => failure.is_transient(),
            Self::CreditsShort { .. } | Self::JobInDoubt { .. } => false,
            Self::JobUnfinished { .. } => true,
            _ => matches!(self.kind(), ErrorKind::Throttled | ErrorKind::Unreachable | ErrorKind::Server),
        }
    }

    /// Whether Zoho may have carried out the call although it failed. For [`NotSent`](Self::NotSent) it has not, whatever
    /// happened to the call before.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        match self {
            Self::Unreachable { sent, .. } => *sent,
            // The token is requested before the call is sent.
            Self::Token(_) | Self::NotSent(_) => false,
            _ => matches!(self.kind(), ErrorKind::Unreachable | ErrorKind::Server | ErrorKind::Decode),
        }
    }

    /// Whether the user has to log in before the call can succeed.
    ///
    /// A missing scope does not count: a login that requests the same scopes would not help.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        self.kind() == ErrorKind::LoginRequired
    }

    /// When to try again, if that is known. Zoho names no time with HTTP 429.
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        match self {
            Self::Token(error) => error.retry_at(),
            Self::CreditsShort { retry_at, .. } => Some(*retry_at),
            _ => None,
        }
    }

    /// The field that Zoho rejected: its path in the body if Zoho names it, otherwise its API name or the name of the
    /// parameter. The first one, if Zoho names [several](Self::fields).
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.fields().first().copied()
    }

    /// All fields and parameters that Zoho names: those that it rejected, and those that limit or contradict them, or that it
    /// expects instead.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::InvalidRecord { problems, .. } => {
                problems.iter().map(|problem| problem.field.as_str()).collect()
            }
            _ => self.rejections().flat_map(Rejection::fields).collect(),
        }
    }

    /// The id of the existing record that the rejected one duplicates.
    #[must_use]
    pub fn duplicate_of(&self) -> Option<&str> {
        self.rejections().find_map(Rejection::duplicate_of)
    }

    /// The scopes of which the login lacks one. Empty for other errors, and for calls whose scopes are unknown.
    #[must_use]
    pub fn missing_scopes(&self) -> &[&'static str] {
        self.api().map(ApiError::scopes).unwrap_or_default()
    }

    /// The permissions that the user's profile lacks, if Zoho names them.
    #[must_use]
    pub fn missing_permissions(&self) -> Vec<&str> {
        match self.kind() {
            ErrorKind::PermissionMissing => self.rejections().flat_map(Rejection::permissions).collect(),
            _ => Vec::new(),
        }
    }

    /// Zoho's rejection of the call, if that is the error.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// Zoho's rejection of the record, if that is the error.
    #[must_use]
    pub fn record(&self) -> Option<&RecordError> {
        match self {
            Self::Record(error) => Some(error),
            _ => None,
        }
    }

    /// Zoho's id of the failed request, for its support.
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

    fn rejections(&self) -> impl Iterator<Item = &Rejection> {
        let of_call = self.api().into_iter().flat_map(ApiError::rejections);
        of_call.chain(self.record().map(RecordError::rejection))
    }
}

fn listed(problems: &[FieldProblem]) -> String {
    problems.iter().map(FieldProblem::to_string).collect::<Vec<_>>().join("; ")
}

fn in_state(state: Option<&JobState>) -> String {
    state.map_or_else(
        || "in an unknown state".to_owned(),
        |state| format!("`{}`", state.as_str().escape_debug()),
    )
}

fn at(json_path: &Option<String>) -> String {
    json_path.as_ref().map(|path| format!(", at `{path}`")).unwrap_or_default()
}
