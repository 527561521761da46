//! The secrets of a run. Each has a number, so that it is recognized wherever it appears.

/// The text before the number of a refresh token.
pub(crate) const REFRESH: &str = "1000.refresh.";

/// The text before the number of an access token.
pub(crate) const ACCESS: &str = "1000.access.";

/// The text before the number of a code.
pub(crate) const CODE: &str = "1000.code.";

/// The number of a secret of this kind.
pub(crate) fn number(kind: &str, secret: &str) -> Option<usize> {
    secret.strip_prefix(kind)?.parse().ok()
}

/// The number of the first secret of this kind in the content of a file.
pub(crate) fn number_in(kind: &str, content: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(content).ok()?;
    let (_, after) = text.split_once(kind)?;
    let digits = after.find(|letter: char| !letter.is_ascii_digit())?;
    after[..digits].parse().ok()
}
