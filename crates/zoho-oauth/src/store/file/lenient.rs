//! Reading a damaged token file line by line, so that one damaged row does not hide the others. Does no I/O.

use std::borrow::Cow;

use crate::store::ids::id_number;

use super::csv::{Damage, Record, Records};
use super::table::{Table, completed, header_line, is_token_row};

/// The readable part of a token file.
#[derive(Debug)]
pub(super) struct Lenient {
    /// The intact rows.
    pub(super) table: Table,
    /// The lines on which the rows begin, by row number.
    pub(super) lines: Vec<usize>,
    /// The lines that belong to no intact row.
    pub(super) torn: Vec<Damage>,
    /// Whether the file has a header, intact or damaged.
    pub(super) has_header: bool,
    /// Whether nothing looks like a token file, so that it may belong to another program.
    pub(super) is_foreign: bool,
}

impl Lenient {
    /// Reads what can be read.
    pub(super) fn read(content: &[u8]) -> Self {
        let mut reader = Reader::default();
        for part in parts(content) {
            match part {
                Part::Text { line, text } => reader.read(line, text),
                Part::NotUtf8 { line, bytes } => {
                    reader.tear(line, &String::from_utf8_lossy(bytes), "invalid UTF-8");
                }
            }
        }
        reader.finish(is_part_of_a_header(content))
    }
}

#[derive(Debug, Default)]
struct Reader<'t> {
    mark: &'static str,
    header: Option<Record<'t>>,
    rows: Vec<Record<'t>>,
    lines: Vec<usize>,
    torn: Vec<Damage>,
    highest_torn_id: u64,
}

impl<'t> Reader<'t> {
    /// Reads text that begins on `line` of the file.
    fn read(&mut self, mut line: usize, text: &'t str) {
        let mut rest = text;
        if line == 1
            && let Some(content) = rest.strip_prefix('\u{feff}')
        {
            (self.mark, rest) = ("\u{feff}", content);
        }
        while let Some(first_line) = rest.split_inclusive('\n').next() {
            let mut taken = first_line;
            if !first_line.trim_end_matches(['\r', '\n']).is_empty() {
                match Records::of(rest).next() {
                    Some(Ok(record)) => match self.damage(&record) {
                        None => {
                            taken = record.text;
                            self.keep(line, record);
                        }
                        Some(what) => self.tear(line, first_line, what),
                    },
                    Some(Err(damage)) => self.tear(line, first_line, damage.what),
                    None => {}
                }
            }
            line += taken.bytes().filter(|byte| *byte == b'\n').count();
            rest = &rest[taken.len()..];
        }
    }

    fn keep(&mut self, line: usize, record: Record<'t>) {
        if self.is_header(&record) {
            self.header = Some(record);
        } else {
            self.rows.push(record);
            self.lines.push(line);
        }
    }

    fn tear(&mut self, line: usize, text: &str, what: impl Into<String>) {
        let id = text.split(',').next().and_then(id_number);
        self.highest_torn_id = self.highest_torn_id.max(id.unwrap_or(0));
        self.torn.push(Damage::at(line, what));
    }

    /// Returns what is wrong with a record, or `None` if it is intact.
    fn damage(&self, record: &Record<'_>) -> Option<String> {
        let has_ten_columns = self.header.as_ref().is_some_and(|header| header.fields.len() == 10);
        match record.fields.len() {
            9 if has_ten_columns && !record.is_terminated() => Some("the last row is truncated".to_owned()),
            9 | 10 if contains_a_row(record) => Some("an unclosed quote".to_owned()),
            9 | 10 if has_header_names(record) && self.header.is_some() => Some("a second header".to_owned()),
            9 | 10 => None,
            count => Some(format!("expected 10 columns, found {count}")),
        }
    }

    fn is_header(&self, record: &Record<'_>) -> bool {
        let is_first = self.rows.is_empty() && self.torn.is_empty();
        self.header.is_none() && (has_header_names(record) || is_first && !is_token_row(record))
    }

