//! Failures of AWS and its SDK, and the store errors that they become.

use std::borrow::Cow;
use std::error::Error as StdError;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};

use super::super::error::{StoreError, StoreErrorKind};

/// A failure, before it is known which call failed.
///
/// It contains no error of the SDK, whose `Debug` can show a response and thereby a secret.
#[derive(Debug)]
pub(super) enum Fault {
    /// AWS returned an error with this code.
    Response { action: &'static str, code: String, message: String },
    /// A request could not be sent, or there was no response.
    NoResponse { kind: StoreErrorKind, evidence: String, next_step: &'static str },
    /// A violation of the store's rules.
    Rule(StoreError),
    /// The content of a secret cannot be parsed.
    Unreadable { name: String, at: String },
    /// Other programs kept changing the same secret.
    Contended,
    /// A secret of this name is being deleted.
    BeingDeleted { name: String },
    /// The call exceeded its timeout.
    TimedOut { seconds: u64 },
}

impl Fault {
    /// Converts an error of `action`, as IAM calls it.
    pub(super) fn of<E>(action: &'static str, error: &SdkError<E>) -> Self
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        match error {
            SdkError::ServiceError(response) => match response.err().code() {
                Some(code) => Self::response(action, Some(code), response.err().message()),
                None => Self::not_understood(response.raw().status().as_u16()),
            },
            SdkError::ResponseError(response) => Self::not_understood(response.raw().status().as_u16()),
            SdkError::TimeoutError(_) => Self::unreached("the request timed out".to_owned()),
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
                Self::unreached(causes(error))
            }
            _ => Self::not_sent(&causes(error)),
        }
    }

    /// Creates the failure for an error that AWS returned for `action`.
    pub(super) fn response(action: &'static str, code: Option<&str>, message: Option<&str>) -> Self {
        let code = code.unwrap_or("an unknown error").to_owned();
        Self::Response { action, code, message: message.unwrap_or("no message").to_owned() }
    }

    /// Creates the failure for a response without a date, which AWS always sends.
    pub(super) fn dateless() -> Self {
        Self::NoResponse {
            kind: StoreErrorKind::Other,
            evidence: "the responses have no date".to_owned(),
            next_step: "check that the endpoint is AWS Secrets Manager",
        }
    }

    /// Returns the code of the error that AWS returned.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Response { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the secret does not exist or is being deleted.
    pub(super) fn is_absence(&self) -> bool {
        self.code() == Some("ResourceNotFoundException") || self.is_deletion()
    }

    /// Whether the secret is being deleted. Only AWS's message distinguishes this from other requests that do not fit the state
    /// of a secret.
    pub(super) fn is_deletion(&self) -> bool {
        matches!(self, Self::Response { code, message, .. }
            if code == "InvalidRequestException" && message.to_ascii_lowercase().contains("delet"))
    }

    /// Whether the limit of versions or secrets is reached.
    pub(super) fn is_limit(&self) -> bool {
        self.code() == Some("LimitExceededException")
    }

    /// Converts into the error that the caller gets.
    pub(super) fn into_error(self, store: &str, action: &'static str) -> StoreError {
        let of = |kind, evidence: String, next_step: Cow<'static, str>| {
            StoreError::of(kind, action).evidence(evidence).next_step(next_step)
        };
        let error = match self {
            Self::Rule(error) => error,
            Self::Response { action, code, message } => {
                let (kind, next_step) = classify(&code);
                let evidence = format!("AWS returned {code} for secretsmanager:{action}: {message}");
                of(kind, evidence, next_step.into())
            }
            Self::NoResponse { kind, evidence, next_step } => of(kind, evidence, next_step.into()),
            Self::Unreadable { name, at } => of(
                StoreErrorKind::Damaged,
                format!("cannot parse the content of the secret `{name}` ({at})"),
                "the secret was not changed; check the prefix, or restore the previous version of the secret"
                    .into(),
            ),
            Self::Contended => of(
                StoreErrorKind::Busy,
                "other programs kept changing the same secret".to_owned(),
                "try again; if no other program uses it, check whether a version of it was restored by hand"
                    .into(),
            ),
            Self::BeingDeleted { name } => of(
                StoreErrorKind::Busy,
                format!("the secret `{name}` is being deleted"),
                "try again in a minute; if it was scheduled for deletion by hand, restore it".into(),
            ),
            Self::TimedOut { seconds } => of(
                StoreErrorKind::Busy,
                format!("no response within {seconds} s"),
                "try again; if it persists, check the network, or raise the timeout".into(),
            ),
        };
        error.in_store(store)
    }

