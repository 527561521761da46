//! `Exit`: the command's exit codes beside 0.

/// The command's exit codes beside 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Whoever read the output has had enough. That is no error.
    ReaderLeft = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    LoginRequired = 4,
}
