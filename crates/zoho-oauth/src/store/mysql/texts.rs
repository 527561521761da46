//! The statements, in MySQL's words.

use super::super::sql::{HIGHEST_ID, LOOK_UPS, PAGE, Statement, sql};
use super::super::stored::StoredToken;

/// Epoch milliseconds by the server's clock at this very moment; the session's time zone is UTC.
const CLOCK: &str = "cast(unix_timestamp(sysdate(3)) * 1000 as signed)";

/// The ten columns of Zoho's own SDKs. The collation makes look-ups exact for those SDKs too.
const TOKEN_TABLE: &str = "(id varchar(10) not null, user_name varchar(255), client_id varchar(255), \
    client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), \
    expiry_time varchar(20), redirect_url varchar(255), api_domain varchar(255), primary key (id), ";
const STATE_TABLE: &str = "(`key` varchar(80) not null, epoch bigint not null, holder varchar(255) not null, \
    until_ms bigint not null, touched bigint not null, ledger mediumtext not null, primary key (`key`))";
const ALPHABET: &str = "default charset = utf8mb4 collate = utf8mb4_bin";

/// Every statement with a fixed text.
pub(super) struct Texts {
    pub(super) tokens: String,
    pub(super) state: String,
    pub(super) columns: Statement,
    pub(super) indexed: Statement,
    pub(super) create_tokens: Statement,
    pub(super) create_state: Statement,
    pub(super) create_index: [Statement; LOOK_UPS.len()],
    pub(super) rows: [Statement; LOOK_UPS.len()],
    pub(super) select: String,
    pub(super) all: Statement,
    pub(super) first_page: Statement,
    pub(super) next_page: Statement,
    pub(super) lock_row: Statement,
    pub(super) ids: Statement,
    pub(super) highest_stored_id: Statement,
    pub(super) insert: String,
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
}

impl Texts {
    /// For a table whose name was checked: it needs no escaping.
    pub(super) fn new(table: &str) -> Self {
        let (t, s) = (format!("`{table}`"), format!("`{table}_state`"));
        let columns = StoredToken::COLUMNS.join(", ");
        let select = format!("select {columns} from {t}");
        // Collations are lax, and may ignore trailing blanks even where they call themselves binary.
        let exact = |column: &str| format!("cast(convert({column} using utf8mb4) as binary) <=> ?");
        let as_read = |prefix: &str| {
            let exactly = StoredToken::COLUMNS.map(|column| exact(&format!("{prefix}{column}")));
            exactly.join(" and ")
        };
        let set = |prefix: &str| {
            StoredToken::COLUMNS[1..]
                .iter()
                .map(|column| format!("{prefix}{column} = ?"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let entry = "epoch, holder, until_ms, touched, ledger";
        let indexes = LOOK_UPS[1..]
            .iter()
            .map(|column| format!("key {table}_{column} ({column})"))
            .collect::<Vec<_>>()
            .join(", ");
        Self {
            columns: sql("select cast(table_name as char), cast(column_name as char), \
                cast(character_maximum_length as signed) from information_schema.columns \
                where table_schema = database() and table_name in (?, ?)"),
            indexed: sql("select cast(column_name as char) from information_schema.statistics \
                where table_schema = database() and table_name = ? and seq_in_index = 1"),
            create_tokens: sql(format!("create table if not exists {t} {TOKEN_TABLE}{indexes}) {ALPHABET}")),
            create_state: sql(format!("create table if not exists {s} {STATE_TABLE} {ALPHABET}")),
            create_index: LOOK_UPS
                .map(|column| sql(format!("create index `{table}_{column}` on {t} ({column})"))),
            rows: LOOK_UPS.map(|column| sql(format!("{select} where {column} = ?"))),
            all: sql(&*select),
            first_page: sql(format!("{select} order by id limit {PAGE}")),
            next_page: sql(format!("{select} where id > ? order by id limit {PAGE}")),
            lock_row: sql(format!("{select} where id = ? for update")),
            ids: sql(format!("select id from {t}")),
            highest_stored_id: sql(format!(
                "select cast(coalesce(max(cast(id as unsigned)), 0) as signed) from {t} where id regexp '^[0-9]{{1,10}}$'"
            )),
            insert: format!("insert into {t} ({columns}) values "),
            replace: sql(format!("update {t} set {} where id = ? and {}", set(""), as_read(""))),
            replace_and_release: sql(format!(
                "update {t} as t join {s} as s on s.`key` = ? \
                set {}, s.holder = '', s.until_ms = 0, s.touched = {CLOCK}, s.ledger = ? \
                where t.id = ? and {} and s.epoch = ? and s.holder = ?",
                set("t."),
                as_read("t."),
            )),
            delete: sql(format!("delete from {t} where id = ? and {}", exact("id"))),
            delete_all: sql(format!("delete from {t}")),
            entry: sql(format!(
                "select {CLOCK}, {entry} from (select 1 as one) as one left join {s} on `key` = ?"
            )),
            lock_entry: sql(format!("select {entry} from {s} where `key` = ? for update")),
            add_entry: sql(format!("insert into {s} (`key`, {entry}) values (?, ?, ?, ?, ?, ?)")),
            put_entry: sql(format!(
                "update {s} set epoch = ?, holder = ?, until_ms = ?, touched = ? \
                where `key` = ? and epoch = ? and holder = ? and until_ms = ? and touched = ?"
            )),
            renew: sql(format!(
                "update {s} set until_ms = {CLOCK} + ?, touched = {CLOCK}, ledger = ? \
                where `key` = ? and epoch = ? and holder = ?"
            )),
            release: sql(format!(
                "update {s} set holder = '', until_ms = 0, touched = {CLOCK}, ledger = ? \
                where `key` = ? and epoch = ? and holder = ?"
            )),
            clock: sql(format!("select {CLOCK}")),
            ages: sql(format!("select `key`, touched from {s} where `key` <> '{HIGHEST_ID}'")),
            forget: sql(format!("delete from {s} where `key` = ? and touched = ?")),
            highest_id: sql(format!("select epoch from {s} where `key` = '{HIGHEST_ID}'")),
            lock_highest_id: sql(format!("select epoch from {s} where `key` = '{HIGHEST_ID}' for update")),
            begin_highest_id: sql(format!(
                "insert ignore into {s} (`key`, {entry}) values ('{HIGHEST_ID}', ?, '', 0, 0, '{{}}')"
            )),
            note_highest_id: sql(format!("update {s} set epoch = ? where `key` = '{HIGHEST_ID}'")),
            select,
            tokens: table.to_owned(),
            state: format!("{table}_state"),
        }
    }
}
