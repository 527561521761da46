//! What a check finds, in words and as data. No secret is ever part of it.

use std::fmt;
use std::path::PathBuf;

/// Something that is wrong in a store. `Display` is one line: where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The ids of the rows concerned; an empty text for a row without one.
    pub ids: Vec<String>,
    /// The lines of a CSV file that those rows, or the damage, begin on; from one.
    pub lines: Vec<usize>,
    /// The file concerned, where it is not about rows.
    pub path: Option<PathBuf>,
    /// What is wrong.
    pub text: String,
    /// Whether [`repair`](super::repair) mends it.
    pub can_be_repaired: bool,
}

/// What can be wrong, in the order in which it is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A line of a CSV file that cannot be read. A repair takes it out, unless nothing else in the file is a token or
    /// a header: then it is perhaps another program's file.
    TornRow,
    /// A CSV file without its first line, which official SDKs pass over unread. A repair writes it.
    LostHeader,
    /// A row without an access, a refresh or a grant token. A repair deletes it.
    NoToken,
    /// Several rows for one user, client app and API domain. A repair keeps the one that expires last, with what
    /// it lacks from the others.
    DuplicateRows,
    /// Several rows with the same id. A repair leaves it to the first and gives the others new ones.
    IdUsedTwice,
    /// An id that is no number, or none: official SDKs stop saving while it is there. A repair gives a new one.
    IdNotANumber,
    /// An expiry that is no number of milliseconds. The next renewal writes a good one.
    ExpiryNotANumber,
    /// A refresh token without client id or secret: nobody can renew with it who is not given the client app.
    NoClient,
    /// A file of the store that others than its owner can read or write. A repair sets mode 0600.
    OpenToOthers,
}

impl FindingKind {
    /// The kind in one word, for programs: small letters and underscores.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::TornRow => "torn_row",
            Self::LostHeader => "lost_header",
            Self::NoToken => "no_token",
            Self::DuplicateRows => "duplicate_rows",
            Self::IdUsedTwice => "id_used_twice",
            Self::IdNotANumber => "id_not_a_number",
            Self::ExpiryNotANumber => "expiry_not_a_number",
            Self::NoClient => "no_client",
            Self::OpenToOthers => "open_to_others",
        }
    }

    /// What a repair does about it; `None` where it does nothing.
    #[must_use]
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::TornRow => Some("takes it out; it stays in the backup"),
            Self::LostHeader => Some("writes it"),
            Self::NoToken => Some("deletes it"),
            Self::DuplicateRows => Some("keeps the one that expires last"),
            Self::IdUsedTwice | Self::IdNotANumber => Some("gives a new id"),
            Self::OpenToOthers => Some("sets mode 0600"),
            Self::ExpiryNotANumber | Self::NoClient => None,
        }
    }
}

impl Finding {
    pub(crate) fn new(kind: FindingKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            ids: Vec::new(),
            lines: Vec::new(),
            path: None,
            text: text.into(),
            can_be_repaired: kind.remedy().is_some(),
        }
    }

    #[cfg(feature = "file")]
    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.lines.push(line);
        self
    }

    pub(crate) fn of_row(mut self, id: Option<&str>, line: Option<usize>) -> Self {
        self.add_row(id, line);
        self
    }

    pub(crate) fn add_row(&mut self, id: Option<&str>, line: Option<usize>) {
        self.ids.push(id.unwrap_or_default().to_owned());
        self.lines.extend(line);
    }

    /// Where it is: a file, lines, ids.
    #[must_use]
    pub fn place(&self) -> String {
        if let Some(path) = &self.path {
            return path.display().to_string();
        }
        let ids: Vec<&str> =
            self.ids.iter().map(|id| if id.is_empty() { "none" } else { id.as_str() }).collect();
        let ids = listed("id", "ids", &ids);
        let lines: Vec<String> = self.lines.iter().map(ToString::to_string).collect();
        let lines = listed("line", "lines", &lines);
        match (lines.is_empty(), ids.is_empty()) {
            (true, _) => ids,
            (false, true) => lines,
            (false, false) => format!("{lines} ({ids})"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place(), self.text)
    }
}

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many rows could be read.
    pub rows: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// What a repair came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// Where the store's content is as it was before; `None` where no row had to be touched.
    pub backup: Option<PathBuf>,
    /// What was mended.
    pub mended: Vec<Finding>,
    /// What a check says now.
    pub left: Report,
}

/// A check alone is a repair that mended nothing.
impl From<Report> for Repair {
    fn from(left: Report) -> Self {
        Self { left, ..Self::default() }
    }
}

/// `lines 1, 2 and 3`; nothing for none.
fn listed(one: &str, many: &str, items: &[impl AsRef<str>]) -> String {
    let texts: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match texts.split_last() {
        None => String::new(),
        Some((only, [])) => format!("{one} {only}"),
        Some((last, others)) => format!("{many} {} and {last}", others.join(", ")),
    }
}
