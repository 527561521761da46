//! The statements. Most are the same on every server but for a few words.

use super::super::stored::StoredToken;
use super::driver::Statement;

/// The columns that rows are looked up by. All but the first, the primary key, get an index.
pub(super) const LOOK_UPS: [&str; 5] = ["id", "user_name", "access_token", "grant_token", "refresh_token"];

/// How many rows a page has.
pub(super) const PAGE: usize = 1_000;

/// What the servers say differently. `?` stands for a value.
pub(in crate::store) struct Words {
    /// The table's name, as it was given.
    pub(in crate::store) table: String,
    /// The official table's name, in quotes.
    pub(in crate::store) tokens: String,
    /// The name of the table for leases and the highest id, in quotes.
    pub(in crate::store) state: String,
    /// Epoch milliseconds by the server's clock at this very moment.
    pub(in crate::store) clock: &'static str,
    /// An expression, as text.
    pub(in crate::store) as_text: fn(&str) -> String,
    /// A condition: the column has a value to the byte, or neither has any.
    pub(in crate::store) exactly: fn(&str) -> String,
    /// How the n-th value of a statement is marked, where that is not `?`.
    pub(in crate::store) mark: Option<fn(usize) -> String>,
    /// The columns of both tables: name of the table, name of the column, room in characters.
    pub(in crate::store) columns: String,
    /// The columns of the official table that an index begins with.
    pub(in crate::store) indexed: String,
    pub(in crate::store) create_tokens: String,
    pub(in crate::store) create_state: String,
    pub(in crate::store) create_index: fn(words: &Self, column: &str) -> String,
    /// Begins a transaction in which every statement sees what was committed before it, or before the first lock.
    pub(in crate::store) begin: &'static str,
    /// The highest id that is a number of at most ten digits.
    pub(in crate::store) highest_stored_id: String,
    /// Adds the row that counts ids, unless it is there; its values are the key and the number.
    pub(in crate::store) begin_highest_id: String,
    /// Writes a row and ends a lease, or neither. Its values: the key, epoch and holder of the lease; the id and what the
    /// row was when it was read, as in `as_read`; what it is to be, as in `set`; the ledger.
    pub(in crate::store) replace_and_release: fn(words: &Self, as_read: &str, set: &str) -> String,
}

/// Every statement, in one server's words.
pub(in crate::store) struct Texts {
    mark: Option<fn(usize) -> String>,
    select: String,
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
    pub(super) forget: Statement,
    pub(super) highest_id: Statement,
    pub(super) lock_highest_id: Statement,
    pub(super) begin_highest_id: Statement,
    pub(super) note_highest_id: Statement,
    pub(super) begin: Statement,
    pub(super) commit: Statement,
    pub(super) roll_back: Statement,
}

impl Texts {
    pub(in crate::store) fn new(words: &Words) -> Self {
        let Words { tokens, state, clock, as_text, exactly, mark, .. } = words;
        let sql = |text: String| Statement::new(marked(&text, *mark));
        let columns = StoredToken::COLUMNS.join(", ");
        let select = format!("select {columns} from {tokens}");
        let as_read = StoredToken::COLUMNS.map(exactly).join(" and ");
        let set = StoredToken::COLUMNS[1..].join(" = ?, ") + " = ?";
        let entry = ["epoch", "holder", "until_ms", "touched", "ledger"];
        let entry_as_text = entry.map(as_text).join(", ");
        let (entry, now, epoch) = (entry.join(", "), as_text(clock), as_text("epoch"));
        let of_lease = "lease_key = ? and epoch = ? and holder = ?";
        Self {
            mark: *mark,
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
            // One row even where there is no entry, for the clock.
            entry: sql(format!(
                "select {now}, {entry_as_text} from (select 1 as one) as always left join {state} on lease_key = ?"
            )),
            lock_entry: sql(format!("select {entry_as_text} from {state} where lease_key = ? for update")),
            add_entry: sql(format!("insert into {state} (lease_key, {entry}) values (?, ?, ?, ?, ?, ?)")),
            put_entry: sql(format!(
                "update {state} set epoch = ?, holder = ?, until_ms = ?, touched = ? \
                where {of_lease} and until_ms = ? and touched = ?"
            )),
            renew: sql(format!(
                "update {state} set until_ms = {clock} + ?, touched = {clock}, ledger = ? where {of_lease}"
            )),
            release: sql(format!(
                "update {state} set holder = '', until_ms = 0, touched = {clock}, ledger = ? where {of_lease}"
            )),
            clock: sql(format!("select {now}")),
            ages: sql(format!("select lease_key, {} from {state} where lease_key <> ?", as_text("touched"))),
            forget: sql(format!("delete from {state} where lease_key = ? and touched = ?")),
            highest_id: sql(format!("select {epoch} from {state} where lease_key = ?")),
            lock_highest_id: sql(format!("select {epoch} from {state} where lease_key = ? for update")),
            begin_highest_id: sql(words.begin_highest_id.clone()),
            note_highest_id: sql(format!("update {state} set epoch = ? where lease_key = ?")),
            begin: sql(words.begin.to_owned()),
            commit: sql("commit".to_owned()),
            roll_back: sql("rollback".to_owned()),
            select,
        }
    }

    /// Selects the rows that have one of so many values in a column.
    pub(super) fn rows_of_many(&self, column: &str, values: usize) -> String {
        let values = vec!["?"; values].join(", ");
        marked(&format!("{} where {column} in ({values})", self.select), self.mark)
    }

    /// Inserts so many rows.
    pub(super) fn insert(&self, rows: usize) -> String {
        let row = format!("({})", ["?"; StoredToken::COLUMNS.len()].join(", "));
        marked(&format!("{}{}", self.insert, vec![row; rows].join(", ")), self.mark)
    }
}

fn marked(text: &str, mark: Option<fn(usize) -> String>) -> String {
    let Some(mark) = mark else { return text.to_owned() };
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |text, (number, part)| text + &mark(number + 1) + part)
}
