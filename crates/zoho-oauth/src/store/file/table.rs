//! The tokens of one file in memory, each with the text that it has in the file, and an index over what tokens
//! are looked up by. Pure.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use crate::store::error::StoreError;
use crate::store::ids::id_number;
use crate::store::matching::Criterion;
use crate::store::stored::StoredToken;

use super::csv::{Damage, Record, Records, encode};

/// What the file says.
///
/// Rows are numbered in the order of the file; a number stays the row's own while others come and go. The index
/// holds hashes instead of values, so no secret is kept twice; what it finds, [`Criterion::choose`] checks.
#[derive(Debug)]
pub(super) struct Table {
    header: String,
    line_end: &'static str,
    rows: BTreeMap<u64, Row>,
    index: BTreeSet<(u64, u64)>,
    hasher: RandomState,
    highest_id: u64,
}

/// One row: its token, and its text with the line end. Text that was read is written back as it was.
#[derive(Clone, Debug)]
pub(super) struct Row {
    text: String,
    pub(super) token: StoredToken,
}

/// Rows to write, by their numbers; `None` for those to delete.
pub(super) type Changes = BTreeMap<u64, Option<Row>>;

/// A row that a look-up may mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'r> {
    pub(super) number: u64,
    pub(super) token: &'r StoredToken,
}

impl AsRef<StoredToken> for Candidate<'_> {
    fn as_ref(&self) -> &StoredToken {
        self.token
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
            header,
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
        let byte_order_mark = &text[..text.len() - content.len()];
        let mut records = Records::of(content);
        let Some(first) = records.next() else {
            return Err(Damage::at(1, "it is empty"));
        };
        let first = whole(first?)?;
        let line_end = if first.text.ends_with("\r\n") { "\r\n" } else { "\n" };
        let has_header = !is_token_row(&first);
        let has_ten_columns = has_header && first.fields.len() == 10;
        let mut rows = Vec::new();
        let header = if has_header {
            format!("{byte_order_mark}{}", with_tenth_column(&first, ",api_domain"))
        } else {
            // Some SDKs lose the header when two of them write at once. A token must not be lost with it.
            rows.push(Row::read(first));
            header_line(line_end)
        };
        for record in records {
            let record = whole(record?)?;
            if has_ten_columns && record.fields.len() == 9 && !record.is_terminated() {
                return Err(Damage::at(record.line, "the last row is cut off"));
            }
            rows.push(Row::read(record));
        }
        let mut table = Self::with_header(header, line_end);
        table.fill(rows);
        Ok(table)
    }

    fn fill(&mut self, rows: Vec<Row>) {
        let mut index = Vec::with_capacity(rows.len() * 4);
        for (number, row) in (0..).zip(&rows) {
            index.extend(self.keys_of(&row.token).map(|key| (key, number)));
            self.highest_id = self.highest_id.max(number_of(&row.token).unwrap_or(0));
        }
        self.index = index.into_iter().collect();
        self.rows = (0..).zip(rows).collect();
    }

    /// The file's text, in pieces, with `changes` made.
    pub(super) fn pieces<'t>(&'t self, changes: &'t Changes) -> impl Iterator<Item = &'t str> {
        let kept = self.rows.iter().map(move |(number, row)| match changes.get(number) {
            Some(change) => change.as_ref(),
            None => Some(row),
        });
        let first_new = self.next_number();
        let added = changes.range(first_new..).map(|(_, row)| row.as_ref());
        let texts = kept.chain(added).flatten().map(|row| row.text.as_str());
        let mut previous_is_terminated = true;
        std::iter::once(self.header.as_str()).chain(texts).flat_map(move |text| {
            let missing_end = if previous_is_terminated { "" } else { self.line_end };
            previous_is_terminated = text.ends_with('\n');
            [missing_end, text]
        })
    }

    /// Whether the file's text is exactly `text`.
    pub(super) fn says(&self, text: &[u8]) -> bool {
        let unchanged = Changes::new();
        let rest = self.pieces(&unchanged).try_fold(text, |rest, piece| rest.strip_prefix(piece.as_bytes()));
        rest.is_some_and(<[u8]>::is_empty)
    }

    /// Takes over what was written.
    pub(super) fn apply(&mut self, changes: Changes) {
        for (number, change) in changes {
            if let Some(old) = self.rows.remove(&number) {
                for key in self.keys_of(&old.token).collect::<Vec<_>>() {
                    self.index.remove(&(key, number));
                }
            }
            if let Some(row) = change {
                for key in self.keys_of(&row.token).collect::<Vec<_>>() {
                    self.index.insert((key, number));
                }
                self.highest_id = self.highest_id.max(number_of(&row.token).unwrap_or(0));
                self.rows.insert(number, row);
            }
        }
    }

    /// The row that `wanted` means.
    ///
    /// # Errors
    /// When several rows are meant that differ.
    pub(super) fn find(&self, wanted: &StoredToken) -> Result<Option<&StoredToken>, StoreError> {
        let Some(criterion) = Criterion::of(wanted) else { return Ok(None) };
        Ok(criterion.choose(self.candidates(&criterion))?.map(|candidate| candidate.token))
    }

    /// The rows that `criterion` may mean, in the order of the file.
    pub(super) fn candidates(&self, criterion: &Criterion<'_>) -> impl Iterator<Item = Candidate<'_>> {
        let key = self.key(criterion.column(), criterion.value());
        self.index.range((key, 0)..=(key, u64::MAX)).filter_map(|(_, number)| {
            let row = self.rows.get(number)?;
            Some(Candidate { number: *number, token: &row.token })
        })
    }

    /// All tokens, in the order of the file.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &StoredToken> {
        self.rows.values().map(|row| &row.token)
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
            || earlier.tokens().filter_map(|token| token.id.as_deref()).any(|id| {
                let criterion = Criterion::Id(id);
                !self.candidates(&criterion).any(|candidate| criterion.agrees_with(candidate.token))
            })
    }

    fn keys_of(&self, token: &StoredToken) -> impl Iterator<Item = u64> {
        let columns = [
            ("id", &token.id),
            ("user_name", &token.user_name),
            ("access_token", &token.access_token),
            ("grant_token", &token.grant_token),
            ("refresh_token", &token.refresh_token),
        ];
        columns.into_iter().filter_map(|(column, value)| Some(self.key(column, value.as_deref()?)))
    }

    fn key(&self, column: &str, value: &str) -> u64 {
        self.hasher.hash_one((column, value))
    }
}

