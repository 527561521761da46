//! A secret that is changed only by whoever has read what is in it: compare-and-set.
//!
//! AWS calls itself eventually consistent: an answer may be old. So nothing is decided by an answer alone. Making a
//! secret fails where there is one of that name, and giving one a version fails where it has a version of that name
//! with another text. Each change names its version after the number of the change. Whoever read something old is
//! refused, since the version that he would make is there already.
//!
//! AWS removes versions when there are more than 100, though none younger than a day. So a change is refused, as it
//! should be, unless more than a day and a hundred other changes lie between its reading and its writing.
//!
//! Sources: `ClientRequestToken` in
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html> and
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>; the quotas in
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>.

use std::time::Duration;

use rand::RngExt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::error::{StoreError, StoreErrorKind};
use super::client::{Client, Found, Made};
use super::fault::Fault;

/// How many bytes a secret holds.
const ROOM: usize = 65_536;

/// A secret's content, and what it takes to change it.
#[derive(Clone)]
pub(super) struct Secret<T> {
    pub(super) name: String,
    /// Names this very secret, not one that is made later under its name.
    pub(super) arn: String,
    /// How often it has been changed.
    pub(super) revision: u64,
    pub(super) content: T,
}

/// A secret's text.
#[derive(Serialize, Deserialize)]
struct Text<T> {
    revision: u64,
    /// Tells two writers of the same content apart: one of them has to be refused.
    writer: String,
    content: T,
}

impl<T: DeserializeOwned> Secret<T> {
    /// Understands a secret that was read.
    pub(super) fn of(found: Found) -> Result<Self, Fault> {
        let Found { name, arn, text } = found;
        match serde_json::from_str::<Text<T>>(&text) {
            Ok(Text { revision, content, .. }) => Ok(Self { name, arn, revision, content }),
            // Its own words may repeat the text.
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

    /// Makes a secret. `None`: there is one of that name. One that was deleted a moment ago is waited for.
    pub(super) async fn create<T: Serialize + Clone>(
        &self,
        name: &str,
        content: &T,
        tags: &[(&'static str, String)],
    ) -> Result<Option<Secret<T>>, Fault> {
        let text = text(0, content)?;
        for attempt in 0..5 {
            match self.make(name, version(0), text.clone(), tags).await? {
                Made::New(arn) => {
                    return Ok(Some(Secret {
                        name: name.to_owned(),
                        arn,
                        revision: 0,
                        content: content.clone(),
                    }));
                }
                Made::Exists => return Ok(None),
                Made::BeingDeleted => tokio::time::sleep(pause(attempt + 2)).await,
            }
        }
        Err(Fault::BeingDeleted { name: name.to_owned() })
    }

    /// Gives a secret another content. `false`: it was changed, or deleted, since it was read.
    pub(super) async fn replace<T, U: Serialize>(
        &self,
        secret: &Secret<T>,
        content: &U,
    ) -> Result<bool, Fault> {
        let revision = secret.revision + 1;
        // By the ARN: another secret may have been made under its name since.
        self.put(&secret.arn, version(revision), text(revision, content)?).await
    }
}

/// Refuses what a secret has no room for.
pub(super) fn check_room<T: Serialize>(content: &T) -> Result<(), Fault> {
    text(u64::MAX, content).map(|_| ())
}

/// How long to wait before the next attempt at something that others are at, too.
pub(super) fn pause(attempt: u32) -> Duration {
    let base = Duration::from_millis(25) * 2u32.pow(attempt.min(6));
    base.mul_f64(1.0 + rand::rng().random::<f64>())
}

/// A version's name: 32 to 64 characters, and the same for everybody who makes that change.
fn version(revision: u64) -> String {
    format!("{revision:032x}")
}

fn text<T: Serialize>(revision: u64, content: &T) -> Result<String, Fault> {
    let writer = format!("{:016x}", rand::rng().random::<u64>());
    let text = serde_json::to_string(&Text { revision, writer, content });
    let refused = |evidence: String| {
        StoreError::of(StoreErrorKind::Rejected, "save a token")
            .evidence(evidence)
            .next_step("shorten the values")
    };
    match text {
        Ok(text) if text.len() <= ROOM => Ok(text),
        Ok(text) => Err(refused(format!("it takes {} bytes, and a secret holds {ROOM}", text.len())).into()),
        Err(_) => Err(refused("it cannot be written as JSON".to_owned()).into()),
    }
}
