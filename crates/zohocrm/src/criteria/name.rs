//! Names of fields and modules, which are written into criteria and queries without quotes.

use crate::error::Error;

/// The name, if it is one: letters, digits, `_` and `$`, in parts joined by `.` (a field of a related record) or `->`
/// (the module of a record that may be of several).
pub(crate) fn checked_name(name: &str) -> Result<&str, Error> {
    let is_part = |part: &str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$'))
    };
    // A query may put `!` before the name of a module, to tell it from a field.
    let parts = name.strip_prefix('!').unwrap_or(name);
    match parts.split("->").flat_map(|part| part.split('.')).all(is_part) {
        true => Ok(name),
        false => {
            Err(Error::Request(format!("`{}` is not the API name of a field or module", name.escape_debug())))
        }
    }
}
