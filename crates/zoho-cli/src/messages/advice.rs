//! What `zoho tokens check` says of the tokens in a store: a `CheckLine` for each finding, with `Advice`; of a token that
//! Zoho was asked about, an `OnlineFinding`.

use std::fmt;

/// A line for people. What is found is told in the words of the library, or as an [`OnlineFinding`].
#[derive(Debug)]
pub(crate) enum CheckLine<'a> {
    Backup { path: &'a str },
    Repaired { place: &'a str, text: &'a str },
    Finding { place: &'a str, text: &'a str, next_step: &'a Advice },
}

/// What to do about a finding.
#[derive(Debug)]
pub(crate) enum Advice {
    /// A repair would do this.
    Repair {
        remedy: &'static str,
    },
    SetMode,
    RepairLater,
    RestoreFile,
    Renew {
        id: String,
    },
    LogInOrDelete {
        id: String,
    },
    ReplaceToken {
        id: String,
    },
    GiveIds,
    RepairThenAsk,
    CheckLater,
    RemoveCause,
}

/// What came of asking Zoho.
#[derive(Debug)]
pub(crate) enum OnlineFinding {
    /// Zoho rejects the token for good.
    NotAccepted {
        error: String,
    },
    NotAsked {
        error: String,
    },
    /// The store cannot be read, so Zoho cannot be asked about any of its tokens.
    NoneAsked {
        error: String,
    },
}

impl OnlineFinding {
    /// What it is called in JSON.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NotAccepted { .. } => "not_accepted",
            Self::NotAsked { .. } | Self::NoneAsked { .. } => "could_not_be_asked",
        }
    }
}

impl fmt::Display for CheckLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backup { path } => write!(f, "backup: {path}"),
            Self::Repaired { place, text } => write!(f, "mended: {place}: {text}"),
            Self::Finding { place, text, next_step } => write!(f, "{place}: {text}; next: {next_step}"),
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repair { remedy } => write!(f, "--repair {remedy}"),
            Self::SetMode => f.write_str("let its owner set mode 0600"),
            Self::RepairLater => f.write_str("repair again when no other program is at work on these rows"),
            Self::RestoreFile => f.write_str("check that this is the token file, or restore a copy of it"),
            Self::Renew { id } => write!(f, "zoho token --id {id} renews it and writes a new expiry"),
            Self::LogInOrDelete { id } => {
                write!(f, "zoho login stores a whole token; zoho tokens delete {id} takes this one away")
            }
            Self::ReplaceToken { id } => write!(f, "zoho login, or zoho tokens delete {id}"),
            Self::GiveIds => f.write_str("give each row an id of its own, with the database's own tools"),
            Self::RepairThenAsk => f.write_str("repair the store, then ask again"),
            Self::CheckLater => f.write_str("check again later"),
            Self::RemoveCause => f.write_str("see to that, then check again"),
        }
    }
}

impl fmt::Display for OnlineFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAccepted { error } => write!(f, "Zoho does not accept it any more: {error}"),
            Self::NotAsked { error } => write!(f, "Zoho could not be asked about it: {error}"),
            Self::NoneAsked { error } => write!(f, "Zoho could not be asked about its tokens: {error}"),
        }
    }
}
