//! The columns of the official table in SQLite: what they hold, and the expressions that read and write them.
//!
//! A column has a type only in a strict table. In any other, the declared type decides what becomes of a value: one
//! that looks like a number may become a number.

use rusqlite::Connection;

use super::super::table::{Column, HIGHEST_DOUBLE, Kind, Table, type_parts};
use super::fault::Fault;

/// Describes the table or view of this name, or returns `None` if there is none.
pub(super) fn describe(connection: &Connection, name: &str) -> Result<Option<Table>, Fault> {
    let text = "select type = 'view', strict, wr from pragma_table_list where schema = 'main' and name = ? collate nocase";
    let mut listed = connection.prepare(text)?;
    let mut listed = listed.query([name])?;
    let Some(row) = listed.next()? else { return Ok(None) };
    let [is_view, is_strict, has_no_row_number]: [bool; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];

    let text = "select name, type, \"notnull\", dflt_value is not null, hidden, pk, count(*) filter (where pk > 0) over () \
        from pragma_table_xinfo(?)";
    let mut statement = connection.prepare(text)?;
    let mut rows = statement.query([name])?;
    let mut columns = Vec::new();
    while let Some(row) = rows.next()? {
        let (type_name, hidden, key, keys): (String, i64, i64, i64) =
            (row.get(1)?, row.get(4)?, row.get(5)?, row.get(6)?);
        let is_row_number =
            key == 1 && keys == 1 && !has_no_row_number && type_name.eq_ignore_ascii_case("integer");
        columns.push(Column {
            name: row.get(0)?,
            kind: if is_row_number { Kind::Number(HIGHEST_INTEGER) } else { kind(&type_name, is_strict) },
            type_name,
            takes_null: !row.get::<_, bool>(2)?,
            has_default: row.get::<_, bool>(3)? || is_row_number,
            is_computed: hidden > 1,
        });
    }
    let table = Table::of(name, columns, true)?;
    Ok(Some(if is_view { table.of_a_view() } else { table }))
}

/// Whether there is a table or view of this name.
pub(super) fn exists(connection: &Connection, name: &str) -> Result<bool, Fault> {
    let text = "select 1 from sqlite_master where type in ('table', 'view') and name = ? collate nocase";
    Ok(connection.prepare_cached(text)?.exists([name])?)
}

/// An expression for the text in a column; null if it has no value.
pub(super) fn read(column: &Column) -> String {
    let name = quoted(&column.name);
    match column.kind {
        // Programs write moments as text, with which SQLite computes days.
        Kind::Moment => format!(
            "case when typeof({name}) = 'text' and {name} glob '*-*' \
            then cast(round((julianday({name}) - 2440587.5) * 86400000) as integer) else {name} end"
        ),
        // The length of text would only count what is before a NUL.
        _ if column.turns_null_into_text() => {
            format!("case when length(cast({name} as blob)) > 0 then {name} end")
        }
        _ => name,
    }
}

/// An expression for the value of a column, in which `?` is the text.
pub(super) fn write(column: &Column) -> String {
    let (value, empty) = match column.kind {
        Kind::Bytes(_) => ("cast(? as blob)", "x''"),
        _ => ("?", "''"),
    };
    if column.turns_null_into_text() { format!("coalesce({value}, {empty})") } else { value.to_owned() }
}

/// A condition that finds the rows with the value `?1`, and perhaps others.
pub(super) fn is_value(column: &Column) -> String {
    let name = quoted(&column.name);
    match column.kind {
        Kind::Bytes(_) => format!("{name} = cast(?1 as blob)"),
        _ if keeps_types(column) => format!("{name} in (?1, cast(?1 as blob), cast(?1 as integer))"),
        _ => format!("{name} = ?1"),
    }
}

/// A condition that finds the rows with the value `?1`, whose differences only a collation ignores.
pub(super) fn is_exactly(column: &Column) -> String {
    let is_value = is_value(column);
    if keeps_types(column) {
        return format!("{is_value} and cast({} as text) = ?1", quoted(&column.name));
    }
    is_value
}

/// What orders the rows by a column so that they can be compared to text.
pub(super) fn order(column: &Column) -> String {
    let name = quoted(&column.name);
    if keeps_types(column) || matches!(column.kind, Kind::Bytes(_)) {
        format!("cast({name} as text)")
    } else {
        name
    }
}

/// Quotes a name.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

const HIGHEST_INTEGER: u64 = i64::MAX.unsigned_abs();

/// The rules: <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>.
fn kind(type_name: &str, is_strict: bool) -> Kind {
    let (words, _) = type_parts(type_name);
    let has = |part: &str| words.contains(part);
    match words.as_str() {
        "int" | "integer" if is_strict => Kind::Number(HIGHEST_INTEGER),
        "real" if is_strict => Kind::Number(HIGHEST_DOUBLE),
        "blob" if is_strict => Kind::Bytes(None),
        _ if has("int") => Kind::Adaptive,
        _ if has("char") || has("clob") || has("text") || has("blob") || words.is_empty() || is_strict => {
            Kind::Text(None)
        }
        _ if has("datetime") || has("timestamp") => Kind::Moment,
        _ => Kind::Adaptive,
    }
}

/// Whether the column keeps the type that a program gave to a value, so that text is not equal to the same bytes.
fn keeps_types(Column { type_name, kind, .. }: &Column) -> bool {
    let (words, _) = type_parts(type_name);
    *kind == Kind::Text(None) && (words.is_empty() || words == "any" || words.contains("blob"))
}
