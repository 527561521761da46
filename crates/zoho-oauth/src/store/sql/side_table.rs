//! The steps that use the second table: lease entries, the highest id, and the store's identity.

use std::time::Duration;

use super::super::coordination::{Lease, LeaseEntry, LeaseKey, life_milliseconds};
use super::super::identity::StoreIdentity;
use super::super::stored_entry::StoredEntry;
use super::driver::{Fields, Link, Value};
use super::session::{CHUNK, Session, ledger, of, sized};

/// The key of the row that counts ids. The key of a lease contains a colon.
const HIGHEST_ID: Value<'static> = Value::Text(Some("highest_id"));

/// The key of the row with the store's identity, which is in the column for a lease's holder.
const IDENTITY: Value<'static> = Value::Text(Some("identity"));

/// A lease entry as it was read.
pub(super) struct EntryRow {
    stored: StoredEntry,
    /// The epoch, end and last write as they are in the table, by which a write finds the row unchanged. A damaged one can
    /// be negative; one that is null is -1.
    numbers: [i64; 3],
    holder: String,
}

/// Lease entries.
impl<L: Link> Session<L> {
    /// Returns the entry of a key, and the clock in epoch milliseconds.
    pub(super) async fn entry(&mut self, key: &LeaseKey) -> sqlx::Result<(Option<EntryRow>, u64)> {
        let read = |mut fields: Fields| {
            let now = fields.number()?;
            Ok((entry(fields), now))
        };
        let rows = self.link.fetch(&self.texts.entry, &[key.as_str().into()], read).await?;
        let (found, now) = rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)?;
        Ok((found.map(|(_, row)| row), now))
    }

    /// Returns the entry of a key, and locks it until the transaction ends.
    pub(super) async fn lock_entry(&mut self, key: &LeaseKey) -> sqlx::Result<Option<LeaseEntry>> {
        let read = |fields| Ok(entry(fields));
        let rows = self.link.fetch(&self.texts.lock_entry, &[key.as_str().into()], read).await?;
        Ok(rows.into_iter().next().flatten().map(|(_, row)| row.usable(key)))
    }

    /// Returns those of these keys whose entries are damaged. One or more round trips.
    pub(super) async fn damaged(&mut self, keys: &[LeaseKey]) -> sqlx::Result<Vec<LeaseKey>> {
        let mut damaged = Vec::new();
        for keys in keys.chunks(CHUNK) {
            let statement = sized(self.texts.entries_of_many(keys.len()), keys.len());
            let values: Vec<_> = keys.iter().map(|key| Value::from(key.as_str())).collect();
            let rows = self.link.fetch(&statement, &values, |fields| Ok(entry(fields))).await?;
            let found = rows.into_iter().flatten().filter(|(_, row)| row.stored.is_damaged);
            let found: Vec<String> = found.map(|(key, _)| key).collect();
            damaged
                .extend(keys.iter().filter(|key| found.iter().any(|found| found == key.as_str())).cloned());
        }
        Ok(damaged)
    }

    /// Inserts an entry, or overwrites the one that was read as `before`, except for its ledger. Returns `false` if the entry
    /// has changed since. If another program has inserted the entry since, this is an error.
    pub(super) async fn put_entry(
        &mut self,
        key: &LeaseKey,
        before: Option<&EntryRow>,
        after: &LeaseEntry,
    ) -> sqlx::Result<bool> {
        let LeaseEntry { epoch, holder, until, touched, .. } = after;
        let new = [(*epoch).into(), holder.as_str().into(), (*until).into(), (*touched).into()];
        let key = [Value::from(key.as_str())];
        let found = match before {
            None => {
                let ledger = ledger(&after.ledger)?;
                let values = [&key[..], &new, &[ledger.as_str().into()]].concat();
                self.link.execute(&self.texts.add_entry, &values).await?
            }
            Some(EntryRow { numbers: [epoch, until, touched], holder, .. }) => {
                let numbers = [*epoch, *until, *touched].map(Value::Number);
                let values = [&new[..], &key, &numbers, &[holder.as_str().into()]].concat();
                self.link.execute(&self.texts.put_entry, &values).await?
            }
        };
        Ok(found > 0)
    }

    /// Does what [`LeaseEntry::renew`] does, by the server's clock.
    pub(super) async fn renew(&mut self, lease: &Lease, life: Duration) -> sqlx::Result<bool> {
        let ledger = ledger(&lease.ledger)?;
        let values = [&[life_milliseconds(life).into(), ledger.as_str().into()][..], &of(lease)].concat();
        Ok(self.link.execute(&self.texts.renew, &values).await? > 0)
    }

    /// Does what [`LeaseEntry::release`] does, by the server's clock.
    pub(super) async fn release(&mut self, lease: &Lease) -> sqlx::Result<bool> {
        let ledger = ledger(&lease.ledger)?;
        let values = [&[ledger.as_str().into()][..], &of(lease)].concat();
        Ok(self.link.execute(&self.texts.release, &values).await? > 0)
    }

    /// Returns the key of each entry, and when it was last written.
    pub(super) async fn ages(&mut self) -> sqlx::Result<Vec<(String, i64)>> {
        let read = |mut fields: Fields| Ok((fields.text()?, fields.signed()));
        self.link.fetch(&self.texts.ages, &[], read).await
    }

    /// Deletes an entry if it was last written at `touched`.
    pub(super) async fn delete_entry(&mut self, key: &str, touched: i64) -> sqlx::Result<()> {
        let values = [key.into(), Value::Number(touched)];
        self.link.execute(&self.texts.delete_entry, &values).await.map(|_| ())
    }
}

