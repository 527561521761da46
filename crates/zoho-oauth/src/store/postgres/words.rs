//! The SQL dialect of PostgreSQL.

use super::super::sql::{ReplaceParts, Words};
use super::super::table::{Column, HIGHEST_DOUBLE, HIGHEST_SINGLE, Kind, highest_decimal, type_parts};

const TOKENS: &str = "id text primary key, user_name text, client_id text, client_secret text, refresh_token text, \
    access_token text, grant_token text, expiry_time text, redirect_url text, api_domain text";
const STATE: &str = "lease_key text primary key, epoch bigint not null, holder text not null, until_ms bigint not null, \
    touched bigint not null, ledger text not null";

/// Returns the dialect for a table, optionally with a schema, whose names were checked, so that they need no escaping.
pub(super) fn words(table: &str, limits: &[(&str, String)]) -> Words {
    let quoted = table.replace('.', "\".\"");
    let (tokens, state) = (format!("\"{quoted}\""), format!("\"{quoted}_state\""));
    let (is_in_schema, name) = match table.split_once('.') {
        Some((schema, name)) => (format!("nspname = '{schema}'"), name),
        None => ("pg_table_is_visible(pg_class.oid)".to_owned(), table),
    };
    Words {
        clock: "floor(extract(epoch from clock_timestamp()) * 1000)::bigint",
        as_text: |expression| format!("({expression})::text"),
        quoted: |name| format!("\"{name}\""),
        kind,
        to_text,
        from_text,
        exactly: |expression| format!("{expression} collate \"C\" is not distinct from ?"),
        placeholder: Some(|number| format!("${number}")),
        // The type of a domain is the one below it.
        columns: format!(
            "select (attrelid = to_regclass('{tokens}'))::int::text, attname::text, \
            format_type(coalesce(nullif(typbasetype, 0), atttypid), greatest(atttypmod, typtypmod)), \
            (not (attnotnull or typnotnull))::int::text, \
            (atthasdef or typdefault is not null or attidentity <> '')::int::text, (attgenerated <> '')::int::text \
            from pg_attribute join pg_type on pg_type.oid = atttypid \
            where attrelid in (to_regclass('{tokens}'), to_regclass('{state}')) and attnum > 0 and not attisdropped"
        ),
        indexed: format!(
            "select attname::text from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0] \
            where indrelid = to_regclass('{tokens}') and indisvalid and indpred is null"
        ),
        similar: format!(
            "select relname::text from pg_class join pg_namespace on pg_namespace.oid = relnamespace \
            where lower(relname) = lower('{name}') and relname <> '{name}' and relkind in ('r', 'v', 'm', 'f', 'p') and {is_in_schema}"
        ),
        rights: Some(rights(&tokens, &state)),
        create_tokens: format!("create table if not exists {tokens} ({TOKENS})"),
        create_state: format!("create table if not exists {state} ({STATE})"),
        create_index: |Words { table, tokens, .. }, look_up, Column { name, .. }| {
            let table = table.rsplit('.').next().unwrap_or(table);
            // Unlike a B-tree index, a hash index accepts values of any length.
            format!("create index if not exists \"{table}_{look_up}\" on {tokens} using hash (\"{name}\")")
        },
        // Each statement sees everything that was committed before it.
        begin: limits
            .iter()
            .fold("begin isolation level read committed".to_owned(), |begin, (name, value)| {
                format!("{begin}; set local {name} = {value}")
            }),
        with_any_id: "overriding system value ",
        highest_stored_id: |Words { tokens, .. }, id| {
            format!(
                "select coalesce(max(({id})::bigint), 0)::text from {tokens} \
                where ({id}) collate \"C\" ~ '^[0-9]{{1,10}}$'"
            )
        },
        advance_sequence: Some(|Words { tokens, .. }, id| {
            format!(
                "select setval(ids, ?)::text from (select pg_get_serial_sequence('{tokens}', '{id}')::regclass as ids) as one \
                where has_sequence_privilege(ids, 'update') and coalesce(pg_sequence_last_value(ids), 0) < ?"
            )
        }),
        insert_if_missing: format!(
            "insert into {state} (lease_key, epoch, holder, until_ms, touched, ledger) \
            values (?, ?, ?, 0, 0, '{{}}') on conflict do nothing"
        ),
        // This locks both rows first. After waiting for a lock, PostgreSQL evaluates the conditions again on the current
        // rows, so both rows are written or neither.
        replace_and_release: |Words { tokens, state, clock, .. },
                              ReplaceParts { id, is_id, as_read, set }| {
            format!(
                "with held as (select lease_key as held_key, {id} as held_id from {state}, {tokens} \
                where lease_key = ? and epoch = ? and holder = ? and {is_id} and {as_read} for update), \
                written as (update {tokens} set {set} from held where {id} = held_id) \
                update {state} set holder = '', until_ms = 0, touched = {clock}, ledger = ? \
                from held where lease_key = held_key"
            )
        },
        table: table.to_owned(),
        tokens,
        state,
    }
}

