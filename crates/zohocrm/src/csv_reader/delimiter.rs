//! `Delimiter`: what separates the cells of a row.

use super::text::Text;
use crate::error::CsvProblem;

/// How much of a file is searched for the end of its header.
const MAX_HEADER_BYTES: usize = 1 << 20;

/// What separates the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`, which Excel writes where numbers have a decimal comma.
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The character.
    #[must_use]
    pub fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
            Self::Pipe => '|',
        }
    }
}

/// Detects the delimiter: the one that Excel's line `sep=;` names, or else the most frequent one in the header. Returns also
/// whether there is such a line, which is not a row.
pub(super) fn detect(text: &mut Text, given: Option<Delimiter>) -> Result<(Delimiter, bool), CsvProblem> {
    let mut is_quoted = false;
    let ends_header = |letter| {
        is_quoted ^= letter == '"';
        !is_quoted && matches!(letter, '\r' | '\n')
    };
    let header = text.preview(ends_header, MAX_HEADER_BYTES)?;
    if let Some(named) = named_by_excel(header) {
        return Ok((given.unwrap_or(named), true));
    }
    Ok((given.map_or_else(|| most_frequent(header), Ok)?, false))
}

fn named_by_excel(line: &str) -> Option<Delimiter> {
    let (key, value) = line.trim_matches('"').split_at_checked(4)?;
    let named = |delimiter: &Delimiter| value.chars().eq([delimiter.character()]);
    Delimiter::ALL.into_iter().find(named).filter(|_| key.eq_ignore_ascii_case("sep="))
}

/// A header without a delimiter is a single column.
fn most_frequent(header: &str) -> Result<Delimiter, CsvProblem> {
    let outside_quotes = || header.split('"').step_by(2).flat_map(str::chars);
    let count = |delimiter: Delimiter| outside_quotes().filter(|it| *it == delimiter.character()).count();
    let mut counts = Delimiter::ALL.map(|delimiter| (count(delimiter), delimiter));
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    match counts {
        [(0, _), ..] => Ok(Delimiter::Comma),
        [(most, first), (second_most, second), ..] if most == second_most => {
            Err(CsvProblem::AmbiguousDelimiter { first: first.character(), second: second.character() })
        }
        [(_, first), ..] => Ok(first),
    }
}
