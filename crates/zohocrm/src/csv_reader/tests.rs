use std::io::{self, Cursor, Read};

use proptest::prelude::*;

use super::*;

type Rows = Vec<(u64, Vec<String>)>;

fn open(bytes: impl Into<Vec<u8>>, format: CsvFormat) -> Result<CsvReader, CsvError> {
    CsvReader::new("leads.csv", Cursor::new(bytes.into()), format)
}

/// The headings, the rows and their lines, and the error after them.
fn read(bytes: impl Into<Vec<u8>>) -> (Vec<String>, Rows, Option<String>) {
    let mut reader = match open(bytes, CsvFormat::default()) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Vec::new(), Some(error.to_string())),
    };
    let mut rows = Vec::new();
    let mut error = None;
    for row in &mut reader {
        match row {
            Ok(row) => rows.push((row.line, row.cells)),
            Err(found) => error = Some(found.to_string()),
        }
    }
    assert!(reader.next().is_none(), "an error is the end");
    (reader.columns, rows, error)
}

#[track_caller]
fn rejected(bytes: impl Into<Vec<u8>>) -> String {
    read(bytes).2.expect("an error")
}

/// The rows of a valid file.
#[track_caller]
fn valid(bytes: impl Into<Vec<u8>>) -> Vec<Vec<String>> {
    let (columns, rows, error) = read(bytes);
    assert_eq!(error, None);
    std::iter::once(columns).chain(rows.into_iter().map(|(_, cells)| cells)).collect()
}

#[test]
fn a_quote_that_is_not_closed_is_an_error_in_the_line_where_it_begins() {
    for line_break in ["\n", "\r\n", "\r"] {
        let csv = "Last_Name,City\nOne,Rome\nTwo,\"Oslo\nThree,Bern\n".replace('\n', line_break);
        let (_, rows, error) = read(csv);
        assert_eq!(rows, [(2, vec!["One".to_owned(), "Rome".to_owned()])]);
        let told = "leads.csv is not valid CSV: line 3, column 2 (`City`): the cell that begins here has no closing quote";
        assert_eq!(error.as_deref(), Some(told));
    }
    assert!(
        rejected("City\n\"").contains("line 2, column 1 (`City`)"),
        "a file that is cut off in its last cell"
    );
    assert!(rejected("City\n\"Rome\"\"").contains("no closing quote"), "or in a doubled quote");
    assert!(
        rejected("\"City\nRome\n")
            .contains("line 1, column 1: the cell that begins here has no closing quote")
    );
}

#[test]
fn text_after_a_closing_quote_is_an_error() {
    let told = "text follows the closing quote of the cell that begins in line 2; write a quote inside a quoted cell twice";
    for cell in ["\"Navy\" United", "\"Navy\"United", "\"Navy\" ", "\"a \\\"b\\\" c\"", "\"a\"b\"c\""] {
        assert!(rejected(format!("Team\n{cell}\n")).contains(told), "{cell}");
    }
    // The quote in line 2 is closed by the one that should open a cell of line 3.
    let error = rejected("Team,City\n\"Navy,Rome\nArmy,\"Oslo\"\n");
    assert!(error.contains("line 3, column 1 (`Team`): text follows"), "{error}");
    assert!(rejected("Team,City\nNavy, \"Rome\"\n").contains("line 2, column 2 (`City`): blanks precede"));
    assert_eq!(
        valid("Pipe\n5\" wide\n"),
        [["Pipe"], ["5\" wide"]],
        "a quote inside an unquoted cell is text"
    );
}

#[test]
fn rows_have_as_many_cells_as_there_are_headings() {
    assert!(rejected("a,b\n1,2\n\n3\n").ends_with("line 4: the row has 1 cell instead of 2"));
    assert!(rejected("a,b\nRome, Italy,3\n").contains("line 2, column 3: the cell has no heading"));
    assert!(rejected("a,,b\n1,x,2\n").contains("line 2, column 2: the cell has no heading"));
    assert!(rejected("a,,b\n1,\n").ends_with("the row has 2 cells instead of 3"));
    assert!(rejected("City,a, City \n").contains("line 1, column 3 (`City`): column 1 has the same heading"));
}

