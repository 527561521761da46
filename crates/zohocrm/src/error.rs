//! Why a call failed, and what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::record::RecordError;
use crate::request::{Operation, Response};

/// A call that failed. `Clone`, so that many waiters can share one.
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
    Unreachable {
        /// Who was asked.
        host: String,
        /// What was seen: no connection, a timeout, an answer that broke off.
        evidence: &'static str,
        /// The cause.
        source: Arc<dyn StdError + Send + Sync>,
    },

    /// An answer came that is not of the CRM: a proxy's page, or half a body.
    #[error("the answer cannot be used: HTTP {status}, {evidence}; check that the API URL is that of Zoho")]
    Answer {
        /// Its HTTP status.
        status: u16,
        /// What is wrong with it.
        evidence: String,
    },

    /// The request would take the token to a host that is not its own. Nothing was sent.
    #[error("the token is for {own} and is not sent to {host}; give a path, such as /crm/v8/Leads")]
    ForeignHost {
        /// The host that was asked for.
        host: String,
        /// The API host that the token is for.
        own: String,
    },

    /// The request cannot be sent as it is.
    #[error("the request cannot be sent: {0}")]
    Request(String),
}

impl Error {
    /// Whether the same call may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Token(error) => error.is_transient(),
            Self::Api(error) => matches!(error.status, 429 | 500..=599),
            Self::Unreachable { .. } => true,
            Self::Record(_) | Self::Answer { .. } | Self::ForeignHost { .. } | Self::Request(_) => false,
        }
    }

    /// Whether the user has to log in before the call can succeed.
    ///
    /// A missing scope is not such a case: a login that asks for the same scopes does not help.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        match self {
            Self::Token(error) => error.needs_login(),
            Self::Api(error) => error.rejects_the_token() || error.code == "AUTHENTICATION_FAILURE",
            _ => false,
        }
    }

    /// What Zoho answered, if it was Zoho that said no.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    pub(crate) fn unusable(response: &Response, evidence: impl Into<String>) -> Self {
        Self::Answer { status: response.status, evidence: evidence.into() }
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

/// Zoho's refusal of a call: `{"code": …, "message": …, "details": …, "status": "error"}`.
#[derive(Clone, Debug)]
pub struct ApiError {
    operation: String,
    status: u16,
    code: String,
    message: String,
    details: Value,
}

impl ApiError {
    /// The refusal that a body is, if it is one. The accounts server's spellings occur on the API host too; a write
    /// whose records were all refused says why in its first entry.
    pub(crate) fn from_body(status: u16, operation: Operation<'_>, body: &Value) -> Option<Self> {
        let failed = !matches!(status, 200..=299);
        let first_entry = body.get("data").and_then(|data| data.get(0)).filter(|_| failed);
        let body = if body.get("code").is_none() { first_entry.unwrap_or(body) } else { body };

        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let says_error = text("status") == Some("error") || text("response") == Some("error");
        let code = text("code").or_else(|| text("error")).or_else(|| text("cause"))?;
        if !failed && !says_error && text("error").is_none() {
            return None;
        }
        Some(Self {
            operation: operation.to_string(),
            status,
            code: code.to_owned(),
            message: text("message").unwrap_or_default().to_owned(),
            details: body.get("details").cloned().unwrap_or(Value::Null),
        })
    }

    /// A refusal by its status alone.
    pub(crate) fn without_code(status: u16, operation: Operation<'_>) -> Self {
        let (code, message) = (String::new(), String::new());
        Self { operation: operation.to_string(), status, code, message, details: Value::Null }
    }

    /// The HTTP status. Zoho's documentation and Zoho do not always agree on it: go by the code first.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Zoho's code, such as `INVALID_DATA`; empty when the answer had none.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Zoho's own words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What it is about: the field, the limit, the missing permission. `Null` when the answer had none.
    #[must_use]
    pub fn details(&self) -> &Value {
        &self.details
    }

    /// Whether it is the access token that was turned down. The documentation spells this in three ways.
    pub(crate) fn rejects_the_token(&self) -> bool {
        matches!(self.code.as_str(), "INVALID_TOKEN" | "INVALID_OAUTHTOKEN" | "invalid_token")
    }

    fn next_step(&self) -> Option<&'static str> {
        match (self.code.as_str(), self.status) {
            _ if self.rejects_the_token() => {
                Some("a new token was turned down too: log in again, in the user's own data center")
            }
            ("AUTHENTICATION_FAILURE", _) => Some("log in again"),
            ("OAUTH_SCOPE_MISMATCH", _) => Some("log in again and ask for the scope that this call needs"),
            ("NO_PERMISSION" | "AUTHORIZATION_FAILED", _) => {
                Some("ask the CRM's administrator for the permission; it belongs to the user's profile")
            }
            ("INVALID_MODULE", _) => Some("use the module's API name, from GET /crm/v8/settings/modules"),
            ("TOO_MANY_REQUESTS", _) | (_, 429) => {
                Some("send fewer calls at once, or wait: credits return daily")
            }
            (_, 500..=599) => Some("try again in a moment"),
            _ => None,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Zoho refused {}: HTTP {}", self.operation, self.status)?;
        if !self.code.is_empty() {
            write!(formatter, ", {}", self.code.escape_debug())?;
        }
        if !self.message.is_empty() {
            write!(formatter, ", {}", self.message.escape_debug())?;
        }
        if self.details.as_object().is_some_and(|details| !details.is_empty()) {
            write!(formatter, " {}", self.details)?;
        }
        match self.next_step() {
            Some(next_step) => write!(formatter, "; {next_step}"),
            None => Ok(()),
        }
    }
}

impl StdError for ApiError {}
