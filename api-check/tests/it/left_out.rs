//! What of the specification is not in the client, and why. The generator has a list of its own.

/// Why an operation is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It is another operation's method and path with other names in it.
    SameCall,
}

/// File, method, path, and why it is left out.
pub(crate) const LEFT_OUT: &[(&str, &str, &str, Reason)] = &[];
