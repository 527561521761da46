//! The names of files that are written before they are renamed to their real name.

#[cfg(any(feature = "file", feature = "sqlite"))]
use std::path::{Path, PathBuf};

/// The number of hexadecimal digits in a tag.
const TAG_LENGTH: usize = 16;

/// Returns a tag for [`path`] that no other process has.
#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) fn new_tag() -> String {
    use rand::RngExt;

    crate::token::hex(&rand::rng().random::<[u8; TAG_LENGTH / 2]>())
}

/// Whether a text is a tag.
pub(super) fn is_tag(text: &str) -> bool {
    text.len() == TAG_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the path at which a file is written before it is renamed to `path`. The tag may be empty.
#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) fn path(path: &Path, tag: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let dot = if tag.is_empty() { "" } else { "." };
    path.with_file_name(format!(".{name}{dot}{tag}.unfinished"))
}

/// Returns the name of the file that `entry` is to become, if it has the name of an unfinished file.
#[cfg(any(unix, feature = "file"))]
pub(super) fn target(entry: &str) -> Option<&str> {
    let name = entry.strip_prefix('.')?.strip_suffix(".unfinished")?;
    Some(name.rsplit_once('.').filter(|(_, end)| is_tag(end)).map_or(name, |(name, _)| name))
}

#[cfg(all(test, feature = "file"))]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_unfinished_file_tells_what_it_is_to_become() {
        let tag = new_tag();
        assert!(is_tag(&tag) && tag != new_tag());
        for tag in ["", &tag] {
            let unfinished = path(Path::new("/folder/tokens.txt.state"), tag);
            let name = unfinished.file_name().and_then(|name| name.to_str()).expect("a name");
            assert_eq!(target(name), Some("tokens.txt.state"));
        }
        assert_eq!(target("tokens.txt.state"), None);
    }
}
