//! A spooled token, and the file that holds it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::persistence::Persistence;
use crate::store::{StoreError, StoredToken};
use crate::token::hex;

/// A spooled token. It expires by the store's clock.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) token: StoredToken,
    pub(crate) origin: Origin,
    pub(crate) login: LoginFacts,
    pub(crate) place: Place,
}

/// What is known about the login of a token, to tell an earlier login from a later one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LoginFacts {
    /// When it took place: epoch milliseconds by the store's clock.
    pub(crate) at: Option<u64>,
    /// The fingerprint of the refresh token that it replaces in its row.
    pub(crate) instead_of: Option<String>,
}

/// Where a token comes from: the row of a login may never have been stored, that of a renewal was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    Login,
    Renewal,
}

/// Where a spooled token is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    File(PathBuf),
    /// The memory of this process, because no folder accepted it.
    Memory(Arc<io::Error>),
}

/// What a file of the spool contains. A part of it cannot be parsed, so a file is complete or it has no entry.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    /// The address of the store.
    pub(super) store: String,
    /// The identity that the store itself holds, if it has one.
    #[serde(default)]
    pub(super) store_identity: Option<String>,
    pub(super) origin: Origin,
    #[serde(default)]
    pub(super) login: LoginFacts,
    pub(super) token: StoredToken,
}

impl Entry {
    /// The token in the file at `path`.
    pub(super) fn of(content: Content, path: PathBuf) -> Self {
        let Content { origin, login, token, .. } = content;
        Self { token, origin, login, place: Place::File(path) }
    }

    /// Whether it holds the same access token as `other`.
    pub(super) fn is_copy_of(&self, other: &Self) -> bool {
        self.token.access_token == other.token.access_token && self.is_of_credential_of(&other.token)
    }

    /// Whether it was issued for the same refresh token as `token`.
    pub(super) fn is_of_credential_of(&self, token: &StoredToken) -> bool {
        credential(&self.token) == credential(token)
    }

    /// Whether it expires after `other`, or is a copy of it.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        self.is_of_credential_of(&other.token)
            && self.token.expiry_milliseconds() >= other.token.expiry_milliseconds()
    }

    /// The file that holds it.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Memory(_) => None,
        }
    }

    /// Where it is, after the store has rejected it with `error`.
    pub(super) fn persistence(&self, error: StoreError) -> Persistence {
        match &self.place {
            Place::File(path) => Persistence::Spooled { path: path.clone(), error },
            Place::Memory(spool_error) => Persistence::InMemory { error, spool_error: spool_error.clone() },
        }
    }
}

/// The beginning of the names of all files of a store.
pub(super) fn tag(store: &str) -> String {
    short_digest(store)
}

/// The beginning of the names of all files with tokens that were issued for one credential, after the tag.
pub(super) fn credential_tag(token: &StoredToken) -> String {
    short_digest(credential(token))
}

/// The name of a token's file after the tag of its store, without an extension. The same token has the same name, so a
/// file is never overwritten by, or removed instead of, that of another token.
pub(super) fn name(token: &StoredToken) -> String {
    format!("{}-{}", credential_tag(token), short_digest(token.access_token.as_deref().unwrap_or_default()))
}

/// What the token was issued for: its refresh token, or else what else it has.
fn credential(token: &StoredToken) -> &str {
    let credentials = [&token.refresh_token, &token.grant_token, &token.access_token];
    credentials.into_iter().flatten().find(|text| !text.is_empty()).map_or("", String::as_str)
}

fn short_digest(text: &str) -> String {
    hex(&digest(&SHA256, text.as_bytes()).as_ref()[..8])
}
