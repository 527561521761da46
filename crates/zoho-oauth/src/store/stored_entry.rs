//! Lease entries as stores return them. Whoever can write to a store can damage one.

use super::coordination::LeaseEntry;

/// A lease entry as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StoredEntry {
    /// The entry. A part that is damaged is empty: an unreadable ledger has no issues, and a lease whose end or last write is
    /// unreadable has expired. So damage keeps nobody from renewing a token.
    pub(super) entry: LeaseEntry,
    /// Whether a part is damaged. The next write overwrites it.
    pub(super) is_damaged: bool,
}

impl StoredEntry {
    /// Reads the fields of an entry: its epoch, holder, end, last write and ledger. A field that is missing is `None`.
    pub(super) fn of_fields([epoch, holder, until, touched, ledger]: [Option<&str>; 5]) -> Self {
        let mut is_damaged = false;
        let mut note = |is_readable: bool| is_damaged |= !is_readable;
        let mut number = |field: Option<&str>| {
            let number = field.and_then(|text| text.parse().ok());
            note(number.is_some());
            number.unwrap_or_default()
        };
        let (epoch, until, touched) = (number(epoch), number(until), number(touched));
        let parsed = ledger.and_then(|text| serde_json::from_str(text).ok());
        note(holder.is_some() && parsed.is_some());
        let holder = holder.unwrap_or_default().to_owned();
        let read = LeaseEntry { epoch, holder, until, touched, ledger: parsed.unwrap_or_default() };
        let entry = read.clone().within_the_rules();
        is_damaged |= entry != read;
        Self { entry, is_damaged }
    }

    /// Returns the entry of the lease with this key, and warns if it is damaged.
    pub(super) fn usable(self, key: &str) -> LeaseEntry {
        if self.is_damaged {
            tracing::warn!(key, "the stored entry of a lease is damaged; the damaged part counts as empty");
        }
        self.entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTACT: [Option<&str>; 5] = [Some("4"), Some("a"), Some("9000"), Some("4000"), Some("{}")];

    #[test]
    fn an_intact_entry_is_read_as_it_is() {
        let entry = LeaseEntry {
            epoch: 4,
            holder: "a".into(),
            until: 9_000,
            touched: 4_000,
            ..LeaseEntry::default()
        };
        assert_eq!(StoredEntry::of_fields(INTACT), StoredEntry { entry, is_damaged: false });
    }

    #[test]
    fn a_damaged_field_counts_as_empty_and_the_others_are_kept() {
        for (field, values) in [
            (0, &[None, Some("x"), Some("-1"), Some("9223372036854775807"), Some("")][..]),
            (1, &[None]),
            (2, &[None, Some("x"), Some("-1"), Some("9223372036854775807"), Some("1e9")]),
            (3, &[None, Some("x"), Some("-1"), Some("1.5")]),
            (4, &[None, Some(""), Some("x"), Some("[1]"), Some("{\"issued\":[\"x\"]}"), Some("null")]),
        ] {
            for value in values {
                let mut fields = INTACT;
                fields[field] = *value;
                let StoredEntry { entry, is_damaged } = StoredEntry::of_fields(fields);
                assert!(is_damaged, "field {field}: {value:?}");
                let state = entry.lease_state(5_000);
                assert!(state.remaining <= LeaseEntry::MAX_LIFE, "field {field}: {value:?}");
                assert_eq!(field != 1, entry.holder == "a", "field {field}: {value:?}");
            }
        }
    }
}
