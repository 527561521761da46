//! `Note` and `Warning`: what the command says on standard error while it works.

use std::fmt;
use std::path::PathBuf;

use super::counted;

/// What the command says while all is well.
#[derive(Debug)]
pub(crate) enum Note {
    LoggedIn {
        store: String,
    },
    /// A new token waits, in a file if one could be written.
    StoreTakesNoTokenYet {
        store: String,
        file: Option<PathBuf>,
    },
    NoToken {
        store: String,
    },
    TokensSaved {
        count: u64,
        store: String,
    },
    TokenDeleted {
        id: String,
    },
    AllTokensDeleted {
        store: String,
    },
    TokenRevoked {
        owner: String,
    },
    NothingWrong {
        rows: u64,
        store: String,
    },

    Copied {
        from: String,
        to: String,
        dry_run: bool,
    },
    CopyCount {
        kind: CopyCount,
        count: u64,
    },

    NoRecords,
    ColumnsLeftOut {
        names: Vec<String>,
    },
    MorePages {
        option: String,
    },
    MoreRows,
    RecordRejected {
        number: usize,
        error: String,
    },

    ReadJobStarted {
        job: String,
    },
    MoreInJob {
        page_token: String,
    },
    WriteJobStarted {
        job: String,
        first: usize,
        last: usize,
    },
    RowRejected {
        status: String,
        cells: Vec<String>,
        reason: String,
    },

    HowToStop,
    Stopped,
}

/// What a copy did with some of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyCount {
    Read,
    Added,
    Updated,
    Renumbered,
    Same,
    Newer,
    Changed,
    Verified,
}

/// How far long work is, beside its count.
#[derive(Debug)]
pub(crate) enum Progress {
    Read,
    Verified,
    Records,
    Job { job: String, state: String },
}

/// What became of the rows of a bulk write.
#[derive(Debug)]
pub(crate) struct Totals {
    pub(crate) added: u64,
    pub(crate) updated: u64,
    pub(crate) refused: u64,
}

/// What the command says when something is not as it should be and it goes on.
#[derive(Debug)]
pub(crate) enum Warning {
    /// Tokens are spooled, and the store still rejects them.
    SpooledTokens {
        error: String,
    },
    TokenNotStored {
        error: String,
    },
    RenewedTokenNotStored {
        error: String,
    },
    TokenCopyLeft {
        path: PathBuf,
        error: String,
    },
    TokenNotRevoked {
        owner: String,
        error: String,
    },
    RowNotCopied {
        id: String,
        reason: String,
    },
    /// A file that should tell of rejected rows is not complete.
    ResultIncomplete {
        failure: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedIn { store } => write!(f, "logged in; the token is kept in {store}"),
            Self::StoreTakesNoTokenYet { store, file } => {
                write!(f, "{store} does not take the new token yet, which waits")?;
                if let Some(file) = file {
                    write!(f, " in {}", file.display())?;
                }
                f.write_str("; trying for a moment")
            }
            Self::NoToken { store } => write!(f, "{store} holds no token"),
            Self::TokensSaved { count, store } => {
                write!(f, "saved {} in {store}", counted(*count, "token"))
            }
            Self::TokenDeleted { id } => write!(f, "deleted the token with the id {id}"),
            Self::AllTokensDeleted { store } => write!(f, "deleted every token in {store}"),
            Self::TokenRevoked { owner } => write!(f, "revoked the token of {owner}"),
            Self::NothingWrong { rows, store } => {
                write!(f, "nothing is wrong with the {} in {store}", counted(*rows, "token"))
            }

            Self::Copied { from, to, dry_run: false } => write!(f, "copied from {from} to {to}:"),
            Self::Copied { from, to, dry_run: true } => write!(f, "would copy from {from} to {to}:"),
            Self::CopyCount { kind, count } => write!(f, "  {count:>9} {kind}"),

            Self::NoRecords => f.write_str("no records"),
            Self::ColumnsLeftOut { names } => {
                write!(f, "no room for {}: --csv and --json print every column", names.join(", "))
            }
            Self::MorePages { option } => write!(f, "there are more: --all, or {option}"),
            Self::MoreRows => f.write_str("there are more: --all, if the query has no limit of its own"),
            Self::RecordRejected { number, error } => write!(f, "record {number}: {error}"),

            Self::ReadJobStarted { job } => {
                write!(f, "job {job} was started; --job {job} takes it up again")
            }
            Self::MoreInJob { page_token } => write!(
                f,
                "there are more records: go on with the options of that job and --page-token {page_token}"
            ),
            Self::WriteJobStarted { job, first, last } => {
                write!(f, "job {job} was started with rows {first} to {last}")
            }
            Self::RowRejected { status, cells, reason } => {
                write!(f, "{status}: {}: {reason}", cells.join(", "))
            }

            Self::HowToStop => f.write_str("Ctrl-C stops it."),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl fmt::Display for CopyCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Added => "added",
            Self::Updated => "written over an older state",
            Self::Renumbered => "saved under another id",
            Self::Same => "there already",
            Self::Newer => "left alone, since a later state is there",
            Self::Changed => "changed or deleted there by somebody else meanwhile",
            Self::Verified => "verified",
        })
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("read"),
            Self::Verified => f.write_str("verified"),
            Self::Records => f.write_str("records"),
            Self::Job { job, state } => write!(f, "records, job {job}: {}", state.to_lowercase()),
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, updated, refused } = self;
        write!(f, "{added} added, {updated} updated, {refused} refused")
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpooledTokens { error } => {
                write!(f, "tokens wait that the store does not take: {error}")
            }
            Self::TokenNotStored { error } => {
                write!(f, "the token is good but could not be kept: {error}")
            }
            Self::RenewedTokenNotStored { error } => {
                write!(f, "a token was renewed and could not be kept: {error}")
            }
            Self::TokenCopyLeft { path, error } => {
                write!(f, "delete {}, a copy of the token: {error}", path.display())
            }
            Self::TokenNotRevoked { owner, error } => {
                write!(f, "the token of {owner} was not revoked: {error}")
            }
            Self::RowNotCopied { id, reason } => write!(f, "row {id} was refused: {reason}"),
            Self::ResultIncomplete { failure } => f.write_str(failure),
        }
    }
}
