//! The SQL dialect of PostgreSQL.

use super::super::sql::Words;

const TOKENS: &str = "id text primary key, user_name text, client_id text, client_secret text, refresh_token text, \
    access_token text, grant_token text, expiry_time text, redirect_url text, api_domain text";
const STATE: &str = "lease_key text primary key, epoch bigint not null, holder text not null, until_ms bigint not null, \
    touched bigint not null, ledger text not null";

/// Returns the dialect for a table, optionally with a schema, whose names were checked, so that they need no escaping.
pub(super) fn words(table: &str) -> Words {
    let quoted = table.replace('.', "\".\"");
    let (tokens, state) = (format!("\"{quoted}\""), format!("\"{quoted}_state\""));
    Words {
        clock: "floor(extract(epoch from clock_timestamp()) * 1000)::bigint",
        as_text: |expression| format!("({expression})::text"),
        exactly: |column| format!("{column} collate \"C\" is not distinct from ?"),
        placeholder: Some(|number| format!("${number}")),
        columns: format!(
            "select (attrelid = to_regclass('{tokens}'))::int::text, attname::text, \
            case when atttypid in ('varchar'::regtype, 'bpchar'::regtype) and atttypmod > 4 \
            then (atttypmod - 4)::text end from pg_attribute \
            where attrelid in (to_regclass('{tokens}'), to_regclass('{state}')) and attnum > 0 and not attisdropped"
        ),
        indexed: format!(
            "select attname::text from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0] \
            where indrelid = to_regclass('{tokens}') and indisvalid and indpred is null"
        ),
        create_tokens: format!("create table if not exists {tokens} ({TOKENS})"),
        create_state: format!("create table if not exists {state} ({STATE})"),
        // Unlike a B-tree index, a hash index accepts values of any length.
        create_index: |Words { table, tokens, .. }, column| {
            let table = table.rsplit('.').next().unwrap_or(table);
            format!("create index if not exists \"{table}_{column}\" on {tokens} using hash ({column})")
        },
        // Each statement sees everything that was committed before it.
        begin: "begin isolation level read committed",
        highest_stored_id: format!(
            "select coalesce(max(id::bigint), 0)::text from {tokens} where id collate \"C\" ~ '^[0-9]{{1,10}}$'"
        ),
        insert_if_missing: format!(
            "insert into {state} (lease_key, epoch, holder, until_ms, touched, ledger) \
            values (?, ?, ?, 0, 0, '{{}}') on conflict do nothing"
        ),
        // This locks both rows first. After waiting for a lock, PostgreSQL evaluates the conditions again on the current
        // rows, so both rows are written or neither.
        replace_and_release: |Words { tokens, state, clock, .. }, as_read, set| {
            format!(
                "with held as (select lease_key as held_key, id as held_id from {state}, {tokens} \
                where lease_key = ? and epoch = ? and holder = ? and id = ? and {as_read} for update), \
                written as (update {tokens} set {set} from held where id = held_id) \
                update {state} set holder = '', until_ms = 0, touched = {clock}, ledger = ? \
                from held where lease_key = held_key"
            )
        },
        table: table.to_owned(),
        tokens,
        state,
    }
}
