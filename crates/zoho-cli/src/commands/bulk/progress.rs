//! `Progress`: how far a bulk write is, and where to go on if it comes no further.

use std::ops::Range;

use crate::failure::Failure;
use crate::messages::{NextStep, Note, Problem};

/// Which rows were sent, and in which jobs. Rows are counted from the start of the file.
pub(super) struct Progress {
    jobs: Vec<String>,
    /// Those that were left out at the beginning.
    skipped: usize,
    /// Those that were left out, or are in a job that was started.
    behind: usize,
    /// The job that is under way.
    job: Option<Job>,
    /// Whether the call that starts a job is in progress.
    is_starting: bool,
}

struct Job {
    id: String,
    first: usize,
    last: usize,
}

/// Why it comes no further.
pub(super) enum Trouble {
    /// Of the library, or Zoho.
    Crm(zohocrm::Error),
    /// Zoho gave the job up.
    NotWritten(zohocrm::Error),
    /// Of this command: something cannot be written.
    Command(Failure),
    Interruption,
}

impl Progress {
    /// A write that leaves out so many rows at the beginning.
    pub(super) fn behind(skipped: usize) -> Self {
        Self { jobs: Vec::new(), skipped, behind: skipped, job: None, is_starting: false }
    }

    /// Notes that the call that starts a job is about to be sent.
    pub(super) fn starting(&mut self) {
        self.is_starting = true;
    }

    /// The ids of the jobs that were started.
    pub(super) fn jobs(&self) -> &[String] {
        &self.jobs
    }

    /// A job was started. Gives the note that tells of it.
    pub(super) fn started(&mut self, job: &str, rows: Range<usize>) -> Note {
        let (first, last) = (rows.start + 1, rows.end);
        self.behind = last;
        self.jobs.push(job.to_owned());
        self.is_starting = false;
        self.job = Some(Job { id: job.to_owned(), first, last });
        Note::WriteJobStarted { job: job.to_owned(), first, last }
    }

    /// All is known about the job that was started last.
    pub(super) fn ended(&mut self) {
        self.job = None;
    }

    /// What is told in the end: what happened, and what to do about the rows.
    pub(super) fn failure(&self, trouble: Trouble) -> Failure {
        let next_step = match (&self.job, &trouble) {
            (Some(job), Trouble::NotWritten(_)) => self.go_on(job.first - 1),
            (Some(Job { id, first, last }), _) => {
                Some(NextStep::CheckJob { job: id.clone(), first: *first, last: *last })
            }
            (None, trouble) if self.is_in_doubt(trouble) => Some(match self.behind {
                rows if rows > self.skipped => NextStep::CheckForJobAfter { rows },
                _ => NextStep::CheckForJob,
            }),
            (None, _) => self.go_on(self.behind),
        };
        let failure = match trouble {
            Trouble::Crm(error) | Trouble::NotWritten(error) => error.into(),
            // That nobody reads is no reason to end without a word.
            Trouble::Command(failure) if self.behind > self.skipped => failure.even_if_nobody_reads(),
            Trouble::Command(failure) => failure,
            Trouble::Interruption => Problem::Interrupted.into(),
        };
        failure.next_step(next_step)
    }

    /// Where to go on; nothing, if that is where this run began.
    fn go_on(&self, behind: usize) -> Option<NextStep> {
        (behind > self.skipped).then_some(NextStep::SkipRows { rows: behind })
    }

    /// Whether Zoho may have a job that it could not name.
    fn is_in_doubt(&self, trouble: &Trouble) -> bool {
        match trouble {
            Trouble::Crm(error) => matches!(error, zohocrm::Error::JobInDoubt { .. }),
            Trouble::NotWritten(_) | Trouble::Command(_) => false,
            Trouble::Interruption => self.is_starting,
        }
    }
}

impl From<zohocrm::Error> for Trouble {
    fn from(error: zohocrm::Error) -> Self {
        Self::Crm(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Command(failure)
    }
}
