//! How this crate creates an [`Error`].

#[cfg(feature = "bulk")]
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::{ApiError, ConnectionFailure, CsvError, Error, RecordError, ResponseProblem};
use crate::message::RawResponse;

impl Error {
    /// A response that is not what it should be.
    pub(crate) fn unusable(
        response: &RawResponse,
        problem: ResponseProblem,
        evidence: impl Into<String>,
    ) -> Self {
        Self::unusable_at(None, response, problem, evidence)
    }

    /// A response that is not what it should be, and where in its JSON.
    pub(crate) fn unusable_at(
        json_path: Option<String>,
        response: &RawResponse,
        problem: ResponseProblem,
        evidence: impl Into<String>,
    ) -> Self {
        Self::InvalidResponse {
            status: response.status,
            problem,
            evidence: evidence.into(),
            json_path,
            response: Arc::new(response.clone()),
        }
    }

    /// A response that did not arrive within the timeout.
    pub(crate) fn late(host: String) -> Self {
        let source = Arc::new(std::io::Error::from(std::io::ErrorKind::TimedOut));
        Self::Unreachable { host, failure: ConnectionFailure::TimedOut, sent: true, source }
    }

    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File { path: path.to_owned(), kind: error.kind(), evidence: error.to_string() }
    }

    /// The error of a call that was to start a job for `rows`.
    #[cfg(feature = "bulk")]
    pub(crate) fn starting_job(self, rows: Range<usize>) -> Self {
        if self.is_in_doubt() { Self::JobInDoubt { rows, source: Arc::new(self) } } else { self }
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

impl From<CsvError> for Error {
    fn from(error: CsvError) -> Self {
        Self::Csv(Arc::new(error))
    }
}
