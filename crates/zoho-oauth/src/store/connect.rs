//! A store by its URL: what the `zoho` command takes, and any program that leaves the choice to its user.

use super::any::AnyStore;
use super::error::{StoreError, StoreErrorKind};
use super::memory::MemoryStore;

/// Opens the store that `url` names.
///
/// | URL | store |
/// |---|---|
/// | `memory:` | in memory, for as long as the process lives |
/// | `file:PATH` | the CSV file of Zoho's own SDKs, such as `file:sdk_tokens.txt` |
/// | `sqlite:PATH` | an SQLite file, such as `sqlite:zohooauth.db` |
/// | `sqlite::memory:` | SQLite in memory |
///
/// # Errors
/// When the URL names no store that this build has, or when the store cannot be opened. A URL's password is never
/// part of a message.
pub fn connect(url: &str) -> Result<AnyStore, StoreError> {
    let (scheme, place) = url.split_once(':').unwrap_or((url, ""));
    // sqlite:///folder/file is how some libraries write sqlite:/folder/file.
    let place = place.strip_prefix("//").unwrap_or(place);
    match (scheme, place) {
        ("memory", "") => Ok(MemoryStore::new().into()),
        ("file" | "sqlite", "") => Err(unusable(format!(
            "a store URL that starts with {scheme}: needs a path behind it, such as {scheme}:{}",
            usual_name(scheme)
        ))),
        //FILE #[cfg(feature = "file")]
        //FILE ("file", path) => Ok(super::FileStore::open(path)?.into()),
        #[cfg(feature = "sqlite")]
        ("sqlite", ":memory:") => Ok(super::SqliteStore::in_memory()?.into()),
        #[cfg(feature = "sqlite")]
        ("sqlite", path) => Ok(super::SqliteStore::open(path)?.into()),
        ("file" | "sqlite", _) => Err(unusable(format!(
            "this build has no {scheme} stores; turn on the feature {scheme:?} of zoho-oauth"
        ))),
        _ => Err(unusable(format!(
            "{scheme:?} names no kind of store; write memory:, file:PATH, sqlite:PATH or sqlite::memory:"
        ))),
    }
}

fn usual_name(scheme: &str) -> &'static str {
    if scheme == "file" { "sdk_tokens.txt" } else { "zohooauth.db" }
}

fn unusable(next_step: String) -> StoreError {
    StoreError::of(StoreErrorKind::Refused, "open a token store").next_step(next_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_names_no_store_says_what_would() {
        for url in ["", "memory", "memory:x", "oracle:x", "sqlite:", "file:", "mysql://user:secret@host/db"] {
            let outcome = connect(url).map(|store| store.name().to_owned());
            if url == "memory" {
                assert_eq!(outcome.unwrap(), "the memory token store");
                continue;
            }
            let message = outcome.unwrap_err().to_string();
            assert!(message.contains("; "), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
