//! The tokens of one file in memory, each with the text that it has in the file, and an index over what tokens
//! are looked up by. Pure.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::ops::Range;

use crate::store::error::StoreError;
use crate::store::ids::id_number;
use crate::store::matching::Criterion;
use crate::store::stored::StoredToken;

use super::csv::{Damage, Record, Records, encode};

/// What the file says.
///
/// The text is kept as it is in the file: a header, and rows one after the other. So text that was read is written
/// back as it was, and a save copies it instead of encoding it. Tokens are decoded when they are asked for. Rows
/// are numbered in the order of the file; a number stays the row's own while others come and go. The index holds
/// hashes instead of values; what it finds, [`Criterion::choose`] checks.
#[derive(Debug)]
pub(super) struct Table {
    text: String,
    header_length: usize,
    line_end: &'static str,
    rows: BTreeMap<u64, Range<usize>>,
    index: Index,
    hasher: RandomState,
    highest_id: u64,
}

/// A row to write: its token, and its text with the line end.
#[derive(Clone, Debug)]
pub(super) struct Row {
    text: String,
    pub(super) token: StoredToken,
}

/// Rows to write, by their numbers; `None` for those to delete.
pub(super) type Changes = BTreeMap<u64, Option<Row>>;

/// Hashes of what rows are found by, each with a row's number.
pub(super) type Index = BTreeSet<(u64, u64)>;

/// A row that a look-up may mean.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) number: u64,
    pub(super) token: StoredToken,
}

impl AsRef<StoredToken> for Candidate {
    fn as_ref(&self) -> &StoredToken {
        &self.token
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::with_header(header_line("\n"), "\n")
    }
}

impl Table {
    fn with_header(header: String, line_end: &'static str) -> Self {
        Self {
            header_length: header.len(),
            text: header,
            line_end,
            rows: BTreeMap::new(),
            index: BTreeSet::new(),
            hasher: RandomState::new(),
            highest_id: 0,
        }
    }

    /// Reads the text of a token file.
    ///
    /// # Errors
    /// When it is empty, or when a record is cut off or has another number of fields than nine or ten.
    pub(super) fn parse(text: &str) -> Result<Self, Damage> {
        let content = text.strip_prefix('\u{feff}').unwrap_or(text);
        let content_start = text.len() - content.len();
        let mut records = Records::of(content).peekable();
        let line_end = match records.peek() {
            None => return Err(Damage::at(1, "it is empty")),
            Some(Ok(first)) if first.text.ends_with("\r\n") => "\r\n",
            Some(_) => "\n",
        };
        // Some SDKs lose the header when two of them write at once. A token must not be lost with it.
        let header = records.next_if(|first| first.as_ref().is_ok_and(|first| !is_token_row(first)));
        let header = header.map(|header| whole(header?)).transpose()?;
        let has_ten_columns = header.as_ref().is_some_and(|header| header.fields.len() == 10);
        let header = match &header {
            Some(header) => text[..content_start].to_owned() + &tidy(header, ",api_domain", line_end),
            None => header_line(line_end),
        };
        let mut table = Self::with_header(header, line_end);
        table.text.reserve(text.len());
        let mut index = Vec::new();
        for (number, record) in (0..).zip(records) {
            let record = whole(record?)?;
            if has_ten_columns && record.fields.len() == 9 && !record.is_terminated() {
                return Err(Damage::at(record.line, "the last row is cut off"));
            }
            let values = record.values();
            index.extend(table.keys_of(values).map(|key| (key, number)));
            table.highest_id = table.highest_id.max(values[0].and_then(id_number).unwrap_or(0));
            let start = table.text.len();
            table.text.push_str(&tidy(&record, ",", line_end));
            table.rows.insert(number, start..table.text.len());
        }
        table.index = index.into_iter().collect();
        Ok(table)
    }

    /// The file's text with `changes` made.
    pub(super) fn text_with(&self, changes: &Changes) -> String {
        let added: usize = changes.values().flatten().map(|row| row.text.len()).sum();
        let mut text = String::with_capacity(self.text.len() + added);
        let mut copied = 0;
        for (number, change) in changes {
            // New rows have higher numbers than all that are there: they come last.
            let old = self.rows.get(number).cloned().unwrap_or(self.text.len()..self.text.len());
            text.push_str(&self.text[copied..old.start]);
            text.push_str(change.as_ref().map_or("", |row| &row.text));
            copied = old.end;
        }
        text.push_str(&self.text[copied..]);
        text
    }

