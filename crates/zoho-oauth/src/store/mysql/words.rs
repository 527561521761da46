//! The SQL dialect of MySQL and MariaDB.

use super::super::sql::{ReplaceParts, Words};
use super::super::table::{Column, HIGHEST_DOUBLE, HIGHEST_SINGLE, Kind, highest_decimal, type_parts};

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
        quoted: |name| format!("`{name}`"),
        kind,
        to_text,
        from_text,
        // Collations can ignore differences; even a binary one may ignore trailing spaces.
        exactly: |expression| format!("cast(convert({expression} using utf8mb4) as binary) <=> ?"),
        placeholder: None,
        // Some servers convert table names to lower case. The comparison ignores case, unless two such tables can exist.
        columns: format!(
            "select cast(table_name = '{table}' as char), cast(column_name as char), cast(column_type as char), \
            cast(is_nullable = 'YES' as char), \
            cast(column_default is not null or extra like '%auto_increment%' as char), \
            cast(coalesce(generation_expression, '') <> '' as char) from information_schema.columns \
            where table_schema = database() and table_name in ('{table}', '{table}_state') \
            and (@@lower_case_table_names <> 0 or cast(table_name as binary) in ('{table}', '{table}_state'))"
        ),
        indexed: format!(
            "select cast(column_name as char) from information_schema.statistics \
            where table_schema = database() and table_name = '{table}' and seq_in_index = 1"
        ),
        similar: format!(
            "select cast(table_name as char) from information_schema.tables \
            where table_schema = database() and lower(table_name) = lower('{table}') \
            and @@lower_case_table_names = 0 and cast(table_name as binary) <> '{table}'"
        ),
        rights: None,
        create_tokens: format!("create table if not exists {tokens} ({TOKENS}) {CHARACTER_SET}"),
        create_state: format!("create table if not exists {state} ({STATE}) {CHARACTER_SET}"),
        create_index: |Words { table, tokens, .. }, look_up, Column { name, kind, .. }| {
            // An index on a long column can only have the beginning of its values.
            let is_long = |max_length: Option<usize>| max_length.is_none_or(|max_length| max_length > 255);
            let is_long = matches!(*kind, Kind::Text(length) | Kind::Bytes(length) if is_long(length));
            let beginning = if is_long { "(255)" } else { "" };
            format!("create index `{table}_{look_up}` on {tokens} (`{name}`{beginning})")
        },
        // The first read that does not lock takes the snapshot.
        begin: "start transaction".to_owned(),
        with_any_id: "",
        highest_stored_id: |Words { tokens, .. }, id| {
            format!(
                "select cast(coalesce(max(cast({id} as unsigned)), 0) as char) from {tokens} \
                where {id} regexp '^[0-9]{{1,10}}$'"
            )
        },
        // A column that counts ids itself heeds those that are inserted.
        advance_sequence: None,
        insert_if_missing: format!(
            "insert ignore into {state} (lease_key, epoch, holder, until_ms, touched, ledger) \
            values (?, ?, ?, 0, 0, '{{}}')"
        ),
        replace_and_release: |Words { tokens, state, clock, .. },
                              ReplaceParts { is_id, as_read, set, .. }| {
            format!(
                "update {state} join {tokens} on lease_key = ? and epoch = ? and holder = ? and {is_id} and {as_read} \
                set {set}, holder = '', until_ms = 0, touched = {clock}, ledger = ?"
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
    match words.as_str() {
        "varchar" => Kind::Text(length),
        "char" => Kind::PaddedText(length),
        "tinytext" => Kind::Text(Some(255)),
        "text" => Kind::Text(Some(65_535)),
        "mediumtext" | "longtext" => Kind::Text(None),
        "varbinary" => Kind::Bytes(length),
        "tinyblob" => Kind::Bytes(Some(255)),
        "blob" => Kind::Bytes(Some(65_535)),
        "mediumblob" | "longblob" => Kind::Bytes(None),
        "tinyint" => Kind::Number(127),
        "tinyint unsigned" => Kind::Number(255),
        "smallint" => Kind::Number(32_767),
        "smallint unsigned" => Kind::Number(65_535),
        "mediumint" => Kind::Number(8_388_607),
        "mediumint unsigned" => Kind::Number(16_777_215),
        "int" => Kind::Number(2_147_483_647),
        "int unsigned" => Kind::Number(4_294_967_295),
        "bigint" => Kind::Number(9_223_372_036_854_775_807),
        "bigint unsigned" => Kind::Number(u64::MAX),
        "decimal" | "decimal unsigned" => Kind::Number(highest_decimal(&arguments)),
        "float" | "float unsigned" => Kind::Number(HIGHEST_SINGLE),
        "double" | "double unsigned" => Kind::Number(HIGHEST_DOUBLE),
        "uuid" => Kind::Uuid,
        "timestamp" | "datetime" => Kind::Moment,
        _ => Kind::Unsupported,
    }
}

fn to_text(Column { name, kind, .. }: &Column) -> String {
    match kind {
        Kind::Text(_) | Kind::PaddedText(_) => format!("`{name}`"),
        // Large floating-point numbers would get an exponent.
        Kind::Number(_) => format!("cast(cast(`{name}` as decimal(20)) as char)"),
        // The session's time zone is UTC.
        Kind::Moment => format!("cast(cast(unix_timestamp(`{name}`) * 1000 as signed) as char)"),
        _ => format!("cast(`{name}` as char)"),
    }
}

fn from_text(column: &Column) -> String {
    match column.kind {
        Kind::Moment => "from_unixtime(? / 1000)".to_owned(),
        _ => "?".to_owned(),
    }
}
