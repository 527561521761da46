//! `Problem`: what went wrong where the command itself noticed it. An error of the libraries has words of its own.

use std::path::PathBuf;

use super::NextStep;
use crate::exit::Exit;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    // What was typed.
    #[error("write it as NAME=VALUE")]
    NotAParameter,
    #[error("write it as ID:SECRET")]
    NotAClient,
    #[error("`{path}` is neither a path that begins with `/` nor a URL")]
    NotAPath { path: String },
    #[error("no token is sent to {host}: it is no API host of the environment")]
    ForeignHost { host: String },
    #[error("--paginate follows the list that a GET without data answers with")]
    PaginateNeedsGet,
    #[error("the answer is not one list")]
    NotOneList,
    #[error("what is listed are not objects")]
    NotObjects,
    #[error("the parameter `page` is no number")]
    PageNotANumber,
    #[error("the login in a browser comes in a later version; give --code")]
    CodeMissing,
    #[error("a login needs the client app's id and secret")]
    ClientMissing,
    #[error("nothing to look for")]
    NothingToFind,
    #[error("there is nothing to search for")]
    NothingToSearch,
    #[error("{count} tokens are stored: {}", names.join(", "))]
    SeveralTokens { count: usize, names: Vec<String> },
    #[error("--result takes a file: how many there are goes to standard output")]
    ResultIsStdout,
    #[error("job {job} reads {reads}, and not {module}")]
    JobOfAnotherModule { job: String, reads: String, module: String },

    // What is not there.
    #[error("no token with the id {id} is stored")]
    NoTokenWithId { id: String },
    #[error("{store} holds no such token")]
    NoSuchToken { store: String },
    #[error("{store} holds no token of {owner}")]
    NoTokenOf { store: String, owner: String },
    #[error("{module} has no record {record}")]
    NoRecord { module: String, record: String },
    #[error("there is no file at --from")]
    NoSourceFile,
    #[error("{store} holds no token")]
    StoreIsEmpty { store: String },
    #[error("{user} has a token of another client app, {}; the one given is {given}", apps.join(", "))]
    TokenOfAnotherApp { user: String, apps: Vec<String>, given: String },

    // What was given.
    #[error("{name} could not be read")]
    Unreadable { name: String },
    #[error("{name} is not JSON")]
    NotJson { name: String },
    #[error("{name}: record {number} is not a JSON object")]
    NotAnObject { name: String, number: usize },
    #[error("{name} has two columns `{column}`")]
    DuplicateColumn { name: String, column: String },
    #[error("{name} is not CSV{} has {cells} cells in place of {expected}", place(*row))]
    UnevenRow { name: String, row: Option<u64>, cells: u64, expected: u64 },
    #[error("{name} is not CSV{} is not UTF-8", place(*row))]
    NotUtf8 { name: String, row: Option<u64> },
    #[error("{name} is not CSV{} cannot be read", place(*row))]
    NotCsv { name: String, row: Option<u64> },
    #[error("record {number} has no `id`")]
    RecordWithoutId { number: usize },
    #[error("{module} has no field {}", columns.join(", "))]
    UnknownColumns { module: String, columns: Vec<String> },
    #[error("standard input is neither a JSON object nor an array of them")]
    NoTokensGiven,
    #[error("token {number} cannot be saved: {reason}; nothing was saved")]
    Unsavable { number: usize, reason: Unsavable },

    // What Zoho or a store turned down.
    #[error("{rejected} of {count} records were refused")]
    RecordsRejected { rejected: u64, count: u64 },
    #[error("{rejected} of {count} rows were refused")]
    RowsRejected { rejected: u64, count: u64 },
    #[error("{failed} of {count} tokens were not revoked")]
    NotRevoked { failed: usize, count: usize },
    #[error("only the first {saved} of {count} tokens were saved")]
    PartlySaved { saved: usize, count: usize },
    #[error("the login worked, but its token could not be stored")]
    LoginNotStored,
    #[error("tokens wait that the store does not take; nothing was deleted")]
    SpoolNotEmpty,
    #[error("{} in {store}", findings(*count, *after_repair))]
    Findings { count: usize, repairable: usize, after_repair: bool, store: String },
    #[error("the copy stopped after {read} rows, {written} of them written")]
    CopyStopped { read: u64, written: u64 },
    #[error("{missing} of {count} rows are not there as they were read")]
    CopyIncomplete { missing: u64, count: u64 },

    // What the machine did not do.
    #[error("interrupted")]
    Interrupted,
    #[error("the runtime could not be started")]
    Runtime,
    #[error("Ctrl-C cannot be listened for")]
    Signals,
    #[error("the output could not be written")]
    Output { reader_left: bool },
    #[error("{} could not be written", path.display())]
    Unwritable { path: PathBuf },
    #[error("the log file {} cannot be written", path.display())]
    LogFile { path: PathBuf },
    #[error("a record cannot be written as JSON")]
    RecordAsJson,
    #[error("CSV cannot be made: {error}")]
    RecordAsCsv { error: String },
    #[error("the emulator could not start on port {port}")]
    EmulatorPort { port: u16 },

    // What the demo found.
    #[error("the emulator could not start")]
    Emulator,
    #[error("no temporary folder could be made")]
    TemporaryFolder,
    #[error("`zoho token` could not be started")]
    SecondProcess,
    #[error("`zoho token` could not be waited for")]
    SecondProcessLost,
    #[error("`zoho token` failed: {stderr}")]
    SecondProcessFailed { stderr: String },
    #[error("this should be so, and is not: {claim}")]
    Untrue { claim: super::Claim },
}

