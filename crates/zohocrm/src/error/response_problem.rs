//! `ResponseProblem`: why a response cannot be used.

/// What is wrong with a response that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseProblem {
    /// The body is not JSON, such as the page of a proxy.
    NotJson,
    /// The JSON ends too early.
    Incomplete,
    /// The JSON does not fit the type that it is decoded as.
    Mistyped,
    /// The JSON lacks what Zoho documents, such as the list of records.
    Unexpected,
    /// The response to a write lacks the results of its records, or has another number of them.
    Unconfirmed,
    /// The file with the result of a bulk job cannot be read.
    DamagedFile,
}

impl ResponseProblem {
    pub(super) fn next_step(self) -> &'static str {
        match self {
            Self::NotJson => {
                "check that the API URL is Zoho's, and that no proxy on the way answers in its place"
            }
            Self::Incomplete => "try again",
            Self::Mistyped => {
                "correct the type of this member, or decode the response as `serde_json::Value`"
            }
            Self::Unexpected => {
                "check that the path and the API URL are Zoho's; the error contains the response"
            }
            Self::Unconfirmed => "check what was written before you write it again",
            Self::DamagedFile => "download the result again",
        }
    }
}
