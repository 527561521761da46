//! The text of a token file: fields and quotes. Does no I/O.
//!
//! Official SDKs write the same ten fields in many dialects: with LF or CRLF, with or without quotes, with or without a
//! final line end, with an empty field or the unquoted word `null` for no value. No CSV library distinguishes a quoted
//! `null`, which is text, from an unquoted one, or reads quotes that enclose nothing.

use std::borrow::Cow;
use std::fmt;

/// Why a text cannot be parsed. It contains the position and never the content, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What a quote at the beginning of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// It encloses the field, and a quote inside is doubled, as Python, Java and Ruby write. A quote that encloses no field,
    /// because nothing closes it before a comma or a line end, is a character.
    Enclose,
    /// It is a character, as for Node, TypeScript and PHP, which write values as they are.
    AreCharacters,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field<'t> {
    pub(super) bytes: Cow<'t, [u8]>,
    is_enclosed: bool,
}

impl<'t> Field<'t> {
    /// Returns the field that commas have separated into several.
    pub(super) fn joined(parts: &[Self]) -> Self {
        match parts {
            [whole] => whole.clone(),
            parts => {
                let parts: Vec<&[u8]> = parts.iter().map(|part| &*part.bytes).collect();
                Self { bytes: Cow::Owned(parts.join(&b","[..])), is_enclosed: false }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the value, or `None` if it is empty or the unquoted word `null`.
    pub(super) fn value(self) -> Option<Cow<'t, [u8]>> {
        let is_missing = self.bytes.is_empty() || !self.is_enclosed && *self.bytes == *b"null";
        (!is_missing).then_some(self.bytes)
    }
}

/// The record at the beginning of a text.
#[derive(Debug)]
pub(super) struct Split<'t> {
    /// Its text, with its line end if it has one.
    pub(super) text: &'t [u8],
    pub(super) fields: Vec<Field<'t>>,
    /// Whether a field begins with a quote that was read as a character.
    pub(super) has_stray_quote: bool,
}

impl<'t> Split<'t> {
    /// Splits the first record off `text`.
    pub(super) fn of(text: &'t [u8], quotes: Quotes) -> Self {
        let (mut fields, mut has_stray_quote) = (Vec::with_capacity(10), false);
        let mut at = 0;
        loop {
            let rest = &text[at..];
            let begins_with_quote = rest.first() == Some(&b'"');
            let enclosed = if begins_with_quote && quotes == Quotes::Enclose { enclosed(rest) } else { None };
            has_stray_quote |= begins_with_quote && enclosed.is_none();
            let (field, length) = enclosed.unwrap_or_else(|| plain(rest));
            fields.push(field);
            at += length;
            if text.get(at) != Some(&b',') {
                let text = &text[..at + line_end(&text[at..])];
                return Self { text, fields, has_stray_quote };
            }
            at += 1;
        }
    }
}

/// Returns a field that ends before a comma or a line end, and its length.
fn plain(text: &[u8]) -> (Field<'_>, usize) {
    let length = text.iter().position(|byte| matches!(byte, b',' | b'\n')).unwrap_or(text.len());
    let mut field = &text[..length];
    if text.get(length) != Some(&b',') {
        // Part of a CRLF, or of the CR CR LF that Python leaves on Windows.
        field = without_end(field);
    }
    (Field { bytes: Cow::Borrowed(field), is_enclosed: false }, field.len())
}

/// Returns a field in quotes, and its length with them. `None` if they do not enclose it.
fn enclosed(text: &[u8]) -> Option<(Field<'_>, usize)> {
    let mut value = Vec::new();
    let mut at = 1;
    loop {
        let length = text[at..].iter().position(|byte| *byte == b'"')?;
        value.extend_from_slice(&text[at..at + length]);
        at += length + 1;
        if text.get(at) != Some(&b'"') {
            break;
        }
        value.push(b'"');
        at += 1;
    }
    let rest = &text[at..];
    let is_closed = rest.is_empty() || rest.starts_with(b",") || line_end(rest) > 0;
    is_closed.then_some((Field { bytes: Cow::Owned(value), is_enclosed: true }, at))
}

/// Returns the length of the line end at the beginning of `text`, or 0 if there is none.
fn line_end(text: &[u8]) -> usize {
    let returns = text.iter().take_while(|byte| **byte == b'\r').count();
    match text.get(returns) {
        None => returns,
        Some(b'\n') => returns + 1,
        Some(_) => 0,
    }
}

/// Returns a line without its line end.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    let length = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    &line[..length]
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
    use super::*;

    fn split(text: &str, quotes: Quotes) -> Vec<Option<String>> {
        let split = Split::of(text.as_bytes(), quotes);
        assert_eq!(split.text, text.as_bytes(), "one record");
        let text = |field: Field<'_>| Some(String::from_utf8(field.value()?.into_owned()).unwrap());
        split.fields.into_iter().map(text).collect()
    }

    fn fields(text: &str) -> Vec<Option<String>> {
        split(text, Quotes::Enclose)
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
        assert_eq!(fields("a\rb,\r,c\n"), texts(&["a\rb", "\r", "c"]), "a CR inside a line is a character");
    }

    #[test]
    fn a_quote_that_encloses_no_field_is_a_character() {
        assert_eq!(fields("a\"b,\"c\"d\",\"e\n"), texts(&["a\"b", "\"c\"d\"", "\"e"]));
        assert!(Split::of(b"a,\"e\n", Quotes::Enclose).has_stray_quote);
        assert!(!Split::of(b"a\",\"e\"\n", Quotes::Enclose).has_stray_quote);
        assert_eq!(split("\"a\",\"b\n", Quotes::AreCharacters), texts(&["\"a\"", "\"b"]));
    }

    #[test]
    fn an_unquoted_null_is_no_value_and_a_quoted_one_is_text() {
        assert_eq!(fields("null,\"null\",NULL,null\r\n"), texts(&["", "null", "NULL", ""]));
        assert_eq!(fields("a,\"\"\n"), texts(&["a", ""]));
    }

    #[test]
    fn a_field_is_quoted_only_if_necessary() {
        let values = ["1", "o'brien \\ %", "a,b", "say \"x\"", "null", " x ", "", "a\nb", "c\rd", "NULL"];
        let text = encode(values.map(Some), "\r\n");
        assert_eq!(text, "1,o'brien \\ %,\"a,b\",\"say \"\"x\"\"\",\"null\", x ,,\"a\nb\",\"c\rd\",NULL\r\n");
    }
}
