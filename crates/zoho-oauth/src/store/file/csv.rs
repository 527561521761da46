//! The text of a token file: records, fields and quotes. Does no I/O.
//!
//! Official SDKs write the same ten fields in many dialects: with LF or CRLF, with or without quotes, with or
//! without a final line end, with an empty field or the unquoted word `null` for no value. The reader accepts all of them.
//! No CSV library distinguishes a quoted `null`, which is text, from an unquoted one.

use std::borrow::Cow;
use std::fmt;

/// A record of the text.
#[derive(Debug)]
pub(super) struct Record<'t> {
    /// The line on which it begins. The first line is 1.
    pub(super) line: usize,
    /// Its text, with its line end if it has one.
    pub(super) text: &'t str,
    /// Its fields. An empty field or the unquoted word `null` is `None`.
    pub(super) fields: Vec<Option<Cow<'t, str>>>,
}

impl Record<'_> {
    /// The first ten fields.
    pub(super) fn values(&self) -> [Option<&str>; 10] {
        std::array::from_fn(|position| self.fields.get(position).and_then(Option::as_deref))
    }

    /// Whether it ends with a line end. A last record without one is either complete or truncated.
    pub(super) fn is_terminated(&self) -> bool {
        self.text.ends_with('\n')
    }
}

/// Why a text cannot be parsed. It contains the position and never the content, which may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) line: usize,
    pub(super) what: String,
}

impl Damage {
    pub(super) fn at(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.what)
    }
}

/// Reads records and skips blank lines.
#[derive(Debug)]
pub(super) struct Records<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

/// What ended a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Comma,
    Line,
    Text,
}

impl<'t> Records<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn field(&mut self) -> Result<(Option<Cow<'t, str>>, End), Damage> {
        if !self.rest().starts_with('"') {
            let (text, end) = self.plain();
            let value = (!text.is_empty() && text != "null").then_some(Cow::Borrowed(text));
            return Ok((value, end));
        }
        let mut value = self.quoted()?;
        // Text between a closing quote and the next comma belongs to the field, as for Python's reader.
        let (tail, end) = self.plain();
        value.push_str(tail);
        Ok(((!value.is_empty()).then_some(Cow::Owned(value)), end))
    }

    /// Everything up to a comma or a line end. A quote in here is a character like any other.
    fn plain(&mut self) -> (&'t str, End) {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| matches!(byte, b',' | b'\n')).unwrap_or(rest.len());
        let end = match rest.as_bytes().get(length) {
            Some(b',') => End::Comma,
            Some(_) => End::Line,
            None => End::Text,
        };
        self.at += length + usize::from(end != End::Text);
        let text = &rest[..length];
        // Part of a CRLF, or of the CR CR LF that Python leaves on Windows.
        (if end == End::Comma { text } else { text.trim_end_matches('\r') }, end)
    }

    fn quoted(&mut self) -> Result<String, Damage> {
        let opened_at = self.at;
        let mut value = String::new();
        loop {
            self.at += 1;
            let Some(length) = self.rest().find('"') else {
                let line = self.line_at(opened_at);
                return Err(Damage::at(line, "an unclosed quote"));
            };
            value.push_str(&self.rest()[..length]);
            self.at += length + 1;
            if !self.rest().starts_with('"') {
                return Ok(value);
            }
            value.push('"');
        }
    }

    fn line_at(&self, position: usize) -> usize {
        1 + self.text[..position].bytes().filter(|byte| *byte == b'\n').count()
    }
}

impl<'t> Iterator for Records<'t> {
    type Item = Result<Record<'t>, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.text.len() {
            let (start, line) = (self.at, self.line);
            let mut fields = Vec::with_capacity(10);
            loop {
                match self.field() {
                    Ok((value, end)) => {
                        fields.push(value);
                        if end != End::Comma {
                            break;
                        }
                    }
                    Err(damage) => {
                        self.at = self.text.len();
                        return Some(Err(damage));
                    }
                }
            }
            let text = &self.text[start..self.at];
            self.line += text.bytes().filter(|byte| *byte == b'\n').count();
            if !text.trim_end_matches(['\r', '\n']).is_empty() {
                return Some(Ok(Record { line, text, fields }));
            }
        }
        None
    }
}

/// Writes one record. A field is quoted only if it would otherwise be read as something else, because half of the official
/// SDKs do not support quotes.
pub(super) fn encode(fields: [Option<&str>; 10], line_end: &str) -> String {
    let length: usize = fields.iter().flatten().map(|field| field.len() + 1).sum();
    let mut text = String::with_capacity(length + fields.len() + line_end.len());
    for (position, field) in fields.into_iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        push_field(&mut text, field.unwrap_or_default());
    }
    text.push_str(line_end);
    text
}

