//! What a worker is told and what it answers: JSON, one line each way. The first line that it is told is its place.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zoho_oauth::{Ledger, OAuthToken};

use crate::row::reading_of;

/// What a worker can do. Rows are named by a user and a number, see [`row`](crate::row::row).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Saves one row. Answered by [`Saved`].
    Save { user: String, number: u64 },
    /// Saves one row for each user, ten at a time. Answered by a list of [`Saved`].
    SaveAll { users: Vec<String> },
    /// Saves and deletes one row for each user. Answered by a list of [`Saved`].
    SaveAndDelete { users: Vec<String> },
    /// Saves rows without end, from four tasks. Each save is answered by [`Saved`] before its task goes on.
    SaveWithoutEnd { first: u64 },
    /// Saves one user's row in state after state without end. Each save is answered by [`Saved`].
    SaveOverAndOver { user: String, first: u64 },
    /// Deletes a row. Answered by whether it was there.
    Delete { id: String },
    /// Reads everything. Answered by a list of [`Row`].
    Rows,
    /// Looks a user up, over and over, for so long. Answered by [`Looks`].
    Look { user: String, time: Duration },
    /// Asks for the lease on a user's refresh token, to renew that row. Answered by [`Turn`].
    Acquire { user: String, row: Option<String>, life: Duration },
    /// Keeps the lease, and stores this ledger if there is one. Answered by whether it was still the worker's.
    Renew { life: Duration, ledger: Option<Ledger> },
    /// Gives the lease back. Answered by whether it was still the worker's.
    Release,
    /// Saves that state of the row that the lease is for. Answered by whether the lease allowed it.
    SaveAndRelease { number: u64 },
    /// Takes the lease, saves and gives it back, without end. Each save is answered by [`Renewed`].
    RenewWithoutEnd { user: String, row: String, first: u64, life: Duration },
    /// How things stand with a user's refresh token. Answered by [`Seen`].
    LeaseState { user: String },
    /// Saves the row of a user whose access token has ended. Answered by nothing.
    SaveEnded { wanted: Wanted },
    /// Asks for the user's access token from so many tasks at once. Answered by [`Tokens`].
    AccessToken { wanted: Wanted, tasks: usize },
}

/// A call that failed is answered by its error.
pub(crate) type Answer = Result<Value, String>;

/// A save that the store has acknowledged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) user: String,
    pub(crate) number: u64,
    pub(crate) id: String,
}

impl Saved {
    pub(crate) fn into_pair(self) -> (String, u64) {
        (self.user, self.number)
    }
}

/// A save under a lease that the store has acknowledged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Renewed {
    pub(crate) epoch: u64,
    pub(crate) number: u64,
}

/// A stored row.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    pub(crate) id: String,
    pub(crate) user: String,
    /// `None`: it was never saved like this.
    pub(crate) number: Option<u64>,
}

impl From<&OAuthToken> for Row {
    fn from(stored: &OAuthToken) -> Self {
        Self {
            id: stored.id().unwrap_or_default().to_owned(),
            user: stored.user_signature().map(|user| user.name().to_owned()).unwrap_or_default(),
            number: reading_of(stored),
        }
    }
}

/// What many look-ups of one user came to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Looks {
    /// How many found one of the row's states.
    pub(crate) whole: usize,
    /// How many found a row, but no state that was ever saved.
    pub(crate) torn: usize,
    /// How many found no row.
    pub(crate) missing: usize,
    /// How many different states were seen.
    pub(crate) states: usize,
}

/// What asking for a lease came to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) is_granted: bool,
    /// That of the worker's lease, or of the one that is in its way.
    pub(crate) epoch: u64,
}

/// How things stand with a lease.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) epoch: u64,
    pub(crate) left: Duration,
    pub(crate) ledger: Ledger,
}

/// Whose access token is wanted, and where a new one is to be had.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) user: String,
    /// The address of the accounts server.
    pub(crate) server: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) refresh_token: String,
}

/// Keeps the secrets to itself.
impl fmt::Debug for Wanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Wanted").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What they got, each token and each error with the number of tasks that got it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) tokens: BTreeMap<String, usize>,
    pub(crate) errors: BTreeMap<String, usize>,
}
