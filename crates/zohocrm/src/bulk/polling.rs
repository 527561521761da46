//! `Polling`: how a job is waited for; and `JobState`, how far it is.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use crate::error::Error;
use crate::value::open_enum::open_enum;

open_enum! {
    /// How far a job is.
    pub enum JobState {
        /// Zoho has it.
        Added = "ADDED",
        /// It waits for its turn.
        Queued = "QUEUED",
        /// Zoho works on it.
        InProgress = "IN PROGRESS",
        /// It is done: there is a result.
        Completed = "COMPLETED",
        /// It failed; bulk read says so.
        Failure = "FAILURE",
        /// It failed; bulk write says so.
        Failed = "FAILED",
        /// It was left out, since something before it failed.
        Skipped = "SKIPPED",
    }
}

impl JobState {
    /// Whether nothing more will happen, well or badly.
    #[must_use]
    pub fn is_over(&self) -> bool {
        *self == Self::Completed || self.has_failed()
    }

    /// Whether there will be no result.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self, Self::Failure | Self::Failed | Self::Skipped)
    }
}

/// How a job is waited for: Zoho is asked now and then whether it is done.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use zohocrm::bulk::Polling;
///
/// let patient = Polling::new().longest_pause(Duration::from_secs(300)).time_limit(Duration::from_secs(12 * 3600));
/// # let _ = patient;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polling {
    first_pause: Duration,
    longest_pause: Duration,
    time_limit: Duration,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
            time_limit: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Polling {
    /// How often in a row Zoho may be out of reach while a job is waited for. Each time is several attempts already.
    const MOST_FAILURES: u32 = 5;

    /// Pauses from one second, doubling to 30; for a day, since Zoho keeps a result no longer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the pause after the first look. It doubles after each.
    #[must_use]
    pub fn first_pause(self, first_pause: Duration) -> Self {
        Self { first_pause, ..self }
    }

    /// Sets what no pause is longer than.
    #[must_use]
    pub fn longest_pause(self, longest_pause: Duration) -> Self {
        Self { longest_pause, ..self }
    }

    /// Sets after what time a wait ends with [`Error::JobUnfinished`]. The job goes on.
    #[must_use]
    pub fn time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// Looks until the job of this id is over, unless it is known to be done.
    pub(super) async fn wait_once<S: JobStatus + Clone, Look: Future<Output = Result<S, Error>>>(
        &self,
        job: &str,
        done: &OnceLock<S>,
        look: impl Fn() -> Look,
        mut progress: impl FnMut(&S),
    ) -> Result<S, Error> {
        if let Some(status) = done.get() {
            progress(status);
            return Ok(status.clone());
        }
        let status = self.wait(job, look, progress).await?;
        Ok(done.get_or_init(|| status).clone())
    }

    /// Looks until the job is over. A look that fails may succeed the next time; one that is not let through, since credits
    /// are kept back, is no look.
    async fn wait<S: JobStatus, Look: Future<Output = Result<S, Error>>>(
        &self,
        job: &str,
        look: impl Fn() -> Look,
        mut progress: impl FnMut(&S),
    ) -> Result<S, Error> {
        let start = Instant::now();
        let (mut pause, mut failures, mut state) = (self.first_pause, 0, None);
        loop {
            let mut kept_back = Duration::ZERO;
            match look().await {
                Ok(status) => {
                    progress(&status);
                    match (status.state().is_over(), status.failure()) {
                        (_, Some(evidence)) => {
                            return Err(Error::JobFailed { job: job.to_owned(), evidence });
                        }
                        (true, None) => return Ok(status),
                        (false, None) => (failures, state) = (0, Some(status.state().to_string())),
                    }
                }
                Err(Error::CreditsShort { retry_at, .. }) => {
                    kept_back = retry_at.duration_since(SystemTime::now()).unwrap_or_default();
                }
                Err(error) if error.is_transient() && failures < Self::MOST_FAILURES => failures += 1,
                Err(error) => return Err(error),
            }
            let pause_now = pause.min(self.longest_pause).max(kept_back);
            if start.elapsed() + pause_now > self.time_limit {
                let (job, state) = (job.to_owned(), state.unwrap_or_else(|| "not seen".to_owned()));
                return Err(Error::JobUnfinished { job, state, waited: start.elapsed() });
            }
            sleep(pause_now).await;
            pause = pause.min(self.longest_pause).saturating_mul(2);
        }
    }
}

