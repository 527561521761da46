//! The meaning of Zoho's error codes, from Zoho's documentation. The client has a separate table.

use zohocrm::ErrorKind;

/// Every code in the published examples.
const KINDS: &[(&str, ErrorKind)] = &[
    ("ALREADY_MODIFIED", ErrorKind::Conflict),
    ("ALREADY_SHARED", ErrorKind::Conflict),
    ("ALREADY_USED", ErrorKind::Conflict),
    ("AMBIGUITY_DURING_PROCESSING", ErrorKind::InvalidData),
    ("API_NOT_SUPPORTED", ErrorKind::InvalidData),
    ("ASSOCIATIONS_EXIST", ErrorKind::Conflict),
    ("AUTHENTICATION_FAILURE", ErrorKind::LoginRequired),
    ("BAD_REQUEST", ErrorKind::InvalidData),
    ("CANNOT_PROCESS", ErrorKind::Conflict),
    ("CURRENCIES_NOT_ENABLED", ErrorKind::PermissionMissing),
    ("DEPENDENT_FIELD_MISSING", ErrorKind::InvalidData),
    ("DEPENDENT_MISMATCH", ErrorKind::InvalidData),
    ("DISCRETE_PAGINATION_LIMIT_EXCEEDED", ErrorKind::LimitExceeded),
    ("DUPLICATE_DATA", ErrorKind::Duplicate),
    ("DUPLICATE_LINKING_DATA", ErrorKind::Duplicate),
    ("EXPECTED_FIELD_MISSING", ErrorKind::InvalidData),
    ("EXPIRED_VALUE", ErrorKind::InvalidData),
    ("FEATURE_NOT_ENABLED", ErrorKind::PermissionMissing),
    ("FEATURE_NOT_SUPPORTED", ErrorKind::PermissionMissing),
    ("INTERNAL_ERROR", ErrorKind::Server),
    ("INTERNAL_SERVER_ERROR", ErrorKind::Server),
    ("INVALID_DATA", ErrorKind::InvalidData),
    ("INVALID_QUERY", ErrorKind::InvalidData),
    ("INVALID_REQUEST", ErrorKind::InvalidData),
    ("INVALID_REQUEST_METHOD", ErrorKind::InvalidData),
    ("INVALID_TOKEN", ErrorKind::LoginRequired),
    ("INVALID_URL_PATTERN", ErrorKind::NotFound),
    ("LICENSE_LIMIT_EXCEEDED", ErrorKind::LimitExceeded),
    ("LIMIT_EXCEEDED", ErrorKind::LimitExceeded),
    ("LOWER_LIMIT_REACHED", ErrorKind::LimitExceeded),
    ("MANDATORY_NOT_FOUND", ErrorKind::InvalidData),
    ("MAPPING_MISMATCH", ErrorKind::InvalidData),
    ("NOT_ALLOWED", ErrorKind::NotAllowed),
    ("NOT_APPROVED", ErrorKind::Conflict),
    ("NOT_FOUND", ErrorKind::NotFound),
    ("NOT_REVIEWED", ErrorKind::Conflict),
    ("NO_PERMISSION", ErrorKind::PermissionMissing),
    ("OAUTH_SCOPE_MISMATCH", ErrorKind::ScopeMissing),
    ("PATTERN_NOT_MATCHED", ErrorKind::InvalidData),
    ("RATE_LIMIT_EXCEEDED", ErrorKind::Throttled),
    ("RECORD_LIMIT_EXCEEDED", ErrorKind::LimitExceeded),
    ("RECORD_LOCKED", ErrorKind::Conflict),
    ("RESOURCE_NOT_FOUND", ErrorKind::NotFound),
    ("SERVICE_UNAVAILABLE", ErrorKind::Server),
    ("SYNTAX_ERROR", ErrorKind::InvalidData),
    ("TERRITORY_DISABLED", ErrorKind::PermissionMissing),
    ("TOO_MANY_REQUESTS", ErrorKind::Throttled),
    ("UNAPPROVABLE", ErrorKind::InvalidData),
    ("UNAUTHORIZED", ErrorKind::LoginRequired),
    ("failure_in_attachment_handling", ErrorKind::InvalidData),
];

/// Codes that mean something else with one status.
const KINDS_BY_STATUS: &[(u16, &str, ErrorKind)] =
    &[(403, "NOT_ALLOWED", ErrorKind::PermissionMissing), (404, "INVALID_DATA", ErrorKind::NotFound)];

/// The meaning of a code with a status, or `None` if no example contains the code.
pub(crate) fn kind_of(code: &str, status: u16) -> Option<ErrorKind> {
    let by_status = KINDS_BY_STATUS.iter().find(|(of, known, _)| (*of, *known) == (status, code));
    if let Some((_, _, kind)) = by_status {
        return Some(*kind);
    }
    KINDS.iter().find(|(known, _)| *known == code).map(|(_, kind)| *kind)
}