/// The row that counts ids.
impl<L: Link> Session<L> {
    /// Returns the highest id ever assigned.
    pub(super) async fn highest_id(&mut self) -> sqlx::Result<Option<u64>> {
        let read = |mut fields: Fields| fields.number();
        Ok(self.link.fetch(&self.texts.highest_id, &[HIGHEST_ID], read).await?.pop())
    }

    /// Returns the highest id ever assigned, and locks its row until the transaction ends.
    pub(super) async fn lock_highest_id(&mut self) -> sqlx::Result<Option<u64>> {
        let read = |mut fields: Fields| fields.number();
        Ok(self.link.fetch(&self.texts.lock_highest_id, &[HIGHEST_ID], read).await?.pop())
    }

    /// Inserts the row that counts ids if it does not exist.
    pub(super) async fn insert_highest_id(&mut self, highest: u64) -> sqlx::Result<()> {
        let values = [HIGHEST_ID, highest.into(), "".into()];
        self.link.execute(&self.texts.insert_if_missing, &values).await.map(|_| ())
    }

    /// Stores the highest id ever assigned.
    pub(super) async fn set_highest_id(&mut self, highest: u64) -> sqlx::Result<()> {
        let values = [highest.into(), HIGHEST_ID];
        self.link.execute(&self.texts.set_highest_id, &values).await.map(|_| ())
    }
}

/// The store's identity.
impl<L: Link> Session<L> {
    /// Returns the identity, if the store has one.
    pub(super) async fn identity(&mut self) -> sqlx::Result<Option<StoreIdentity>> {
        let read = |mut fields: Fields| fields.text();
        let found = self.link.fetch(&self.texts.identity, &[IDENTITY], read).await?.pop();
        Ok(found.map(StoreIdentity::new))
    }

    /// Stores an identity, unless the store has one.
    pub(super) async fn insert_identity(&mut self, identity: &StoreIdentity) -> sqlx::Result<()> {
        let text = identity.to_string();
        let values = [IDENTITY, 0_u64.into(), text.as_str().into()];
        self.link.execute(&self.texts.insert_if_missing, &values).await.map(|_| ())
    }
}

impl EntryRow {
    /// Returns the entry of the lease on `key`. What is damaged in it counts as empty.
    pub(super) fn usable(&self, key: &LeaseKey) -> LeaseEntry {
        self.stored.clone().usable(key.as_str())
    }
}

/// Reads a lease entry with its key; `None` if there is none.
fn entry(mut fields: Fields) -> Option<(String, EntryRow)> {
    let key = fields.next()?;
    let [epoch, holder, until, touched, ledger] = std::array::from_fn(|_| fields.next());
    let signed = |field: &Option<String>| field.as_deref().and_then(|text| text.parse().ok()).unwrap_or(-1);
    let numbers = [&epoch, &until, &touched].map(signed);
    let texts = [&epoch, &holder, &until, &touched, &ledger].map(Option::as_deref);
    let stored = StoredEntry::of_fields(texts);
    Some((key, EntryRow { stored, numbers, holder: holder.unwrap_or_default() }))
}
