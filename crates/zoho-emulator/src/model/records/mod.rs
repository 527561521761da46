//! The records of every organization and module.

mod record;
mod table;
mod tags;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

pub(crate) use self::record::{Fields, Person, Record};
pub(crate) use self::table::{Deleted, Position, SortBy, Table};
pub(crate) use self::tags::{Tag, TagStore};

/// All records of one emulator: a [`Table`] for each module of each organization.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordStore {
    organizations: HashMap<String, HashMap<String, Table>>,
    /// The linked records of each record; every link is stored in both directions.
    links: HashMap<u64, BTreeSet<u64>>,
    ids_assigned: u64,
}

impl RecordStore {
    /// The records of a module. `None`: it never had any.
    pub(crate) fn table(&self, organization: &str, module: &str) -> Option<&Table> {
        self.organizations.get(organization)?.get(module)
    }

    /// The records of a module, to be changed.
    pub(crate) fn table_mut(&mut self, organization: &str, module: &str) -> &mut Table {
        if !self.organizations.contains_key(organization) {
            self.organizations.insert(organization.to_owned(), HashMap::new());
        }
        let tables = self.organizations.entry(organization.to_owned()).or_default();
        tables.entry(module.to_owned()).or_default()
    }

    /// All tables of an organization, with the names of their modules.
    pub(crate) fn tables(&self, organization: &str) -> impl Iterator<Item = (&str, &Table)> {
        let tables = self.organizations.get(organization).into_iter().flatten();
        tables.map(|(module, table)| (module.as_str(), table))
    }

    /// A record, by its id in the API.
    pub(crate) fn get(&self, organization: &str, module: &str, id: &str) -> Option<&Record> {
        self.table(organization, module)?.get(parse_id(id)?)
    }

    /// The value of a field. A path such as `Account_Name.Owner` follows lookups to the field of another record.
    pub(crate) fn value_along<'a>(
        &'a self,
        organization: &str,
        record: &'a Record,
        path: &str,
    ) -> Cow<'a, Value> {
        let Some((lookup, rest)) = path.split_once('.') else { return record.value(path) };
        let referred = record.value(lookup);
        let id = referred.get("id").and_then(id_of).and_then(|id| parse_id(&id));
        let mut tables = self.tables(organization);
        match id.and_then(|id| tables.find_map(|(_, table)| table.get(id))) {
            Some(record) => self.value_along(organization, record, rest),
            // The lookup refers to a user, whose attributes are in the field itself.
            None => Cow::Owned(referred.get(rest).cloned().unwrap_or_default()),
        }
    }

    /// Links two records with each other.
    pub(crate) fn link(&mut self, one: u64, other: u64) {
        self.links.entry(one).or_default().insert(other);
        self.links.entry(other).or_default().insert(one);
    }

    /// Removes a link, and returns whether there was one.
    pub(crate) fn unlink(&mut self, one: u64, other: u64) -> bool {
        let mut remove = |from, what| self.links.get_mut(&from).is_some_and(|links| links.remove(&what));
        let known = remove(one, other);
        remove(other, one) && known
    }

    /// The records that a record is linked with.
    pub(crate) fn linked(&self, id: u64) -> Vec<u64> {
        self.links.get(&id).into_iter().flatten().copied().collect()
    }

    /// Restores a copy. Ids that were assigned since then are not assigned again.
    pub(crate) fn roll_back_to(&mut self, copy: Self) {
        *self = Self { ids_assigned: self.ids_assigned, ..copy };
    }

    /// A new id, unique among records, subform rows and files.
    pub(crate) fn new_id(&mut self) -> u64 {
        const FIRST_ID: u64 = 5_545_974_000_000_524_001;
        self.ids_assigned += 1;
        FIRST_ID + self.ids_assigned - 1
    }
}

/// Parses an id. `None`: it is not a number.
pub(crate) fn parse_id(id: &str) -> Option<u64> {
    id.parse().ok()
}

/// An id in a body as text. Zoho accepts ids as strings and as numbers; its SDKs for Python, Ruby and Java send numbers.
pub(crate) fn id_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(number) => number.as_u64().map(|id| id.to_string().into()),
        _ => None,
    }
}
