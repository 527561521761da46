//! The options of a Secrets Manager store.

use std::time::Duration;

use super::super::error::StoreError;
use super::super::identity::StoreIdentity;
use super::super::store_url::{StoreKind, StoreUrl, StoreUrlError};

/// The location of a store in AWS Secrets Manager, and its timeouts.
///
/// The default region comes from the same sources as in AWS's own tools: environment variables, the profile, or the role of
/// the machine. Credentials always come from these sources.
#[derive(Clone, Debug)]
pub struct SecretsManagerOptions {
    pub(super) prefix: String,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
}

impl SecretsManagerOptions {
    /// Creates the default options: prefix `zohooauth` and the default region.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the prefix of the secrets' names. Default: `zohooauth`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the region, for example `eu-west-1`.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the URL of Secrets Manager, for a VPC endpoint or an emulator. Default: AWS's public address.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Sets the timeout for connecting. Default: five seconds.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the timeout of a call, with all its requests and retries. Default: ten seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads the options from a URL such as `aws-secretsmanager:PREFIX?region=eu-west-1`.
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

    /// Rejects invalid options.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let is_usable = |url: &str| {
            let has_scheme = url.starts_with("http://") || url.starts_with("https://");
            has_scheme && url::Url::parse(url).is_ok()
        };
        if self.endpoint.as_deref().is_some_and(|endpoint| !is_usable(endpoint)) {
            return Err(StoreError::invalid_options(
                "the endpoint is not an http or https URL",
                "use a URL such as https://host",
            ));
        }
        if self.timeout.is_zero() || self.connect_timeout.is_zero() {
            return Err(StoreError::invalid_options(
                "a timeout of zero",
                "use a timeout of at least one second",
            ));
        }
        Ok(())
    }

    pub(super) fn identity(&self) -> StoreIdentity {
        let Self { prefix, region, endpoint, .. } = self;
        let place = endpoint.as_deref().or(region.as_deref()).unwrap_or("default");
        StoreIdentity::new(format!("aws-secretsmanager:{prefix}?at={place}"))
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
    fn a_url_sets_every_option() {
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
    fn the_default_prefix_is_zohooauth() {
        for url in ["aws-secretsmanager:", "aws-secretsmanager://", "aws-secretsmanager:?region=eu-west-1"] {
            assert_eq!(read(url).unwrap().prefix, "zohooauth", "{url}");
        }
    }

    #[test]
    fn invalid_options_are_rejected() {
        for url in ["aws:x", "aws-secretsmanager:x?color=blue", "aws-secretsmanager:x?timeout=soon"] {
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
