//! `Exit`: the exit codes of the command.

/// The exit code of a command that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The reader of the output has closed the pipe, which is no error.
    ReaderLeft = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    LoginRequired = 4,
}
