//! `Problem`: a failure that the command itself detects. Errors of the libraries have their own messages.

use std::fmt;
use std::path::PathBuf;

use super::{NextStep, counted, quoted};
use crate::exit::Exit;

/// A failure that the command itself detects.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    // Wrong usage.
    #[error("expected NAME=VALUE")]
    NotAParameter,
    #[error("unknown encoding; expected a name such as utf-8, utf-16le, windows-1252 or shift_jis")]
    UnknownEncoding,
    #[error("`{path}` is neither a URL nor a path that starts with `/`")]
    NotAPath { path: String },
    #[error("no token was sent to `{host}`, because it is not an API host of the environment")]
    ForeignHost { host: String },
    #[error("`--paginate` requires GET and no `--data`")]
    PaginateNeedsGet,
    #[error("could not paginate: the response does not contain exactly one list")]
    NotOneList,
    #[error("could not paginate: the items of the list are not JSON objects")]
    NotObjects,
    #[error("the query parameter `page` is not a number")]
    PageNotANumber,
    #[error("browser login is not available yet; pass `--code`")]
    CodeMissing,
    #[error("the code is empty")]
    CodeEmpty,
    #[error("a login needs the id and secret of a client app")]
    ClientMissing,
    #[error("no criteria given")]
    NothingToFind,
    #[error("{count} tokens are stored and none was selected: {}", names.join(", "))]
    SeveralTokens { count: usize, names: Vec<String> },
    #[error("`--result` requires a file, because the totals are printed to standard output")]
    ResultIsStdout,
    #[error("module `{module}` has no field {}", listed(fields))]
    UnknownFields { module: String, fields: Vec<UnknownName> },
    #[error("job {job} reads `{reads}`, not `{module}`")]
    JobOfAnotherModule { job: String, reads: String, module: String },

    // Not found.
    #[error("no token with id `{id}` is stored")]
    NoTokenWithId { id: String },
    #[error("no matching token in {store}")]
    NoSuchToken { store: String },
    #[error("no token for {owner} in {store}")]
    NoTokenOf { store: String, owner: String },
    #[error("no record `{record}` in module `{module}`")]
    NoRecord { module: String, record: String },
    #[error("the file that `--from` names does not exist")]
    NoSourceFile,
    #[error("no token is stored in {store}")]
    StoreIsEmpty { store: String },
    #[error("the token store `{}` does not exist", path.display())]
    StoreMissing { path: PathBuf },
    #[error("the token for `{user}` belongs to client app {}, not to `{given}`", quoted(apps))]
    TokenOfAnotherApp { user: String, apps: Vec<String>, given: String },

    // Invalid input.
    #[error("could not read {origin}")]
    Unreadable { origin: Origin },
    #[error("{origin} is not valid UTF-16")]
    NotUtf16 { origin: Origin },
    #[error("{origin} is not valid JSON")]
    NotJson { origin: Origin },
    #[error("record {number} of {origin} is not a JSON object")]
    NotAnObject { origin: Origin, number: usize },
    #[error("{origin} has `{member}` beside `data`, which this command does not send; use `zoho api`")]
    BodyMember { origin: Origin, member: String },
    #[error("{origin} has a second column of ids: `{column}`")]
    SecondIdColumn { origin: Origin, column: String },
    #[error("record {number}{} has no `id`", at(*line))]
    RecordWithoutId { number: usize, line: Option<u64> },
    #[error("module `{module}` has no field {}", listed(columns))]
    UnknownColumns { module: String, columns: Vec<UnknownName> },
    #[error("the column `{column}` can be any of the fields {}; name one of them", quoted(fields))]
    AmbiguousColumn { column: String, fields: Vec<String> },
    #[error("the columns `{}` and `{}` are the same field, `{field}`; delete one of them", columns[0], columns[1])]
    SameField { columns: [String; 2], field: String },
    #[error("standard input is neither a JSON object nor an array of objects")]
    NoTokensGiven,
    #[error("could not save token {number}: {reason}")]
    Unsavable { number: usize, reason: Unsavable },

    // Rejected by Zoho or by a store.
    #[error("Zoho rejected {rejected} of {count} records")]
    RecordsRejected { rejected: u64, count: u64 },
    #[error("Zoho rejected {rejected} of {count} rows")]
    RowsRejected { rejected: u64, count: u64 },
    #[error("could not revoke {failed} of {count} tokens")]
    NotRevoked { failed: usize, count: usize },
    #[error("could not save token {} of {count}; the tokens before it were saved", saved + 1)]
    PartlySaved { saved: usize, count: usize },
    #[error("the login succeeded, but its token could not be stored")]
    LoginNotStored,
    #[error("nothing was deleted, because the store still rejects the spooled tokens")]
    SpoolNotEmpty,
    #[error("{} in {store}", found(*count, *after_repair))]
    Findings { count: usize, repairable: usize, after_repair: bool, store: String },
    #[error("the copy stopped after {read} rows, of which {written} were written")]
    CopyStopped { read: u64, written: u64 },
    #[error("{missing} of {count} rows could not be verified in the target store")]
    CopyIncomplete { missing: u64, count: u64 },

    #[error("nothing was deleted, because the answer was not `y`")]
    NotConfirmed,

    // Failures of the machine.
    #[error("interrupted")]
    Interrupted,
    #[error("could not start the async runtime")]
    Runtime,
    #[error("could not listen for Ctrl-C")]
    Signals,
    #[error("could not read the input on another thread")]
    InputThread,
    #[error("could not write to standard output")]
    Output { reader_left: bool },
    #[error("could not write `{}`", path.display())]
    Unwritable { path: PathBuf },
    #[error("could not open the log file `{}`", path.display())]
    LogFile { path: PathBuf },
    #[error("could not write a record as JSON")]
    RecordAsJson,
    #[error("could not write a record as CSV: {error}")]
    RecordAsCsv { error: String },
    #[error("could not start the emulator on port {port}")]
    EmulatorPort { port: u16 },

    // Failures of the demo.
    #[error("could not start the emulator")]
    Emulator,
    #[error("could not create a temporary folder")]
    TemporaryFolder,
    #[error("could not start `zoho token`")]
    SecondProcess,
    #[error("could not wait for `zoho token`")]
    SecondProcessLost,
    #[error("`zoho token` failed: {stderr}")]
    SecondProcessFailed { stderr: String },
    #[error("the demo failed; expected: {claim}")]
    Untrue { claim: super::Claim },
}