#[test]
fn what_a_spreadsheet_adds_is_left_out() {
    let expected = [["a", "b"], ["1", " 2 "]];
    for csv in [
        "a,b\n1, 2 \n",
        " a ,\u{a0}b \n1, 2 \n",
        "a,b,,\n1, 2 ,,\n",
        "a,b,,\n1, 2 \n",
        "a,b\n1, 2 ,,,\n",
        "a,b\n,\n\n1, 2 \n,\n  \n",
        "\n\n\u{feff}a,b\r\n1, 2 ",
        "sep=,\na,b\n1, 2 \n",
        "\u{feff}sep=;\r\na;b\r\n1; 2 \r\n",
        "\"sep=|\"\na|b\n1| 2 \n",
    ] {
        assert_eq!(valid(csv), expected, "{csv:?}");
    }
    let (_, rows, _) = read("sep=,\r\na\r\n\r\n\"1\r\n2\"\r\n3\r\n");
    assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 6], "lines are those of the file");
}

#[test]
fn the_delimiter_is_the_most_frequent_one_in_the_header() {
    for delimiter in [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe] {
        let csv = "a;\"x,|y\tz\"\n1;2\n".replace(';', &delimiter.character().to_string());
        let mut reader = open(csv, CsvFormat::default()).unwrap();
        assert_eq!((reader.delimiter(), reader.columns().len()), (delimiter, 2));
        assert_eq!(reader.next().unwrap().unwrap().cells, ["1", "2"]);
    }
    assert_eq!(valid("Tags\na;b;c\n"), [["Tags"], ["a;b;c"]], "cells do not count");
    assert!(rejected("a;b,c\n").contains("line 1: the header has as many `,` as `;`; name the delimiter"));
    let format = CsvFormat { delimiter: Some(Delimiter::Semicolon), ..CsvFormat::default() };
    assert_eq!(open("a;b,c\n1;2\n", format).unwrap().columns(), ["a", "b,c"]);
    assert_eq!(open("sep=,\na;b\n", format).unwrap().columns(), ["a", "b"]);
}

fn utf_16(text: &str, is_big_endian: bool) -> Vec<u8> {
    let bytes = |unit: u16| if is_big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn utf_16_is_detected_and_other_encodings_are_named() {
    for is_big_endian in [false, true] {
        for mark in ["", "\u{feff}"] {
            let bytes = utf_16(&format!("{mark}Name\tCity\r\nZoë 🦊\tKöln\r\n"), is_big_endian);
            assert_eq!(valid(bytes.clone()), [["Name", "City"], ["Zoë 🦊", "Köln"]]);
            let error = rejected(&bytes[..bytes.len() - 3]);
            assert!(error.contains("line 2, column 2 (`City`): the text is not UTF-16"), "{error}");
        }
    }
    let latin_1 = b"Name,City\nOne,Rome\nTwo,K\xf6ln\n";
    let (_, rows, error) = read(latin_1);
    assert_eq!(rows.len(), 1);
    assert!(
        error.unwrap().contains("line 3, column 2 (`City`): the text is not UTF-8; save the file in UTF-8")
    );
    let format = CsvFormat { encoding: Encoding::named("latin1"), ..CsvFormat::default() };
    let mut reader = open(latin_1, format).unwrap();
    assert_eq!(
        (reader.encoding().name(), reader.nth(1).unwrap().unwrap().cells[1].as_str()),
        ("windows-1252", "Köln")
    );
    assert_eq!(Encoding::named("klingon"), None);
}

#[test]
fn a_workbook_and_a_source_that_fails_are_named() {
    assert!(rejected(b"PK\x03\x04\x14\x00").contains("it is a workbook"));
    assert!(rejected(b"\xd0\xcf\x11\xe0\xa1").contains("save it as CSV"));
    let source = Cursor::new("a\n1\n").chain(Broken);
    let mut reader = CsvReader::new("leads.csv", source, CsvFormat::default()).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().cells, ["1"]);
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert_eq!(error, "could not read leads.csv: line 3: broken");
    assert_eq!(valid(""), [[""; 0]; 1]);
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("broken"))
    }
}

