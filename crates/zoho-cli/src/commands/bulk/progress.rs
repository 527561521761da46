//! `Progress`: which rows a bulk write has sent, and how to continue after a failure.

use std::ops::Range;

use crate::failure::Failure;
use crate::messages::{NextStep, Note, Problem};

/// The rows that were sent, and their jobs. Rows are numbered from the start of the file.
pub(super) struct Progress {
    jobs: Vec<String>,
    /// The number of rows skipped by `--skip`.
    skipped: usize,
    /// The number of rows that were skipped or are in a started job.
    behind: usize,
    /// The running job.
    job: Option<Job>,
    /// Whether the call that starts a job is in progress.
    is_starting: bool,
}

struct Job {
    id: String,
    first: usize,
    last: usize,
}

/// Why a bulk write stopped.
pub(super) enum Trouble {
    /// An error of a call.
    Crm(zohocrm::Error),
    /// Zoho reported that the job failed, so its rows were not written.
    NotWritten(zohocrm::Error),
    /// Results could not be written.
    Command(Failure),
    Interruption,
}

impl Progress {
    /// A write that skips rows.
    pub(super) fn behind(skipped: usize) -> Self {
        Self { jobs: Vec::new(), skipped, behind: skipped, job: None, is_starting: false }
    }

    /// Notes that the call that starts a job is about to be sent.
    pub(super) fn starting(&mut self) {
        self.is_starting = true;
    }

    /// The ids of the started jobs.
    pub(super) fn jobs(&self) -> &[String] {
        &self.jobs
    }

    /// Records a started job and returns the note about it.
    pub(super) fn started(&mut self, job: &str, rows: Range<usize>) -> Note {
        let (first, last) = (rows.start + 1, rows.end);
        self.behind = last;
        self.jobs.push(job.to_owned());
        self.is_starting = false;
        self.job = Some(Job { id: job.to_owned(), first, last });
        Note::WriteJobStarted { job: job.to_owned(), first, last }
    }

    /// Records that the running job has finished and all its results are known.
    pub(super) fn ended(&mut self) {
        self.job = None;
    }

    /// The failure for a write that stopped, with the next step for its rows.
    pub(super) fn failure(&self, trouble: Trouble) -> Failure {
        let next_step = self.next_step(&trouble);
        let failure = match trouble {
            Trouble::Crm(error) | Trouble::NotWritten(error) => error.into(),
            // After rows were sent, a closed pipe must not end the command silently.
            Trouble::Command(failure) if self.behind > self.skipped => failure.even_if_nobody_reads(),
            Trouble::Command(failure) => failure,
            Trouble::Interruption => Problem::Interrupted.into(),
        };
        failure.next_step(next_step)
    }

    /// The next step for the rows of a write that stops here.
    pub(super) fn next_step(&self, trouble: &Trouble) -> Option<NextStep> {
        match (&self.job, trouble) {
            (Some(job), Trouble::NotWritten(_)) => self.go_on(job.first - 1),
            (Some(Job { id, first, last }), _) => {
                Some(NextStep::CheckJob { job: id.clone(), first: *first, last: *last })
            }
            (None, trouble) if self.is_in_doubt(trouble) => Some(match self.behind {
                rows if rows > self.skipped => NextStep::CheckForJobAfter { rows },
                _ => NextStep::CheckForJob,
            }),
            (None, Trouble::Crm(zohocrm::Error::Csv(_))) => Some(match self.behind {
                sent if sent > self.skipped => NextStep::CorrectInputAndSkip { sent },
                _ => NextStep::CorrectInput,
            }),
            (None, _) => self.go_on(self.behind),
        }
    }

    /// The step that continues after these rows; `None` if this run began there.
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
