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
    match scheme {
        "memory" if place.is_empty() => Ok(MemoryStore::new().into()),
        "file" if place.is_empty() => Err(unusable("write the path behind it, such as file:sdk_tokens.txt")),
        "file" => file(place),
        "sqlite" if place.is_empty() => {
            Err(unusable("write the path behind it, such as sqlite:zohooauth.db"))
        }
        "sqlite" => sqlite(place),
        "mysql" | "postgres" | "postgresql" | "redis" | "rediss" | "aws-secretsmanager" => {
            Err(unusable(format!("this version has no {scheme} store; use sqlite:PATH or file:PATH")))
        }
        _ => Err(unusable("write memory:, file:PATH, sqlite:PATH or sqlite::memory:")),
    }
}

#[cfg(feature = "file")]
fn file(path: &str) -> Result<AnyStore, StoreError> {
    Ok(super::FileStore::open(path)?.into())
}

#[cfg(not(feature = "file"))]
fn file(_: &str) -> Result<AnyStore, StoreError> {
    Err(unusable("this build has no file store: turn on the feature `file` of zoho-oauth"))
}

#[cfg(feature = "sqlite")]
fn sqlite(path: &str) -> Result<AnyStore, StoreError> {
    if path == ":memory:" {
        return Ok(super::SqliteStore::in_memory()?.into());
    }
    Ok(super::SqliteStore::open(path)?.into())
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str) -> Result<AnyStore, StoreError> {
    Err(unusable("this build has no SQLite store: turn on the feature `sqlite` of zoho-oauth"))
}

fn unusable(next_step: impl Into<std::borrow::Cow<'static, str>>) -> StoreError {
    StoreError::of(StoreErrorKind::Refused, "open the token store that this URL names").next_step(next_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_names_no_store_says_what_would() {
        for url in ["", "memory:x", "oracle:x", "sqlite:", "file:", "mysql://user:secret@host/db"] {
            let message = connect(url).map(|store| store.name().to_owned()).unwrap_err().to_string();
            assert!(message.contains("; "), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
        assert_eq!(connect("memory:").unwrap().name(), "the memory token store");
    }
}
