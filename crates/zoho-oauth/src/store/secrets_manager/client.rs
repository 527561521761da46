//! The requests to AWS Secrets Manager, and what their answers mean.

#![expect(clippy::disallowed_types, reason = "this file speaks to AWS")]

use std::sync::Arc;
use std::time::SystemTime;

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

/// How many secrets one request reads
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html>).
const BATCH: usize = 20;

/// Talks to AWS. Credentials and region are looked for at the first request, and again after a failure.
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

/// Some secrets, and what to ask for the next ones with.
pub(super) struct Page {
    pub(super) found: Vec<Found>,
    pub(super) next: Option<String>,
}

/// What came of making a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It is there, under this ARN.
    New(String),
    /// One of that name was there already.
    Exists,
    /// One of that name was deleted and is not quite gone.
    BeingDeleted,
}

impl Client {
    pub(super) fn new(options: SecretsManagerOptions) -> Self {
        Self { options, sdk: OnceCell::new(), clock: Arc::default() }
    }

    /// What time it was at AWS when it last answered.
    pub(super) fn last_answered_at(&self) -> Option<SystemTime> {
        self.clock.last()
    }

    /// Reads one secret.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Found>, Fault> {
        let answer = self.sdk().await?.get_secret_value().secret_id(name).send().await;
        match answer.map_err(|error| Fault::of("GetSecretValue", &error)) {
            Ok(found) => {
                let (arn, text) = (found.arn.unwrap_or_default(), found.secret_string.unwrap_or_default());
                Ok(Some(Found { name: name.to_owned(), arn, text }))
            }
            Err(fault) if fault.is_absence() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Reads several secrets; those that are not there are left out.
    pub(super) async fn get_all(&self, names: &[String]) -> Result<Vec<Found>, Fault> {
        if let [name] = names {
            return Ok(self.get(name).await?.into_iter().collect());
        }
        let mut all = Vec::with_capacity(names.len());
        for some in names.chunks(BATCH) {
            let request = self.sdk().await?.batch_get_secret_value();
            let answer = request.set_secret_id_list(Some(some.to_vec())).send().await;
            all.extend(page_of(answer)?.found);
        }
        Ok(all)
    }

    /// Reads up to twenty of the secrets whose names begin with `start`; where `tag` is given, those with that tag
    /// value.
    ///
    /// AWS is allowed to leave out what was made in the last five minutes.
    pub(super) async fn page(
        &self,
        start: &str,
        tag: Option<&str>,
        after: Option<&str>,
    ) -> Result<Page, Fault> {
        let filter = |key, value: &str| Filter::builder().key(key).values(value).build();
        let filters = std::iter::once(filter(FilterNameStringType::Name, start))
            .chain(tag.map(|value| filter(FilterNameStringType::TagValue, value)));
        let request = self.sdk().await?.batch_get_secret_value().max_results(BATCH as i32);
        let request = request.set_filters(Some(filters.collect())).set_next_token(after.map(str::to_owned));
        page_of(request.send().await)
    }

    /// Makes a secret, unless there is one of that name. `version` names its first version.
    pub(super) async fn make(
        &self,
        name: &str,
        version: String,
        text: String,
        tags: &[(&'static str, String)],
    ) -> Result<Made, Fault> {
        let request = self.sdk().await?.create_secret().name(name).client_request_token(version);
        let request = request.secret_string(text).set_tags(aws_tags(tags));
        match request.send().await.map_err(|error| Fault::of("CreateSecret", &error)) {
            Ok(made) => Ok(Made::New(made.arn.unwrap_or_default())),
            Err(fault) if fault.code() == Some("ResourceExistsException") => Ok(Made::Exists),
            Err(fault) if fault.is_deletion() => Ok(Made::BeingDeleted),
            Err(fault) => Err(fault),
        }
    }

    /// Makes `text` the secret's current version, unless a version of that name is there with another text, or the
    /// secret is gone.
    pub(super) async fn put(&self, arn: &str, version: String, text: String) -> Result<bool, Fault> {
        let request = self.sdk().await?.put_secret_value().secret_id(arn).client_request_token(version);
        match request.secret_string(text).send().await.map_err(|error| Fault::of("PutSecretValue", &error)) {
            Ok(_) => Ok(true),
            Err(fault) if fault.code() == Some("ResourceExistsException") || fault.is_absence() => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Sets tags of a secret.
    pub(super) async fn tag(&self, name: &str, tags: &[(&'static str, String)]) -> Result<(), Fault> {
        let request = self.sdk().await?.tag_resource().secret_id(name).set_tags(aws_tags(tags));
        match request.send().await.map_err(|error| Fault::of("TagResource", &error)) {
            Err(fault) if !fault.is_absence() => Err(fault),
            _ => Ok(()),
        }
    }

    /// Deletes a secret for good, by its name or its ARN. One that is not there is fine.
    pub(super) async fn delete(&self, secret: &str) -> Result<(), Fault> {
        let request = self.sdk().await?.delete_secret().secret_id(secret);
        let answer = request.force_delete_without_recovery(true).send().await;
        match answer.map_err(|error| Fault::of("DeleteSecret", &error)) {
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
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts);
        if let Some(region) = &self.options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let shared = loader.load().await;
        if shared.region().is_none() {
            return Err(Fault::NoResponse {
                kind: StoreErrorKind::Other,
                evidence: "no AWS region is set".to_owned(),
                next_step: "set one: region=eu-west-1 in the URL, the environment's AWS_REGION, or the profile's",
            });
        }
        let mut config =
            aws_sdk_secretsmanager::config::Builder::from(&shared).interceptor(ReadDate(self.clock.clone()));
        if let Some(endpoint) = &self.options.endpoint {
            // Only here, not where the configuration is loaded: credentials do not come from this endpoint.
            config = config.endpoint_url(endpoint);
        }
        Ok(aws_sdk_secretsmanager::Client::from_conf(config.build()))
    }
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

/// The secrets that a request for several brought. One that cannot be read fails them all: a read that fails is never
/// "not there".
fn page_of(
    answer: Result<BatchGetSecretValueOutput, SdkError<BatchGetSecretValueError>>,
) -> Result<Page, Fault> {
    let answer = answer.map_err(|error| Fault::of("BatchGetSecretValue", &error))?;
    let faults = answer
        .errors()
        .iter()
        .map(|error| Fault::response("GetSecretValue", error.error_code(), error.message()));
    if let Some(fault) = faults.into_iter().find(|fault| !fault.is_absence()) {
        return Err(fault);
    }
    let found = answer.secret_values.unwrap_or_default().into_iter().map(Found::from).collect();
    Ok(Page { found, next: answer.next_token.filter(|next| !next.is_empty()) })
}

fn aws_tags(tags: &[(&'static str, String)]) -> Option<Vec<Tag>> {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(value).build());
    Some(tags.collect::<Vec<_>>()).filter(|tags| !tags.is_empty())
}