    fn not_sent(evidence: &str) -> Self {
        let (kind, next_step) = if evidence.contains("credential") {
            (StoreErrorKind::Permission, PROVIDE)
        } else {
            (StoreErrorKind::Other, "check the region, the endpoint and the profile")
        };
        Self::NoResponse { kind, evidence: format!("the request could not be sent: {evidence}"), next_step }
    }

    fn not_understood(status: u16) -> Self {
        if status >= 500 {
            return Self::unreached(format!("the response had HTTP status {status}"));
        }
        Self::NoResponse {
            kind: StoreErrorKind::Other,
            evidence: format!("the response (HTTP status {status}) is not from AWS Secrets Manager"),
            next_step: "check that the endpoint is AWS Secrets Manager",
        }
    }

    fn unreached(evidence: String) -> Self {
        let next_step = "try again; if it persists, check the network, the region and the endpoint";
        Self::NoResponse { kind: StoreErrorKind::Busy, evidence, next_step }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Rule(error)
    }
}

const PROVIDE: &str = "provide AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, a \
    profile (AWS_PROFILE), or the role of the machine";
const ALLOW: &str = "allow this account secretsmanager:GetSecretValue, BatchGetSecretValue, ListSecrets, \
    CreateSecret, PutSecretValue, TagResource and DeleteSecret, and kms:Decrypt and kms:GenerateDataKey if you use your \
    own key";

/// Classifies the error codes of Secrets Manager
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html> and those of each action).
fn classify(code: &str) -> (StoreErrorKind, &'static str) {
    match code {
        "AccessDeniedException" | "AccessDenied" => (StoreErrorKind::Permission, ALLOW),
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "ExpiredTokenException"
        | "NotAuthorized"
        | "OptInRequired" => (
            StoreErrorKind::Permission,
            "check the AWS credentials and their expiry, and this machine's clock",
        ),
        "DecryptionFailure" | "EncryptionFailure" => (
            StoreErrorKind::Permission,
            "check that the KMS key is enabled, and allow this account kms:Decrypt and kms:GenerateDataKey on it",
        ),
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "SlowDown" => (
            StoreErrorKind::Busy,
            "try again later; AWS allows 50 writes per second for an account in a region",
        ),
        "InternalServiceError" | "InternalFailure" | "ServiceUnavailable" => {
            (StoreErrorKind::Busy, "try again")
        }
        "LimitExceededException" => (
            StoreErrorKind::Full,
            "AWS stores at most 100 versions of a secret from the last day, and 500,000 secrets; save less \
            often, or delete unused secrets",
        ),
        "InvalidParameterException" | "ValidationException" => {
            (StoreErrorKind::Rejected, "check the prefix and the token")
        }
        _ => (StoreErrorKind::Other, "see the message from AWS"),
    }
}

/// Joins the messages of an error and its causes. A message that contains a `Debug` output is left out, because it may be
/// the whole request, with its secrets.
fn causes(error: &dyn StdError) -> String {
    let mut messages = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !text.contains(['{', '"', '`']) {
            messages.push(text);
        }
        next = error.source();
    }
    messages.join(": ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::error::ConnectorError;
    use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;

    use super::*;

    #[test]
    fn a_secret_that_is_being_deleted_differs_from_one_that_a_service_manages() {
        let failed =
            |message| Fault::response("CreateSecret", Some("InvalidRequestException"), Some(message));
        let create =
            "You can't create this secret because a secret with this name is already scheduled for deletion.";
        let read = "You can't perform this operation on the secret because it was marked for deletion.";
        assert!(failed(create).is_deletion() && failed(read).is_absence());
        assert!(!failed("You can't modify a secret that is managed by another service.").is_absence());
    }

    #[test]
    fn a_failure_that_repeats_the_request_does_not_show_it() {
        let cause = "failed to apply endpoint `x` to request `Request { body: \"1000.secret\" }`";
        let error = ConnectorError::other(cause.into(), None);
        let error = SdkError::<PutSecretValueError>::dispatch_failure(error);
        let failed = Fault::of("PutSecretValue", &error).into_error("the store", "save a token");
        assert!(failed.to_string().contains("dispatch failure"), "{failed}");
        assert!(!format!("{failed:?}").contains("1000.secret"), "{failed:?}");
    }
}
