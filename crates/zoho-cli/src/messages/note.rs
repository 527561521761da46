//! `Note`, `Progress` and `Warning`: what the command prints to standard error while it works. `Totals` goes to
//! standard output.

use std::fmt;
use std::path::PathBuf;

use zoho_oauth::store::StoreUrl;

use super::{Origin, counted, quoted};

/// News that is not a problem.
#[derive(Debug)]
pub(crate) enum Note {
    LoggedIn {
        store: String,
    },
    /// The save is being retried. `file` has a copy of the token, unless that failed too.
    RetryingSave {
        store: String,
        file: Option<PathBuf>,
    },
    NoToken {
        store: String,
    },
    /// The file of the store does not exist.
    NoStore {
        path: PathBuf,
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

    /// What was detected in a CSV file.
    CsvFormat {
        origin: Origin,
        encoding: &'static str,
        delimiter: char,
    },
    /// Columns that are read under the API names of their fields.
    ColumnsRenamed {
        names: Vec<(String, String)>,
    },
    NamesLeftOut {
        columns: Vec<String>,
    },
    ReadOnlyLeftOut {
        columns: Vec<String>,
    },

    /// Requested fields that no record has, where the fields of the module are unknown.
    FieldsMissing {
        fields: Vec<String>,
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

    /// A request is in progress when the command is interrupted.
    AwaitingResponse {
        seconds: u64,
    },
    HowToStop,
    Stopped,
    StillWaiting {
        waiting: Option<Waiting>,
        seconds: u64,
    },
}

/// What a command waits for.
#[derive(Clone, Debug)]
pub(crate) enum Waiting {
    Store { name: String },
    AccountsServer { host: String },
    Response { host: String },
    Job { job: String },
}

/// What a copy did with a row.
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

/// The name of a target store whose file does not exist yet.
#[derive(Debug)]
pub(crate) struct MissingStore<'a>(pub(crate) &'a StoreUrl);

/// The label of a progress bar, beside its count.
#[derive(Debug)]
pub(crate) enum Progress {
    Read,
    Verified,
    Records,
    Job { job: String, state: String },
}

/// The results of a bulk write.
#[derive(Debug)]
pub(crate) struct Totals {
    pub(crate) added: u64,
    pub(crate) updated: u64,
    pub(crate) rejected: u64,
}

/// A question before something that cannot be undone.
#[derive(Debug)]
pub(crate) enum Question {
    DeleteTokens { store: String },
    RevokeTokens { count: u64, store: String },
}

/// A problem that does not stop the command.
#[derive(Debug)]
pub(crate) enum Warning {
    SpooledTokens {
        error: String,
    },
    /// The token of a login is stored, but the selected environment does not serve it.
    OtherEnvironment {
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
    /// The file or the totals of a bulk write that failed.
    ResultIncomplete {
        failure: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedIn { store } => write!(f, "logged in; the token is stored in {store}"),
            Self::RetryingSave { store, file: Some(file) } => {
                write!(f, "{store} rejected the new token; retrying, with a copy in `{}`", file.display())
            }
            Self::RetryingSave { store, file: None } => write!(f, "{store} rejected the new token; retrying"),
            Self::NoToken { store } => write!(f, "no token is stored in {store}"),
            Self::NoStore { path } => {
                write!(f, "the token store `{}` does not exist, so it has no token", path.display())
            }
            Self::TokensSaved { count, store } => {
                write!(f, "saved {} in {store}", counted(*count, "token"))
            }
            Self::TokenDeleted { id } => write!(f, "deleted the token with id `{id}`"),
            Self::AllTokensDeleted { store } => write!(f, "deleted all tokens in {store}"),
            Self::TokenRevoked { owner } => write!(f, "revoked the token for {owner}"),
            Self::NothingWrong { rows, store } => {
                write!(f, "checked {} in {store}: no problems found", counted(*rows, "token"))
            }

            Self::Copied { from, to, dry_run: false } => write!(f, "copied from {from} to {to}:"),
            Self::Copied { from, to, dry_run: true } => {
                write!(f, "dry run: a copy from {from} to {to} would report:")
            }
            Self::CopyCount { kind, count } => write!(f, "  {count:>9} {kind}"),

            Self::CsvFormat { origin, encoding, delimiter } => write!(
                f,
                "read {origin} as {encoding} with {} between the cells; `--encoding` and `--delimiter` override this",
                if *delimiter == '\t' { "tabs".to_owned() } else { format!("`{delimiter}`") }
            ),
            Self::ColumnsRenamed { names } => {
                let names = names.iter().map(|(heading, name)| format!("`{heading}` as `{name}`"));
                write!(f, "read the columns {}", names.collect::<Vec<_>>().join(", "))
            }
            Self::NamesLeftOut { columns } => {
                write!(f, "not sent, because a lookup is set by its id: {}", quoted(columns))
            }
            Self::ReadOnlyLeftOut { columns } => {
                write!(f, "not sent, because these fields are read-only: {}", quoted(columns))
            }

            Self::FieldsMissing { fields } => {
                write!(f, "no record has a field {}; check the name", quoted(fields))
            }
            Self::NoRecords => f.write_str("no records"),
            Self::ColumnsLeftOut { names } => {
                write!(
                    f,
                    "the terminal is too narrow for {}; use `--csv` or `--json` to print every column",
                    names.join(", ")
                )
            }
            Self::MorePages { option } => write!(f, "there are more records; use `--all` or `{option}`"),
            Self::MoreRows => f.write_str("there are more rows; use `--all` with a query that has no limit"),
            Self::RecordRejected { number, error } => write!(f, "record {number}: {error}"),

            Self::ReadJobStarted { job } => {
                write!(f, "started job {job}; resume it with `--job {job}`")
            }
            Self::MoreInJob { page_token } => write!(
                f,
                "there are more records; continue with the options of that job and `--page-token {page_token}`"
            ),
            Self::WriteJobStarted { job, first, last } => {
                write!(f, "started job {job} with rows {first} to {last}")
            }
            Self::RowRejected { status, cells, reason } => {
                write!(f, "{status}: {}: {reason}", cells.join(", "))
            }

            Self::AwaitingResponse { seconds } => {
                write!(f, "waiting up to {seconds} seconds for a response; press Ctrl-C again to stop now")
            }
            Self::HowToStop => f.write_str("press Ctrl-C to stop"),
            Self::Stopped => f.write_str("stopped"),
            Self::StillWaiting { waiting: Some(waiting), seconds } => {
                write!(f, "still waiting for {waiting} after {seconds} seconds; press Ctrl-C to stop")
            }
            Self::StillWaiting { waiting: None, seconds } => {
                write!(f, "still working after {seconds} seconds; press Ctrl-C to stop")
            }
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store { name } => f.write_str(name),
            Self::AccountsServer { host } => write!(f, "a token from {host}"),
            Self::Response { host } => write!(f, "a response from {host}"),
            Self::Job { job } => write!(f, "job {job}"),
        }
    }
}

impl fmt::Display for CopyCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Added => "added",
            Self::Updated => "updated, because the target was older",
            Self::Renumbered => "saved under another id",
            Self::Same => "already there",
            Self::Newer => "skipped, because the target is newer",
            Self::Changed => "changed or deleted in the target by another program",
            Self::Verified => "verified",
        })
    }
}

