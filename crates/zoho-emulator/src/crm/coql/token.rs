//! Words, texts, numbers and symbols of a query, each with its place.

/// A piece of a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// As it was written.
    pub(super) raw: String,
    pub(super) place: Place,
}

/// Line and column, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A keyword, a name, or names joined by dots.
    Word,
    /// A text in single or double quotes; the quote itself is written twice.
    Text(String),
    Number,
    Symbol,
}

impl Token {
    /// Whether it is this keyword; case does not count.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.raw.eq_ignore_ascii_case(keyword)
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.raw == symbol
    }
}

impl Place {
    /// Goes on behind a letter.
    pub(super) fn pass(&mut self, letter: char) {
        *self = match letter {
            '\n' => Self { line: self.line + 1, column: 1 },
            _ => Self { column: self.column + 1, ..*self },
        };
    }
}
