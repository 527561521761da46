//! `Rejection`: an error response of Zoho, and what it means for the caller. Only this file knows Zoho's codes.

use std::fmt;

use super::details::Details;
use super::envelope::Envelope;
use super::kind::ErrorKind;
use crate::value::Value;

/// An error response of Zoho: `{"code": …, "message": …, "details": …, "status": "error"}`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rejection {
    code: String,
    message: String,
    details: Value,
    /// The single errors, if Zoho found several and reports them as one.
    parts: Vec<Self>,
}

impl Rejection {
    pub(super) fn new(code: String, message: String, details: Value) -> Self {
        let errors = details.get("errors").and_then(Value::as_array).into_iter().flatten();
        let parts = errors.filter_map(|error| Envelope::of(error)?.into_rejection()).collect();
        Self { code, message, details, parts }
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn details(&self) -> &Value {
        &self.details
    }

    /// Whether the response had no rejection.
    pub(super) fn is_empty(&self) -> bool {
        self.code.is_empty() && self.message.is_empty()
    }

    /// The single errors: several if Zoho reports them as one, otherwise this one.
    pub(super) fn each(&self) -> &[Self] {
        match self.parts.as_slice() {
            [] => std::slice::from_ref(self),
            parts => parts,
        }
    }

    /// What the code means. The status counts if the code is unknown, or means several things.
    pub(crate) fn kind(&self, status: Option<u16>) -> ErrorKind {
        match self.code.as_str() {
            "MULTIPLE_OR_MULTI_ERRORS" => {
                self.parts.first().map_or(ErrorKind::InvalidData, |first| first.kind(status))
            }
            // A missing permission with 401 and 403. With any other status, nobody may do it: a system profile cannot be
            // changed, a task that a workflow uses cannot be deleted.
            "NOT_ALLOWED" if !matches!(status, Some(401 | 403)) => ErrorKind::NotAllowed,
            // An id that does not exist.
            "INVALID_DATA" if status == Some(404) => ErrorKind::NotFound,
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

    /// Whether Zoho rejected the access token. The documentation has three spellings of this code.
    pub(crate) fn rejects_the_token(&self) -> bool {
        matches!(self.code.as_str(), "INVALID_TOKEN" | "INVALID_OAUTHTOKEN" | "invalid_token")
    }

    /// The fields and parameters that Zoho names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.each().iter().flat_map(|part| Details(&part.details).fields()).collect()
    }

    /// The id of the existing record that the rejected one duplicates.
    pub(crate) fn duplicate_of(&self) -> Option<&str> {
        let is_duplicate = |part: &&Self| part.kind(None) == ErrorKind::Duplicate;
        self.each().iter().filter(is_duplicate).find_map(|part| Details(&part.details).duplicate())
    }

    /// The missing permissions, if Zoho names them.
    pub(crate) fn permissions(&self) -> Vec<&str> {
        self.each().iter().flat_map(|part| Details(&part.details).permissions()).collect()
    }

    /// What to do about the rejection.
    pub(super) fn next_step(&self, status: Option<u16>) -> Option<String> {
        let kind = self.kind(status);
        let fixed = match (self.code.as_str(), kind) {
            _ if self.rejects_the_token() => {
                "Zoho rejected a new token as well; log in again in the user's own data center"
            }
            ("", ErrorKind::LoginRequired) => {
                "check what answers at the API URL, such as a proxy or a gateway, or log in again"
            }
            ("INVALID_MODULE", _) => "use the module's API name, from GET /crm/v8/settings/modules",
            ("ASSOCIATIONS_EXIST", _) => "remove it from where it is used, then try again",
            ("RECORD_LOCKED", _) => "unlock the record, or wait until it is unlocked, then try again",
            ("RECORD_IN_BLUEPRINT", _) => "move the record on with a transition of its blueprint",
            ("NOT_APPROVED", _) => "wait until the record is approved, then try again",
            ("NOT_REVIEWED", _) => "wait until the record is reviewed, then try again",
            ("ALREADY_SHARED", _) => "nothing is left to do",
            ("ALREADY_SCHEDULED", _) => "wait until the job that runs has finished, then try again",
            ("ALREADY_USED" | "CANNOT_PROCESS", _) => return self.correction(kind),
            ("EXPIRED_VALUE", _) => "get a new value; for a page token, start again with the first page",
            (
                "FEATURE_NOT_SUPPORTED"
                | "FEATURE_NOT_ENABLED"
                | "FEATURE_PERMISSION"
                | "CURRENCIES_NOT_ENABLED"
                | "TERRITORY_DISABLED",
                _,
            ) => "ask the CRM's administrator whether its edition has the feature, and to enable it",
            (_, ErrorKind::LoginRequired) => "log in again",
            (_, ErrorKind::ScopeMissing) => "log in again and request the scope that this call needs",
            (_, ErrorKind::PermissionMissing) => {
                "ask the CRM's administrator to add the permission to the user's profile"
            }
            (_, ErrorKind::NotAllowed) => "no user may do this; see the message for the rule",
            (_, ErrorKind::Throttled) => "make fewer calls at once, or wait, because credits return daily",
            (_, ErrorKind::Server) => "try again in a moment",
            (_, ErrorKind::Conflict) => "read the record again before you change it",
            _ => return self.correction(kind),
        };
        Some(fixed.to_owned())
    }

    /// What to correct, according to the details.
    fn correction(&self, kind: ErrorKind) -> Option<String> {
        let details = Details(&self.details);
        let fields: Vec<String> =
            details.fields().iter().map(|field| format!("`{}`", field.escape_debug())).collect();
        let noun = match (details.are_about_parameters(), fields.len()) {
            (true, 0 | 1) => "parameter",
            (true, _) => "parameters",
            (false, 0 | 1) => "field",
            (false, _) => "fields",
        };
        let is_one = fields.len() == 1;
        let listed = fields.join(", ");
        let step = match (self.code.as_str(), kind) {
            (_, ErrorKind::Duplicate) => return Some(correction_of_duplicate(details, &listed)),
            (_, ErrorKind::NotFound) => return not_found(details, &self.code),
            (_, ErrorKind::LimitExceeded) => return over_limit(details, &listed),
            _ if fields.is_empty() => {
                return details.expected().map(|expected| format!("expected {expected}"));
            }
            ("AMBIGUITY_DURING_PROCESSING", _) if !is_one => format!("give only one of the {noun} {listed}"),
            ("EXPECTED_FIELD_MISSING" | "EXPECTED_PARAM_MISSING", _) if !is_one => {
                format!("give at least one of the {noun} {listed}")
            }
            (code, _) if code.ends_with("_MISSING") || code == "MANDATORY_NOT_FOUND" => {
                format!("give the {noun} {listed}")
            }
            _ => format!("correct the {noun} {listed}"),
        };
        Some(match details.expected() {
            Some(expected) => format!("{step}: expected {expected}"),
            None => step,
        })
    }

    /// The rejection and what to do about it, for each error that it consists of.
    pub(super) fn in_words(&self, status: Option<u16>, shows_details: bool) -> String {
        if !self.parts.is_empty() {
            return format!(
                "{self}: {}",
                numbered(&self.parts.iter().collect::<Vec<_>>(), status, shows_details)
            );
        }
        let mut words = self.to_string();
        if shows_details && self.details.as_object().is_some_and(|details| !details.is_empty()) {
            words.push_str(&format!(" {}", self.details));
        }
        if let Some(next_step) = self.next_step(status) {
            words.push_str(&format!("; {next_step}"));
        }
        words
    }
}

/// The number of rejections that a message contains.
const MAX_TOLD: usize = 10;

/// Several rejections on one line.
pub(super) fn numbered(rejections: &[&Rejection], status: Option<u16>, shows_details: bool) -> String {
    let told = rejections.iter().zip(1..).take(MAX_TOLD);
    let mut told: Vec<String> = told
        .map(|(rejection, number)| format!("({number}) {}", rejection.in_words(status, shows_details)))
        .collect();
    if rejections.len() > MAX_TOLD {
        told.push(format!("and {} more", rejections.len() - MAX_TOLD));
    }
    told.join("; ")
}

fn correction_of_duplicate(details: Details<'_>, fields: &str) -> String {
    let change = match fields {
        "" => "change the value".to_owned(),
        fields => format!("change {fields}"),
    };
    let Some(id) = details.duplicate() else { return format!("{change}, which exists already") };
    let module = details.module_of_duplicate();
    let module = module.map(|module| format!(" in `{}`", module.escape_debug())).unwrap_or_default();
    format!("it duplicates `{}`{module}; update that one, or {change}", id.escape_debug())
}

fn not_found(details: Details<'_>, code: &str) -> Option<String> {
    match (details.part_of_path(), code) {
        (Some(part), _) => Some(format!("check part {part} of the path, counted after the version")),
        (None, "INVALID_DATA") => {
            Some("check the id; it does not exist, or the user cannot see it".to_owned())
        }
        (None, _) => None,
    }
}

fn over_limit(details: Details<'_>, fields: &str) -> Option<String> {
    let of = match fields {
        "" => String::new(),
        fields => format!(" for {fields}"),
    };
    match details.limit() {
        Some(limit) => Some(format!("the limit{of} is {limit}")),
        None if fields.is_empty() => None,
        None => Some(format!("reduce {fields}")),
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
