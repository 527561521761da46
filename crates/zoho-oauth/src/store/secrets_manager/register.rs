//! A value that can be changed any number of times.
//!
//! AWS stores about a hundred versions of a secret that are younger than a day, and then rejects changes. While Zoho is
//! down, leases would reach that limit within minutes. So after 64 changes, a value moves to another secret. The next change
//! creates that secret, which only one writer can do. The first secret stays and contains the number of the current one; the
//! secrets in between are deleted.

use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::client::{Client, Found};
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
    damage: Option<Box<Damage>>,
}

/// A secret of a register that cannot be parsed.
struct Damage {
    arn: String,
    fault: Fault,
}

impl<T> Reading<T> {
    /// Fails if the register is damaged.
    pub(super) fn intact(self) -> Result<Self, Fault> {
        match self.damage {
            None => Ok(self),
            Some(damage) => Err(damage.fault),
        }
    }

    /// Whether the register is damaged. It has no value then, and a write replaces it.
    pub(super) fn is_damaged(&self) -> bool {
        self.damage.is_some()
    }

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
        let reading =
            |first, leaf, number, damage| Reading { name: name.to_owned(), first, leaf, number, damage };
        for attempt in 0..5 {
            let Some(found) = self.get(name).await? else { return Ok(reading(None, None, 0, None)) };
            let arn = Some(found.arn.clone());
            let first: Secret<Leaf<T>> = match parsed(found) {
                Ok(first) => first,
                Err(damage) => return Ok(reading(arn, None, 0, Some(damage))),
            };
            let (mut number, mut leaf) = match first.content {
                Leaf::Value(_) => (0, first),
                Leaf::MovedTo(number) => match self.get(&nth(name, number)).await?.map(parsed) {
                    Some(Ok(leaf)) => (number, leaf),
                    Some(Err(damage)) => return Ok(reading(arn, None, number, Some(damage))),
                    // The pointer that was read is outdated, or the secret that it names is not visible yet.
                    None => {
                        tokio::time::sleep(retry_delay(attempt)).await;
                        continue;
                    }
                },
            };
            while leaf.revision >= LAST {
                match self.get(&nth(name, number + 1)).await?.map(parsed) {
                    Some(Ok(next)) => (number, leaf) = (number + 1, next),
                    Some(Err(damage)) => return Ok(reading(arn, None, number + 1, Some(damage))),
                    None => break,
                }
            }
            return Ok(reading(arn, Some(leaf), number, None));
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
        if let Some(damage) = &reading.damage {
            let arn = &damage.arn;
            // By ARN: another program may have replaced them since.
            self.delete(arn).await?;
            if let Some(first) = reading.first.as_ref().filter(|first| *first != arn) {
                self.delete(first).await?;
            }
        }
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
        let Reading { first, leaf, damage, .. } = self.read_register::<IgnoredAny>(name).await?;
        let last = leaf.map(|leaf| leaf.arn).or(damage.map(|damage| damage.arn));
        if let (Some(first), Some(last)) = (first, last) {
            self.delete(&first).await?;
            if last != first {
                self.delete(&last).await?;
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

fn parsed<T: DeserializeOwned>(found: Found) -> Result<Secret<Leaf<T>>, Box<Damage>> {
    let arn = found.arn.clone();
    Secret::of(found).map_err(|fault| Box::new(Damage { arn, fault }))
}

fn nth(name: &str, number: u64) -> String {
    if number == 0 { name.to_owned() } else { format!("{name}/{number}") }
}
