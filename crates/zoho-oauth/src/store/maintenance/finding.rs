//! What a check finds. A finding never contains a secret.

use std::fmt;
use std::path::PathBuf;

/// Damage in a store. `Display` is one line: where it is, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The kind of damage.
    pub kind: FindingKind,
    /// The ids of the affected rows; an empty string for a row without an id.
    pub ids: Vec<String>,
    /// The lines of a CSV file on which those rows, or the damage, begin. The first line is 1.
    pub lines: Vec<usize>,
    /// The affected file, if the finding is not about rows.
    pub path: Option<PathBuf>,
    /// What is wrong, as text.
    pub text: String,
    /// Whether [`repair`](super::super::check::repair) acts on it.
    pub can_be_repaired: bool,
}

/// The kinds of damage, in the order in which they are repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// Rows of a Redis store that are gone, as after an eviction. A repair removes what is left of them in the index, so that the
    /// users can log in again.
    LostRows,
    /// An index of a Redis store that does not match its rows, as after an eviction. A repair creates it again from the rows.
    DamagedIndex,
    /// A line of a CSV file that cannot be parsed. A repair moves it to a file beside it, unless the file has neither a token
    /// nor a header: then it may belong to another program.
    UnreadableRow,
    /// A CSV file with the six columns of the first SDKs (`zcrmsdk` 3). It is only read. Copy it to another store.
    OlderColumns,
    /// A CSV file in UTF-16, or a row of one in Windows-1252. A repair writes it in UTF-8.
    WrongEncoding,
    /// A row of a CSV file in which a value has a comma or a quote and is not in quotes. It can be read in one way only, but
    /// some official SDKs read other values. A repair puts the value in quotes.
    MissingQuotes,
    /// A CSV file without a header. Official SDKs skip the first line unread. A repair writes the header.
    MissingHeader,
    /// A row without an access, refresh or grant token. A repair deletes it.
    MissingToken,
    /// Several rows for one user, client app and API domain. A repair keeps the one that expires last, and fills its empty
    /// fields from the others.
    DuplicateRows,
    /// Several rows with the same id. A repair gives all but the first a new id.
    DuplicateId,
    /// A row whose id is missing or not a number. Official SDKs cannot save while it exists. A repair gives it a new id.
    NonNumericId,
    /// A lease or a ledger that cannot be read, in an entry that belongs to the row's refresh token. It counts as empty, so the
    /// token can be renewed, but renewals in the last ten minutes are not counted. A repair overwrites it.
    DamagedLease,
    /// An expiry that is not a number of milliseconds. The next renewal writes a valid one.
    NonNumericExpiry,
    /// A refresh token without a client id or secret. Only a program that is configured with the client app can renew it.
    MissingClient,
    /// A file of the store that other accounts can read or write. A repair sets mode 0600.
    OpenToOthers,
}

impl FindingKind {
    /// Returns the kind as one word in snake case, for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LostRows => "lost_rows",
            Self::DamagedIndex => "damaged_index",
            Self::UnreadableRow => "unreadable_row",
            Self::OlderColumns => "older_columns",
            Self::WrongEncoding => "wrong_encoding",
            Self::MissingQuotes => "missing_quotes",
            Self::MissingHeader => "missing_header",
            Self::MissingToken => "missing_token",
            Self::DuplicateRows => "duplicate_rows",
            Self::DuplicateId => "duplicate_id",
            Self::NonNumericId => "non_numeric_id",
            Self::DamagedLease => "damaged_lease",
            Self::NonNumericExpiry => "non_numeric_expiry",
            Self::MissingClient => "missing_client",
            Self::OpenToOthers => "open_to_others",
        }
    }

    /// Returns what a repair does about it; `None` if it does nothing.
    #[must_use]
    pub fn repair(self) -> Option<&'static str> {
        match self {
            Self::LostRows => Some("removes what is left of them"),
            Self::DamagedIndex => Some("creates the index again from the rows"),
            Self::UnreadableRow => Some("moves it to a file beside the token file"),
            Self::WrongEncoding => Some("writes it in UTF-8"),
            Self::MissingQuotes => Some("puts the value in quotes"),
            Self::MissingHeader => Some("writes the header"),
            Self::MissingToken => Some("deletes the row"),
            Self::DuplicateRows => Some("keeps the row that expires last"),
            Self::DuplicateId | Self::NonNumericId => Some("assigns a new id"),
            Self::DamagedLease => Some("overwrites the damaged part with an empty one"),
            Self::OpenToOthers => Some("sets mode 0600"),
            Self::OlderColumns | Self::NonNumericExpiry | Self::MissingClient => None,
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
            can_be_repaired: kind.repair().is_some(),
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

    /// Returns where it is: a file, or lines and ids, or else the index of the store.
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
            (true, true) => "the index".to_owned(),
            (true, false) => ids,
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

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// How many rows were read.
    pub rows: u64,
    /// What is wrong; empty for an intact store.
    pub findings: Vec<Finding>,
}

/// The result of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// The backup of the content before the repair; `None` if no row had to change.
    pub backup: Option<PathBuf>,
    /// The lines and rows that the repair took out of a CSV file, as a CSV file; `None` if there were none.
    pub removed: Option<PathBuf>,
    /// What was repaired.
    pub repaired: Vec<Finding>,
    /// What a check finds after the repair.
    pub remaining: CheckReport,
}

/// A check without a repair.
impl From<CheckReport> for RepairReport {
    fn from(remaining: CheckReport) -> Self {
        Self { remaining, ..Self::default() }
    }
}

/// Joins items as in `lines 1, 2 and 3`; empty for no items.
fn listed(one: &str, many: &str, items: &[impl AsRef<str>]) -> String {
    let texts: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match texts.split_last() {
        None => String::new(),
        Some((only, [])) => format!("{one} {only}"),
        Some((last, others)) => format!("{many} {} and {last}", others.join(", ")),
    }
}