impl Row {
    fn read(record: Record<'_>) -> Self {
        let text = with_tenth_column(&record, ",");
        let mut fields = record.fields.into_iter();
        let token = StoredToken::from_values(std::array::from_fn(|_| fields.next().flatten()));
        Self { text, token }
    }
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

/// The record's text; old SDKs wrote nine columns, and what we write has ten.
fn with_tenth_column(record: &Record<'_>, tenth: &str) -> String {
    if record.fields.len() == 10 {
        return record.text.to_owned();
    }
    let content = record.text.trim_end_matches(['\r', '\n']);
    format!("{content}{tenth}{}", &record.text[content.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_uri,api_domain\r\n";

    fn parsed(text: &str) -> Table {
        Table::parse(text).expect("is whole")
    }

    fn text(table: &Table, changes: &Changes) -> String {
        table.pieces(changes).collect()
    }

    fn users(table: &Table) -> Vec<&str> {
        table.tokens().filter_map(|token| token.user_name.as_deref()).collect()
    }

    #[test]
    fn what_was_read_is_written_back_byte_for_byte() {
        let original =
            format!("{HEADER}1,\"ada\",c,s,r,a,null,,\"u\",d\r\n2,bob,c,s,r2,,,,,\n3,eve,,,,a3,,,,");
        let table = parsed(&original);
        assert_eq!(text(&table, &Changes::new()), original);
        assert!(table.says(original.as_bytes()));
        assert!(!table.says(&original.as_bytes()[1..]) && !table.says(format!("{original}x").as_bytes()));
    }

    #[test]
    fn a_last_row_without_a_line_end_gets_one_when_another_follows() {
        let mut table = parsed(&format!("{HEADER}1,ada,,,r,,,,,"));
        let row = table.row(StoredToken { id: Some("2".into()), ..StoredToken::default() });
        let changes = Changes::from([(table.next_number(), Some(row))]);
        let expected = format!("{HEADER}1,ada,,,r,,,,,\r\n2,,,,,,,,,\r\n");
        assert_eq!(text(&table, &changes), expected);
        table.apply(changes);
        assert_eq!(text(&table, &Changes::new()), expected);
        assert_eq!(table.highest_id(), 2);
    }

    #[test]
    fn a_lost_header_does_not_take_a_token_with_it() {
        for row in
            ["1,ada,c,s,r,a,,1795298101001,,\n", "1,ada,c,s,r,a,,,https://x/cb,\n", "1,ada,,,,a,,,,https://d"]
        {
            let table = parsed(row);
            assert_eq!(users(&table), ["ada"], "{row}");
            assert!(text(&table, &Changes::new()).starts_with("id,user_name,"), "{row}");
        }
        assert!(users(&parsed("A,B,C,D,E,F,G,H,I,J\n")).is_empty(), "the words of a header mean nothing");
    }

    #[test]
    fn nine_columns_become_ten() {
        let nine = "id,user_mail,c,s,r,a,g,e,redirect_uri\r\n1,ada,c,s,r,a,,1,\"https://x?a,b\"\r\n";
        let expected =
            "id,user_mail,c,s,r,a,g,e,redirect_uri,api_domain\r\n1,ada,c,s,r,a,,1,\"https://x?a,b\",\r\n";
        let table = parsed(nine);
        assert_eq!(text(&table, &Changes::new()), expected);
        assert_eq!(
            table.tokens().next().and_then(|token| token.redirect_url.as_deref()),
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
        assert_eq!(text(&table, &Changes::new()), original);
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
}
