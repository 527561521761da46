//! Whether a file is still the one that was read: by its metadata, for the price of one `stat`.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime};

/// What a file system says about one state of one file.
///
/// A file that we write gets a modification time of our own, to the nanosecond, so each of our writes is a new
/// identity at once. A program that writes the file in place, as official SDKs do, leaves the kernel's clock in
/// both the modification and the change time; that clock ticks every few milliseconds only, so two such writes
/// can leave the same identity. [`age_if_written_in_place`](Self::age_if_written_in_place) tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: SystemTime,
    changed: Option<(i64, i64)>,
}

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;

        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            changed: Some((metadata.ctime(), metadata.ctime_nsec())),
        }
    }

    /// Elsewhere size and modification time have to do.
    #[cfg(not(unix))]
    pub(super) fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Self { device: 0, inode: 0, size: metadata.len(), modified, changed: None }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn modified(&self) -> SystemTime {
        self.modified
    }

    /// How long ago the file was last written, if that was done in place: it may not be whole yet, and another
    /// write within the same tick of the clock would not show.
    pub(super) fn age_if_written_in_place(&self, now: SystemTime) -> Option<Duration> {
        let (seconds, nanoseconds) = since_epoch(self.modified);
        let may_be_in_place = self.changed.is_none_or(|changed| changed == (seconds, nanoseconds));
        // A moment in the future is as far away as one in the past: clocks of file servers differ.
        let age = now.duration_since(self.modified).unwrap_or_else(|ahead| ahead.duration());
        may_be_in_place.then_some(age)
    }

    /// Whether the file may change without a new identity, because the clock has not ticked since.
    pub(super) fn may_change_unseen(&self, now: SystemTime) -> bool {
        let counts_whole_seconds = since_epoch(self.modified).1 == 0;
        let tick = if counts_whole_seconds { Duration::from_secs(2) } else { Duration::from_millis(20) };
        self.age_if_written_in_place(now).is_some_and(|age| age < tick)
    }

    /// A number that changes with the file. It changes once more when the identity can be trusted: a change
    /// that did not show is noticed then.
    pub(super) fn version(&self, now: SystemTime) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self, self.may_change_unseen(now)).hash(&mut hasher);
        hasher.finish()
    }
}

fn since_epoch(moment: SystemTime) -> (i64, i64) {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), i64::from(since.subsec_nanos()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{File, metadata, write};

    use super::*;

    #[test]
    fn a_file_that_was_just_written_in_place_is_not_trusted_yet() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        write(&path, "one").expect("written");
        let identity = Identity::of(&metadata(&path).expect("is there"));
        let now = identity.modified();
        assert!(identity.may_change_unseen(now + Duration::from_millis(5)));
        assert!(!identity.may_change_unseen(now + Duration::from_secs(3)));
        assert_ne!(identity.version(now), identity.version(now + Duration::from_secs(3)));
    }

    #[test]
    fn a_file_with_a_modification_time_of_ours_is_trusted_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        write(&path, "one").expect("written");
        let now = SystemTime::now();
        let file = File::options().write(true).open(&path).expect("opened");
        file.set_modified(now - Duration::from_nanos(1)).expect("stamped");
        let identity = Identity::of(&file.metadata().expect("is there"));
        assert!(!identity.may_change_unseen(now));
    }
}
