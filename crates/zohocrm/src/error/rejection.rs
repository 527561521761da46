//! `Rejection`: an error response of Zoho, and what it means for the caller. Only this file knows Zoho's codes.

use std::fmt;

use serde_json::Value;

use super::envelope::Envelope;
use super::kind::ErrorKind;

/// An error response of Zoho: `{"code": …, "message": …, "details": …, "status": "error"}`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rejection {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Value,
}

impl Rejection {
    /// What the code means. The status counts only if there is no known code.
    pub(crate) fn kind(&self, status: Option<u16>) -> ErrorKind {
        match self.code.as_str() {
            "MULTIPLE_OR_MULTI_ERRORS" => {
                self.parts().first().map_or(ErrorKind::InvalidData, |first| first.kind(status))
            }
            _ if self.rejects_the_token() => ErrorKind::LoginRequired,
            "AUTHENTICATION_FAILURE" => ErrorKind::LoginRequired,
            "OAUTH_SCOPE_MISMATCH" | "INVALID_OAUTHSCOPE" => ErrorKind::ScopeMissing,
            "NO_PERMISSION"
            | "AUTHORIZATION_FAILED"
            | "PERMISSION_DENIED"
            | "NOT_ALLOWED"
            | "FEATURE_NOT_SUPPORTED"
            | "FEATURE_NOT_ENABLED"
            | "FEATURE_PERMISSION" => ErrorKind::PermissionMissing,
            "INVALID_MODULE"
            | "MODULE_NOT_AVAILABLE"
            | "INVALID_URL_PATTERN"
            | "RESOURCE_NOT_FOUND"
            | "NOT_FOUND"
            | "NO_DATA"
            | "RECORD_NOT_FOUND"
            | "NO_RECORDS_FOUND" => ErrorKind::NotFound,
            "DUPLICATE_DATA" | "DUPLICATE_LINKING_DATA" | "ALREADY_EXISTS" => ErrorKind::Duplicate,
            "RECORD_MODIFIED"
            | "RECORD_LOCKED"
            | "RECORD_IN_BLUEPRINT"
            | "CONFLICT"
            | "ALREADY_MODIFIED"
            | "ALREADY_SHARED"
            | "ALREADY_USED"
            | "ASSOCIATIONS_EXIST"
            | "CANNOT_PROCESS"
            | "NOT_APPROVED"
            | "NOT_REVIEWED"
            | "ALREADY_SCHEDULED" => ErrorKind::Conflict,
            "TOO_MANY_REQUESTS" | "RATE_LIMIT_EXCEEDED" => ErrorKind::Throttled,
            "REQUEST_ENTITY_TOO_LARGE" | "FILE_SIZE_MORE_THAN_ALLOWED_SIZE" => ErrorKind::LimitExceeded,
            // There are many: LICENSE_LIMIT_EXCEEDED, RECORD_LIMIT_EXCEEDED, LOWER_LIMIT_REACHED.
            code if code.ends_with("LIMIT_EXCEEDED") || code.ends_with("LIMIT_REACHED") => {
                ErrorKind::LimitExceeded
            }
            "INTERNAL_ERROR" | "INTERNAL_SERVER_ERROR" | "BAD_GATEWAY" | "SERVICE_UNAVAILABLE" => {
                ErrorKind::Server
            }
            "INVALID_DATA"
            | "MANDATORY_NOT_FOUND"
            | "REQUIRED_PARAM_MISSING"
            | "EXPECTED_FIELD_MISSING"
            | "DEPENDENT_FIELD_MISSING"
            | "DEPENDENT_MISMATCH"
            | "EXPECTED_PARAM_MISSING"
            | "INVALID_QUERY"
            | "PATTERN_NOT_MATCHED"
            | "AMBIGUITY_DURING_PROCESSING"
            | "UNSUPPORTED_MEDIA_TYPE"
            | "MAPPING_MISMATCH"
            | "INVALID_REQUEST"
            | "INVALID_REQUEST_METHOD"
            | "METHOD_NOT_ALLOWED"
            | "CANNOT_BE_UPDATED"
            | "UNABLE_TO_PARSE_DATA_TYPE" => ErrorKind::InvalidData,
            _ => status.map_or(ErrorKind::Other, kind_of_status),
        }
    }

