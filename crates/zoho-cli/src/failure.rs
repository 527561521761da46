//! Why a command did not do what it was asked, and the exit code that says so.

use std::error::Error as StdError;
use std::io;
use std::process::ExitCode;

use zoho_oauth::store::StoreError;
use zohocrm::ErrorKind;

/// A failure: what happened, what caused it, what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    next_step: Option<String>,
}

/// The command's exit codes beside 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Whoever read the output has had enough. That is no error.
    ReaderLeft = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    LoginRequired = 4,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), next_step: None }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, message)
    }

    /// The output could not be written.
    pub(crate) fn unwritable(error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::ReaderLeft } else { Exit::Failed };
        Self::new(exit, "the output could not be written").caused_by(error)
    }

    pub(crate) fn caused_by(mut self, cause: &(dyn StdError + 'static)) -> Self {
        self.causes = chain(cause);
        self
    }

    /// What to do; after what was said before, if anything was.
    pub(crate) fn next_step(mut self, next_step: impl Into<String>) -> Self {
        let next_step = next_step.into();
        self.next_step = Some(match self.next_step {
            Some(first) => format!("{first}; then {next_step}"),
            None => next_step,
        });
        self
    }

    /// A failure also if whoever read the output has left.
    pub(crate) fn even_if_nobody_reads(self) -> Self {
        match self.exit {
            Exit::ReaderLeft => Self { exit: Exit::Failed, ..self },
            _ => self,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit as u8)
    }

    /// What is printed: what happened, then each cause, then the next step.
    pub(crate) fn lines(&self) -> Vec<String> {
        let causes = self.causes.iter().map(|cause| format!("  caused by: {cause}"));
        let next_step = self.next_step.iter().map(|next_step| format!("  next: {next_step}"));
        std::iter::once(self.message.clone()).chain(causes).chain(next_step).collect()
    }

    /// A failure whose message is the error's own, and whose causes are the error's.
    fn of(exit: Exit, error: &(dyn StdError + 'static)) -> Self {
        let next_step = (exit == Exit::LoginRequired).then(|| LOG_IN.to_owned());
        let mut told = chain(error).into_iter();
        Self { exit, message: told.next().unwrap_or_default(), causes: told.collect(), next_step }
    }
}

/// The next step of whoever has no token.
pub(crate) const LOG_IN: &str = "zoho login --code CODE, with a Self Client's code from Zoho's API console";

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::of(Exit::Failed, &error)
    }
}

impl From<zoho_oauth::Error> for Failure {
    fn from(error: zoho_oauth::Error) -> Self {
        Self::of(exit_for(&error), &error)
    }
}

impl From<zohocrm::Error> for Failure {
    fn from(error: zohocrm::Error) -> Self {
        let exit = match (&error, error.kind()) {
            (zohocrm::Error::Token(error), _) => exit_for(error),
            (zohocrm::Error::File { .. }, _) => Exit::Failed,
            (_, ErrorKind::Request) => Exit::Usage,
            (_, ErrorKind::LoginRequired) => Exit::LoginRequired,
            (_, ErrorKind::NotFound) => Exit::NotFound,
            _ => Exit::Failed,
        };
        Self::of(exit, &error)
    }
}

/// Whether a call may have been carried out, though it failed.
pub(crate) fn is_in_doubt(error: &zohocrm::Error) -> bool {
    match error {
        zohocrm::Error::Unreachable { sent, .. } => *sent,
        // It is had before the call.
        zohocrm::Error::Token(_) => false,
        error => matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Server | ErrorKind::Decode),
    }
}

fn exit_for(error: &zoho_oauth::Error) -> Exit {
    match error {
        zoho_oauth::Error::NotFound { .. } => Exit::NotFound,
        error if error.needs_login() => Exit::LoginRequired,
        _ => Exit::Failed,
    }
}

/// An error and what caused it, as text. What an error has said already is not said again by its cause.
fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut told: Vec<String> =
        std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    told.dedup_by(|cause, before| before.contains(cause.as_str()));
    told
}
