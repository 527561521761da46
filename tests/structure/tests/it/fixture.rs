//! A crate that exists in a test only.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::Crate;

/// Reads the crate `sample`, which depends on `reqwest` and `serde_json`, from these files in `src`.
pub(crate) fn source(files: &[(&str, &str)]) -> Crate {
    let dependencies = BTreeSet::from(["reqwest".to_owned(), "serde_json".to_owned()]);
    let read = |file: &Path| {
        files.iter().find(|(name, _)| Path::new(name) == file).map(|(_, text)| (*text).to_owned())
    };
    match Crate::read("sample", Path::new("src"), dependencies, &read) {
        Ok(source) => source,
        Err(reason) => panic!("the fixture cannot be read: {reason}"),
    }
}
