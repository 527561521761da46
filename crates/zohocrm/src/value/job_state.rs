//! The state of a bulk job.

use super::open_enum::open_enum;

open_enum! {
    /// The state of a job.
    pub enum JobState {
        /// Zoho accepted the job.
        Added = "ADDED",
        /// The job waits in a queue.
        Queued = "QUEUED",
        /// The job is running.
        InProgress = "IN PROGRESS",
        /// The job has completed and has a result.
        Completed = "COMPLETED",
        /// The job failed. Used by bulk read.
        Failure = "FAILURE",
        /// The job failed. Used by bulk write.
        Failed = "FAILED",
        /// Zoho skipped the job because an earlier part failed.
        Skipped = "SKIPPED",
    }
}

impl JobState {
    /// Whether the state is final: the job has completed or failed.
    #[must_use]
    pub fn is_final(&self) -> bool {
        *self == Self::Completed || self.has_failed()
    }

    /// Whether the job failed, so that it has no result.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self, Self::Failure | Self::Failed | Self::Skipped)
    }
}