impl fmt::Display for MissingStore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (which does not exist yet)", self.0)
    }
}

impl Progress {
    /// A bar for a known number of rows, as a template of `indicatif`.
    pub(crate) const BAR: &'static str = "{bar:30} {human_pos}/{human_len} {msg}, {eta} left";
    /// A counter for an unknown number of records.
    pub(crate) const COUNTER: &'static str = "{spinner} {human_pos} {msg}, {elapsed}";
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
        let Self { added, updated, rejected } = self;
        write!(f, "{added} added, {updated} updated, {rejected} rejected")
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeleteTokens { store } => write!(f, "delete all tokens in {store}?"),
            Self::RevokeTokens { count, store } => {
                write!(f, "revoke and delete {} in {store}?", counted(*count, "token"))
            }
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpooledTokens { error } => {
                write!(f, "the store still rejects spooled tokens: {error}")
            }
            Self::OtherEnvironment { error } => {
                write!(f, "the token is stored, but not usable in this environment: {error}")
            }
            Self::TokenNotStored { error } => {
                write!(f, "the token is valid but could not be stored: {error}")
            }
            Self::RenewedTokenNotStored { error } => {
                write!(f, "a token was renewed but could not be stored: {error}")
            }
            Self::TokenCopyLeft { path, error } => {
                write!(f, "could not delete `{}`, which has a copy of the token: {error}", path.display())
            }
            Self::TokenNotRevoked { owner, error } => {
                write!(f, "could not revoke the token for {owner}: {error}")
            }
            Self::RowNotCopied { id, reason } => write!(f, "the target store rejected row `{id}`: {reason}"),
            Self::ResultIncomplete { failure } => f.write_str(failure),
        }
    }
}
