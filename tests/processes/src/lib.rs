//! What the `worker` is told and what it answers: JSON, one line each way.
//!
//! The tests start workers as real processes, and kill, stop and starve them. Everything comes by standard input,
//! secrets above all: nothing of it can be seen in the process list.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a worker can do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Writes everything that is logged, at TRACE, to standard error. Comes first if at all.
    Log,
    /// Opens a store, and an authenticator on it. Comes before everything below.
    Open(Setup),
    /// Asks for the access token of a user, from many tasks at once.
    AccessToken {
        /// Whose.
        user: String,
        /// How many tasks ask.
        tasks: usize,
    },
    /// Asks for a new access token although there is one.
    Refresh {
        /// Whose.
        user: String,
    },
    /// Spends the code of a Self Client.
    Exchange {
        /// The code.
        code: String,
    },
    /// Revokes a user's token.
    Revoke {
        /// Whose.
        user: String,
    },
    /// Saves one [`row`].
    Save {
        /// Whose.
        user: String,
        /// Which state of it.
        number: u64,
    },
    /// Saves [`row`]s without end, from four tasks. Each save is answered by [`Answer::Saved`] as soon as it is done,
    /// before the task goes on to the next.
    SaveWithoutEnd {
        /// The number to begin behind.
        first: u64,
        /// Whether one user in five is one that nobody has seen before.
        with_new_users: bool,
    },
    /// The same from one task, for five users whose names begin with `name`; after a failure that may pass it says so
    /// and tries the same again.
    SaveThroughOutages {
        /// The number to begin behind.
        first: u64,
        /// How the users' names begin.
        name: String,
    },
    /// Saves one [`row`] for each user.
    SaveAll {
        /// Whose.
        users: Vec<String>,
        /// How many saves are under way at a time.
        at_once: usize,
    },
    /// Looks a user up, over and over.
    Find {
        /// Whose.
        user: String,
        /// How often.
        times: usize,
    },
    /// Reads every row, and says what that took.
    ReadAll {
        /// Page by page, or else at once.
        in_pages: bool,
    },
    /// Takes the lock that savers take, and keeps it. Needs no open store.
    HoldLock {
        /// The store's file.
        path: PathBuf,
    },
    /// Gives that lock back.
    ReleaseLock,
}

/// The store and the accounts server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// The store's URL.
    pub store: String,
    /// Where Zoho is.
    pub zoho: String,
    /// The client app's id.
    pub client_id: String,
    /// The client app's secret.
    pub client_secret: String,
    /// The life of a lease, in milliseconds.
    pub lease_life: u64,
    /// How long one request may take, in milliseconds.
    pub time_out: u64,
    /// How often a renewal is tried.
    pub attempts: usize,
}

/// What a worker says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It is done.
    Done,
    /// What the tasks got.
    Tokens(Tokens),
    /// What a code brought.
    Login {
        /// The user's name, as the row has it.
        user: Option<String>,
        /// The access token.
        access_token: Option<String>,
        /// Why the store did not keep it, if it did not.
        persistence_error: Option<String>,
    },
    /// A save is done.
    Saved {
        /// Whose.
        user: String,
        /// Which state.
        number: u64,
    },
    /// What the look-ups came to.
    Found(Found),
    /// Every row was read.
    Read {
        /// How many there were.
        rows: usize,
        /// By how much the most memory that the process ever had has grown, in KiB.
        memory: u64,
    },
    /// It could not be done.
    Failed(Failed),
}

/// What many tasks got that asked for one token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// When they began to ask, in epoch milliseconds.
    pub began: u64,
    /// When the last of them was answered.
    pub ended: u64,
    /// The access tokens, each with the number of tasks that got it.
    pub tokens: BTreeMap<String, usize>,
    /// The errors, likewise.
    pub errors: BTreeMap<String, usize>,
}

/// What many look-ups of one user came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// The row was there, and whole.
    pub whole: usize,
    /// The row was there, but it was not one that was ever saved.
    pub torn: usize,
    /// No row.
    pub missing: usize,
    /// The states that were seen.
    pub states: usize,
    /// Errors, as they read.
    pub errors: Vec<String>,
}

/// An error, as a user and a log would see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failed {
    /// Its text.
    pub text: String,
    /// Its `Debug`, and the texts of its causes.
    pub details: String,
    /// The kind of a store's error.
    pub kind: Option<String>,
    /// Whether the same call may succeed a moment later.
    pub is_transient: bool,
}
