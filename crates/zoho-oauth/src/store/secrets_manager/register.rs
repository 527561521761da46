//! A value that can be changed any number of times.
//!
//! AWS stores about a hundred versions of a secret that are younger than a day, and then rejects changes. While Zoho is
//! down, leases would reach that limit within minutes. So after 64 changes, a value moves to another secret. The next change
//! creates that secret, which only one writer can do. The first secret stays and contains the number of the current one; the
//! secrets in between are deleted.

use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::fault::Fault;
use super::secret::{Secret, retry_delay};

/// The revision after which a value moves to the next secret. The rest of the hundred versions are for the pointer in the
/// first secret.
const LAST: u64 = 63;

/// The content of a register's secrets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Leaf<T> {
    /// The value.
    Value(T),
    /// The number of the secret that has the value, or from which it has moved further. Only the first secret contains this.
    MovedTo(u64),
}

/// A register as it was read, and the secret to change.
pub(super) struct Reading<T> {
    name: String,
    /// The first secret's ARN.
    first: Option<String>,
    leaf: Option<Secret<Leaf<T>>>,
    number: u64,
}

impl<T> Reading<T> {
    /// The value, if there is one.
    pub(super) fn value(&self) -> Option<&T> {
        match &self.leaf.as_ref()?.content {
            Leaf::Value(value) => Some(value),
            Leaf::MovedTo(_) => None,
        }
    }

    /// The ARN of the first secret, if there is one. It is never given to another secret.
    pub(super) fn arn(&self) -> Option<&str> {
        self.first.as_deref()
    }
}

impl Client {
    /// Reads a register.
    pub(super) async fn read_register<T: DeserializeOwned>(&self, name: &str) -> Result<Reading<T>, Fault> {
        for attempt in 0..5 {
            let Some(first) = self.read::<Leaf<T>>(name).await? else {
                return Ok(Reading { name: name.to_owned(), first: None, leaf: None, number: 0 });
            };
            let arn = first.arn.clone();
            let (mut number, mut leaf) = match first.content {
                Leaf::Value(_) => (0, first),
                Leaf::MovedTo(number) => match self.read(&nth(name, number)).await? {
                    Some(leaf) => (number, leaf),
                    // The pointer that was read is outdated, or the secret that it names is not visible yet.
                    None => {
                        tokio::time::sleep(retry_delay(attempt)).await;
                        continue;
                    }
                },
            };
            while leaf.revision >= LAST {
                let Some(next) = self.read(&nth(name, number + 1)).await? else { break };
                (number, leaf) = (number + 1, next);
            }
            return Ok(Reading { name: name.to_owned(), first: Some(arn), leaf: Some(leaf), number });
        }
        Err(Fault::Contended)
    }

    /// Changes a register. Returns `false` if another writer has changed it since it was read.
    pub(super) async fn write_register<T: Serialize + DeserializeOwned + Clone>(
        &self,
        reading: &Reading<T>,
        value: T,
    ) -> Result<bool, Fault> {
        let content = Leaf::Value(value);
        match &reading.leaf {
            None => Ok(self.create(&reading.name, &content, &[]).await?.is_some()),
            Some(leaf) if leaf.revision < LAST => self.replace(leaf, &content).await,
            Some(_) => {
                let next = nth(&reading.name, reading.number + 1);
                match self.create(&next, &content, &[]).await? {
                    Some(created) => self.point_to(&created, reading).await,
                    None => Ok(false),
                }
            }
        }
    }

    /// Deletes a register.
    pub(super) async fn delete_register(&self, name: &str) -> Result<(), Fault> {
        let Reading { first, leaf, .. } = self.read_register::<IgnoredAny>(name).await?;
        if let (Some(first), Some(leaf)) = (first, leaf) {
            self.delete(&first).await?;
            if leaf.arn != first {
                self.delete(&leaf.arn).await?;
            }
        }
        Ok(())
    }

    /// Points the first secret to the next one. Returns `false` and deletes the next one if this writer was too late: the
    /// value had already moved further, or the register was deleted.
    async fn point_to<T>(&self, next: &Secret<Leaf<T>>, reading: &Reading<T>) -> Result<bool, Fault> {
        let number = reading.number + 1;
        for attempt in 0..5 {
            let first = self.read::<Leaf<IgnoredAny>>(&reading.name).await?;
            let same = first.filter(|first| reading.first.as_ref() == Some(&first.arn));
            let before = match same.as_ref().map(|first| &first.content) {
                Some(Leaf::Value(_)) => 0,
                Some(Leaf::MovedTo(before)) => *before,
                None => u64::MAX,
            };
            let Some(first) = same.filter(|_| before <= number) else {
                self.delete(&next.arn).await?;
                return Ok(false);
            };
            match self.replace(&first, &Leaf::<()>::MovedTo(number)).await {
                Ok(true) => {
                    self.delete_nth(&reading.name, before.max(1)..number).await;
                    break;
                }
                Ok(false) => tokio::time::sleep(retry_delay(attempt)).await,
                Err(fault) if fault.is_limit() => break,
                Err(fault) => return Err(fault),
            }
        }
        // If the pointer could not be written, readers start from an older secret and follow the numbers.
        Ok(true)
    }

    async fn delete_nth(&self, name: &str, numbers: Range<u64>) {
        for number in numbers {
            if let Err(fault) = self.delete(&nth(name, number)).await {
                tracing::debug!(?fault, "could not delete a secret that is no longer used");
            }
        }
    }
}

fn nth(name: &str, number: u64) -> String {
    if number == 0 { name.to_owned() } else { format!("{name}/{number}") }
}
