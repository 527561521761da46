//! Where the store's secrets are, and how long it waits for AWS.

use std::time::Duration;

use super::super::error::StoreError;
use super::super::store_url::{StoreKind, StoreUrl, StoreUrlError};

/// Where and how tokens are kept in AWS Secrets Manager.
///
/// What is not set here comes from where AWS's own tools look for it: the environment, the profile, the machine's
/// role. Credentials always do.
#[derive(Clone, Debug)]
pub struct SecretsManagerOptions {
    pub(super) prefix: String,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
}

impl SecretsManagerOptions {
    /// The usual way: the prefix `zohooauth`, the environment's region.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what the secrets' names begin with. `zohooauth`, unless set.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the region, such as `eu-west-1`.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets where Secrets Manager answers, where that is not AWS's public address: a VPC endpoint, or a stand-in.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Sets how long connecting may take. Five seconds, unless set.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long one call may take in all, with its requests and their repetitions. Ten seconds, unless set.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads `aws-secretsmanager:PREFIX?region=eu-west-1`.
    pub(super) fn from_url(url: &StoreUrl) -> Result<Self, StoreUrlError> {
        let url = url.server(StoreKind::SecretsManager)?;
        let defaults = Self::default();
        Ok(Self {
            region: url.text("region").filter(|region| !region.is_empty()),
            endpoint: url.text("endpoint").filter(|endpoint| !endpoint.is_empty()),
            connect_timeout: url.seconds("connect_timeout")?.unwrap_or(defaults.connect_timeout),
            timeout: url.seconds("timeout")?.unwrap_or(defaults.timeout),
            prefix: url.path.unwrap_or(defaults.prefix),
        })
    }

    /// Refuses what can never work.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let is_usable = |url: &str| {
            let has_scheme = url.starts_with("http://") || url.starts_with("https://");
            has_scheme && url::Url::parse(url).is_ok()
        };
        if self.endpoint.as_deref().is_some_and(|endpoint| !is_usable(endpoint)) {
            return Err(StoreError::invalid_options(
                "its endpoint is no http or https URL",
                "write endpoint=https://host",
            ));
        }
        if self.timeout.is_zero() || self.connect_timeout.is_zero() {
            return Err(StoreError::invalid_options(
                "no time at all is given to it",
                "give it a timeout of a second or more",
            ));
        }
        Ok(())
    }
}

impl Default for SecretsManagerOptions {
    fn default() -> Self {
        Self {
            prefix: "zohooauth".to_owned(),
            region: None,
            endpoint: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<SecretsManagerOptions, StoreUrlError> {
        SecretsManagerOptions::from_url(&url.parse()?)
    }

    #[test]
    fn a_url_says_all_that_can_be_set() {
        let url = "aws-secretsmanager:my/tokens?region=eu-west-1&endpoint=http://127.0.0.1:5000&timeout=3&connect_timeout=2";
        let options = read(url).unwrap();
        assert_eq!(options.prefix, "my/tokens");
        assert_eq!(options.region.as_deref(), Some("eu-west-1"));
        assert_eq!(options.endpoint.as_deref(), Some("http://127.0.0.1:5000"));
        assert_eq!(options.timeout, Duration::from_secs(3));
        assert_eq!(options.connect_timeout, Duration::from_secs(2));
        options.check().unwrap();
    }

    #[test]
    fn without_a_prefix_it_is_zohooauth() {
        for url in ["aws-secretsmanager:", "aws-secretsmanager://", "aws-secretsmanager:?region=eu-west-1"] {
            assert_eq!(read(url).unwrap().prefix, "zohooauth", "{url}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for url in ["aws:x", "aws-secretsmanager:x?colour=blue", "aws-secretsmanager:x?timeout=soon"] {
            assert!(read(url).is_err(), "{url}");
        }
        for url in [
            "aws-secretsmanager:x?endpoint=localhost:5000",
            "aws-secretsmanager:x?endpoint=http:localhost",
            "aws-secretsmanager:x?timeout=0",
        ] {
            assert!(read(url).unwrap().check().is_err(), "{url}");
        }
    }
}
