//! `NextStep`: what the user can do about a failure.

use std::fmt;
use std::path::PathBuf;

/// What the user can do about a failure.
#[derive(Clone, Debug)]
pub(crate) enum NextStep {
    LogIn,
    SetClient,
    UnsetClient,
    SelectToken,
    ListTokenIds,
    ListTokenNames,
    FindHelp,
    RevealTokens,
    CorrectTokens,

    GivePath,
    DropPaginate,
    /// Continues with the page that failed.
    ContinueList {
        option: String,
        printed: u64,
    },
    /// The same, where the page is a query parameter.
    ContinueQuery {
        name: String,
        value: String,
        printed: u64,
    },

    /// Zoho returns no more of the list.
    NarrowList,
    /// A bulk read returns all records.
    ReadInBulk {
        module: String,
    },
    /// A query finds all records.
    QueryInstead {
        query: String,
    },
    NarrowSearch,
    /// It is unknown whether Zoho carried out the request.
    CheckRequest,
    /// Zoho carried out the request, but its response could not be printed.
    RequestSucceeded,

    ListFields {
        module: String,
    },
    SeeFields {
        module: String,
    },
    UseModule {
        module: String,
    },
    UseField {
        field: String,
    },
    GiveJson,
    GiveCsv,
    /// Nothing was written.
    RunAgain,
    CorrectInput,
    CorrectInputAndSkip {
        sent: usize,
    },
    /// It is unknown whether these records were written.
    CheckRecords {
        first: usize,
        last: usize,
    },
    SkipWritten {
        sent: usize,
    },
    SkipSent {
        sent: usize,
    },
    /// Writing the same records again would be a mistake.
    AllSent,

    /// The output keeps what was written before.
    ResumeJob {
        module: String,
        job: String,
        /// The number of records in the output that are from jobs before it.
        complete: u64,
        /// Whether the output may also have some records of this job.
        is_partly_read: bool,
    },
    /// No file was written.
    ResumeJobs {
        module: String,
        jobs: Vec<String>,
    },
    /// Continues after the finished jobs.
    ContinueRead {
        page_token: String,
        complete: u64,
    },
    SkipRows {
        rows: usize,
    },
    /// It is unknown whether this job wrote its rows.
    CheckJob {
        job: String,
        first: usize,
        last: usize,
    },
    /// It is unknown whether Zoho started the job.
    CheckForJob,
    CheckForJobAfter {
        rows: usize,
    },
    ReadResult {
        path: PathBuf,
    },
    AskForResult,

    Repair {
        repairable: usize,
        count: usize,
    },
    CheckSourcePath,
    CheckStorePath,
    RevokeRest,
    ResumeCopy,
    RepeatCopy,
    StoreSpooledToken {
        path: PathBuf,
    },
    SaveToken {
        path: PathBuf,
    },
    LogInAgain {
        error: String,
    },
}

