//! Splits a query into tokens.

use super::rejection::Rejection;
use super::token::{Kind, Place, Token};

const LONG_SYMBOLS: [&str; 4] = ["!=", "<>", ">=", "<="];

/// Splits a query into tokens.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, Rejection> {
    let mut tokens = Vec::new();
    let mut rest = query;
    let mut place = Place { line: 1, column: 1 };
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
            place.advance(first);
            continue;
        }
        let (kind, length) = match first {
            '\'' | '"' => text(rest, first).ok_or_else(|| Rejection::unreadable(rest))?,
            _ if is_number(rest) => {
                (Kind::Number, length_of(rest, |character| character.is_ascii_digit() || character == '.'))
            }
            _ if first.is_alphanumeric() || matches!(first, '_' | '$') => (
                Kind::Word,
                length_of(rest, |character| character.is_alphanumeric() || "_$.".contains(character)),
            ),
            _ if LONG_SYMBOLS.iter().any(|symbol| rest.starts_with(symbol)) => (Kind::Symbol, 2),
            _ => (Kind::Symbol, first.len_utf8()),
        };
        let raw = rest[..length].to_owned();
        rest = &rest[length..];
        let begins = place;
        raw.chars().for_each(|character| place.advance(character));
        tokens.push(Token { kind, raw, place: begins });
    }
    Ok(tokens)
}

/// Digits, optionally with a sign and a decimal point. The name of a field may start with a digit, too.
fn is_number(rest: &str) -> bool {
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    let end = length_of(digits, |character| character.is_alphanumeric() || "_.".contains(character));
    digits.starts_with(|first: char| first.is_ascii_digit()) && digits[..end].parse::<f64>().is_ok()
}

/// A quoted string and its length including the quotes; `None` if the closing quote is missing.
fn text(rest: &str, quote: char) -> Option<(Kind, usize)> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character != quote {
            text.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Some((Kind::Text(text), index + 1));
        }
    }
    None
}

fn length_of(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    let sign = usize::from(rest.starts_with('-'));
    rest[sign..].find(|character| !belongs(character)).map_or(rest.len(), |end| end + sign)
}
