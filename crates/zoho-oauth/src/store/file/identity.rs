//! Tells from its metadata whether a file has changed since it was read. Costs one `stat`.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime};

/// The metadata of one state of one file.
///
/// This store sets the modification time of a file that it writes, to the nanosecond, so each of its writes has a new
/// identity. If a program writes the file in place, as official SDKs do, the kernel sets both the modification time and the
/// change time. Its clock ticks only every few milliseconds, so two such writes can have the same identity.
/// [`may_change_unseen`](Self::may_change_unseen) detects that case.
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

    /// On other systems only the size and the modification time are known.
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

    /// Returns how long ago the file was last written, if that may have been in place. The file may be incomplete then, and
    /// another write in the same clock tick would not change the identity.
    pub(super) fn age_if_written_in_place(&self, now: SystemTime) -> Option<Duration> {
        let (seconds, nanoseconds) = since_epoch(self.modified);
        let may_be_in_place = self.changed.is_none_or(|changed| changed == (seconds, nanoseconds));
        // Clocks of file servers differ, so a time in the future counts like one in the past.
        let age = now.duration_since(self.modified).unwrap_or_else(|ahead| ahead.duration());
        may_be_in_place.then_some(age)
    }

    /// Whether the file may change without a new identity, because the clock has not ticked since.
    pub(super) fn may_change_unseen(&self, now: SystemTime) -> bool {
        let counts_whole_seconds = since_epoch(self.modified).1 == 0;
        let tick = if counts_whole_seconds { Duration::from_secs(2) } else { Duration::from_millis(20) };
        self.age_if_written_in_place(now).is_some_and(|age| age < tick)
    }

    /// Returns a number that changes with the file. It changes once more when the clock has ticked, so that a write that did
    /// not change the identity is noticed then.
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
    fn a_file_that_was_just_written_in_place_may_change_unseen() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        write(&path, "one").unwrap();
        let identity = Identity::of(&metadata(&path).expect("is there"));
        let now = identity.modified();
        assert!(identity.may_change_unseen(now + Duration::from_millis(5)));
        assert!(!identity.may_change_unseen(now + Duration::from_secs(3)));
        assert_ne!(identity.version(now), identity.version(now + Duration::from_secs(3)));
    }

    #[test]
    fn a_file_with_a_modification_time_of_ours_cannot_change_unseen() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        write(&path, "one").unwrap();
        let now = SystemTime::now();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(now - Duration::from_nanos(1)).unwrap();
        let identity = Identity::of(&file.metadata().expect("is there"));
        assert!(!identity.may_change_unseen(now));
    }
}
