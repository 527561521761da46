//! The SQL statements. For most of them the servers' dialects differ in a few words only.

use super::super::stored::StoredToken;
use super::driver::Statement;

/// The columns by which rows are looked up. Each one except the primary key, `id`, gets an index.
pub(super) const LOOK_UPS: [&str; 5] = ["id", "user_name", "access_token", "grant_token", "refresh_token"];

/// The number of rows in a page.
pub(super) const PAGE: usize = 1_000;

/// The parts of statements that depend on the server. `?` is the placeholder for a value.
pub(in crate::store) struct Words {
    /// The name of the official table, as configured.
    pub(in crate::store) table: String,
    /// The quoted name of the official table.
    pub(in crate::store) tokens: String,
    /// The quoted name of the table for leases and the highest id.
    pub(in crate::store) state: String,
    /// An expression for the server's clock in epoch milliseconds, at the moment of its evaluation.
    pub(in crate::store) clock: &'static str,
    /// Converts an expression to text.
    pub(in crate::store) as_text: fn(&str) -> String,
    /// A condition: the column equals the value, byte by byte, or both are null.
    pub(in crate::store) exactly: fn(&str) -> String,
    /// Returns the placeholder for the n-th value of a statement, if it is not `?`.
    pub(in crate::store) placeholder: Option<fn(usize) -> String>,
    /// Selects the columns of both tables: whether the table is the official one (1 or 0), the name of the column, and its
    /// maximum length in characters.
    pub(in crate::store) columns: String,
    /// Selects the columns of the official table that are the first column of an index.
    pub(in crate::store) indexed: String,
    pub(in crate::store) create_tokens: String,
    pub(in crate::store) create_state: String,
    pub(in crate::store) create_index: fn(words: &Self, column: &str) -> String,
    /// Begins a transaction whose reads see everything that was committed before its first lock.
    pub(in crate::store) begin: &'static str,
    /// Selects the highest id that is a number of at most ten digits.
    pub(in crate::store) highest_stored_id: String,
    /// Inserts an entry of the side table that is not a lease, if there is none with its key. Its values are the key, a
    /// number and a text.
    pub(in crate::store) insert_if_missing: String,
    /// Writes a row and releases a lease, or does neither. Its values: the key, epoch and holder of the lease; the id of the
    /// row; its columns as they were read, for `as_read`; its new columns, for `set`; the ledger.
    pub(in crate::store) replace_and_release: fn(words: &Self, as_read: &str, set: &str) -> String,
}

/// All statements, in the dialect of one server.
pub(in crate::store) struct Texts {
    placeholder: Option<fn(usize) -> String>,
    select: String,
    select_entry: String,
    insert: String,
    pub(super) columns: Statement,
    pub(super) indexed: Statement,
    pub(super) create_tokens: Statement,
    pub(super) create_state: Statement,
    pub(super) create_index: [Statement; LOOK_UPS.len()],
    pub(super) rows: [Statement; LOOK_UPS.len()],
    pub(super) all: Statement,
    pub(super) first_page: Statement,
    pub(super) next_page: Statement,
    pub(super) lock_rows: Statement,
    pub(super) ids: Statement,
    pub(super) highest_stored_id: Statement,
    pub(super) replace: Statement,
    pub(super) replace_and_release: Statement,
    pub(super) delete: Statement,
    pub(super) delete_all: Statement,
    pub(super) entry: Statement,
    pub(super) lock_entry: Statement,
    pub(super) add_entry: Statement,
    pub(super) put_entry: Statement,
    pub(super) renew: Statement,
    pub(super) release: Statement,
    pub(super) clock: Statement,
    pub(super) ages: Statement,
    pub(super) delete_entry: Statement,
    pub(super) highest_id: Statement,
    pub(super) lock_highest_id: Statement,
    pub(super) insert_if_missing: Statement,
    pub(super) set_highest_id: Statement,
    pub(super) identity: Statement,
    pub(super) begin: Statement,
    pub(super) commit: Statement,
    pub(super) roll_back: Statement,
}