impl fmt::Display for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogIn => f.write_str(
                "generate a Self Client code in Zoho's API console and run `zoho login --code CODE`",
            ),
            Self::SetClient => f.write_str(
                "set `ZOHO_CLIENT_ID` and `ZOHO_CLIENT_SECRET` to the values that Zoho's API console shows for the app",
            ),
            Self::UnsetClient => {
                f.write_str("unset `ZOHO_CLIENT_ID` or omit `--client-id`, or pass the id and secret of that app")
            }
            Self::SelectToken => f.write_str("select one with `--user NAME` or `--id ID`"),
            Self::ListTokenIds => f.write_str("run `zoho tokens list` to see the stored ids"),
            Self::ListTokenNames => f.write_str("run `zoho tokens list` to see the stored names; a name must match exactly"),
            Self::FindHelp => f.write_str("run `zoho tokens find --help` to see the criteria"),
            Self::RevealTokens => f.write_str(
                "nothing was saved; `zoho tokens list --json --reveal` prints tokens that can be saved",
            ),
            Self::CorrectTokens => f.write_str("nothing was saved; correct the token and run the command again"),

            Self::GivePath => f.write_str("pass a path, such as `/crm/v8/Leads`"),
            Self::DropPaginate => f.write_str("run the command without `--paginate`"),
            Self::ContinueList { option, printed } => {
                write!(
                    f,
                    "the output is incomplete: run the command again with `{option}`; the {printed} records before it were \
                     printed"
                )
            }
            Self::ContinueQuery { name, value, printed } => {
                write!(
                    f,
                    "the output is incomplete: run the command again with `-q {name}={value}`; the {printed} items before \
                     it were printed"
                )
            }
            Self::NarrowList => f.write_str("Zoho returns no more of this list; narrow it down to get the rest"),
            Self::ReadInBulk { module } => write!(
                f,
                "Zoho returns no more of this list; `zoho bulk read {module}` reads all records of the module"
            ),
            Self::QueryInstead { query } => write!(
                f,
                "Zoho returns no more of this search; `zoho coql {} --all` returns all records, but its `=` compares the \
                 whole text",
                in_shell_quotes(query)
            ),
            Self::NarrowSearch => f.write_str(
                "Zoho returns no more of this search; narrow it down, or search with `--criteria`, which a query can replace",
            ),
            Self::CheckRequest => f.write_str(
                "Zoho may have carried out the request; check its effect before you send it again",
            ),
            Self::RequestSucceeded => {
                f.write_str("do not send the request again only for its response: Zoho has carried it out")
            }

            Self::ListFields { module } => write!(f, "nothing was written; run `zoho fields {module}` to list the fields"),
            Self::SeeFields { module } => write!(f, "run `zoho fields {module}` to list the fields"),
            Self::UseField { field } => write!(f, "did you mean the field `{field}`?"),
            Self::UseModule { module } => write!(f, "did you mean the module `{module}`?"),
            Self::GiveJson => f.write_str("or pass JSON: only CSV input needs the module's fields"),
            Self::GiveCsv => f.write_str("if it is CSV, pass `--input csv`"),
            Self::RunAgain => f.write_str("nothing was written; run the same command again"),
            Self::CorrectInput => f.write_str("nothing was written; correct the input and run the command again"),
            Self::CorrectInputAndSkip { sent } => {
                write!(f, "correct the input and continue with `--skip {sent}`; the records before it were sent")
            }
            Self::CheckRecords { first, last } => write!(
                f,
                "check whether records {first} to {last} were written; if so, continue with `--skip {last}`, otherwise with \
                 `--skip {}`",
                first - 1
            ),
            Self::SkipWritten { sent } => {
                write!(f, "continue with `--skip {sent}`; no record after number {sent} was written")
            }
            Self::SkipSent { sent } => write!(f, "continue with `--skip {sent}`; the records before it were sent"),

            Self::AllSent => f.write_str("do not write the same data again; all of it was sent"),

            Self::ResumeJob { module, job, complete, is_partly_read } => {
                let command = format!("`zoho bulk read {module} --job {job}`");
                match (*complete, *is_partly_read) {
                    (0, false) => write!(f, "run {command} to resume the job"),
                    (_, false) => write!(
                        f,
                        "run {command} to resume the job; the {complete} records of the jobs before it were printed"
                    ),
                    (0, true) => write!(
                        f,
                        "the output is incomplete: discard it and run {command}, which prints all records again"
                    ),
                    (_, true) => write!(
                        f,
                        "the output is incomplete: keep its first {complete} records and run {command}, which prints \
                         the records after them"
                    ),
                }
            }
            Self::ResumeJobs { module, jobs } => {
                let commands: Vec<String> =
                    jobs.iter().map(|job| format!("`zoho bulk read {module} --job {job}`")).collect();
                write!(f, "run {} to resume; no file was written", commands.join(", then "))
            }
            Self::ContinueRead { page_token, complete } => write!(
                f,
                "run the command again with `--page-token {page_token}`; the {complete} records before it were printed"
            ),
            Self::SkipRows { rows } => write!(f, "continue with `--skip {rows}`"),
            Self::CheckJob { job, first, last } => write!(
                f,
                "job {job} may have written rows {first} to {last}; see its state with `zoho api GET \
                 /crm/bulk/v8/write/{job}` before you write them again, or continue after them with `--skip {last}`"
            ),
            Self::CheckForJob => {
                f.write_str("before you write these rows again, check whether their records exist")
            }
            Self::CheckForJobAfter { rows } => write!(
                f,
                "check whether the records of the rows after row {rows} exist; if they do not, continue with `--skip \
                 {rows}`"
            ),
            Self::ReadResult { path } => write!(f, "see `{}` for the rows and the reasons", path.display()),
            Self::AskForResult => f.write_str("pass `--result FILE` to get the rows and the reasons in a file"),

            Self::Repair { repairable, count } => {
                write!(f, "run `zoho tokens check --repair` to repair {repairable} of {count}; it keeps a backup")
            }
            Self::CheckSourcePath => f.write_str("check the path"),
            Self::CheckStorePath => f.write_str(
                "check `--store` and `ZOHO_STORE`, or run `zoho login --code CODE`, which creates the store",
            ),
            Self::RevokeRest => f.write_str("run the same command again to revoke the rest of the tokens"),
            Self::ResumeCopy => f.write_str("run the same command again to continue the copy"),
            Self::RepeatCopy => f.write_str("fix the rejected rows and run the same command again"),
            Self::StoreSpooledToken { path } => write!(
                f,
                "the token is spooled in `{}`; the next `zoho` command stores it once the store accepts tokens again",
                path.display()
            ),
            Self::SaveToken { path } => write!(
                f,
                "the token is in `{0}`, which only you can read; when the store works again, run `zoho tokens save < \
                 {0}` and delete the file",
                path.display()
            ),
            Self::LogInAgain { error } => write!(
                f,
                "log in again when the store works; the token could not be written to a file either: {error}"
            ),
        }
    }
}

/// An argument of a command line, for a shell.
fn in_shell_quotes(argument: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in argument.chars() {
        if matches!(letter, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted + "\""
}