    /// Whether the file's text is exactly `text`.
    pub(super) fn says(&self, text: &[u8]) -> bool {
        self.text.as_bytes() == text
    }

    /// Takes over what was written: `text` is what [`text_with`](Self::text_with) made of `changes`. Hands back the
    /// old text, which takes a while to drop.
    pub(super) fn apply(&mut self, changes: Changes, text: String) -> String {
        for (number, change) in changes {
            if let Some(old) = self.rows.remove(&number) {
                let old = decoded(&self.text[old]);
                for key in self.keys_of(old.values()).collect::<Vec<_>>() {
                    self.index.remove(&(key, number));
                }
            }
            if let Some(row) = change {
                let keys = self.keys_of(row.token.values()).collect::<Vec<_>>();
                self.index.extend(keys.into_iter().map(|key| (key, number)));
                self.highest_id = self.highest_id.max(number_of(&row.token).unwrap_or(0));
                self.rows.insert(number, 0..row.text.len());
            }
        }
        let mut start = self.header_length;
        for row in self.rows.values_mut() {
            *row = start..start + row.len();
            start = row.end;
        }
        std::mem::replace(&mut self.text, text)
    }

    /// The row that `wanted` means.
    ///
    /// # Errors
    /// When several rows are meant that differ.
    pub(super) fn find(&self, wanted: &StoredToken) -> Result<Option<StoredToken>, StoreError> {
        let Some(criterion) = Criterion::of(wanted) else { return Ok(None) };
        Ok(criterion.choose(self.candidates(&criterion))?.map(|candidate| candidate.token))
    }

    /// The rows that `criterion` may mean, in the order of the file.
    pub(super) fn candidates(&self, criterion: &Criterion<'_>) -> impl Iterator<Item = Candidate> {
        self.numbers_in(&self.index, criterion).filter_map(|number| {
            let row = self.rows.get(&number)?;
            Some(Candidate { number, token: decoded(&self.text[row.clone()]) })
        })
    }

    /// The numbers that an index of this table's rows has for `criterion`.
    pub(super) fn numbers_in(&self, index: &Index, criterion: &Criterion<'_>) -> impl Iterator<Item = u64> {
        let key = self.key(criterion.column(), criterion.value());
        index.range((key, 0)..=(key, u64::MAX)).map(|(_, number)| *number)
    }

    /// All tokens, in the order of the file.
    pub(super) fn tokens(&self) -> impl Iterator<Item = StoredToken> {
        self.rows.values().map(|row| decoded(&self.text[row.clone()]))
    }

    /// The numbers of all rows.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.rows.keys().copied()
    }

    /// The number for the next new row.
    pub(super) fn next_number(&self) -> u64 {
        self.rows.last_key_value().map_or(0, |(number, _)| number + 1)
    }

    /// The highest id that is a number, of the rows that are here and of those that were.
    pub(super) fn highest_id(&self) -> u64 {
        self.highest_id
    }

    /// Remembers that ids up to `id` were given out.
    pub(super) fn remember_highest_id(&mut self, id: u64) {
        self.highest_id = self.highest_id.max(id);
    }

    /// A row of this file for `token`.
    pub(super) fn row(&self, token: StoredToken) -> Row {
        Row { text: encode(token.values(), self.line_end), token }
    }

    /// Whether a row that `earlier` has is missing here: somebody deleted it, or is not done writing.
    pub(super) fn lacks_a_row_of(&self, earlier: &Self) -> bool {
        self.rows.len() < earlier.rows.len()
            || earlier.tokens().filter_map(|token| token.id).any(|id| {
                let criterion = Criterion::Id(&id);
                !self.candidates(&criterion).any(|candidate| criterion.agrees_with(&candidate.token))
            })
    }

    /// What a row is found by, as hashes.
    pub(super) fn keys_of<'v>(
        &self,
        values: [Option<&'v str>; 10],
    ) -> impl Iterator<Item = u64> + use<'_, 'v> {
        StoredToken::COLUMNS.into_iter().zip(values).filter_map(|(column, value)| {
            let is_looked_up_by =
                matches!(column, "id" | "user_name" | "access_token" | "grant_token" | "refresh_token");
            is_looked_up_by.then_some(())?;
            Some(self.key(column, value?))
        })
    }

    fn key(&self, column: &str, value: &str) -> u64 {
        self.hasher.hash_one((column, value))
    }
}

