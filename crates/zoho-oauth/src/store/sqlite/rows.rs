//! The statements on the official table. They consist of fixed text and the names of its columns; values are bound.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row, params_from_iter};

use super::super::matching::Criterion;
use super::super::stored::StoredToken;
use super::super::table::Table;
use super::columns::{self, quoted};
use super::fault::Fault;

/// The official table, as it is described and used.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) table: Table,
    name: String,
    /// One for each way to look up a row.
    find: [String; LOOK_UPS.len()],
    all: String,
    first_page: String,
    next_page: String,
    has_id: String,
    highest_id: String,
    insert: String,
    /// Assigns a value, `?n`, to each column.
    set: [(String, String); StoredToken::COLUMNS.len()],
    is_id: String,
    delete: String,
}

/// The columns by which rows are looked up.
pub(super) const LOOK_UPS: [&str; 5] = ["id", "user_name", "access_token", "grant_token", "refresh_token"];

/// The number of rows on a full page.
pub(super) const PAGE: usize = 1_000;

impl Rows {
    /// Creates the statements for a table of this name.
    pub(super) fn new(name: &str, table: Table) -> Self {
        let tokens = quoted(name);
        let read = table.columns().each_ref().map(|column| match column {
            Some(column) => columns::read(column),
            // A table of an older SDK has fewer columns.
            None => "null".to_owned(),
        });
        let select = format!("select {} from {tokens}", read.join(", "));
        let find = LOOK_UPS.map(|look_up| {
            let is_found = table.column(look_up).map_or("false".to_owned(), columns::is_value);
            format!("{select} where {is_found}")
        });
        // Rows are written only if the table has all columns.
        let set = table.columns().each_ref().map(|column| {
            let name = column.as_ref().map_or("null".to_owned(), |column| quoted(&column.name));
            (name, column.as_ref().map_or("?".to_owned(), columns::write))
        });
        let (names, values): (Vec<_>, Vec<_>) = set.iter().cloned().unzip();
        let values: Vec<_> =
            (1..).zip(&values).map(|(number, value)| value.replace('?', &format!("?{number}"))).collect();
        let id = table.column("id").map_or("null".to_owned(), |column| quoted(&column.name));
        let is_id = table.column("id").map_or("false".to_owned(), columns::is_exactly);
        let order = table.column("id").map_or("null".to_owned(), columns::order);
        Self {
            all: select.clone(),
            first_page: match table.column("id") {
                Some(_) => format!("{select} order by {order} limit {PAGE}"),
                // Without ids there is no next page.
                None => select.clone(),
            },
            next_page: format!("{select} where {order} > ? order by {order} limit {PAGE}"),
            has_id: format!("select 1 from {tokens} where {is_id}"),
            highest_id: format!(
                "select ifnull(max(cast({id} as integer)), 0) from {tokens} \
                where length({id}) between 1 and 10 and {id} not glob '*[^0-9]*'"
            ),
            insert: format!("insert into {tokens} ({}) values ({})", names.join(", "), values.join(", ")),
            // The collation of the table may ignore differences; a comparison of blobs is exact.
            delete: format!("delete from {tokens} where {is_id} and cast({id} as blob) = cast(?1 as blob)"),
            name: name.to_owned(),
            table,
            find,
            set,
            is_id,
        }
    }

    /// Finds the row that `criterion` identifies. The database returns candidates and `criterion` chooses, because the
    /// collation of the table may ignore differences.
    pub(super) fn find(
        &self,
        connection: &Connection,
        criterion: &Criterion<'_>,
    ) -> Result<Option<StoredToken>, Fault> {
        let [by_id, by_user, by_access_token, by_grant_token, by_refresh_token] = &self.find;
        let text = match criterion {
            Criterion::Id(_) => by_id,
            Criterion::User { .. } => by_user,
            Criterion::AccessToken(_) => by_access_token,
            Criterion::GrantToken { .. } => by_grant_token,
            Criterion::RefreshToken { .. } => by_refresh_token,
        };
        Ok(criterion.choose(self.many(connection, text, [criterion.value()])?)?)
    }

    /// Reads all rows.
    pub(super) fn all(&self, connection: &Connection) -> Result<Vec<StoredToken>, Fault> {
        self.many(connection, &self.all, [])
    }

