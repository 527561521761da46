//! The requests to AWS Secrets Manager, and the interpretation of their responses.

#![expect(clippy::disallowed_types, reason = "this file sends the requests to AWS")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::batch_get_secret_value::{
    BatchGetSecretValueError, BatchGetSecretValueOutput,
};
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretValueEntry, Tag};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use tokio::sync::OnceCell;

use super::super::error::StoreErrorKind;
use super::clock::{ReadDate, ServerClock};
use super::fault::Fault;
use super::options::SecretsManagerOptions;

/// The maximum number of secrets that one request reads
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html>).
const BATCH: usize = 20;

/// Sends requests to AWS. Credentials and region are looked up at the first request, and again after a failure.
#[derive(Debug)]
pub(super) struct Client {
    options: SecretsManagerOptions,
    sdk: OnceCell<aws_sdk_secretsmanager::Client>,
    clock: Arc<ServerClock>,
}

/// A secret as it was read.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) text: String,
}

/// Some secrets, and the token of the next page.
pub(super) struct Page {
    pub(super) found: Vec<Found>,
    pub(super) next: Option<String>,
}

/// The result of creating a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Created {
    /// It was created with this ARN.
    New(String),
    /// A secret of that name exists.
    Exists,
    /// A secret of that name is being deleted.
    BeingDeleted,
}

impl Client {
    pub(super) fn new(options: SecretsManagerOptions) -> Self {
        Self { options, sdk: OnceCell::new(), clock: Arc::default() }
    }

    /// Returns AWS's time at its last response.
    pub(super) fn last_response_at(&self) -> Option<SystemTime> {
        self.clock.last()
    }

