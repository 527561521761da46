//! `NextStep`: what to do about a failure.

use std::fmt;
use std::path::PathBuf;

/// What to do about a failure.
#[derive(Clone, Debug)]
pub(crate) enum NextStep {
    LogIn,
    MakeCode,
    SetClient,
    UnsetClient,
    SayWhose,
    ListTokenIds,
    ListTokenNames,
    FindHelp,

    GivePath,
    DropPaginate,
    /// To the page that could not be had, by this option.
    ContinueList {
        option: String,
        printed: u64,
    },
    /// The same with a parameter of the query.
    ContinueQuery {
        name: String,
        value: String,
        printed: u64,
    },

    ListFields {
        module: String,
    },
    GiveJson,
    CorrectInput,
    CorrectInputAndSkip {
        sent: usize,
    },
    /// Whether these records were written is not known.
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

    ResumeJob {
        module: String,
        job: String,
    },
    SkipRows {
        rows: usize,
    },
    /// What became of the rows of this job is not known.
    CheckJob {
        job: String,
        first: usize,
        last: usize,
    },
    /// Whether there is a job is not known.
    CheckForJob,
    CheckForJobAfter {
        rows: usize,
    },
    KeepRows,
    ReadResult {
        path: PathBuf,
    },
    AskForResult,

    Repair {
        repairable: usize,
        count: usize,
    },
    CheckSourcePath,
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
            Self::LogIn => {
                f.write_str("zoho login --code CODE, with a Self Client's code from Zoho's API console")
            }
            Self::MakeCode => f.write_str(
                "make a code for a Self Client in Zoho's API console, then: zoho login --code CODE",
            ),
            Self::SetClient => f.write_str(
                "set ZOHO_CLIENT_ID and ZOHO_CLIENT_SECRET, from the app's page in Zoho's API console",
            ),
            Self::UnsetClient => {
                f.write_str("unset ZOHO_CLIENT_ID or leave --client-id out, or give that app's id and secret")
            }
            Self::SayWhose => f.write_str("say whose: --user NAME or --id ID"),
            Self::ListTokenIds => f.write_str("zoho tokens list shows the ids that are there"),
            Self::ListTokenNames => f.write_str("zoho tokens list shows what is there; names are exact"),
            Self::FindHelp => f.write_str("zoho tokens find --help lists what can be"),

            Self::GivePath => f.write_str("give a path, such as /crm/v8/Leads"),
            Self::DropPaginate => f.write_str("leave --paginate out"),
            Self::ContinueList { option, printed } => {
                write!(f, "run it again with {option}: the {printed} records before it were printed")
            }
            Self::ContinueQuery { name, value, printed } => {
                write!(f, "run it again with -q {name}={value}: the {printed} items before it were printed")
            }

            Self::ListFields { module } => write!(f, "zoho fields {module} lists them; nothing was written"),
            Self::GiveJson => f.write_str("or give JSON: CSV is read by the kinds of the module's fields"),
            Self::CorrectInput => f.write_str("correct it; nothing was written"),
            Self::CorrectInputAndSkip { sent } => {
                write!(f, "correct it and go on with --skip {sent}: those before were sent")
            }
            Self::CheckRecords { first, last } => write!(
                f,
                "look whether records {first} to {last} were written; then go on with --skip {} or --skip {last}",
                first - 1
            ),
            Self::SkipWritten { sent } => {
                write!(f, "go on with --skip {sent}: nothing after record {sent} was written")
            }
            Self::SkipSent { sent } => write!(f, "records 1 to {sent} were sent; go on with --skip {sent}"),

            Self::ResumeJob { module, job } => {
                write!(f, "zoho bulk read {module} --job {job} takes the job up again")
            }
            Self::SkipRows { rows } => write!(f, "go on with --skip {rows}"),
            Self::CheckJob { job, first, last } => write!(
                f,
                "job {job} was started and may write or have written rows {first} to {last}: look at it (zoho api GET \
                 /crm/bulk/v8/write/{job}) before you write them again; --skip {last} goes on behind them"
            ),
            Self::CheckForJob => {
                f.write_str("look whether Zoho has a job for these rows before you write them again")
            }
            Self::CheckForJobAfter { rows } => write!(
                f,
                "look whether Zoho has a job for the rows after the first {rows} before you write them again; if it \
                 has none, go on with --skip {rows}"
            ),
            Self::KeepRows => f.write_str("do not write the rows again: all of them were sent"),
            Self::ReadResult { path } => write!(f, "{} says which and why", path.display()),
            Self::AskForResult => f.write_str("with --result FILE a file says which and why"),

            Self::Repair { repairable, count } => {
                write!(f, "zoho tokens check --repair mends {repairable} of {count} and keeps a backup")
            }
            Self::CheckSourcePath => f.write_str("check its path"),
            Self::ResumeCopy => f.write_str("run the same command again: it goes on where it stopped"),
            Self::RepeatCopy => f.write_str("mend what was refused, and run the same command again"),
            Self::StoreSpooledToken { path } => write!(
                f,
                "run any `zoho` command with this store once it accepts tokens again: the token is spooled in {} and \
                 will be stored then",
                path.display()
            ),
            Self::SaveToken { path } => write!(
                f,
                "the token is in {0}, for this account alone; when the store works again: zoho tokens save < {0}, and \
                 delete the file",
                path.display()
            ),
            Self::LogInAgain { error } => write!(
                f,
                "log in again when the store works: no file for the token could be written either ({error})"
            ),
        }
    }
}
