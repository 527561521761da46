//! The changes of one write. All jobs of a group add to one draft, which no reader sees before it is on disk.

use std::sync::Arc;
use std::time::Duration;

use crate::store::coordination::{Acquired, Fenced, Lease, LeaseEntry, LeaseKey, machine_clock};
use crate::store::error::StoreError;
use crate::store::ids::next_id;
use crate::store::matching::Criterion;
use crate::store::stored::{StoredToken, is_empty};
use crate::token::OAuthToken;

use super::state::State;
use super::table::{Candidate, Changes, Index, Table, number_of};

/// Changes to the table and to the side file, relative to their content on disk.
#[derive(Clone, Debug)]
pub(super) struct Draft<'t> {
    table: &'t Table,
    changes: Changes,
    index: Index,
    next_number: u64,
    highest_id: u64,
    stored_state: Arc<State>,
    state: Arc<State>,
    releases: Vec<Lease>,
}

/// The files to write, in this order.
#[derive(Debug)]
pub(super) struct Plan {
    /// The side file, if it changes. It is written before the table, so that the id of a deleted row is never reused.
    pub(super) state: Option<Arc<State>>,
    /// The rows that change.
    pub(super) changes: Changes,
    /// The leases to release after the table is written.
    pub(super) releases: Vec<Lease>,
}

impl<'t> Draft<'t> {
    pub(super) fn over(table: &'t Table, state: Arc<State>) -> Self {
        Self {
            table,
            changes: Changes::new(),
            index: Index::new(),
            next_number: table.next_number(),
            highest_id: table.highest_id().max(state.highest_id),
            stored_state: state.clone(),
            state,
            releases: Vec::new(),
        }
    }

    pub(super) fn into_plan(mut self) -> Plan {
        let has_changed = self.state != self.stored_state;
        if has_changed {
            Arc::make_mut(&mut self.state).forget_old();
        }
        Plan { state: has_changed.then_some(self.state), changes: self.changes, releases: self.releases }
    }

    /// Overwrites the row that `new` identifies, or adds one. Returns the row.
    pub(super) fn save(&mut self, new: &StoredToken) -> Result<OAuthToken, StoreError> {
        let criterion = Criterion::of(new);
        let existing = criterion.map_or(Ok(None), |criterion| self.find(&criterion))?;
        let (number, old) = match existing {
            Some((number, old)) => (number, Some(old)),
            None => (self.next_number, None),
        };
        let mut row = match &old {
            Some(old) => without_empty_fields(&old.clone().overwritten_by(new)),
            None => without_empty_fields(new),
        };
        if is_empty(row.id.as_deref()) {
            row.id = Some(self.new_id());
        }
        if old.as_ref() != Some(&row) {
            self.put(number, row.clone());
        }
        Ok(row.into())
    }

    /// Returns the row with that number.
    pub(super) fn row(&self, number: u64) -> Option<StoredToken> {
        match self.changes.get(&number) {
            Some(change) => change.as_ref().map(|row| row.token.clone()),
            None => self.table.token(number),
        }
    }

    /// Writes `row` under that number.
    pub(super) fn put(&mut self, number: u64, row: StoredToken) {
        self.highest_id = self.highest_id.max(number_of(&row).unwrap_or(0));
        self.next_number = self.next_number.max(number + 1);
        self.index.extend(self.table.keys_of(row.values()).map(|key| (key, number)));
        self.changes.insert(number, Some(self.table.row(row)));
    }

    /// Returns an id that was never assigned.
    pub(super) fn new_id(&self) -> String {
        next_id(self.highest_id, |id| self.has_id(id))
    }

    /// Saves all tokens, or none if one of them fails.
    pub(super) fn save_all(&mut self, new: &[StoredToken]) -> Result<Vec<OAuthToken>, StoreError> {
        let before = self.clone();
        let saved: Result<_, _> = new.iter().map(|token| self.save(token)).collect();
        if saved.is_err() {
            *self = before;
        }
        saved
    }

    /// Deletes the row with that id. Returns whether it existed.
    pub(super) fn delete(&mut self, id: &str) -> bool {
        let criterion = Criterion::Id(id);
        let numbers: Vec<u64> = self
            .candidates(&criterion)
            .into_iter()
            .filter(|candidate| !id.is_empty() && criterion.agrees_with(&candidate.token))
            .map(|candidate| candidate.number)
            .collect();
        self.delete_rows(&numbers);
        !numbers.is_empty()
    }

    /// Deletes every row.
    pub(super) fn delete_all(&mut self) {
        let numbers: Vec<u64> = self.table.numbers().chain(self.changes.keys().copied()).collect();
        self.delete_rows(&numbers);
    }

    /// Deletes the rows with these numbers.
    pub(super) fn delete_rows(&mut self, numbers: &[u64]) {
        if numbers.is_empty() {
            return;
        }
        self.note_highest_id();
        self.changes.extend(numbers.iter().map(|number| (*number, None)));
    }

    /// Stores the highest id, which the table shows only while the row exists.
    pub(super) fn note_highest_id(&mut self) {
        if self.state.highest_id < self.highest_id {
            Arc::make_mut(&mut self.state).highest_id = self.highest_id;
        }
    }