impl Texts {
    pub(in crate::store) fn new(words: &Words) -> Self {
        let Words { tokens, state, clock, as_text, exactly, placeholder, .. } = words;
        let sql = |text: String| Statement::new(numbered(&text, *placeholder));
        let columns = StoredToken::COLUMNS.join(", ");
        let select = format!("select {columns} from {tokens}");
        let as_read = StoredToken::COLUMNS.map(exactly).join(" and ");
        let set = StoredToken::COLUMNS[1..].join(" = ?, ") + " = ?";
        let entry = ["epoch", "holder", "until_ms", "touched", "ledger"];
        let entry_as_text = format!("lease_key, {}", entry.map(as_text).join(", "));
        let select_entry = format!("select {entry_as_text} from {state}");
        let (entry, now, epoch) = (entry.join(", "), as_text(clock), as_text("epoch"));
        let of_lease = "lease_key = ? and epoch = ? and holder = ?";
        Self {
            placeholder: *placeholder,
            insert: format!("insert into {tokens} ({columns}) values "),
            columns: sql(words.columns.clone()),
            indexed: sql(words.indexed.clone()),
            create_tokens: sql(words.create_tokens.clone()),
            create_state: sql(words.create_state.clone()),
            create_index: LOOK_UPS.map(|column| sql((words.create_index)(words, column))),
            rows: LOOK_UPS.map(|column| sql(format!("{select} where {column} = ?"))),
            all: sql(select.clone()),
            first_page: sql(format!("{select} order by id limit {PAGE}")),
            next_page: sql(format!("{select} where id > ? order by id limit {PAGE}")),
            lock_rows: sql(format!("{select} where id = ? for update")),
            ids: sql(format!("select id from {tokens}")),
            highest_stored_id: sql(words.highest_stored_id.clone()),
            replace: sql(format!("update {tokens} set {set} where id = ? and {as_read}")),
            replace_and_release: sql((words.replace_and_release)(words, &as_read, &set)),
            delete: sql(format!("delete from {tokens} where id = ? and {}", exactly("id"))),
            delete_all: sql(format!("delete from {tokens}")),
            // Without an entry it still returns one row, for the clock.
            entry: sql(format!(
                "select {now}, {entry_as_text} from (select 1 as one) as always left join {state} on lease_key = ?"
            )),
            lock_entry: sql(format!("{select_entry} where lease_key = ? for update")),
            add_entry: sql(format!("insert into {state} (lease_key, {entry}) values (?, ?, ?, ?, ?, ?)")),
            put_entry: sql(format!(
                "update {state} set epoch = ?, holder = ?, until_ms = ?, touched = ? \
                where lease_key = ? and coalesce(epoch, -1) = ? and coalesce(until_ms, -1) = ? \
                and coalesce(touched, -1) = ? and coalesce(holder, '') = ?"
            )),
            renew: sql(format!(
                "update {state} set until_ms = {clock} + ?, touched = {clock}, ledger = ? where {of_lease}"
            )),
            release: sql(format!(
                "update {state} set holder = '', until_ms = 0, touched = {clock}, ledger = ? where {of_lease}"
            )),
            clock: sql(format!("select {now}")),
            // Only the key of a lease contains a colon.
            ages: sql(format!(
                "select lease_key, {} from {state} where lease_key like '%:%'",
                as_text("touched")
            )),
            delete_entry: sql(format!(
                "delete from {state} where lease_key = ? and coalesce(touched, -1) = ?"
            )),
            highest_id: sql(format!("select {epoch} from {state} where lease_key = ?")),
            lock_highest_id: sql(format!("select {epoch} from {state} where lease_key = ? for update")),
            insert_if_missing: sql(words.insert_if_missing.clone()),
            set_highest_id: sql(format!("update {state} set epoch = ? where lease_key = ?")),
            identity: sql(format!("select holder from {state} where lease_key = ?")),
            begin: sql(words.begin.to_owned()),
            commit: sql("commit".to_owned()),
            roll_back: sql("rollback".to_owned()),
            select,
            select_entry,
        }
    }

    /// Returns a statement that selects the lease entries of `keys` keys.
    pub(super) fn entries_of_many(&self, keys: usize) -> String {
        let keys = vec!["?"; keys].join(", ");
        numbered(&format!("{} where lease_key in ({keys})", self.select_entry), self.placeholder)
    }

    /// Returns a statement that selects the rows that have one of `values` values in a column.
    pub(super) fn rows_of_many(&self, column: &str, values: usize) -> String {
        let values = vec!["?"; values].join(", ");
        numbered(&format!("{} where {column} in ({values})", self.select), self.placeholder)
    }

    /// Returns a statement that inserts `rows` rows.
    pub(super) fn insert(&self, rows: usize) -> String {
        let row = format!("({})", ["?"; StoredToken::COLUMNS.len()].join(", "));
        numbered(&format!("{}{}", self.insert, vec![row; rows].join(", ")), self.placeholder)
    }
}

/// Replaces each `?` with the placeholder for its number.
fn numbered(text: &str, placeholder: Option<fn(usize) -> String>) -> String {
    let Some(placeholder) = placeholder else { return text.to_owned() };
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |text, (number, part)| text + &placeholder(number + 1) + part)
}