fn push_field(text: &mut String, field: &str) {
    let is_special = |character| matches!(character, ',' | '"' | '\n' | '\r');
    // At the start of the file it would be read as a byte order mark.
    if field == "null" || field.starts_with('\u{feff}') || field.contains(is_special) {
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(field);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str) -> Vec<Option<String>> {
        let mut records = Records::of(text);
        let record = records.next().expect("a record").expect("is whole");
        assert!(records.next().is_none(), "one record");
        owned(&record)
    }

    fn owned(record: &Record<'_>) -> Vec<Option<String>> {
        record.fields.iter().map(|field| field.as_deref().map(str::to_owned)).collect()
    }

    fn texts(values: &[&str]) -> Vec<Option<String>> {
        values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
    }

    #[test]
    fn fields_of_every_dialect_are_read() {
        assert_eq!(fields("a,,b\n"), texts(&["a", "", "b"]));
        assert_eq!(fields("a,b\r\n"), texts(&["a", "b"]));
        assert_eq!(fields("a,b\r\r\n"), texts(&["a", "b"]), "what Python leaves on Windows");
        assert_eq!(fields("a,b\r"), texts(&["a", "b"]), "no last line end");
        assert_eq!(fields("\"a\",\"b\"\r\n"), texts(&["a", "b"]));
        assert_eq!(fields("\"a,\"\"b\"\"\r\nc\",d"), texts(&["a,\"b\"\r\nc", "d"]));
        assert_eq!(
            fields("a\"b,\"c\"d\"\n"),
            texts(&["a\"b", "cd\""]),
            "a quote in the middle is a character"
        );
        assert_eq!(fields("a\rb,\r,c\n"), texts(&["a\rb", "\r", "c"]), "a CR inside a line is a character");
    }

    #[test]
    fn an_unquoted_null_is_no_value_and_a_quoted_one_is_text() {
        assert_eq!(fields("null,\"null\",NULL,null\r\n"), texts(&["", "null", "NULL", ""]));
        assert_eq!(fields("a,\"\"\n"), texts(&["a", ""]));
    }

    #[test]
    fn blank_lines_are_skipped_but_counted() {
        let records: Vec<_> =
            Records::of("\n\r\na,\"x\ny\"\n\nb,c").map(|record| record.expect("is whole")).collect();
        assert_eq!(records.iter().map(|record| record.line).collect::<Vec<_>>(), [3, 6]);
        assert_eq!(records.iter().map(|record| record.text).collect::<Vec<_>>(), ["a,\"x\ny\"\n", "b,c"]);
        assert!(records[0].is_terminated() && !records[1].is_terminated());
    }

    #[test]
    fn an_unclosed_quote_is_damage_at_its_line() {
        let damage = Records::of("a,b\nc,\"d\ne\n").find_map(Result::err).expect("is damaged");
        assert_eq!(damage.line, 2);
    }

    #[test]
    fn a_field_is_quoted_only_if_necessary() {
        let values = ["1", "o'brien \\ %", "a,b", "say \"x\"", "null", " x ", "", "a\nb", "c\rd", "NULL"];
        let text = encode(values.map(Some), "\r\n");
        assert_eq!(text, "1,o'brien \\ %,\"a,b\",\"say \"\"x\"\"\",\"null\", x ,,\"a\nb\",\"c\rd\",NULL\r\n");
    }

    proptest! {
        #[test]
        fn any_ten_values_come_back(
            values in proptest::array::uniform10(r#"([,"\r\n a-c\u{feff}😀\\]{0,8}|null|\PC{0,6})"#),
            line_end in prop_oneof![Just("\n"), Just("\r\n")],
            ends in any::<bool>(),
        ) {
            prop_assume!(values.iter().any(|value| !value.is_empty()));
            let text = encode(std::array::from_fn(|n| Some(values[n].as_str())), line_end);
            let text = if ends { text.as_str() } else { text.trim_end_matches(line_end) };
            let expected: Vec<&str> = values.iter().map(String::as_str).collect();
            prop_assert_eq!(fields(text), texts(&expected));
        }

        #[test]
        fn any_text_is_read_without_panic_and_without_loss(text in r#"([,"\r\n]|null|\PC){0,40}"#) {
            let mut seen = String::new();
            for record in Records::of(&text) {
                match record {
                    Ok(record) => seen.push_str(record.text),
                    Err(damage) => {
                        prop_assert!(damage.line <= text.matches('\n').count() + 1);
                        return Ok(());
                    }
                }
            }
            let without_ends = |text: &str| text.replace(['\r', '\n'], "");
            prop_assert_eq!(without_ends(&seen), without_ends(&text));
        }

        /// Python's writer with minimal quoting and CRLF line ends.
        #[test]
        fn a_file_that_python_wrote_is_read(
            rows in proptest::collection::vec(proptest::array::uniform10(r#"[,"\r\n a'é]{0,6}"#), 1..4),
        ) {
            let python = |field: &String| {
                if field.contains([',', '"', '\r', '\n']) {
                    format!("\"{}\"", field.replace('"', "\"\""))
                } else {
                    field.clone()
                }
            };
            let line = |row: &[String; 10]| row.each_ref().map(python).join(",") + "\r\n";
            let text: String = rows.iter().map(line).collect();
            let read: Vec<_> = Records::of(&text).map(|record| owned(&record.expect("is whole"))).collect();
            let expected: Vec<_> =
                rows.iter().map(|row| texts(&row.each_ref().map(String::as_str))).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