    fn finish(self, is_part_of_a_header: bool) -> Lenient {
        let first = self.header.as_ref().or(self.rows.first());
        let line_end = if first.is_some_and(|first| first.text.ends_with("\r\n")) { "\r\n" } else { "\n" };
        let header = match &self.header {
            Some(header) => completed(header, ",api_domain", line_end),
            None => Cow::Owned(header_line(line_end)),
        };
        let mut text = format!("{}{header}", self.mark);
        for row in &self.rows {
            text.push_str(&completed(row, ",", line_end));
        }
        let mut table = Table::parse(&text).unwrap_or_default();
        table.remember_highest_id(self.highest_torn_id);
        let is_empty = self.header.is_none() && self.rows.is_empty();
        let is_foreign = is_empty && !self.torn.is_empty() && !is_part_of_a_header;
        let is_first_line_torn = self.torn.first().is_some_and(|damage| damage.line == 1);
        Lenient {
            table,
            lines: self.lines,
            has_header: self.header.is_some() || is_first_line_torn,
            is_foreign,
            torn: self.torn,
        }
    }
}

/// Whether the record contains another row, because an unclosed quote made the following lines part of it.
fn contains_a_row(record: &Record<'_>) -> bool {
    record.text.split_inclusive('\n').skip(1).any(|line| {
        let inner = Records::of(line).next().and_then(Result::ok);
        inner.is_some_and(|inner| {
            let has_an_id = inner.values()[0].is_some_and(|id| id_number(id).is_some());
            has_an_id && matches!(inner.fields.len(), 9 | 10)
        })
    })
}

/// Whether a file may be a token file that was truncated in its header, perhaps after the first character.
fn is_part_of_a_header(content: &[u8]) -> bool {
    let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
    let content = content.strip_prefix(b"\"").unwrap_or(content);
    let commas = content.iter().filter(|byte| **byte == b',').count();
    (content.starts_with(b"id") || b"id".starts_with(content))
        && !content.contains(&b'\n')
        && !content.contains(&b';')
        && commas < 10
}

/// Whether a record has the column names of a header. Only these two are the same in all SDKs.
fn has_header_names(record: &Record<'_>) -> bool {
    let values = record.values();
    values[0] == Some("id") && values[5] == Some("access_token")
}

