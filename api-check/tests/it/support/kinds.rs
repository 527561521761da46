//! What a code of Zoho's means for the caller, by the words of Zoho's documentation; the client has a table of its own.

use zohocrm::ErrorKind;

/// Each code in the published examples, with the status that it came with where that matters.
const KINDS: &[(&str, Option<u16>, ErrorKind)] = &[
    ("ALREADY_MODIFIED", None, ErrorKind::Conflict),
    ("ALREADY_SHARED", None, ErrorKind::Conflict),
    ("ALREADY_USED", None, ErrorKind::Conflict),
    ("AMBIGUITY_DURING_PROCESSING", None, ErrorKind::InvalidData),
    ("API_NOT_SUPPORTED", None, ErrorKind::InvalidData),
    ("ASSOCIATIONS_EXIST", None, ErrorKind::Conflict),
    ("AUTHENTICATION_FAILURE", None, ErrorKind::LoginNeeded),
    ("BAD_REQUEST", None, ErrorKind::InvalidData),
    ("CANNOT_PROCESS", None, ErrorKind::PermissionMissing),
    ("CURRENCIES_NOT_ENABLED", None, ErrorKind::PermissionMissing),
    ("DEPENDENT_FIELD_MISSING", None, ErrorKind::InvalidData),
    ("DEPENDENT_MISMATCH", None, ErrorKind::InvalidData),
    ("DISCRETE_PAGINATION_LIMIT_EXCEEDED", None, ErrorKind::LimitExceeded),
    ("DUPLICATE_DATA", None, ErrorKind::Duplicate),
    ("DUPLICATE_LINKING_DATA", None, ErrorKind::Duplicate),
    ("EXPECTED_FIELD_MISSING", None, ErrorKind::InvalidData),
    ("EXPIRED_VALUE", None, ErrorKind::InvalidData),
    ("FEATURE_NOT_ENABLED", None, ErrorKind::PermissionMissing),
    ("FEATURE_NOT_SUPPORTED", None, ErrorKind::PermissionMissing),
    ("INTERNAL_ERROR", None, ErrorKind::Server),
    ("INTERNAL_SERVER_ERROR", None, ErrorKind::Server),
    ("INVALID_DATA", None, ErrorKind::InvalidData),
    ("INVALID_QUERY", None, ErrorKind::InvalidData),
    ("INVALID_REQUEST", None, ErrorKind::InvalidData),
    ("INVALID_REQUEST_METHOD", None, ErrorKind::InvalidData),
    ("INVALID_TOKEN", None, ErrorKind::LoginNeeded),
    ("INVALID_URL_PATTERN", None, ErrorKind::NotFound),
    ("LICENSE_LIMIT_EXCEEDED", None, ErrorKind::LimitExceeded),
    ("LIMIT_EXCEEDED", None, ErrorKind::LimitExceeded),
    ("LOWER_LIMIT_REACHED", None, ErrorKind::LimitExceeded),
    ("MANDATORY_NOT_FOUND", None, ErrorKind::InvalidData),
    ("MAPPING_MISMATCH", None, ErrorKind::InvalidData),
    ("NOT_ALLOWED", None, ErrorKind::PermissionMissing),
    ("NOT_APPROVED", None, ErrorKind::Conflict),
    ("NOT_FOUND", None, ErrorKind::NotFound),
    ("NOT_REVIEWED", None, ErrorKind::Conflict),
    ("NO_PERMISSION", None, ErrorKind::PermissionMissing),
    ("OAUTH_SCOPE_MISMATCH", None, ErrorKind::ScopeMissing),
    ("PATTERN_NOT_MATCHED", None, ErrorKind::InvalidData),
    ("RATE_LIMIT_EXCEEDED", None, ErrorKind::Throttled),
    ("RECORD_LIMIT_EXCEEDED", None, ErrorKind::LimitExceeded),
    ("RECORD_LOCKED", None, ErrorKind::Conflict),
    ("RESOURCE_NOT_FOUND", None, ErrorKind::NotFound),
    ("SERVICE_UNAVAILABLE", None, ErrorKind::Server),
    ("SYNTAX_ERROR", None, ErrorKind::InvalidData),
    ("TERRITORY_DISABLED", None, ErrorKind::PermissionMissing),
    ("TOO_MANY_REQUESTS", None, ErrorKind::Throttled),
    ("UNAPPROVABLE", None, ErrorKind::InvalidData),
    ("UNAUTHORIZED", None, ErrorKind::LoginNeeded),
    ("failure_in_attachment_handling", None, ErrorKind::InvalidData),
];

/// What a code means; `None` where it is in no example.
pub(crate) fn kind_of(code: &str, status: u16) -> Option<ErrorKind> {
    let fits = |(known, only_with, _): &&(&str, Option<u16>, ErrorKind)| {
        *known == code && only_with.is_none_or(|only_with| only_with == status)
    };
    KINDS.iter().find(fits).map(|(_, _, kind)| *kind)
}
