//! The statements on the official table. They consist of fixed text and fixed column names; values are bound.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row, params_from_iter};

use super::super::matching::Criterion;
use super::super::stored::StoredToken;
use super::fault::Fault;

macro_rules! select {
    ($($end:literal)?) => {
        concat!(
            "select id, user_name, client_id, client_secret, refresh_token, access_token, grant_token, ",
            "expiry_time, redirect_url, api_domain from oauthtoken",
            $($end)?
        )
    };
}

const INSERT: &str = "insert into oauthtoken (id, user_name, client_id, client_secret, refresh_token, \
    access_token, grant_token, expiry_time, redirect_url, api_domain) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Finds the row that `criterion` identifies. The database returns candidates and `criterion` chooses, because the
/// collation of the table may ignore differences.
pub(super) fn find(connection: &Connection, criterion: &Criterion<'_>) -> Result<Option<StoredToken>, Fault> {
    let text = match criterion {
        Criterion::Id(_) => select!(" where id = ?"),
        Criterion::User { .. } => select!(" where user_name = ?"),
        Criterion::AccessToken(_) => select!(" where access_token = ?"),
        Criterion::GrantToken { .. } => select!(" where grant_token = ?"),
        Criterion::RefreshToken { .. } => select!(" where refresh_token = ?"),
    };
    let mut statement = connection.prepare_cached(text)?;
    let mut rows = statement.query([criterion.value()])?;
    let mut candidates = Vec::with_capacity(1);
    while let Some(row) = rows.next()? {
        candidates.push(stored(row)?);
    }
    Ok(criterion.choose(candidates)?)
}

/// Reads all rows.
pub(super) fn all(connection: &Connection) -> Result<Vec<StoredToken>, Fault> {
    many(connection, select!(), [])
}

/// Reads the next rows by id. On the last page there are fewer than [`PAGE`].
pub(super) fn page(connection: &Connection, after: Option<&str>) -> Result<Vec<StoredToken>, Fault> {
    match after {
        None => many(connection, select!(" order by id limit 1000"), []),
        Some(id) => many(connection, select!(" where id > ? order by id limit 1000"), [id]),
    }
}

/// The number of rows on a full page.
pub(super) const PAGE: usize = 1_000;

fn many(connection: &Connection, text: &str, values: impl Params) -> Result<Vec<StoredToken>, Fault> {
    let mut statement = connection.prepare_cached(text)?;
    let mut rows = statement.query(values)?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        tokens.push(stored(row)?);
    }
    Ok(tokens)
}

/// Whether a row has this id.
pub(super) fn has_id(connection: &Connection, id: &str) -> Result<bool, Fault> {
    Ok(connection.prepare_cached("select 1 from oauthtoken where id = ?")?.exists([id])?)
}

/// Returns the highest id that is a number of at most ten digits, or zero if there is none. Reads all ids.
pub(super) fn highest_id(connection: &Connection) -> Result<u64, Fault> {
    let text = "select ifnull(max(cast(id as integer)), 0) from oauthtoken \
        where length(id) between 1 and 10 and id not glob '*[^0-9]*'";
    let highest: i64 = connection.prepare_cached(text)?.query_row([], |row| row.get(0))?;
    Ok(highest.unsigned_abs())
}

/// Adds a row.
pub(super) fn insert(connection: &Connection, token: &StoredToken) -> Result<(), Fault> {
    connection.prepare_cached(INSERT)?.execute(params_from_iter(token.values()))?;
    Ok(())
}

/// Writes the columns that differ, if any. The indexes of the other columns are not touched.
pub(super) fn update(
    connection: &Connection,
    before: &StoredToken,
    after: &StoredToken,
) -> Result<(), Fault> {
    let (old, new) = (before.values(), after.values());
    let changed = || (1..old.len()).filter(|column| old[*column] != new[*column]);
    let mut text = String::with_capacity(160);
    for column in changed() {
        text.push_str(if text.is_empty() { "update oauthtoken set " } else { ", " });
        text.push_str(StoredToken::COLUMNS[column]);
        text.push_str(" = ?");
    }
    if text.is_empty() {
        return Ok(());
    }
    text.push_str(" where id = ?");
    let values = changed().chain([0]).map(|column| new[column]);
    match connection.prepare_cached(&text)?.execute(params_from_iter(values))? {
        1 => Ok(()),
        _ => Err(Fault::Unreadable("the row has no unique id".into())),
    }
}

/// Deletes one row. Returns whether it existed.
pub(super) fn delete(connection: &Connection, id: &str) -> Result<bool, Fault> {
    // The collation of the table may ignore differences; a comparison of blobs is exact.
    let text = "delete from oauthtoken where id = ?1 and cast(id as blob) = cast(?1 as blob)";
    Ok(connection.prepare_cached(text)?.execute([id])? > 0)
}

/// Deletes every row.
pub(super) fn delete_all(connection: &Connection) -> Result<(), Fault> {
    connection.execute("delete from oauthtoken", [])?;
    Ok(())
}

/// Fails if one of the ten columns is missing.
pub(super) fn check_columns(connection: &Connection) -> Result<(), Fault> {
    connection.prepare_cached(select!(" where id = ?"))?;
    Ok(())
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
