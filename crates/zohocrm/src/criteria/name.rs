//! Checks names of fields and modules, which criteria and queries contain unquoted.

use crate::error::{Error, Invalid};

/// Returns the name if it is valid: letters, digits, `_` and `$`, in parts joined by `.` (a field of a related record) or
/// `->` (the module of a record that can belong to several).
pub(crate) fn checked_name(name: &str) -> Result<&str, Error> {
    let is_part = |part: &str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$'))
    };
    // In a query, a `!` before a name marks it as a module rather than a field.
    let parts = name.strip_prefix('!').unwrap_or(name);
    match parts.split("->").flat_map(|part| part.split('.')).all(is_part) {
        true => Ok(name),
        false => Err(Invalid::ApiName(name.to_owned()).into()),
    }
}