    /// Reads one secret.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Found>, Fault> {
        let response = self.sdk().await?.get_secret_value().secret_id(name).send().await;
        match response.map_err(|error| Fault::of("GetSecretValue", &error)) {
            Ok(found) => {
                let (arn, text) = (found.arn.unwrap_or_default(), found.secret_string.unwrap_or_default());
                Ok(Some(Found { name: name.to_owned(), arn, text }))
            }
            Err(fault) if fault.is_absence() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Reads several secrets. Those that do not exist are left out.
    pub(super) async fn get_all(&self, names: &[String]) -> Result<Vec<Found>, Fault> {
        if let [name] = names {
            return Ok(self.get(name).await?.into_iter().collect());
        }
        let mut all = Vec::with_capacity(names.len());
        for batch in names.chunks(BATCH) {
            let request = self.sdk().await?.batch_get_secret_value();
            let response = request.set_secret_id_list(Some(batch.to_vec())).send().await;
            all.extend(page_of(response)?.found);
        }
        Ok(all)
    }

    /// Reads up to twenty of the secrets whose names begin with `prefix` and, if `tag` is set, that have a tag with that
    /// value.
    ///
    /// AWS can leave out secrets that were created in the last five minutes.
    pub(super) async fn page(
        &self,
        prefix: &str,
        tag: Option<&str>,
        after: Option<&str>,
    ) -> Result<Page, Fault> {
        let filter = |key, value: &str| Filter::builder().key(key).values(value).build();
        let filters = std::iter::once(filter(FilterNameStringType::Name, prefix))
            .chain(tag.map(|value| filter(FilterNameStringType::TagValue, value)));
        let request = self.sdk().await?.batch_get_secret_value().max_results(BATCH as i32);
        let request = request.set_filters(Some(filters.collect())).set_next_token(after.map(str::to_owned));
        page_of(request.send().await)
    }

    /// Creates a secret, unless one of that name exists. `version` is the name of its first version.
    pub(super) async fn create_version(
        &self,
        name: &str,
        version: String,
        text: String,
        tags: &[(&'static str, String)],
    ) -> Result<Created, Fault> {
        let request = self.sdk().await?.create_secret().name(name).client_request_token(version);
        let request = request.secret_string(text).set_tags(aws_tags(tags));
        match request.send().await.map_err(|error| Fault::of("CreateSecret", &error)) {
            Ok(created) => Ok(Created::New(created.arn.unwrap_or_default())),
            Err(fault) if fault.code() == Some("ResourceExistsException") => Ok(Created::Exists),
            Err(fault) if fault.is_deletion() => Ok(Created::BeingDeleted),
            Err(fault) => Err(fault),
        }
    }

    /// Makes `text` the current version of the secret. Returns `false` if a version of that name has another text, or if the
    /// secret was deleted.
    pub(super) async fn put(&self, arn: &str, version: String, text: String) -> Result<bool, Fault> {
        let request = self.sdk().await?.put_secret_value().secret_id(arn).client_request_token(version);
        match request.secret_string(text).send().await.map_err(|error| Fault::of("PutSecretValue", &error)) {
            Ok(_) => Ok(true),
            Err(fault) if fault.code() == Some("ResourceExistsException") || fault.is_absence() => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Sets tags of a secret, if it still exists.
    pub(super) async fn tag(&self, name: &str, tags: &[(&'static str, String)]) -> Result<(), Fault> {
        let request = self.sdk().await?.tag_resource().secret_id(name).set_tags(aws_tags(tags));
        match request.send().await.map_err(|error| Fault::of("TagResource", &error)) {
            Err(fault) if !fault.is_absence() => Err(fault),
            _ => Ok(()),
        }
    }

    /// Deletes a secret permanently, by its name or its ARN. It need not exist.
    pub(super) async fn delete(&self, secret: &str) -> Result<(), Fault> {
        let request = self.sdk().await?.delete_secret().secret_id(secret);
        let response = request.force_delete_without_recovery(true).send().await;
        match response.map_err(|error| Fault::of("DeleteSecret", &error)) {
            Err(fault) if !fault.is_absence() => Err(fault),
            _ => Ok(()),
        }
    }

    async fn sdk(&self) -> Result<&aws_sdk_secretsmanager::Client, Fault> {
        self.sdk.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<aws_sdk_secretsmanager::Client, Fault> {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.options.connect_timeout)
            .operation_timeout(self.options.timeout)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .retry_config(retries(self.options.timeout))
            .timeout_config(timeouts);
        if let Some(region) = &self.options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let shared = loader.load().await;
        if shared.region().is_none() {
            return Err(Fault::NoResponse {
                kind: StoreErrorKind::Other,
                evidence: "no AWS region is set".to_owned(),
                next_step: "set it in the URL (`region=eu-west-1`), in `AWS_REGION`, or in the AWS profile",
            });
        }
        let mut config =
            aws_sdk_secretsmanager::config::Builder::from(&shared).interceptor(ReadDate(self.clock.clone()));
        if let Some(endpoint) = &self.options.endpoint {
            // Not set when the configuration is loaded, because credentials do not come from this endpoint.
            config = config.endpoint_url(endpoint);
        }
        Ok(aws_sdk_secretsmanager::Client::from_conf(config.build()))
    }
}

/// Returns the retries of a request that was throttled or found the server away. They end before the timeout of the call, so
/// that it returns the last error.
fn retries(timeout: Duration) -> RetryConfig {
    let attempts = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(3);
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(Duration::from_millis(100))
        .with_max_backoff(Duration::from_millis(500))
}

impl From<SecretValueEntry> for Found {
    fn from(entry: SecretValueEntry) -> Self {
        Self {
            name: entry.name.unwrap_or_default(),
            arn: entry.arn.unwrap_or_default(),
            text: entry.secret_string.unwrap_or_default(),
        }
    }
}

/// Returns the secrets of a batch. If one of them cannot be read, the batch fails, because a failure must not look like a
/// secret that does not exist.
fn page_of(
    response: Result<BatchGetSecretValueOutput, SdkError<BatchGetSecretValueError>>,
) -> Result<Page, Fault> {
    let response = response.map_err(|error| Fault::of("BatchGetSecretValue", &error))?;
    let faults = response
        .errors()
        .iter()
        .map(|error| Fault::response("GetSecretValue", error.error_code(), error.message()));
    if let Some(fault) = faults.into_iter().find(|fault| !fault.is_absence()) {
        return Err(fault);
    }
    let found = response.secret_values.unwrap_or_default().into_iter().map(Found::from).collect();
    Ok(Page { found, next: response.next_token.filter(|next| !next.is_empty()) })
}

fn aws_tags(tags: &[(&'static str, String)]) -> Option<Vec<Tag>> {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(value).build());
    Some(tags.collect::<Vec<_>>()).filter(|tags| !tags.is_empty())
}
