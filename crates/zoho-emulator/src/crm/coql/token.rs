//! The tokens of a query: words, strings, numbers and symbols, with their positions.

/// A token of a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The text of the token in the query.
    pub(super) raw: String,
    pub(super) place: Place,
}

/// Line and column, starting at one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A keyword, a name, or a dotted path of names.
    Word,
    /// A string in single or double quotes, in which the quote is doubled.
    Text(String),
    Number,
    Symbol,
}

impl Token {
    /// Whether the token is this keyword, regardless of case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.raw.eq_ignore_ascii_case(keyword)
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.raw == symbol
    }
}

impl Place {
    /// Advances past a character.
    pub(super) fn advance(&mut self, character: char) {
        *self = match character {
            '\n' => Self { line: self.line + 1, column: 1 },
            _ => Self { column: self.column + 1, ..*self },
        };
    }
}
