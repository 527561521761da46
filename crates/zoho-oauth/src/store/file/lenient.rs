//! Reading a token file for a check, so that one damaged row does not hide the others. Does no I/O.

use crate::store::ids::id_number;

use super::csv::Damage;
use super::encoding::{is_utf16, without_utf16};
use super::reader::{Part, Reader, Record, byte_order_mark};
use super::table::Table;
use super::table::builder::Builder;

/// The readable part of a token file, and what is unusual about the rest.
#[derive(Debug)]
pub(super) struct Lenient {
    /// The rows that can be read.
    pub(super) table: Table,
    /// The lines on which the rows begin, by row number.
    pub(super) lines: Vec<usize>,
    /// The lines of rows that are not UTF-8.
    pub(super) not_utf8: Vec<usize>,
    /// The lines of rows with a comma or a quote in a value without quotes.
    pub(super) lacking_quotes: Vec<usize>,
    /// The lines that belong to no row.
    pub(super) torn: Vec<TornLine>,
    /// Whether the file has a header, intact or damaged.
    pub(super) has_header: bool,
    /// Whether the file is in UTF-16.
    pub(super) is_utf16: bool,
    /// Why the file may belong to another program; `None` if it looks like a token file.
    pub(super) foreign: Option<String>,
}

/// A line that belongs to no row.
#[derive(Debug)]
pub(super) struct TornLine {
    pub(super) damage: Damage,
    pub(super) text: Vec<u8>,
}

