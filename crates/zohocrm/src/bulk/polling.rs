//! `Polling`: how often and how long to poll a job.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::error::Error;
use crate::value::{JobState, or_number};

/// How often and how long to poll a job. The interval doubles from the first to the maximum.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use zohocrm::bulk::Polling;
///
/// let slow = Polling::new().max_interval(Duration::from_secs(300)).timeout(Duration::from_secs(12 * 3600));
/// # let _ = slow;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polling {
    interval: Backoff,
    timeout: Duration,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            interval: Backoff { first: Duration::from_secs(1), max: Duration::from_secs(30) },
            timeout: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Polling {
    /// The maximum number of consecutive polls that fail. Each of them was already retried.
    const MAX_FAILURES: u32 = 5;

    /// Intervals from 1 to 30 seconds, and a timeout of one day, after which Zoho deletes results.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the interval after the first poll. Default: 1 second.
    #[must_use]
    pub fn first_interval(self, first: Duration) -> Self {
        Self { interval: Backoff { first, ..self.interval }, ..self }
    }

    /// Sets the maximum interval. Default: 30 seconds.
    #[must_use]
    pub fn max_interval(self, max: Duration) -> Self {
        Self { interval: Backoff { max, ..self.interval }, ..self }
    }

    /// Sets the time after which waiting ends with [`Error::JobUnfinished`]. The job itself continues. Default: one day.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Polls until the job has completed, unless its final status is known.
    pub(super) async fn wait_once<S: JobStatus + Clone, Poll: Future<Output = Result<S, Error>>>(
        &self,
        job: &str,
        done: &OnceLock<S>,
        poll: impl Fn() -> Poll,
        mut progress: impl FnMut(&S),
    ) -> Result<S, Error> {
        if let Some(status) = done.get() {
            progress(status);
            return Ok(status.clone());
        }
        let status = self.wait(job, poll, progress).await?;
        Ok(done.get_or_init(|| status).clone())
    }

    /// Polls until the job has completed. A transient failure does not end the wait, and a poll that the credit floor holds
    /// back is not counted as one.
    async fn wait<S: JobStatus, Poll: Future<Output = Result<S, Error>>>(
        &self,
        job: &str,
        poll: impl Fn() -> Poll,
        mut progress: impl FnMut(&S),
    ) -> Result<S, Error> {
        let start = Instant::now();
        let (mut polls, mut failures, mut state) = (0, 0, None);
        loop {
            let mut held_back = Duration::ZERO;
            match poll().await {
                Ok(status) => {
                    progress(&status);
                    match (status.state().is_final(), status.failure()) {
                        (_, Some(JobFailure { state, reason })) => {
                            return Err(Error::JobFailed { job: job.to_owned(), state, reason });
                        }
                        (true, None) => return Ok(status),
                        (false, None) => (failures, state) = (0, Some(status.state().clone())),
                    }
                }
                Err(Error::CreditsShort { retry_at, .. }) => {
                    held_back = retry_at.duration_since(SystemTime::now()).unwrap_or_default();
                }
                Err(error) if error.is_transient() && failures < Self::MAX_FAILURES => failures += 1,
                Err(error) => return Err(error),
            }
            polls += 1;
            let interval = self.interval.delay(polls).max(held_back);
            if start.elapsed() + interval > self.timeout {
                return Err(Error::JobUnfinished { job: job.to_owned(), state, waited: start.elapsed() });
            }
            sleep(interval).await;
        }
    }
}

/// The response to a job that was started.
#[derive(Debug, Deserialize)]
pub(super) struct Added {
    pub(super) details: AddedDetails,
}

#[derive(Debug, Deserialize)]
pub(super) struct AddedDetails {
    #[serde(deserialize_with = "or_number")]
    pub(super) id: String,
}

/// The status of a job, as its kind of job reports it.
pub(super) trait JobStatus {
    fn state(&self) -> &JobState;
    /// How the job failed, if it did.
    fn failure(&self) -> Option<JobFailure>;
}

/// How a job failed.
pub(super) struct JobFailure {
    /// The state of the job, or of the part of it that failed.
    pub(super) state: JobState,
    /// Zoho's reason.
    pub(super) reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[derive(Debug)]
    struct Status(JobState);

    impl JobStatus for Status {
        fn state(&self) -> &JobState {
            &self.0
        }
        fn failure(&self) -> Option<JobFailure> {
            self.0.has_failed().then(|| JobFailure { state: self.0.clone(), reason: None })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn intervals_double_to_the_maximum_until_the_job_has_completed() {
        let (polls, start) = (Cell::new(0), Instant::now());
        let poll = || async {
            polls.set(polls.get() + 1);
            Ok(Status(if polls.get() < 8 { JobState::InProgress } else { JobState::Completed }))
        };
        let mut calls = 0;
        Polling::new().wait("1", poll, |_| calls += 1).await.unwrap();
        assert_eq!(calls, 8);
        assert_eq!(start.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16 + 30 + 30);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_job_that_never_ends_times_out() {
        let start = Instant::now();
        let polling = Polling::new().timeout(Duration::from_secs(100));
        let error = polling.wait("1", || async { Ok(Status(JobState::Queued)) }, |_| ()).await.unwrap_err();
        let Error::JobUnfinished { job, state, .. } = &error else { panic!("{error:?}") };
        assert_eq!((job.as_str(), state), ("1", &Some(JobState::Queued)));
        assert!(error.is_transient() && start.elapsed() <= Duration::from_secs(100), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_occasional_failed_poll_does_not_end_the_wait() {
        let polls = Cell::new(0);
        let poll = || async {
            polls.set(polls.get() + 1);
            match polls.get() {
                20 => Ok(Status(JobState::Completed)),
                number if number % 3 == 0 => Ok(Status(JobState::Added)),
                _ => Err(Error::late("zoho".to_owned())),
            }
        };
        Polling::new().wait("1", poll, |_| ()).await.unwrap();
        let error = Polling::new()
            .wait("1", || async { Err::<Status, _>(Error::late("zoho".to_owned())) }, |_| ())
            .await;
        assert!(matches!(error, Err(Error::Unreachable { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_that_the_credit_floor_holds_back_is_delayed_and_not_a_failure() {
        let (polls, start) = (Cell::new(0_u64), Instant::now());
        let hour = Duration::from_secs(3_600);
        let short = || Error::CreditsShort { remaining: 1, floor: 2, retry_at: SystemTime::now() + hour };
        let poll = || async {
            polls.set(polls.get() + 1);
            if polls.get() <= 10 { Err(short()) } else { Ok(Status(JobState::Completed)) }
        };
        Polling::new().wait("1", poll, |_| ()).await.unwrap();
        assert_eq!((polls.get(), start.elapsed().as_secs() / 3_590), (11, 10));

        let half_an_hour = Polling::new().timeout(hour / 2);
        let error = half_an_hour.wait("1", || async { Err::<Status, _>(short()) }, |_| ()).await.unwrap_err();
        assert!(matches!(&error, Error::JobUnfinished { job, state: None, .. } if job == "1"), "{error:?}");
    }

    #[tokio::test]
    async fn a_failed_job_is_an_error() {
        let failed = Polling::new().wait("1", || async { Ok(Status(JobState::Failure)) }, |_| ()).await;
        let Err(Error::JobFailed { job, state, .. }) = failed else { panic!("it did not fail") };
        assert_eq!((job.as_str(), state), ("1", JobState::Failure));
    }
}
