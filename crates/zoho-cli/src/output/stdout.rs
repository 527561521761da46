//! Writing to standard output.

use std::io;

/// Writes everything to standard output.
///
/// Unlike a write to [`io::Stdout`], this fails if standard output is closed; `closed_stdout.c` keeps it that way.
#[cfg(unix)]
pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    use std::fs::File;
    use std::io::Write as _;
    use std::os::fd::AsFd as _;

    File::from(io::stdout().as_fd().try_clone_to_owned()?).write_all(bytes)
}

/// Writes everything to standard output.
#[cfg(not(unix))]
pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
