//! Which store is which, independent of the name that messages use.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Identifies a store: two durable stores with the same identity hold the same tokens.
///
/// A store on a server holds its own identity, which
/// [`Coordination::stored_identity`](super::coordination::Coordination::stored_identity) returns. Any other store is
/// identified by its place: [`AnyStore::identity`](super::AnyStore::identity).
///
/// It decides which spooled tokens belong to a store, and whether both ends of a copy are the same store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoreIdentity(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Type(&'static str),
    File(PathBuf),
    Table(PathBuf, Arc<str>),
    Text(Arc<str>),
}

impl StoreIdentity {
    /// Identifies a store by a text that no other store has, such as its URL without the password.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Kind::Text(text.into().into()))
    }

    /// Creates an identity for a store that is being set up.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
    pub(super) fn random() -> Self {
        Self::new(format!("store {:032x}", rand::random::<u128>()))
    }

    /// Identifies a store by its file, independent of the working directory and of links that lead to it.
    pub(super) fn of_file(path: &Path) -> Self {
        Self(Kind::File(absolute(path)))
    }

    /// Identifies a store by its file and its table in it.
    pub(super) fn of_table(path: &Path, table: &str) -> Self {
        Self(Kind::Table(absolute(path), table.into()))
    }

    /// Identifies a store by its type alone, which several stores may share.
    pub(super) fn of_type(name: &'static str) -> Self {
        Self(Kind::Type(name))
    }

    /// Whether no other store has this identity.
    pub(super) fn is_unique(&self) -> bool {
        !matches!(self.0, Kind::Type(_))
    }
}

impl fmt::Display for StoreIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Type(name) => formatter.write_str(name),
            Kind::File(path) => path.display().fmt(formatter),
            Kind::Table(path, table) => write!(formatter, "{}?table={table}", path.display()),
            Kind::Text(text) => formatter.write_str(text),
        }
    }
}

/// One name for a file, whatever the working directory is and whichever links lead to it.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    if let Ok(file) = path.canonicalize() {
        return file;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AnyStore, MemoryStore};

    #[tokio::test]
    async fn stores_with_the_same_name_are_the_same_only_if_their_identity_says_so() {
        let store = || AnyStore::new(MemoryStore::new()).named("mine");
        assert!(!store().is_same_as(&store()).await.unwrap());
        let identified = |text: &str| store().identified_by(StoreIdentity::new(text));
        assert!(identified("kv://a").is_same_as(&identified("kv://a")).await.unwrap());
        assert!(!identified("kv://a").is_same_as(&identified("kv://b")).await.unwrap());
    }

    #[test]
    fn a_file_has_one_identity_however_its_path_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("tokens.db");
        let detour = folder.path().join(".").join("tokens.db");
        assert_eq!(StoreIdentity::of_file(&plain), StoreIdentity::of_file(&detour));
    }
}
