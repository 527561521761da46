//! What `zoho tokens check` prints: a `CheckLine` for each finding, with `Advice`. An `OnlineFinding` is the result of
//! asking Zoho about a token.

use std::fmt;

/// A line of the report. Its text is the library's, or an [`OnlineFinding`].
#[derive(Debug)]
pub(crate) enum CheckLine<'a> {
    Backup {
        path: &'a str,
    },
    /// What the repair took out of a CSV file.
    Removed {
        path: &'a str,
    },
    Repaired {
        place: &'a str,
        text: &'a str,
    },
    Finding {
        place: &'a str,
        text: &'a str,
        next_step: &'a Advice,
    },
}

/// What the user can do about a finding.
#[derive(Debug)]
pub(crate) enum Advice {
    /// `--repair` does it.
    Repair {
        remedy: &'static str,
    },
    SetMode,
    RepairLater,
    RestoreFile,
    CopyFile,
    Renew {
        id: String,
    },
    LogInOrDelete {
        id: String,
    },
    GiveIds,
    RepairThenAsk,
    CheckLater,
    RemoveCause,
}

/// The result of asking Zoho about a token.
#[derive(Debug)]
pub(crate) enum OnlineFinding {
    /// Zoho rejected the token for good.
    NotAccepted {
        error: String,
    },
    NotAsked {
        error: String,
    },
    /// The store could not be read, so no token was checked.
    NoneAsked {
        error: String,
    },
    /// An earlier rejection by Zoho is no longer remembered, so the refresh token will be sent again.
    SentAgain,
}

impl OnlineFinding {
    /// Its `kind` in JSON.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NotAccepted { .. } => "not_accepted",
            Self::NotAsked { .. } | Self::NoneAsked { .. } => "could_not_be_asked",
            Self::SentAgain => "rejected_refresh_token",
        }
    }
}

impl fmt::Display for CheckLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backup { path } => write!(f, "backup: {path}"),
            Self::Removed { path } => write!(
                f,
                "removed: {path}; to keep these rows, correct them there, then run `zoho tokens copy --from file:{path}`"
            ),
            Self::Repaired { place, text } => write!(f, "repaired: {place}: {text}"),
            Self::Finding { place, text, next_step } => write!(f, "{place}: {text}; next: {next_step}"),
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repair { remedy } => write!(f, "`--repair` {remedy}"),
            Self::SetMode => f.write_str("the owner of the file has to set mode 0600"),
            Self::RepairLater => f.write_str("run the repair again when no other program uses these rows"),
            Self::RestoreFile => f.write_str("check that this is the token file; if it is, correct it and save it as CSV in UTF-8, or restore a copy"),
            Self::CopyFile => {
                f.write_str("run `zoho tokens copy --from file:OLD --to file:NEW` and use the copy")
            }
            Self::Renew { id } => {
                write!(f, "run `zoho token --id {id}` to renew it, which stores a new expiry")
            }
            Self::LogInOrDelete { id } => {
                write!(f, "run `zoho login` to replace it, or `zoho tokens delete {id}` to delete it")
            }
            Self::GiveIds => f.write_str("give each row a unique id with the database's own tools"),
            Self::RepairThenAsk => f.write_str("repair the store, then check again"),
            Self::CheckLater => f.write_str("check again later"),
            Self::RemoveCause => f.write_str("fix the cause, then check again"),
        }
    }
}

impl fmt::Display for OnlineFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAccepted { error } => write!(f, "Zoho no longer accepts it: {error}"),
            Self::NotAsked { error } => write!(f, "could not check it with Zoho: {error}"),
            Self::NoneAsked { error } => write!(f, "could not check the tokens with Zoho: {error}"),
            Self::SentAgain => {
                f.write_str("Zoho has rejected the refresh token; the next renewal sends it again")
            }
        }
    }
}