/// The reason why a token cannot be saved. It names columns and quotes no value, which could be a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsavable {
    #[error("it is not a JSON object")]
    NotAnObject,
    #[error("`{column}` is not a string")]
    NotAText { column: String },
    #[error("`{column}` is masked")]
    Masked { column: String },
    #[error("`expiry_time` is not a number of milliseconds since 1970")]
    ExpiryNotANumber,
    #[error("Zoho's response contains no access token")]
    ErrorResponse,
    #[error("{error}")]
    Other { error: String },
}

/// Why a cell of CSV is not a value of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidCell {
    #[error(
        "it is not an id; if a spreadsheet rounded it, format the column of ids as text and export it again"
    )]
    NotAnId,
    #[error("it is not the id of a record or user; `zoho records list --csv` prints ids")]
    NotALookup,
    #[error("a lookup is set by an id, so the heading has to be `FIELD.id`")]
    NotById,
    #[error("a subform is given as JSON: an array of objects")]
    Subform,
}

/// A name that does not exist, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownName {
    pub(crate) name: String,
    pub(crate) nearest: Option<String>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        self.nearest.as_ref().map_or(Ok(()), |nearest| write!(f, " (did you mean `{nearest}`?)"))
    }
}

/// Where input comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Argument,
    StandardInput,
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("the argument"),
            Self::StandardInput => f.write_str("standard input"),
            Self::File(path) => write!(f, "`{}`", path.display()),
        }
    }
}

