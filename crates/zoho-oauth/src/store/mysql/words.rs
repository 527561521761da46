//! What MySQL wants to hear.

use super::super::sql::Words;

/// The ten columns of Zoho's own SDKs. The collation makes look-ups exact for those SDKs too.
const TOKENS: &str = "id varchar(10) not null, user_name varchar(255), client_id varchar(255), \
    client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), \
    expiry_time varchar(20), redirect_url varchar(255), api_domain varchar(255), primary key (id), \
    key (user_name), key (access_token), key (grant_token), key (refresh_token)";
const STATE: &str = "lease_key varchar(80) not null, epoch bigint not null, holder varchar(255) not null, \
    until_ms bigint not null, touched bigint not null, ledger mediumtext not null, primary key (lease_key)";
const ALPHABET: &str = "default charset = utf8mb4 collate = utf8mb4_bin";

/// For a table whose name was checked: it needs no escaping.
pub(super) fn words(table: &str) -> Words {
    let (tokens, state) = (format!("`{table}`"), format!("`{table}_state`"));
    Words {
        // The session's time zone is UTC. `sysdate` is the moment itself, `now` that of the statement's beginning.
        clock: "cast(unix_timestamp(sysdate(3)) * 1000 as signed)",
        as_text: |expression| format!("cast({expression} as char)"),
        // A collation is lax, and may ignore trailing blanks even where it calls itself binary.
        exactly: |column| format!("cast(convert({column} using utf8mb4) as binary) <=> ?"),
        mark: None,
        // Some servers write the names of tables in small letters; this comparison does not care.
        columns: format!(
            "select cast(table_name = '{table}' as char), cast(column_name as char), \
            cast(character_maximum_length as char) from information_schema.columns \
            where table_schema = database() and table_name in ('{table}', '{table}_state')"
        ),
        indexed: format!(
            "select cast(column_name as char) from information_schema.statistics \
            where table_schema = database() and table_name = '{table}' and seq_in_index = 1"
        ),
        create_tokens: format!("create table if not exists {tokens} ({TOKENS}) {ALPHABET}"),
        create_state: format!("create table if not exists {state} ({STATE}) {ALPHABET}"),
        create_index: |Words { table, tokens, .. }, column| {
            format!("create index `{table}_{column}` on {tokens} ({column})")
        },
        // The snapshot is taken by the first look that does not lock.
        begin: "start transaction",
        highest_stored_id: format!(
            "select cast(coalesce(max(cast(id as unsigned)), 0) as char) from {tokens} \
            where id regexp '^[0-9]{{1,10}}$'"
        ),
        begin_highest_id: format!(
            "insert ignore into {state} (lease_key, epoch, holder, until_ms, touched, ledger) \
            values (?, ?, '', 0, 0, '{{}}')"
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
