//! What a worker is told and what it answers: JSON, one line each way. The first line that it is told is its place.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zoho_oauth::{Ledger, OAuthToken};

use crate::row::reading_of;

/// How long a call that fails as busy is repeated.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// A command for a worker. A user and a number stand for a row, see [`row`](crate::row::row).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Saves one row. Answered by [`Saved`].
    Save { user: String, number: u64 },
    /// Saves one row for each user, ten at a time. Answered by a list of [`Saved`].
    SaveAll { users: Vec<String> },
    /// Saves and deletes one row for each user. Answered by a list of [`Saved`].
    SaveAndDelete { users: Vec<String> },
    /// Saves rows without end from four tasks. Each save is answered by [`Saved`] before its task goes on.
    SaveWithoutEnd { first: u64 },
    /// Saves state after state of one user's row without end. Each save is answered by [`Saved`].
    SaveOverAndOver { user: String, first: u64 },
    /// Deletes a row. Answered by whether it was stored.
    Delete { id: String },
    /// Reads all rows. Answered by a list of [`Row`].
    Rows,
    /// LookUps a user up again and again for this time. Answered by [`LookUps`].
    LookUp { user: String, time: Duration },
    /// Asks for the lease on a user's refresh token, to renew this row. Answered by [`Acquisition`].
    Acquire { user: String, row: Option<String>, life: Duration },
    /// Renews the lease, with this ledger if there is one. Answered by whether the worker still held it.
    Renew { life: Duration, ledger: Option<Ledger> },
    /// Releases the lease. Answered by whether the worker still held it.
    Release,
    /// Saves state `number` of the leased row. Answered by whether the lease allowed it.
    SaveAndRelease { number: u64 },
    /// Takes the lease, saves and releases it, without end. Each save is answered by [`Renewed`].
    RenewWithoutEnd { user: String, row: String, first: u64, life: Duration },
    /// Reads the lease on a user's refresh token. Answered by [`SeenLease`].
    LeaseState { user: String },
    /// Saves the row of a user whose access token has expired. Answered by `null`.
    SaveExpired { wanted: Wanted },
    /// Asks for the user's access token from this many tasks at once. Answered by [`Tokens`].
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

/// The results of many look-ups of one user.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct LookUps {
    /// Lookups that found one state of the row.
    pub(crate) whole: usize,
    /// Lookups that found a mixture of states.
    pub(crate) torn: usize,
    /// Lookups that found no row.
    pub(crate) missing: usize,
    /// Different states that were found.
    pub(crate) states: usize,
}

/// The result of asking for a lease.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Acquisition {
    pub(crate) is_granted: bool,
    /// The epoch of the worker's lease, or of the lease that another process holds.
    pub(crate) epoch: u64,
}

/// The state of a lease.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SeenLease {
    pub(crate) epoch: u64,
    pub(crate) left: Duration,
    pub(crate) ledger: Ledger,
}

/// Whose access token is wanted, and how to renew it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) user: String,
    /// The URL of the accounts server.
    pub(crate) server: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) refresh_token: String,
}

/// Shows no secret.
impl fmt::Debug for Wanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Wanted").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The tokens and errors that tasks got, each with the number of tasks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) tokens: BTreeMap<String, usize>,
    pub(crate) errors: BTreeMap<String, usize>,
}