    /// Grants the lease on `key` to `holder`, unless another holder has it.
    pub(super) fn acquire(&mut self, key: &LeaseKey, holder: &str, life: Duration) -> Acquired {
        let mut entry = self.state.leases.get(key).cloned().unwrap_or_default();
        let acquired = entry.acquire(key, holder, machine_clock(), life);
        if matches!(acquired, Acquired::Granted(_)) {
            Arc::make_mut(&mut self.state).leases.insert(key.clone(), entry);
        }
        acquired
    }

    /// Extends the lease, if it is still held.
    pub(super) fn renew(&mut self, lease: &Lease, life: Duration) -> bool {
        self.change_entry(lease, |entry| entry.renew(lease, machine_clock(), life))
    }

    /// Ends the lease, if it is still held.
    pub(super) fn release(&mut self, lease: &Lease) -> bool {
        self.change_entry(lease, |entry| entry.release(lease, machine_clock()))
    }

    /// Saves `token` and releases the lease, if the lease is still held and permits the save.
    pub(super) fn save_and_release(
        &mut self,
        lease: &Lease,
        token: &StoredToken,
    ) -> Result<Fenced, StoreError> {
        if !self.state.leases.get(&lease.key).is_some_and(|entry| entry.is_held_under(lease)) {
            return Ok(Fenced::Superseded);
        }
        if let Some(id) = &lease.row {
            let row = self.find(&Criterion::Id(id))?.map(|(_, row)| OAuthToken::from(row));
            if !lease.permits(row.as_ref()) {
                self.release(lease);
                return Ok(Fenced::Superseded);
            }
        }
        let saved = self.save(token)?;
        self.releases.push(lease.clone());
        Ok(Fenced::Saved(saved))
    }

    fn change_entry(&mut self, lease: &Lease, change: impl FnOnce(&mut LeaseEntry) -> bool) -> bool {
        let Some(mut entry) = self.state.leases.get(&lease.key).cloned() else { return false };
        let is_held = change(&mut entry);
        if is_held {
            Arc::make_mut(&mut self.state).leases.insert(lease.key.clone(), entry);
        }
        is_held
    }

    fn find(&self, criterion: &Criterion<'_>) -> Result<Option<(u64, StoredToken)>, StoreError> {
        let chosen = criterion.choose(self.candidates(criterion))?;
        Ok(chosen.map(|candidate| (candidate.number, candidate.token)))
    }

    fn has_id(&self, id: &str) -> bool {
        let criterion = Criterion::Id(id);
        self.candidates(&criterion).iter().any(|candidate| criterion.agrees_with(&candidate.token))
    }

    /// Returns the rows that may match `criterion`, with the changes so far, in the order of the file.
    fn candidates(&self, criterion: &Criterion<'_>) -> Vec<Candidate> {
        let unchanged =
            self.table.candidates(criterion).filter(|row| !self.changes.contains_key(&row.number));
        let changed = self.table.numbers_in(&self.index, criterion).filter_map(|number| {
            let row = self.changes.get(&number)?.as_ref()?;
            Some(Candidate { number, token: row.token.clone() })
        });
        let mut candidates: Vec<_> = unchanged.chain(changed).collect();
        candidates.sort_unstable_by_key(|candidate| candidate.number);
        candidates.dedup_by_key(|candidate| candidate.number);
        candidates
    }
}

/// Removes empty values, because a CSV file cannot distinguish them from missing ones.
fn without_empty_fields(token: &StoredToken) -> StoredToken {
    StoredToken::from_values(
        token.values().map(|value| value.filter(|text| !text.is_empty()).map(str::to_owned)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(user: &str, access: &str) -> StoredToken {
        StoredToken {
            user_name: Some(user.into()),
            access_token: Some(access.into()),
            ..StoredToken::default()
        }
    }

    #[test]
    fn jobs_of_one_group_see_each_others_changes() {
        let table = Table::default();
        let mut draft = Draft::over(&table, Arc::default());
        let first = draft.save(&token("ada", "1")).unwrap();
        let second = draft.save(&token("ada", "2")).unwrap();
        assert_eq!((first.id(), second.id()), (Some("1"), Some("1")));
        assert_eq!(draft.into_plan().changes.len(), 1);
    }

    #[test]
    fn the_id_of_a_row_that_a_group_adds_and_deletes_is_not_reused() {
        let table = Table::default();
        let mut draft = Draft::over(&table, Arc::default());
        draft.save(&token("ada", "1")).unwrap();
        assert!(draft.delete("1") && !draft.delete("1"));
        let next = draft.save(&token("ada", "1")).unwrap();
        assert_eq!(next.id(), Some("2"));
        let plan = draft.into_plan();
        assert_eq!(plan.state.map(|state| state.highest_id), Some(1));
        assert_eq!(plan.changes.values().flatten().count(), 1);
    }

    #[test]
    fn saving_an_unchanged_token_plans_nothing() {
        let mut table = Table::default();
        let mut draft = Draft::over(&table, Arc::default());
        draft.save(&token("ada", "1")).unwrap();
        let changes = draft.into_plan().changes;
        let text = table.text_with(&changes);
        table.apply(changes, text);
        let mut draft = Draft::over(&table, Arc::default());
        draft.save(&token("ada", "1")).unwrap();
        let plan = draft.into_plan();
        assert!(plan.changes.is_empty() && plan.state.is_none());
    }
}
