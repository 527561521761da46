//! The names of the secrets. Every account that can list secrets sees them, so they contain no token.

use secrecy::SecretString;

use crate::token::fingerprint;

use super::super::coordination::LeaseKey;
use super::super::error::StoreError;

/// The names of a store's secrets, which all begin with its prefix.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// A name has at most 512 characters, of which up to 100 follow the prefix.
    const MAX_PREFIX: usize = 400;

    /// Creates the names with a prefix.
    ///
    /// # Errors
    /// If AWS does not allow such names. It allows letters, digits and `/_+=.@-`
    /// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>).
    pub(super) fn under(prefix: &str) -> Result<Self, StoreError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
        let fits = (1..=Self::MAX_PREFIX).contains(&prefix.len());
        if fits && prefix.bytes().all(is_allowed) && !prefix.starts_with('/') && !prefix.ends_with('/') {
            return Ok(Self { prefix: prefix.to_owned() });
        }
        Err(StoreError::invalid_options(
            "the prefix cannot be part of a secret's name",
            "use a prefix of letters, digits and the characters /_+=.@- that neither begins nor ends with /",
        ))
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The row with an id. An id that cannot be part of a name is replaced by its SHA-256; the content has the whole id.
    pub(super) fn token(&self, id: &str) -> String {
        // Without a hyphen: AWS advises against names that end like an ARN.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if (1..=64).contains(&id.len()) && id.bytes().all(is_plain) {
            return format!("{}{id}", self.tokens());
        }
        format!("{}={}", self.tokens(), hash(id))
    }

    /// The prefix of the names of all rows.
    pub(super) fn tokens(&self) -> String {
        format!("{}/token/", self.prefix)
    }

    /// The list of a user's rows.
    pub(super) fn user(&self, name: &str) -> String {
        format!("{}{}", self.users(), hash(name))
    }

    /// The prefix of the names of all users' lists.
    pub(super) fn users(&self) -> String {
        format!("{}/user/", self.prefix)
    }

    /// The lease on a credential.
    pub(super) fn lease(&self, key: &LeaseKey) -> String {
        format!("{}/lease/{}", self.prefix, key.as_str().replace(':', "/"))
    }

    /// The highest id.
    pub(super) fn highest_id(&self) -> String {
        format!("{}/highest_id", self.prefix)
    }
}

fn hash(text: &str) -> String {
    fingerprint(&SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_ids_have_different_names_that_aws_accepts() {
        let names = Names::under("zohooauth").unwrap();
        let long = "9".repeat(1_000);
        let ids = ["1", "01", "a b", "a/b", "a", "A", "é", "\0", "=1", "a-abcdef", long.as_str()];
        let mut named: Vec<_> = ids.iter().map(|id| names.token(id)).collect();
        for name in &named {
            assert!(name.len() <= 512 && Names::under(name).is_ok(), "{name}");
        }
        named.sort_unstable();
        named.dedup();
        assert_eq!(named.len(), ids.len());
        assert_eq!(names.token("12"), "zohooauth/token/12");
    }

    #[test]
    fn a_prefix_that_aws_would_reject_is_rejected() {
        for prefix in ["", "a b", "zoho:x", "/x", "x/", "é", &"x".repeat(401)] {
            assert!(Names::under(prefix).is_err(), "{prefix:?}");
        }
    }
}