#[test]
fn a_cell_that_a_program_cannot_use_is_named() {
    let mut reader = open(",a,,b\n,1,,2\n", CsvFormat::default()).unwrap();
    let line = reader.next().unwrap().unwrap().line;
    let error = reader.invalid_cell(line, 1, "it is not an id").to_string();
    assert_eq!(error, "could not use leads.csv: line 2, column 4 (`b`): it is not an id");
}

#[test]
fn a_row_without_an_end_is_not_held_in_memory() {
    let endless = Cursor::new("a\n\"").chain(io::repeat(b'x').take(17 << 20));
    let mut reader = CsvReader::new("leads.csv", endless, CsvFormat::default()).unwrap();
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert!(error.contains("line 2, column 1 (`a`): the row has more than 16777216 bytes"), "{error}");
}

/// A source that returns few bytes at a time, as a pipe does.
struct Drops(Cursor<Vec<u8>>, usize);

impl Read for Drops {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

proptest! {
    #[test]
    fn what_the_writer_writes_is_read_as_it_was(
        rows in prop::collection::vec(prop::array::uniform3("[ -~\r\n\t\u{a0}äß🦊]{0,12}"), 0..20),
        delimiter in prop::sample::select(&[Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe][..]),
        has_returns: bool,
        encoding in 0..4,
        drop_bytes in 1_usize..9,
    ) {
        let terminator = if has_returns { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter.character() as u8)
            .terminator(terminator)
            .from_writer(Vec::new());
        writer.write_record(["one", "two", "three"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let bytes = match encoding {
            0 => text.into_bytes(),
            1 => format!("\u{feff}{text}").into_bytes(),
            encoding => utf_16(&format!("\u{feff}{text}"), encoding == 2),
        };
        let source = Drops(Cursor::new(bytes), drop_bytes);
        let found: Vec<_> = CsvReader::new("", source, CsvFormat::default())
            .unwrap()
            .map(|row| row.unwrap().cells)
            .collect();
        let expected: Vec<_> = rows.into_iter().map(Vec::from).filter(|row| !is_blank(row)).collect();
        prop_assert_eq!(found, expected);
    }

    /// The `csv` crate accepts everything. Where `CsvReader` accepts a file too, both read the same rows; otherwise it
    /// returns an error, and the rows before it are the same.
    #[test]
    fn no_row_is_lost_or_changed_without_an_error(text in "(a|b|,|,|\"|\n|\n|\r\n| ){0,40}") {
        let format = CsvFormat { delimiter: Some(Delimiter::Comma), ..CsvFormat::default() };
        let mut lenient = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut all = lenient
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
            .filter(|row| !is_blank(row));
        if let Ok(mut reader) = open(text.clone(), format) {
            let header = all.next().unwrap_or_default();
            let headings: Vec<_> = header.iter().map(|heading| heading.trim()).collect();
            let named = |row: Vec<String>| -> Vec<String> {
                let cells = row.into_iter().zip(&headings).filter(|(_, heading)| !heading.is_empty());
                cells.map(|(cell, _)| cell).collect()
            };
            prop_assert_eq!(reader.columns().to_vec(), named(headings.iter().map(|it| (*it).to_owned()).collect()));
            let mut has_failed = false;
            for row in &mut reader {
                match row {
                    Ok(row) => prop_assert_eq!(Some(row.cells), all.next().map(named)),
                    Err(_) => has_failed = true,
                }
            }
            prop_assert!(has_failed || all.next().is_none(), "rows are left");
        }
    }

    #[test]
    fn any_bytes_are_rows_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..9) {
        if let Ok(reader) = CsvReader::new("", Drops(Cursor::new(bytes), cut + 1), CsvFormat::default()) {
            let columns = reader.columns().len();
            let mut rows = reader.peekable();
            while let Some(row) = rows.next() {
                match row {
                    Ok(row) => prop_assert_eq!(row.cells.len(), columns),
                    Err(_) => prop_assert!(rows.peek().is_none()),
                }
            }
        }
    }
}