    /// Reads the next rows by id. On the last page there are fewer than [`PAGE`].
    pub(super) fn page(
        &self,
        connection: &Connection,
        after: Option<&str>,
    ) -> Result<Vec<StoredToken>, Fault> {
        match after {
            None => self.many(connection, &self.first_page, []),
            Some(id) => self.many(connection, &self.next_page, [id]),
        }
    }

    /// Whether a row has this id.
    pub(super) fn has_id(&self, connection: &Connection, id: &str) -> Result<bool, Fault> {
        Ok(connection.prepare_cached(&self.has_id)?.exists([id])?)
    }

    /// Returns the highest id that is a number of at most ten digits, or zero if there is none. Reads all ids.
    pub(super) fn highest_id(&self, connection: &Connection) -> Result<u64, Fault> {
        let highest: i64 = connection.prepare_cached(&self.highest_id)?.query_row([], |row| row.get(0))?;
        Ok(highest.unsigned_abs())
    }

    /// Adds a row.
    pub(super) fn insert(&self, connection: &Connection, token: &StoredToken) -> Result<(), Fault> {
        self.table.check_for_adding()?;
        self.table.check_values(token)?;
        connection.prepare_cached(&self.insert)?.execute(params_from_iter(token.values()))?;
        Ok(())
    }

    /// Writes the columns that differ, if any. The indexes of the other columns are not touched.
    pub(super) fn update(
        &self,
        connection: &Connection,
        before: &StoredToken,
        after: &StoredToken,
    ) -> Result<(), Fault> {
        self.table.check_values(after)?;
        let (old, new) = (before.values(), after.values());
        let changed = || (1..old.len()).filter(|column| old[*column] != new[*column]);
        let mut text = String::with_capacity(160);
        for (number, column) in (2..).zip(changed()) {
            let (name, value) = &self.set[column];
            text.push_str(if text.is_empty() { "update " } else { ", " });
            if number == 2 {
                text.push_str(&quoted(&self.name));
                text.push_str(" set ");
            }
            text.push_str(name);
            text.push_str(" = ");
            text.push_str(&value.replace('?', &format!("?{number}")));
        }
        if text.is_empty() {
            return Ok(());
        }
        text.push_str(" where ");
        text.push_str(&self.is_id);
        let values = [0].into_iter().chain(changed()).map(|column| new[column]);
        match connection.prepare_cached(&text)?.execute(params_from_iter(values))? {
            1 => Ok(()),
            _ => Err(Fault::Unreadable("the row has no unique id".into())),
        }
    }

    /// Deletes one row. Returns whether it existed.
    pub(super) fn delete(&self, connection: &Connection, id: &str) -> Result<bool, Fault> {
        Ok(connection.prepare_cached(&self.delete)?.execute([id])? > 0)
    }

    /// Deletes every row.
    pub(super) fn delete_all(&self, connection: &Connection) -> Result<(), Fault> {
        connection.execute(&format!("delete from {}", quoted(&self.name)), [])?;
        Ok(())
    }

    /// Reads rows. There are none if there is no table: only a write creates it in a file of somebody else.
    fn many(
        &self,
        connection: &Connection,
        text: &str,
        values: impl Params,
    ) -> Result<Vec<StoredToken>, Fault> {
        let mut statement = match connection.prepare_cached(text) {
            Err(_) if !columns::exists(connection, &self.name)? => return Ok(Vec::new()),
            statement => statement?,
        };
        let mut rows = statement.query(values)?;
        let mut tokens = Vec::with_capacity(1);
        while let Some(row) = rows.next()? {
            tokens.push(stored(row)?);
        }
        Ok(tokens)
    }
}

fn stored(row: &Row<'_>) -> Result<StoredToken, Fault> {
    let mut values = [const { None }; StoredToken::COLUMNS.len()];
    for (column, value) in values.iter_mut().enumerate() {
        *value = match row.get_ref(column)? {
            ValueRef::Null => None,
            // SQLite allows any type in any column, so another program may have stored numbers.
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Real(number) => Some(number.to_string()),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Some(text.to_owned()),
                Err(_) => {
                    let name = StoredToken::COLUMNS[column];
                    return Err(Fault::Unreadable(
                        format!("the column `{name}` of a row is not valid UTF-8").into(),
                    ));
                }
            },
        };
    }
    Ok(StoredToken::from_values(values))
}
