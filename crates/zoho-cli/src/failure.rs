//! `Failure`: why a command failed, and its exit code.

use std::error::Error as StdError;
use std::io;
use std::process::ExitCode;

use zoho_oauth::store::StoreError;
use zohocrm::ErrorKind;

use crate::exit::Exit;
use crate::messages::{NextStep, Problem};

/// Why a command failed: a message, its causes and the next steps.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    next_steps: Vec<NextStep>,
    /// The field that Zoho rejected.
    field: Option<String>,
}

impl Failure {
    /// A failure with the message and the sources of an error.
    pub(crate) fn of(exit: Exit, error: &(dyn StdError + 'static)) -> Self {
        let mut told = chain(error).into_iter();
        let message = told.next().unwrap_or_default();
        let next_steps = Vec::from_iter((exit == Exit::LoginRequired).then_some(NextStep::LogIn));
        Self { exit, message, causes: told.collect(), next_steps, field: None }
    }

    /// A failed write to standard output.
    pub(crate) fn unwritable(error: &io::Error) -> Self {
        let reader_left = error.kind() == io::ErrorKind::BrokenPipe;
        Self::from(Problem::Output { reader_left }).caused_by(error)
    }

    pub(crate) fn caused_by(mut self, cause: &(dyn StdError + 'static)) -> Self {
        self.causes = chain(cause);
        self
    }

    /// Adds a next step.
    pub(crate) fn next_step(mut self, next_step: impl Into<Option<NextStep>>) -> Self {
        self.next_steps.extend(next_step.into());
        self
    }

    /// The same failure with another exit code.
    pub(crate) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// Counts as a failure even if the reader of the output closed the pipe.
    pub(crate) fn even_if_nobody_reads(self) -> Self {
        match self.exit {
            Exit::ReaderLeft => self.with_exit(Exit::Failed),
            _ => self,
        }
    }

    pub(crate) fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit as u8)
    }

    /// The lines to print: the message, each cause, each next step.
    pub(crate) fn lines(&self) -> Vec<String> {
        let causes = self.causes.iter().map(|cause| format!("  caused by: {cause}"));
        let next_steps = self.next_steps.iter().map(|next_step| format!("  next: {next_step}"));
        std::iter::once(self.message.clone()).chain(causes).chain(next_steps).collect()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            exit: problem.exit(),
            message: problem.to_string(),
            causes: Vec::new(),
            next_steps: Vec::from_iter(problem.next_step()),
            field: None,
        }
    }
}

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
            (zohocrm::Error::File { .. } | zohocrm::Error::Csv(_), _) => Exit::Failed,
            (_, ErrorKind::Request) => Exit::Usage,
            (_, ErrorKind::LoginRequired) => Exit::LoginRequired,
            (_, ErrorKind::NotFound) => Exit::NotFound,
            _ => Exit::Failed,
        };
        Self { field: error.field().map(str::to_owned), ..Self::of(exit, &error) }
    }
}

fn exit_for(error: &zoho_oauth::Error) -> Exit {
    match error {
        zoho_oauth::Error::NotFound { .. } => Exit::NotFound,
        error if error.needs_login() => Exit::LoginRequired,
        _ => Exit::Failed,
    }
}

/// The messages of an error and its sources, without those that the message above already contains.
fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut told: Vec<String> =
        std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    told.dedup_by(|cause, before| before.contains(cause.as_str()));
    told
}