fn kind(type_name: &str) -> Kind {
    let (words, arguments) = type_parts(type_name);
    let length = arguments.first().and_then(|length| usize::try_from(*length).ok());
    match words.rsplit('.').next().unwrap_or_default() {
        "text" | "citext" => Kind::Text(None),
        "character varying" => Kind::Text(length),
        "character" | "bpchar" => Kind::PaddedText(length),
        "bytea" => Kind::Bytes(None),
        "smallint" => Kind::Number(32_767),
        "integer" => Kind::Number(2_147_483_647),
        "bigint" => Kind::Number(9_223_372_036_854_775_807),
        "numeric" => Kind::Number(highest_decimal(&arguments)),
        "real" => Kind::Number(HIGHEST_SINGLE),
        "double precision" => Kind::Number(HIGHEST_DOUBLE),
        "uuid" => Kind::Uuid,
        "timestamp with time zone" | "timestamp without time zone" => Kind::Moment,
        _ => Kind::Unsupported,
    }
}

fn to_text(Column { name, kind, .. }: &Column) -> String {
    match kind {
        Kind::Bytes(_) => format!("convert_from(\"{name}\", 'UTF8')"),
        // Large floating-point numbers would get an exponent.
        Kind::Number(_) => format!("round(\"{name}\"::numeric)::text"),
        Kind::Moment => format!("floor(extract(epoch from \"{name}\") * 1000)::bigint::text"),
        _ => format!("\"{name}\"::text"),
    }
}

/// The driver sends every value as text.
fn from_text(Column { type_name, kind, .. }: &Column) -> String {
    match kind {
        Kind::PaddedText(_) => "?::text::bpchar".to_owned(),
        Kind::Bytes(_) => "convert_to(?, 'UTF8')".to_owned(),
        // A moment without a time zone is in UTC.
        Kind::Moment if type_name.ends_with("without time zone") => {
            "to_timestamp(?::text::double precision / 1000) at time zone 'UTC'".to_owned()
        }
        Kind::Moment => "to_timestamp(?::text::double precision / 1000)".to_owned(),
        Kind::Number(_) | Kind::Uuid => format!("?::text::{type_name}"),
        _ => "?".to_owned(),
    }
}

/// Whether this account may create indexes on the official table, and whether it may write to both tables, of which the second
/// may have to be created.
fn rights(tokens: &str, state: &str) -> String {
    let may_write = |table: &str| {
        ["select", "insert", "update", "delete"]
            .map(|right| format!("has_table_privilege({table}.oid, '{right}')"))
            .join(" and ")
    };
    let may_create = "has_schema_privilege(tokens.relnamespace, 'create')";
    let is_writable = "current_setting('transaction_read_only') = 'off'";
    format!(
        "select coalesce({is_writable} and pg_has_role(tokens.relowner, 'usage') and {may_create}, false)::int::text, \
        coalesce({is_writable} and {} and case when state.oid is null then {may_create} else {} end, false)::int::text \
        from (select 1) as always left join pg_class as tokens on tokens.oid = to_regclass('{tokens}') \
        left join pg_class as state on state.oid = to_regclass('{state}')",
        may_write("tokens"),
        may_write("state")
    )
}
