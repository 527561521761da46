//! The SQL dialect of MySQL and MariaDB.

use super::super::sql::Words;

/// The ten columns of Zoho's SDKs. With the binary collation below, those SDKs' look-ups are exact too.
const TOKENS: &str = "id varchar(10) not null, user_name varchar(255), client_id varchar(255), \
    client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), \
    expiry_time varchar(20), redirect_url varchar(255), api_domain varchar(255), primary key (id), \
    key (user_name), key (access_token), key (grant_token), key (refresh_token)";
const STATE: &str = "lease_key varchar(80) not null, epoch bigint not null, holder varchar(255) not null, \
    until_ms bigint not null, touched bigint not null, ledger mediumtext not null, primary key (lease_key)";
const CHARACTER_SET: &str = "default charset = utf8mb4 collate = utf8mb4_bin";

/// Returns the dialect for a table whose name was checked, so that it needs no escaping.
pub(super) fn words(table: &str) -> Words {
    let (tokens, state) = (format!("`{table}`"), format!("`{table}_state`"));
    Words {
        // The session's time zone is UTC. Unlike `now`, `sysdate` is not the time at which the statement began.
        clock: "cast(unix_timestamp(sysdate(3)) * 1000 as signed)",
        as_text: |expression| format!("cast({expression} as char)"),
        // Collations can ignore differences; even a binary one may ignore trailing spaces.
        exactly: |column| format!("cast(convert({column} using utf8mb4) as binary) <=> ?"),
        placeholder: None,
        // Some servers convert table names to lower case. This comparison ignores case.
        columns: format!(
            "select cast(table_name = '{table}' as char), cast(column_name as char), \
            cast(character_maximum_length as char) from information_schema.columns \
            where table_schema = database() and table_name in ('{table}', '{table}_state')"
        ),
        indexed: format!(
            "select cast(column_name as char) from information_schema.statistics \
            where table_schema = database() and table_name = '{table}' and seq_in_index = 1"
        ),
        create_tokens: format!("create table if not exists {tokens} ({TOKENS}) {CHARACTER_SET}"),
        create_state: format!("create table if not exists {state} ({STATE}) {CHARACTER_SET}"),
        create_index: |Words { table, tokens, .. }, column| {
            format!("create index `{table}_{column}` on {tokens} ({column})")
        },
        // The first read that does not lock takes the snapshot.
        begin: "start transaction",
        highest_stored_id: format!(
            "select cast(coalesce(max(cast(id as unsigned)), 0) as char) from {tokens} \
            where id regexp '^[0-9]{{1,10}}$'"
        ),
        insert_if_missing: format!(
            "insert ignore into {state} (lease_key, epoch, holder, until_ms, touched, ledger) \
            values (?, ?, ?, 0, 0, '{{}}')"
        ),
        replace_and_release: |Words { tokens, state, clock, .. }, as_read, set| {
            format!(
                "update {state} join {tokens} on lease_key = ? and epoch = ? and holder = ? and id = ? and {as_read} \
                set {set}, holder = '', until_ms = 0, touched = {clock}, ledger = ?"
            )
        },
        table: table.to_owned(),
        tokens,
        state,
    }
}