/// What Zoho says of a job.
pub(super) trait JobStatus {
    fn state(&self) -> &JobState;
    /// Why there will be no result, if there will be none.
    fn failure(&self) -> Option<String>;
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[derive(Debug)]
    struct Seen(JobState);

    impl JobStatus for Seen {
        fn state(&self) -> &JobState {
            &self.0
        }
        fn failure(&self) -> Option<String> {
            self.0.has_failed().then(|| "it failed".to_owned())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_to_the_longest_and_end_with_the_job() {
        let (looks, start) = (Cell::new(0), Instant::now());
        let look = || async {
            looks.set(looks.get() + 1);
            Ok(Seen(if looks.get() < 8 { JobState::InProgress } else { JobState::Completed }))
        };
        let mut told = 0;
        Polling::new().wait("1", look, |_| told += 1).await.unwrap();
        assert_eq!(told, 8);
        assert_eq!(start.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16 + 30 + 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_never_ends_is_given_up_in_time() {
        let start = Instant::now();
        let polling = Polling::new().time_limit(Duration::from_secs(100));
        let error = polling.wait("1", || async { Ok(Seen(JobState::Queued)) }, |_| ()).await.unwrap_err();
        assert!(matches!(&error, Error::JobUnfinished { job, state, .. } if job == "1" && state == "QUEUED"));
        assert!(error.is_transient() && start.elapsed() <= Duration::from_secs(100), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_fails_once_in_a_while_does_not_end_the_wait() {
        let looks = Cell::new(0);
        let look = || async {
            looks.set(looks.get() + 1);
            match looks.get() {
                20 => Ok(Seen(JobState::Completed)),
                number if number % 3 == 0 => Ok(Seen(JobState::Added)),
                _ => Err(Error::late("zoho".to_owned())),
            }
        };
        Polling::new().wait("1", look, |_| ()).await.unwrap();
        let error = Polling::new()
            .wait("1", || async { Err::<Seen, _>(Error::late("zoho".to_owned())) }, |_| ())
            .await;
        assert!(matches!(error, Err(Error::Unreachable { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_no_credits_are_left_for_is_put_off_and_is_no_failure() {
        let (looks, start) = (Cell::new(0_u64), Instant::now());
        let hour = Duration::from_secs(3_600);
        let short = || Error::CreditsShort { remaining: 1, floor: 2, retry_at: SystemTime::now() + hour };
        let look = || async {
            looks.set(looks.get() + 1);
            if looks.get() <= 10 { Err(short()) } else { Ok(Seen(JobState::Completed)) }
        };
        Polling::new().wait("1", look, |_| ()).await.unwrap();
        assert_eq!((looks.get(), start.elapsed().as_secs() / 3_590), (11, 10));

        let impatient = Polling::new().time_limit(hour / 2);
        let error = impatient.wait("1", || async { Err::<Seen, _>(short()) }, |_| ()).await.unwrap_err();
        assert!(
            matches!(&error, Error::JobUnfinished { job, state, .. } if job == "1" && state == "not seen")
        );
    }

    #[tokio::test]
    async fn a_job_that_failed_is_an_error() {
        let failed = Polling::new().wait("1", || async { Ok(Seen(JobState::Failure)) }, |_| ()).await;
        assert!(matches!(failed, Err(Error::JobFailed { job, .. }) if job == "1"));
    }
}