/// Why a token cannot be saved. Columns are named and no value is quoted, since it may be a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsavable {
    #[error("it is not a JSON object")]
    NotAnObject,
    #[error("`{column}` is not a text")]
    NotAText { column: String },
    #[error("`{column}` is masked; list tokens with --reveal to save them again")]
    Masked { column: String },
    #[error("`expiry_time` is not a number of milliseconds since 1970")]
    ExpiryNotANumber,
    #[error("{error}")]
    Other { error: String },
}

impl Problem {
    /// The exit code of the command that fails with this.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NotAParameter
            | Self::NotAClient
            | Self::NotAPath { .. }
            | Self::ForeignHost { .. }
            | Self::PaginateNeedsGet
            | Self::NotOneList
            | Self::NotObjects
            | Self::PageNotANumber
            | Self::CodeMissing
            | Self::ClientMissing
            | Self::NothingToFind
            | Self::NothingToSearch
            | Self::SeveralTokens { .. }
            | Self::ResultIsStdout
            | Self::JobOfAnotherModule { .. } => Exit::Usage,
            Self::NoTokenWithId { .. }
            | Self::NoSuchToken { .. }
            | Self::NoTokenOf { .. }
            | Self::NoRecord { .. }
            | Self::NoSourceFile => Exit::NotFound,
            Self::StoreIsEmpty { .. } | Self::TokenOfAnotherApp { .. } => Exit::LoginRequired,
            Self::Output { reader_left: true } => Exit::ReaderLeft,
            _ => Exit::Failed,
        }
    }

    /// What to do about it, where that is always the same.
    pub(crate) fn next_step(&self) -> Option<NextStep> {
        Some(match self {
            Self::NotAPath { .. } | Self::ForeignHost { .. } => NextStep::GivePath,
            Self::NotOneList | Self::NotObjects => NextStep::DropPaginate,
            Self::CodeMissing => NextStep::MakeCode,
            Self::ClientMissing => NextStep::SetClient,
            Self::NothingToFind => NextStep::FindHelp,
            Self::SeveralTokens { .. } => NextStep::SayWhose,
            Self::NoTokenWithId { .. } => NextStep::ListTokenIds,
            Self::NoTokenOf { .. } => NextStep::ListTokenNames,
            Self::NoSourceFile => NextStep::CheckSourcePath,
            Self::StoreIsEmpty { .. } => NextStep::LogIn,
            Self::TokenOfAnotherApp { .. } => NextStep::UnsetClient,
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

/// Where in a CSV file; lines are not counted, since a cell may have several of them.
fn place(row: Option<u64>) -> String {
    match row {
        None => String::new(),
        Some(0) => ": its heading".to_owned(),
        Some(row) => format!(": row {row} after the heading"),
    }
}

fn findings(count: usize, after_repair: bool) -> String {
    let are = if count == 1 { "finding is" } else { "findings are" };
    let left = if after_repair { " left" } else { "" };
    format!("{count} {are}{left}")
}