impl Lenient {
    /// Reads what can be read.
    pub(super) fn read(content: &[u8]) -> Self {
        match without_utf16(content) {
            Ok(text) => {
                let mut collected = Collected::over(&text);
                Reader::of(&text).for_each(|part| collected.add(part));
                collected.finish(&text, is_utf16(content))
            }
            Err(damage) => Self { foreign: Some(damage.what), ..Collected::default().finish(b"", false) },
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Collected {
    builder: Builder,
    lines: Vec<usize>,
    not_utf8: Vec<usize>,
    lacking_quotes: Vec<usize>,
    torn: Vec<TornLine>,
    has_header: bool,
}

impl Collected {
    fn over(content: &[u8]) -> Self {
        Self { builder: Builder::over(content), ..Self::default() }
    }

    fn add(&mut self, part: Part<'_>) {
        match part {
            Part::Header(header) if self.has_header || !self.lines.is_empty() => {
                self.tear(Damage::at(header.line, "a second header"), header.text);
            }
            Part::Header(header) => {
                self.has_header = true;
                self.builder.header(&header);
            }
            Part::Row(row) => self.row(&row),
            Part::Torn(torn) => self.tear(torn.damage, torn.text),
        }
    }

    fn row(&mut self, row: &Record<'_>) {
        self.builder.row(row);
        self.lines.push(row.line);
        if !row.is_utf8() {
            self.not_utf8.push(row.line);
        }
        if row.lacks_quotes {
            self.lacking_quotes.push(row.line);
        }
    }

    fn tear(&mut self, damage: Damage, text: &[u8]) {
        self.torn.push(TornLine { damage, text: text.to_owned() });
    }

    fn finish(self, content: &[u8], is_utf16: bool) -> Lenient {
        let Self { builder, lines, not_utf8, lacking_quotes, torn, has_header } = self;
        let mut table = builder.finish();
        // The id of a torn row is not assigned again.
        torn.iter().filter_map(TornLine::id).for_each(|id| table.remember_highest_id(id));
        let is_empty = !has_header && lines.is_empty();
        let is_foreign = is_empty && !torn.is_empty() && !is_part_of_a_header(content);
        let is_first_line_torn = torn.first().is_some_and(|torn| torn.damage.line == 1);
        Lenient {
            table,
            has_header: has_header || is_first_line_torn,
            foreign: is_foreign.then(|| "no line is a token or a header".to_owned()),
            is_utf16,
            lines,
            not_utf8,
            lacking_quotes,
            torn,
        }
    }
}

impl TornLine {
    fn id(&self) -> Option<u64> {
        let id = self.text.split(|byte| *byte == b',').next()?;
        id_number(std::str::from_utf8(id).ok()?)
    }
}

/// Whether a file may be a token file that was truncated in its header, perhaps after the first character.
fn is_part_of_a_header(content: &[u8]) -> bool {
    let content = &content[byte_order_mark(content).len()..];
    let content = content.strip_prefix(b"\"").unwrap_or(content);
    let commas = content.iter().filter(|byte| **byte == b',').count();
    (content.starts_with(b"id") || b"id".starts_with(content))
        && !content.contains(&b'\n')
        && !content.contains(&b';')
        && commas < 10
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
        read.torn.iter().map(|torn| torn.damage.line).collect()
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
        assert_eq!(torn_lines(&read), [3, 5, 10]);
        assert_eq!(ids(&read), ["1", "3", "5", "6", "7"]);
        assert_eq!((&read.lines[..], &read.lacking_quotes[..]), (&[2, 4, 7, 8, 9][..], &[8][..]));
        assert_eq!(read.table.highest_id(), 8, "the id of a torn row is not assigned again");
        let kept = HEADER.to_owned() + &row(1) + &row(3) + &row(5) + "6,Doe, Jane,c,s,r,a,,,,\r\n" + &row(7);
        assert!(read.table.has_text(kept.as_bytes()));
    }

    #[test]
    fn a_quote_that_is_closed_by_the_quote_of_another_row_hides_no_row() {
        let text = HEADER.to_owned() + "2,\"bo\r\n" + &row(3) + "4,\"Jane\",c,s,r,a,,1,u,d\r\n";
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
    fn a_line_in_an_unknown_encoding_is_torn_and_one_in_windows_1252_is_not() {
        let mut content = (HEADER.to_owned() + &row(1)).into_bytes();
        content.extend(b"2,\x81,c,s,r,a,,1,u,d\r\n");
        content.extend(b"3,\xeb,c,s,r,a,,1,u,d\r\n");
        let read = Lenient::read(&content);
        assert_eq!((torn_lines(&read), ids(&read)), (vec![3], vec!["1".to_owned(), "3".to_owned()]));
        assert_eq!(read.not_utf8, [4]);
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
            prop_assert!(read.lines.is_sorted() && torn_lines(&read).is_sorted());
        }

        /// What is neither in the table nor torn has no value.
        #[test]
        fn every_byte_of_a_value_is_read_or_torn(text in r#"([,"\r\n]|,{8,9}|null|1|://|[a-zé]){0,40}"#) {
            // A file whose lines cannot be told apart is left as it is.
            prop_assume!(without_utf16(text.as_bytes()).is_ok());
            let read = Lenient::read(text.as_bytes());
            let count = |bytes: &[u8]| bytes.iter().filter(|byte| byte.is_ascii_lowercase()).count();
            let table = read.table.text_with(&Changes::new());
            let header = if read.table.header_text() == Table::default().header_text() { count(read.table.header_text()) } else { 0 };
            let torn: usize = read.torn.iter().map(|torn| count(&torn.text)).sum();
            prop_assert!(count(&table) + torn >= count(text.as_bytes()) + header);
        }

        #[test]
        fn an_intact_file_is_read_as_by_the_strict_reader(rows in 0_u32..6, nine in any::<bool>()) {
            let text = HEADER.to_owned() + &(1..=rows).map(row).collect::<String>();
            let text = if nine { text.replace(",api_domain", "").replace(",d\r\n", "\r\n") } else { text };
            let strict = Table::parse(text.as_bytes()).unwrap();
            let read = Lenient::read(text.as_bytes());
            prop_assert!(read.torn.is_empty() && read.has_header);
            prop_assert_eq!(read.table.text_with(&Changes::new()), strict.text_with(&Changes::new()));
        }
    }
}
