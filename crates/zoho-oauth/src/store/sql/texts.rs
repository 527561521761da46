//! The SQL statements that depend on the server only. For most of them the dialects differ in a few words.

use super::super::table::{Column, Kind};
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
    /// Quotes the name of a column.
    pub(in crate::store) quoted: fn(&str) -> String,
    /// Returns what a column of this type holds.
    pub(in crate::store) kind: fn(type_name: &str) -> Kind,
    /// An expression for the text in a column.
    pub(in crate::store) to_text: fn(&Column) -> String,
    /// An expression for the value of a column, in which `?` is the text.
    pub(in crate::store) from_text: fn(&Column) -> String,
    /// A condition: the expression equals the value, byte by byte, or both are null.
    pub(in crate::store) exactly: fn(&str) -> String,
    /// Returns the placeholder for the n-th value of a statement, if it is not `?`.
    pub(in crate::store) placeholder: Option<fn(usize) -> String>,
    /// Selects the columns of both tables: whether the table is the official one (1 or 0), the name and the type of the
    /// column, and whether it takes null, has a default, and is computed (1 or 0).
    pub(in crate::store) columns: String,
    /// Selects the columns of the official table that are the first column of an index.
    pub(in crate::store) indexed: String,
    /// Selects the names of tables that differ from the official one in capital letters only.
    pub(in crate::store) similar: String,
    /// Selects two numbers, 1 or 0: whether this account may create indexes on the official table, and whether it may set up
    /// what writing requires, and write. What it may not is not tried, because a server logs every error. `None`: the server
    /// does not log them.
    pub(in crate::store) rights: Option<String>,
    pub(in crate::store) create_tokens: String,
    pub(in crate::store) create_state: String,
    /// Creates an index on a look-up column of a table.
    pub(in crate::store) create_index: fn(words: &Self, look_up: &str, column: &Column) -> String,
    /// Begins a transaction whose reads see everything that was committed before its first lock.
    pub(in crate::store) begin: String,
    /// What an insert needs between its columns and its values to choose the id of a row.
    pub(in crate::store) with_any_id: &'static str,
    /// Selects the highest id that is a number of at most ten digits.
    pub(in crate::store) highest_stored_id: fn(words: &Self, id: &str) -> String,
    /// Moves the sequence from which other programs get ids to a number, unless it is beyond it. Its values are the number,
    /// twice.
    pub(in crate::store) advance_sequence: Option<fn(words: &Self, id: &str) -> String>,
    /// Inserts an entry of the side table that is not a lease, if there is none with its key. Its values are the key, a
    /// number and a text.
    pub(in crate::store) insert_if_missing: String,
    /// Writes a row and releases a lease, or does neither. Its values: the key, epoch and holder of the lease; the id of the
    /// row; its columns as they were read; its new columns; the ledger.
    pub(in crate::store) replace_and_release: fn(words: &Self, parts: &ReplaceParts<'_>) -> String,
}

/// The parts of a statement that replaces a row.
pub(in crate::store) struct ReplaceParts<'p> {
    /// The column `id`.
    #[allow(dead_code, reason = "MySQL's statement does without it")]
    pub(in crate::store) id: &'p str,
    /// A condition: the row has this id.
    pub(in crate::store) is_id: &'p str,
    /// A condition: the columns are as they were read.
    pub(in crate::store) as_read: &'p str,
    /// Assigns the new columns.
    pub(in crate::store) set: &'p str,
}

impl Words {
    /// Returns an expression for the text in a column; null if it has no value.
    pub(super) fn read(&self, column: &Column) -> String {
        let text = (self.to_text)(column);
        if column.turns_null_into_text() {
            // For some collations, blanks are equal to empty text.
            return format!("case when length({text}) > 0 then {text} end");
        }
        text
    }

    /// Returns an expression for the value to write into a column.
    pub(super) fn write(&self, column: &Column) -> String {
        let value = (self.from_text)(column);
        if column.turns_null_into_text() { format!("coalesce({value}, '')") } else { value }
    }

    /// Returns the statement with the server's placeholders.
    pub(super) fn numbered(&self, text: &str) -> String {
        numbered(text, self.placeholder)
    }
}

/// The statements, in the dialect of one server.
pub(in crate::store) struct Texts {
    pub(super) words: Words,
    select_entry: String,
    pub(super) columns: Statement,
    pub(super) indexed: Statement,
    pub(super) similar: Statement,
    pub(super) rights: Option<Statement>,
    pub(super) create_tokens: Statement,
    pub(super) create_state: Statement,
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
}

impl Texts {
    pub(in crate::store) fn new(words: Words) -> Self {
        let Words { state, clock, as_text, .. } = &words;
        let sql = |text: String| Statement::new(words.numbered(&text));
        let entry = ["epoch", "holder", "until_ms", "touched", "ledger"];
        let entry_as_text = format!("lease_key, {}", entry.map(as_text).join(", "));
        let select_entry = format!("select {entry_as_text} from {state}");
        let (entry, now, epoch) = (entry.join(", "), as_text(clock), as_text("epoch"));
        let of_lease = "lease_key = ? and epoch = ? and holder = ?";
        Self {
            columns: sql(words.columns.clone()),
            indexed: sql(words.indexed.clone()),
            similar: sql(words.similar.clone()),
            rights: words.rights.clone().map(sql),
            create_tokens: sql(words.create_tokens.clone()),
            create_state: sql(words.create_state.clone()),
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
            begin: sql(words.begin.clone()),
            select_entry,
            words,
        }
    }

    /// Returns a statement that selects the lease entries of `keys` keys.
    pub(super) fn entries_of_many(&self, keys: usize) -> String {
        let keys = vec!["?"; keys].join(", ");
        self.words.numbered(&format!("{} where lease_key in ({keys})", self.select_entry))
    }
}

/// Replaces each `?` with the placeholder for its number.
pub(super) fn numbered(text: &str, placeholder: Option<fn(usize) -> String>) -> String {
    let Some(placeholder) = placeholder else { return text.to_owned() };
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |text, (number, part)| text + &placeholder(number + 1) + part)
}
