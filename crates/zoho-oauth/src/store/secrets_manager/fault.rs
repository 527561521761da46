//! What can go wrong below the store, and how it is told: kind, evidence, next step.

use std::borrow::Cow;
use std::error::Error as StdError;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};

use super::super::error::{StoreError, StoreErrorKind};

/// A failure that does not know yet what the store was asked for.
///
/// It keeps no error of the SDK's: their `Debug` may show an answer, and an answer may hold secrets.
#[derive(Debug)]
pub(super) enum Fault {
    /// AWS answered with an error, by the code that it gave.
    Answered { code: String, evidence: String },
    /// A request could not be sent, or was not answered.
    Unanswered { kind: StoreErrorKind, evidence: String, next_step: &'static str },
    /// The store's own rules say so.
    Told(StoreError),
    /// The content of this secret makes no sense.
    Senseless { name: String, at: String },
    /// Others kept changing what was to be changed.
    Contended,
    /// A secret of this name is on its way out.
    BeingDeleted { name: String },
    /// The store was given so long.
    TimedOut { seconds: u64 },
}

impl Fault {
    /// What `action`, as IAM calls it, came to.
    pub(super) fn of<E>(action: &'static str, error: &SdkError<E>) -> Self
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => match answer.err().code() {
                Some(code) => Self::answered(action, Some(code), answer.err().message()),
                None => Self::not_understood(answer.raw().status().as_u16()),
            },
            SdkError::ResponseError(answer) => Self::not_understood(answer.raw().status().as_u16()),
            SdkError::TimeoutError(_) => Self::unreached("no answer came in time".to_owned()),
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
                Self::unreached(causes(error))
            }
            _ => Self::not_sent(&causes(error)),
        }
    }

    /// What AWS answered `action` with.
    pub(super) fn answered(action: &'static str, code: Option<&str>, message: Option<&str>) -> Self {
        let code = code.unwrap_or("an unknown error");
        let message = message.unwrap_or("no message");
        Self::Answered {
            code: code.to_owned(),
            evidence: format!("AWS answered secretsmanager:{action} with {code}: {message}"),
        }
    }

    /// AWS's answers say when they were given; something else's may not.
    pub(super) fn dateless() -> Self {
        Self::Unanswered {
            kind: StoreErrorKind::Other,
            evidence: "the answers have no date".to_owned(),
            next_step: "check the endpoint",
        }
    }

    /// The code that AWS answered with.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Answered { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the secret that was named is not there, or is on its way out.
    pub(super) fn is_absence(&self) -> bool {
        self.code() == Some("ResourceNotFoundException") || self.is_deletion()
    }

    /// Whether the secret that was named is on its way out. Nothing but the message tells this from other requests
    /// that do not fit a secret's state.
    pub(super) fn is_deletion(&self) -> bool {
        matches!(self, Self::Answered { code, evidence }
            if code == "InvalidRequestException" && evidence.to_ascii_lowercase().contains("delet"))
    }

    /// Whether AWS keeps no more versions of a secret, or no more secrets.
    pub(super) fn is_limit(&self) -> bool {
        self.code() == Some("LimitExceededException")
    }

    /// The error that the caller gets.
    pub(super) fn into_error(self, store: &str, action: &'static str) -> StoreError {
        let of = |kind, evidence: String, next_step: Cow<'static, str>| {
            StoreError::of(kind, action).evidence(evidence).next_step(next_step)
        };
        let error = match self {
            Self::Told(error) => error,
            Self::Answered { code, evidence } => {
                let (kind, next_step) = classify(&code);
                of(kind, evidence, next_step.into())
            }
            Self::Unanswered { kind, evidence, next_step } => of(kind, evidence, next_step.into()),
            Self::Senseless { name, at } => of(
                StoreErrorKind::Damaged,
                format!("the content of the secret {name} makes no sense ({at})"),
                "it was left as it is: check the prefix, or go back to the secret's version before".into(),
            ),
            Self::Contended => of(
                StoreErrorKind::Busy,
                "others kept changing the same secret".to_owned(),
                "try again; if nobody else is at it, look whether a version of it was put back by hand"
                    .into(),
            ),
            Self::BeingDeleted { name } => of(
                StoreErrorKind::Busy,
                format!("a secret called {name} is being deleted"),
                "try again in a minute; if it was scheduled for deletion by hand, restore it".into(),
            ),
            Self::TimedOut { seconds } => of(
                StoreErrorKind::Busy,
                format!("it took longer than {seconds} seconds"),
                "try again; if it goes on, check the network, or give it a longer timeout".into(),
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
        Self::Unanswered { kind, evidence: format!("the request could not be sent: {evidence}"), next_step }
    }

    fn not_understood(status: u16) -> Self {
        if status >= 500 {
            return Self::unreached(format!("the answer was HTTP status {status}"));
        }
        Self::Unanswered {
            kind: StoreErrorKind::Other,
            evidence: format!("what answers there (HTTP status {status}) is no AWS Secrets Manager"),
            next_step: "check the endpoint",
        }
    }

    fn unreached(evidence: String) -> Self {
        let next_step = "try again; if it goes on, check the network, the region and the endpoint";
        Self::Unanswered { kind: StoreErrorKind::Busy, evidence, next_step }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

const PROVIDE: &str = "provide AWS credentials, as the environment's AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a \
    profile (AWS_PROFILE), or the role of the machine";
const ALLOW: &str = "allow this account secretsmanager:GetSecretValue, BatchGetSecretValue, ListSecrets, \
    CreateSecret, PutSecretValue, TagResource and DeleteSecret, and kms:Decrypt and kms:GenerateDataKey where the key \
    is one of your own";

/// The codes that Secrets Manager answers with
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html> and the actions' own).
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
            "check the AWS credentials, that they have not expired, and this machine's clock",
        ),
        "DecryptionFailure" | "EncryptionFailure" => (
            StoreErrorKind::Permission,
            "look whether the KMS key is enabled, and allow this account kms:Decrypt and kms:GenerateDataKey on it",
        ),
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "SlowDown" => (
            StoreErrorKind::Busy,
            "try again later: AWS allows 50 writes a second in all of an account's region",
        ),
        "InternalServiceError" | "InternalFailure" | "ServiceUnavailable" => {
            (StoreErrorKind::Busy, "try again")
        }
        "LimitExceededException" => (
            StoreErrorKind::Full,
            "AWS keeps at most 100 versions of a secret that are younger than a day, and 500,000 secrets: save less \
            often, or delete what is not needed",
        ),
        "InvalidParameterException" | "ValidationException" => {
            (StoreErrorKind::Refused, "check the prefix and what is being saved")
        }
        _ => (StoreErrorKind::Other, "the message says more"),
    }
}