impl Problem {
    /// The exit code of a command that fails with this problem.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NotAParameter
            | Self::UnknownEncoding
            | Self::NotAPath { .. }
            | Self::ForeignHost { .. }
            | Self::PaginateNeedsGet
            | Self::NotOneList
            | Self::NotObjects
            | Self::PageNotANumber
            | Self::CodeMissing
            | Self::CodeEmpty
            | Self::ClientMissing
            | Self::NothingToFind
            | Self::SeveralTokens { .. }
            | Self::ResultIsStdout
            | Self::UnknownFields { .. }
            | Self::JobOfAnotherModule { .. } => Exit::Usage,
            Self::NoTokenWithId { .. }
            | Self::NoSuchToken { .. }
            | Self::NoTokenOf { .. }
            | Self::NoRecord { .. }
            | Self::NoSourceFile => Exit::NotFound,
            Self::StoreIsEmpty { .. } | Self::StoreMissing { .. } | Self::TokenOfAnotherApp { .. } => {
                Exit::LoginRequired
            }
            Self::Output { reader_left: true } => Exit::ReaderLeft,
            _ => Exit::Failed,
        }
    }

    /// The next step, if it is the same wherever the problem occurs.
    pub(crate) fn next_step(&self) -> Option<NextStep> {
        Some(match self {
            Self::NotAPath { .. } | Self::ForeignHost { .. } => NextStep::GivePath,
            Self::NotOneList | Self::NotObjects => NextStep::DropPaginate,
            Self::CodeMissing | Self::CodeEmpty => NextStep::LogIn,
            Self::ClientMissing => NextStep::SetClient,
            Self::NothingToFind => NextStep::FindHelp,
            Self::SeveralTokens { .. } => NextStep::SelectToken,
            Self::NoTokenWithId { .. } => NextStep::ListTokenIds,
            Self::NoTokenOf { .. } => NextStep::ListTokenNames,
            Self::NoSourceFile => NextStep::CheckSourcePath,
            Self::StoreIsEmpty { .. } => NextStep::LogIn,
            Self::StoreMissing { .. } => NextStep::CheckStorePath,
            Self::TokenOfAnotherApp { .. } => NextStep::UnsetClient,
            Self::Unsavable { reason: Unsavable::Masked { .. }, .. } => NextStep::RevealTokens,
            Self::Unsavable { .. } => NextStep::CorrectTokens,
            Self::JobOfAnotherModule { job, reads, .. } => {
                let (module, job) = (reads.clone(), job.clone());
                NextStep::ResumeJob { module, job, complete: 0, is_partly_read: false }
            }
            Self::UnknownFields { module, .. } => NextStep::SeeFields { module: module.clone() },
            Self::SecondIdColumn { .. } | Self::AmbiguousColumn { .. } | Self::SameField { .. } => {
                NextStep::CorrectInput
            }
            Self::UnknownColumns { module, .. } => NextStep::ListFields { module: module.clone() },
            Self::Findings { count, repairable, after_repair: false, .. } if *repairable > 0 => {
                NextStep::Repair { repairable: *repairable, count: *count }
            }
            Self::CopyStopped { .. } => NextStep::ResumeCopy,
            Self::CopyIncomplete { .. } => NextStep::RepeatCopy,
            _ => return None,
        })
    }
}

fn at(line: Option<u64>) -> String {
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

fn listed(names: &[UnknownName]) -> String {
    names.iter().map(UnknownName::to_string).collect::<Vec<_>>().join(", ")
}

fn found(count: usize, after_repair: bool) -> String {
    match (count, after_repair) {
        (1, true) => "1 problem is left".to_owned(),
        (count, true) => format!("{count} problems are left"),
        (count, false) => format!("found {}", counted(count as u64, "problem")),
    }
}