    /// The single rejections, if Zoho found several errors.
    pub(super) fn parts(&self) -> Vec<Self> {
        let errors = self.details.get("errors").and_then(Value::as_array);
        let envelope =
            |error: &Value| serde_json::from_value::<Envelope>(error.clone()).ok()?.into_rejection();
        errors.map(|errors| errors.iter().filter_map(envelope).collect()).unwrap_or_default()
    }

    /// Whether Zoho rejected the access token. The documentation has three spellings of this code.
    pub(crate) fn rejects_the_token(&self) -> bool {
        matches!(self.code.as_str(), "INVALID_TOKEN" | "INVALID_OAUTHTOKEN" | "invalid_token")
    }

    /// The rejected field: its path in the body if Zoho names it, otherwise its API name or the name of the parameter.
    pub(crate) fn field(&self) -> Option<&str> {
        ["json_path", "api_name", "param_name", "param"]
            .iter()
            .find_map(|name| self.details.get(name)?.as_str())
    }

    /// The id of the existing record that the rejected one duplicates.
    pub(crate) fn duplicate_of(&self) -> Option<&str> {
        let record = self.details.get("duplicate_record").unwrap_or(&self.details);
        record.get("id")?.as_str().filter(|_| self.kind(None) == ErrorKind::Duplicate)
    }

    /// The missing permissions, if Zoho names them.
    pub(crate) fn permissions(&self) -> Vec<&str> {
        match self.details.get("permissions") {
            Some(Value::String(permission)) => vec![permission],
            Some(Value::Array(permissions)) => permissions.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// What to do about the rejection.
    pub(crate) fn next_step(&self, status: Option<u16>) -> Option<&'static str> {
        match (self.code.as_str(), self.kind(status)) {
            _ if self.rejects_the_token() => {
                Some("Zoho rejected a new token as well; log in again in the user's own data center")
            }
            ("", ErrorKind::LoginRequired) => {
                Some("check what answers at the API URL, such as a proxy or a gateway, or log in again")
            }
            ("INVALID_MODULE", _) => Some("use the module's API name, from GET /crm/v8/settings/modules"),
            (_, ErrorKind::LoginRequired) => Some("log in again"),
            (_, ErrorKind::ScopeMissing) => Some("log in again and request the scope that this call needs"),
            (_, ErrorKind::PermissionMissing) => {
                Some("ask the CRM's administrator to add the permission to the user's profile")
            }
            (_, ErrorKind::Throttled) => {
                Some("make fewer calls at once, or wait, because credits return daily")
            }
            (_, ErrorKind::Server) => Some("try again in a moment"),
            (_, ErrorKind::Conflict) => Some("read the record again before you change it"),
            _ => None,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.code.escape_debug().to_string())?;
        if !self.message.is_empty() {
            let separator = if self.code.is_empty() { "" } else { ", " };
            write!(formatter, "{separator}{}", on_one_line(&self.message))?;
        }
        Ok(())
    }
}

/// Escapes control characters in Zoho's message, which could end the line or move a cursor.
fn on_one_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for letter in message.chars() {
        match letter.is_control() {
            true => line.extend(letter.escape_debug()),
            false => line.push(letter),
        }
    }
    line
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::LoginRequired,
        403 => ErrorKind::PermissionMissing,
        404 => ErrorKind::NotFound,
        409 | 412 => ErrorKind::Conflict,
        408 => ErrorKind::Server,
        413 => ErrorKind::LimitExceeded,
        429 => ErrorKind::Throttled,
        400..=499 => ErrorKind::InvalidData,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Other,
    }
}
