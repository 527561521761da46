//! `ErrorKind`: what a failure means for the caller.

/// What a failure means for the caller.
///
/// ```
/// use zohocrm::{Error, ErrorKind};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::LoginRequired => "log in again",
///         ErrorKind::ScopeMissing => "log in again with more scopes",
///         ErrorKind::InvalidData => "correct the field",
///         _ if error.is_transient() => "try again later",
///         _ => "look at the message",
///     }
/// }
/// # let _ = advice;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The user has to log in.
    LoginRequired,
    /// The record, module or path does not exist.
    NotFound,
    /// The login did not request the scope that the call needs: [`Error::missing_scopes`](crate::Error::missing_scopes).
    ScopeMissing,
    /// The user's profile, or the edition of the CRM, does not allow the call.
    PermissionMissing,
    /// A rule of the CRM forbids the call, whoever makes it: a system profile cannot be changed.
    NotAllowed,
    /// The request is invalid: [`Error::field`](crate::Error::field) names the field.
    InvalidData,
    /// The record exists already: [`Error::duplicate_of`](crate::Error::duplicate_of).
    Duplicate,
    /// The record was changed by another call, or is in use.
    Conflict,
    /// The call exceeds a limit of Zoho for one call, or of the edition.
    LimitExceeded,
    /// There were too many calls, or no credits are left: [`Error::retry_at`](crate::Error::retry_at).
    Throttled,
    /// No response arrived. The call may have been carried out.
    Unreachable,
    /// Zoho failed.
    Server,
    /// The response could not be decoded.
    Decode,
    /// The call cannot be sent as it is, or a local file cannot be read or written.
    Request,
    /// None of the above: see the code.
    Other,
}