/// The token that a row's text says. The text was looked through when it was read, so there is a record in it.
fn decoded(text: &str) -> StoredToken {
    let record = Records::of(text).next().and_then(Result::ok);
    let mut fields = record.map(|record| record.fields).unwrap_or_default().into_iter();
    StoredToken::from_values(std::array::from_fn(|_| fields.next().flatten().map(Cow::into_owned)))
}

/// The id of a row as a number, if it is one of ours.
pub(super) fn number_of(token: &StoredToken) -> Option<u64> {
    token.id.as_deref().and_then(id_number)
}

fn header_line(line_end: &str) -> String {
    encode(StoredToken::COLUMNS.map(Some), line_end)
}

fn whole(record: Record<'_>) -> Result<Record<'_>, Damage> {
    match record.fields.len() {
        9 | 10 => Ok(record),
        count => Err(Damage::at(record.line, format!("{count} columns stand where 10 belong"))),
    }
}

/// Whether a first record is a token's rather than the header: only a token has a number for its expiry, or an
/// address. The names in a header differ from SDK to SDK and say nothing.
fn is_token_row(record: &Record<'_>) -> bool {
    let field = |position: usize| record.fields.get(position).and_then(Option::as_deref).unwrap_or_default();
    field(7).trim().parse::<f64>().is_ok() || field(8).contains("://") || field(9).contains("://")
}

/// The record's text as it is written back: with ten columns, where an old SDK wrote nine, and with a line end.
fn tidy<'t>(record: &Record<'t>, tenth: &str, line_end: &str) -> Cow<'t, str> {
    let content = record.text.trim_end_matches(['\r', '\n']);
    let tenth = if record.fields.len() == 9 { tenth } else { "" };
    let own_end = &record.text[content.len()..];
    if tenth.is_empty() && record.is_terminated() {
        return Cow::Borrowed(record.text);
    }
    let line_end = if record.is_terminated() { own_end } else { line_end };
    Cow::Owned(format!("{content}{tenth}{line_end}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_uri,api_domain\r\n";

    fn parsed(text: &str) -> Table {
        Table::parse(text).expect("is whole")
    }

    fn text(table: &Table) -> String {
        table.text_with(&Changes::new())
    }

    fn users(table: &Table) -> Vec<String> {
        table.tokens().filter_map(|token| token.user_name).collect()
    }

    #[test]
    fn what_was_read_is_written_back_byte_for_byte() {
        let original =
            format!("{HEADER}1,\"ada\",c,s,r,a,null,,\"u\",d\r\n2,bob,c,s,r2,,,,,\n3,eve,,,,a3,,,,\r\n");
        let table = parsed(&original);
        assert_eq!(text(&table), original);
        assert!(table.says(original.as_bytes()));
        assert!(!table.says(&original.as_bytes()[1..]) && !table.says(format!("{original}x").as_bytes()));
    }

    fn numbered(table: &Table, id: &str) -> Option<Row> {
        Some(table.row(StoredToken { id: Some(id.into()), ..StoredToken::default() }))
    }

    #[test]
    fn rows_are_replaced_deleted_and_added_in_their_places() {
        let row = |id: &str| format!("{id},,,,,,,,,\r\n");
        let mut table = parsed(&format!("{HEADER}{}{}{}", row("1"), row("2"), row("3")));
        let changes = Changes::from([
            (0, numbered(&table, "eleven")),
            (1, None),
            (3, numbered(&table, "4")),
            (4, None),
            (5, numbered(&table, "6")),
        ]);
        let expected = format!("{HEADER}{}{}{}{}", row("eleven"), row("3"), row("4"), row("6"));
        let written = table.text_with(&changes);
        assert_eq!(written, expected);
        table.apply(changes, written);
        assert!(table.says(expected.as_bytes()));
        assert_eq!((table.highest_id(), table.next_number()), (6, 6));
        for (id, is_there) in [("eleven", true), ("1", false), ("2", false), ("3", true), ("6", true)] {
            let wanted = StoredToken { id: Some(id.into()), ..StoredToken::default() };
            assert_eq!(table.find(&wanted).expect("one row").is_some(), is_there, "{id}");
        }
    }

    #[test]
    fn a_last_row_without_a_line_end_gets_one() {
        let table = parsed(&format!("{HEADER}1,ada,,,r,,,,,\r\n2,bob,,,r,,,,,"));
        assert_eq!(text(&table), format!("{HEADER}1,ada,,,r,,,,,\r\n2,bob,,,r,,,,,\r\n"));
        assert!(text(&parsed(HEADER.trim_end())).ends_with("api_domain\n"));
    }

    #[test]
    fn a_lost_header_does_not_take_a_token_with_it() {
        for row in
            ["1,ada,c,s,r,a,,1795298101001,,\n", "1,ada,c,s,r,a,,,https://x/cb,\n", "1,ada,,,,a,,,,https://d"]
        {
            let table = parsed(row);
            assert_eq!(users(&table), ["ada"], "{row}");
            assert!(text(&table).starts_with("id,user_name,"), "{row}");
        }
        assert!(users(&parsed("A,B,C,D,E,F,G,H,I,J\n")).is_empty(), "the words of a header mean nothing");
    }

    #[test]
    fn nine_columns_become_ten() {
        let nine = "id,user_mail,c,s,r,a,g,e,redirect_uri\r\n1,ada,c,s,r,a,,1,\"https://x?a,b\"\r\n";
        let expected =
            "id,user_mail,c,s,r,a,g,e,redirect_uri,api_domain\r\n1,ada,c,s,r,a,,1,\"https://x?a,b\",\r\n";
        let table = parsed(nine);
        assert_eq!(text(&table), expected);
        assert_eq!(
            table.tokens().next().and_then(|token| token.redirect_url).as_deref(),
            Some("https://x?a,b")
        );
    }

    #[test]
    fn what_is_cut_off_is_damage() {
        let whole = format!("{HEADER}1,ada,c,s,r,a,,1,u,d\r\n2,bob,c,s,r,a,,1,u,d\r\n");
        for (cut, what) in [
            (0, "it is empty"),
            (20, "columns"),
            (HEADER.len() + 8, "columns"),
            (whole.len() - 4, "the last row is cut off"),
        ] {
            let damage = Table::parse(&whole[..cut]).expect_err("is cut off");
            assert!(damage.what.contains(what), "{damage}");
        }
        assert_eq!(Table::parse("\u{feff}\r\n\n").expect_err("is empty").what, "it is empty");
    }

    #[test]
    fn a_byte_order_mark_is_kept_and_not_read() {
        let original = format!("\u{feff}{HEADER}1,ada,,,r,,,,,\r\n");
        let table = parsed(&original);
        assert_eq!(users(&table), ["ada"]);
        assert_eq!(text(&table), original);
    }

    #[test]
    fn a_missing_row_is_noticed_by_its_id() {
        let row = |id: u32| format!("{id},user,,,r,,,,,\n");
        let table =
            |ids: &[u32]| parsed(&(HEADER.to_owned() + &ids.iter().map(|id| row(*id)).collect::<String>()));
        assert!(table(&[1]).lacks_a_row_of(&table(&[1, 2])));
        assert!(table(&[1, 3]).lacks_a_row_of(&table(&[1, 2])));
        assert!(!table(&[2, 1, 3]).lacks_a_row_of(&table(&[1, 2])));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_kept(text in r#"([,"\r\n]|,{8,9}|null|1|://|\PC){0,30}"#) {
            if let Ok(table) = Table::parse(&text) {
                let written = table.text_with(&Changes::new());
                let again = Table::parse(&written).expect("what is written is read");
                let tokens = |table: &Table| table.tokens().collect::<Vec<_>>();
                prop_assert_eq!(tokens(&again), tokens(&table));
                prop_assert!(again.says(written.as_bytes()));
            }
        }
    }
}