/// An error and what caused it, in their own words. Some of the SDK's repeat the whole request, and a request may hold
/// secrets: what shows the inside of anything is left out.
fn causes(error: &dyn StdError) -> String {
    let mut words = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !text.contains(['{', '"', '`']) {
            words.push(text);
        }
        next = error.source();
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::error::ConnectorError;
    use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;

    use super::*;

    #[test]
    fn a_secret_on_its_way_out_is_told_from_one_that_something_else_manages() {
        let told = |message| Fault::answered("CreateSecret", Some("InvalidRequestException"), Some(message));
        let create =
            "You can't create this secret because a secret with this name is already scheduled for deletion.";
        let read = "You can't perform this operation on the secret because it was marked for deletion.";
        assert!(told(create).is_deletion() && told(read).is_absence());
        assert!(!told("You can't modify a secret that is managed by another service.").is_absence());
    }

    #[test]
    fn a_failure_that_repeats_the_request_does_not_show_it() {
        let cause = "failed to apply endpoint `x` to request `Request { body: \"1000.secret\" }`";
        let error = ConnectorError::other(cause.into(), None);
        let error = SdkError::<PutSecretValueError>::dispatch_failure(error);
        let told = Fault::of("PutSecretValue", &error).into_error("the store", "save a token");
        assert!(told.to_string().contains("dispatch failure"), "{told}");
        assert!(!format!("{told:?}").contains("1000.secret"), "{told:?}");
    }
}
