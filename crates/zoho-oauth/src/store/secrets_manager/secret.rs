//! Compare-and-set for secrets: a change succeeds only if the secret is still as it was read.
//!
//! AWS is eventually consistent, so a read can return an old value, and no decision relies on a read alone. Creating a
//! secret fails if one of that name exists. Adding a version fails if the secret has a version of that name with another
//! text. Each change names its version after the number of the change. So a writer that has read an old value is rejected,
//! because the version that it would add exists.
//!
//! AWS removes versions if there are more than 100, but none younger than a day. So an outdated writer is always rejected,
//! unless more than a day and a hundred other changes lie between its read and its write.
//!
//! Sources: `ClientRequestToken` in
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html> and
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>; the quotas in
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>.

use std::time::Duration;

use rand::RngExt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;

use super::super::error::{StoreError, StoreErrorKind};
use super::client::{Client, Created, Found};
use super::fault::Fault;

/// The maximum size of a secret.
const MAX_BYTES: usize = 65_536;

/// The content of a secret, and what a change of it needs.
#[derive(Clone)]
pub(super) struct Secret<T> {
    pub(super) name: String,
    /// Unlike the name, it does not refer to a secret that is created after this one was deleted.
    pub(super) arn: String,
    /// The number of changes since its creation.
    pub(super) revision: u64,
    pub(super) content: T,
}

/// The text of a secret.
#[derive(Serialize, Deserialize)]
struct Text<T> {
    revision: u64,
    /// A random value that distinguishes two writers of the same content, of which one must be rejected.
    writer: String,
    content: T,
}

impl<T: DeserializeOwned> Secret<T> {
    /// Parses a secret.
    pub(super) fn of(found: Found) -> Result<Self, Fault> {
        let Found { name, arn, text } = found;
        match serde_json::from_str::<Text<T>>(&text) {
            Ok(Text { revision, content, .. }) => Ok(Self { name, arn, revision, content }),
            // The message of the error may quote the secret.
            Err(error) => Err(Fault::Unreadable {
                name,
                at: format!("line {}, column {}", error.line(), error.column()),
            }),
        }
    }
}

impl Client {
    /// Reads a secret.
    pub(super) async fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<Secret<T>>, Fault> {
        self.get(name).await?.map(Secret::of).transpose()
    }

    /// Creates a secret. Returns `None` if one of that name exists. If one is being deleted, waits until it is gone.
    pub(super) async fn create<T: Serialize + Clone>(
        &self,
        name: &str,
        content: &T,
        tags: &[(&'static str, String)],
    ) -> Result<Option<Secret<T>>, Fault> {
        let text = text(0, content)?;
        for attempt in 0..5 {
            match self.create_version(name, version(0), text.clone(), tags).await? {
                Created::New(arn) => {
                    return Ok(Some(Secret {
                        name: name.to_owned(),
                        arn,
                        revision: 0,
                        content: content.clone(),
                    }));
                }
                Created::Exists => return Ok(None),
                Created::BeingDeleted => tokio::time::sleep(retry_delay(attempt + 2)).await,
            }
        }
        Err(Fault::BeingDeleted { name: name.to_owned() })
    }

    /// Replaces the content of a secret. Returns `false` if it was changed or deleted since it was read.
    pub(super) async fn replace<T, U: Serialize>(
        &self,
        secret: &Secret<T>,
        content: &U,
    ) -> Result<bool, Fault> {
        let revision = secret.revision + 1;
        // By ARN, because another secret of that name may have been created since.
        self.put(&secret.arn, version(revision), text(revision, content)?).await
    }
}

/// Fails if the content is too large for a secret.
pub(super) fn check_size<T: Serialize>(content: &T) -> Result<(), Fault> {
    text(u64::MAX, content).map(|_| ())
}

/// Returns the delay before the next attempt after a conflict with another program.
pub(super) fn retry_delay(attempt: u32) -> Duration {
    const DELAY: Backoff =
        Backoff::new(Duration::from_millis(25), 2.0, Duration::from_millis(1_600), (1.0, 2.0));
    DELAY.delay_after(attempt, rand::random())
}

/// Returns the name of a version: 32 to 64 characters, and the same for all writers of that revision.
fn version(revision: u64) -> String {
    format!("{revision:032x}")
}

fn text<T: Serialize>(revision: u64, content: &T) -> Result<String, Fault> {
    let writer = format!("{:016x}", rand::rng().random::<u64>());
    let text = serde_json::to_string(&Text { revision, writer, content });
    let rejected = |evidence: String| {
        StoreError::of(StoreErrorKind::Rejected, "save a token")
            .evidence(evidence)
            .next_step("shorten the values")
    };
    match text {
        Ok(text) if text.len() <= MAX_BYTES => Ok(text),
        Ok(text) => {
            Err(rejected(format!("it has {} bytes; a secret has at most {MAX_BYTES}", text.len())).into())
        }
        Err(_) => Err(rejected("it cannot be written as JSON".to_owned()).into()),
    }
}
