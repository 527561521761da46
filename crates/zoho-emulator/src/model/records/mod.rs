//! The records of every organisation and module.

mod record;
mod table;
mod tags;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

pub(crate) use self::record::{Fields, Person, Record};
pub(crate) use self::table::{Deleted, Position, SortBy, Table};
pub(crate) use self::tags::{Tag, TagStore};

/// Every record of one emulator: a [`Table`] for each module of each organisation.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordStore {
    organisations: HashMap<String, HashMap<String, Table>>,
    /// Records that were linked with each other, in both directions.
    links: HashMap<u64, BTreeSet<u64>>,
    given_out: u64,
}

impl RecordStore {
    /// The records of a module. `None`: there never were any.
    pub(crate) fn table(&self, organisation: &str, module: &str) -> Option<&Table> {
        self.organisations.get(organisation)?.get(module)
    }

    /// The records of a module.
    pub(crate) fn table_mut(&mut self, organisation: &str, module: &str) -> &mut Table {
        if !self.organisations.contains_key(organisation) {
            self.organisations.insert(organisation.to_owned(), HashMap::new());
        }
        let tables = self.organisations.entry(organisation.to_owned()).or_default();
        tables.entry(module.to_owned()).or_default()
    }

    /// All tables of an organisation, with the name of their module.
    pub(crate) fn tables(&self, organisation: &str) -> impl Iterator<Item = (&str, &Table)> {
        let tables = self.organisations.get(organisation).into_iter().flatten();
        tables.map(|(module, table)| (module.as_str(), table))
    }

    /// One record, by the id that the API gives.
    pub(crate) fn get(&self, organisation: &str, module: &str, id: &str) -> Option<&Record> {
        self.table(organisation, module)?.get(parse_id(id)?)
    }

    /// The value of a field, or at the end of a path such as `Account_Name.Owner` of a field of the record that the
    /// look-ups lead to.
    pub(crate) fn value_along<'a>(
        &'a self,
        organisation: &str,
        record: &'a Record,
        path: &str,
    ) -> Cow<'a, Value> {
        let Some((lookup, rest)) = path.split_once('.') else { return record.value(path) };
        let referred = record.value(lookup);
        let id = referred.get("id").and_then(Value::as_str).and_then(parse_id);
        let mut tables = self.tables(organisation);
        match id.and_then(|id| tables.find_map(|(_, table)| table.get(id))) {
            Some(record) => self.value_along(organisation, record, rest),
            // A user: what is known of one stands in the field itself.
            None => Cow::Owned(referred.get(rest).cloned().unwrap_or_default()),
        }
    }

    /// Links two records with each other.
    pub(crate) fn link(&mut self, one: u64, other: u64) {
        self.links.entry(one).or_default().insert(other);
        self.links.entry(other).or_default().insert(one);
    }

    /// Undoes a link. `false`: there was none.
    pub(crate) fn unlink(&mut self, one: u64, other: u64) -> bool {
        let mut remove = |from, what| self.links.get_mut(&from).is_some_and(|links| links.remove(&what));
        let known = remove(one, other);
        remove(other, one) && known
    }

    /// What a record is linked with.
    pub(crate) fn linked(&self, id: u64) -> Vec<u64> {
        self.links.get(&id).into_iter().flatten().copied().collect()
    }

    /// Undoes everything since a copy was made. Ids that were given out stay given out.
    pub(crate) fn roll_back_to(&mut self, copy: Self) {
        *self = Self { given_out: self.given_out, ..copy };
    }

    /// An id that no record, row of a subform or file has.
    pub(crate) fn new_id(&mut self) -> u64 {
        const FIRST_ID: u64 = 5_545_974_000_000_524_001;
        self.given_out += 1;
        FIRST_ID + self.given_out - 1
    }
}

/// An id as a number. `None`: it cannot be one.
pub(crate) fn parse_id(id: &str) -> Option<u64> {
    id.parse().ok()
}