enum Part<'t> {
    Text { line: usize, text: &'t str },
    NotUtf8 { line: usize, bytes: &'t [u8] },
}

/// Splits the file into texts and the lines between them that are not UTF-8.
fn parts(content: &[u8]) -> Vec<Part<'_>> {
    if let Ok(text) = std::str::from_utf8(content) {
        return vec![Part::Text { line: 1, text }];
    }
    let mut parts = Vec::new();
    for (line, bytes) in (1..).zip(content.split_inclusive(|byte| *byte == b'\n')) {
        parts.push(match std::str::from_utf8(bytes) {
            Ok(text) => Part::Text { line, text },
            Err(_) => Part::NotUtf8 { line, bytes },
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::table::Changes;
    use super::*;

    const HEADER: &str = "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_uri,api_domain\r\n";

    fn row(id: u32) -> String {
        format!("{id},user {id},c,s,r,a,,1,u,d\r\n")
    }

    fn torn_lines(read: &Lenient) -> Vec<usize> {
        read.torn.iter().map(|damage| damage.line).collect()
    }

    fn ids(read: &Lenient) -> Vec<String> {
        read.table.tokens().filter_map(|token| token.id).collect()
    }

    #[test]
    fn intact_rows_are_read_between_damaged_ones() {
        let text = HEADER.to_owned()
            + &row(1)
            + "2,bob,c,se\r\n"
            + &row(3)
            + "4,\"eve,c\r\n"
            + "\r\n"
            + &row(5)
            + "6,Doe, Jane,c,s,r,a,,,,\r\n"
            + &row(7)
            + "8,zoe,c,s,r,a,,1,u";
        let read = Lenient::read(text.as_bytes());
        assert_eq!(torn_lines(&read), [3, 5, 8, 10]);
        assert_eq!(ids(&read), ["1", "3", "5", "7"]);
        assert_eq!(read.lines, [2, 4, 7, 9]);
        assert_eq!(read.table.highest_id(), 8, "the id of a torn row is not assigned again");
        assert_eq!(
            read.table.text_with(&Changes::new()),
            HEADER.to_owned() + &row(1) + &row(3) + &row(5) + &row(7)
        );
    }

    #[test]
    fn a_quote_that_is_closed_by_the_quote_of_another_row_hides_no_row() {
        let text = HEADER.to_owned() + "2,\"bo\r\n" + &row(3) + "4,\"Jane\",c,s,r,a,,1,u,d\r\n";
        assert!(Table::parse(&text).is_ok(), "read as a whole, it is one row");
        let read = Lenient::read(text.as_bytes());
        assert_eq!(torn_lines(&read), [2]);
        assert_eq!(ids(&read), ["3", "4"]);
    }

    #[test]
    fn a_name_of_several_lines_is_intact() {
        let text = HEADER.to_owned() + "1,\"Doe\r\nJane\",c,s,r,a,,1,u,https://d\r\n" + &row(2);
        let read = Lenient::read(text.as_bytes());
        assert!(read.torn.is_empty());
        assert_eq!((ids(&read), read.lines), (vec!["1".to_owned(), "2".to_owned()], vec![2, 4]));
    }

    #[test]
    fn a_missing_a_torn_and_a_second_header_are_distinguished() {
        let row = "1,ada,c,s,r,a,,1795298101001,,\r\n";
        let lost = Lenient::read(row.as_bytes());
        assert!(!lost.has_header && lost.torn.is_empty());
        let torn = Lenient::read(format!("id,user_na\r\n{row}").as_bytes());
        assert!(torn.has_header && torn_lines(&torn) == [1]);
        let second = Lenient::read(format!("{HEADER}{row}{HEADER}").as_bytes());
        assert_eq!(torn_lines(&second), [3]);
        for read in [lost, torn, second] {
            assert_eq!(ids(&read), ["1"]);
        }
        assert!(!Lenient::read(b"").has_header);
    }

    #[test]
    fn a_line_that_is_not_utf8_is_torn() {
        let mut content = (HEADER.to_owned() + &row(1)).into_bytes();
        content.extend(b"2,\xff\xfe,c,s,r,a,,1,u,d\r\n");
        content.extend(row(3).bytes());
        let read = Lenient::read(&content);
        assert_eq!((torn_lines(&read), ids(&read)), (vec![3], vec!["1".to_owned(), "3".to_owned()]));
    }

    proptest! {
        #[test]
        fn a_truncated_file_keeps_the_rows_before_the_cut(cut in 0_usize..500, rows in 1_u32..12) {
            let text = HEADER.to_owned() + &(1..=rows).map(row).collect::<String>();
            let cut = cut.min(text.len());
            let read = Lenient::read(&text.as_bytes()[..cut]);
            let whole = text[..cut].matches("\r\n").count().saturating_sub(1);
            prop_assert!(ids(&read).len() >= whole && read.torn.len() <= 1);
        }

        #[test]
        fn any_bytes_are_read_and_every_row_has_its_line(
            lines in proptest::collection::vec(r#"([,"\r]|,{8,9}|null|1|://|\PC){0,12}"#, 0..8),
            broken in proptest::option::of(0_usize..60),
        ) {
            let mut content = lines.join("\n").into_bytes();
            if let Some(byte) = broken.and_then(|position| content.get_mut(position)) {
                *byte = 0xff;
            }
            let read = Lenient::read(&content);
            prop_assert_eq!(read.table.tokens().count(), read.lines.len());
            prop_assert!(read.lines.is_sorted() && read.torn.is_sorted_by_key(|damage| damage.line));
        }

        #[test]
        fn an_intact_file_is_read_as_by_the_strict_reader(rows in 0_u32..6, nine in any::<bool>()) {
            let text = HEADER.to_owned() + &(1..=rows).map(row).collect::<String>();
            let text = if nine { text.replace(",api_domain", "").replace(",d\r\n", "\r\n") } else { text };
            let strict = Table::parse(&text).unwrap();
            let read = Lenient::read(text.as_bytes());
            prop_assert!(read.torn.is_empty() && read.has_header);
            prop_assert_eq!(read.table.text_with(&Changes::new()), strict.text_with(&Changes::new()));
        }
    }
}
