//! The commands for a `worker` process and its answers: JSON, one line each way.
//!
//! Commands come through standard input, so no secret shows in the process list.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A command for a worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Logs to standard error at TRACE. If sent, it comes first.
    Log,
    /// Opens a store and an authenticator on it. Comes before the commands below.
    Open(Setup),
    /// Asks for a user's access token from many tasks at once.
    AccessToken {
        /// The user.
        user: String,
        /// How many tasks ask.
        tasks: usize,
    },
    /// Renews a user's access token, even if it is valid.
    Refresh {
        /// The user.
        user: String,
    },
    /// Exchanges the code of a Self Client.
    Exchange {
        /// The code.
        code: String,
    },
    /// Revokes a user's token.
    Revoke {
        /// The user.
        user: String,
    },
    /// Saves one row, see `token_store_torture`.
    Save {
        /// The user.
        user: String,
        /// The state of the row.
        number: u64,
    },
    /// Saves rows without end from four tasks. Each save is answered by [`Answer::Saved`] before its task goes on.
    SaveWithoutEnd {
        /// The state before the first one.
        first: u64,
        /// Whether every fifth save is of a new user.
        with_new_users: bool,
    },
    /// Saves rows without end from one task, for five users whose names begin with `name`. A transient error is answered
    /// by [`Answer::Failed`], and the save is repeated.
    SaveThroughOutages {
        /// The state before the first one.
        first: u64,
        /// The beginning of the users' names.
        name: String,
    },
    /// Saves one row for each user.
    SaveAll {
        /// The users.
        users: Vec<String>,
        /// How many saves run at a time.
        at_once: usize,
    },
    /// Looks a user up again and again.
    Find {
        /// The user.
        user: String,
        /// The number of look-ups.
        times: usize,
    },
    /// Reads all rows and measures the memory for it.
    ReadAll {
        /// Whether to read page by page.
        in_pages: bool,
    },
    /// Takes and holds the lock that a save takes. Needs no open store.
    HoldLock {
        /// The store's file.
        path: PathBuf,
    },
    /// Releases that lock.
    ReleaseLock,
}

/// The store and the accounts server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// The store's URL.
    pub store: String,
    /// The URL of the accounts server and API.
    pub zoho: String,
    /// The client app's id.
    pub client_id: String,
    /// The client app's secret.
    pub client_secret: String,
    /// How long before its expiry a token is renewed in the background, in milliseconds.
    pub early_window: u64,
    /// The lifetime of a lease, in milliseconds.
    pub lease_life: u64,
    /// The timeout of a request, in milliseconds.
    pub timeout: u64,
    /// The maximum number of requests in one renewal.
    pub attempts: usize,
}

/// An answer of a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The command is done.
    Done,
    /// The tokens that the tasks got.
    Tokens(Tokens),
    /// The login that a code brought.
    Login {
        /// The user's name in the row.
        user: Option<String>,
        /// The access token.
        access_token: Option<String>,
        /// Why the store did not keep it, if it did not.
        persistence_error: Option<String>,
    },
    /// A row was saved.
    Saved {
        /// The user.
        user: String,
        /// The state of the row.
        number: u64,
    },
    /// The results of the look-ups.
    Found(Found),
    /// All rows were read.
    Read {
        /// The number of rows.
        rows: usize,
        /// By how much the process's peak memory has grown, in KiB.
        memory: u64,
    },
    /// The command failed.
    Failed(Failed),
}

/// What many tasks got that asked for one token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// When they began, in epoch milliseconds.
    pub began: u64,
    /// When the last of them ended, in epoch milliseconds.
    pub ended: u64,
    /// The access tokens, each with the number of tasks that got it.
    pub tokens: BTreeMap<String, usize>,
    /// The errors, each with the number of tasks that got it.
    pub errors: BTreeMap<String, usize>,
}

/// The results of many look-ups of one user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// Lookups that found one whole state.
    pub whole: usize,
    /// Lookups that found a mixture of states.
    pub torn: usize,
    /// Lookups that found no row.
    pub missing: usize,
    /// The number of different states.
    pub states: usize,
    /// The texts of the errors.
    pub errors: Vec<String>,
}

/// An error as a user and a log see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failed {
    /// Its text.
    pub text: String,
    /// Its `Debug` text and the texts of its causes.
    pub details: String,
    /// The kind, if it is a store's error.
    pub kind: Option<String>,
    /// Whether it is transient.
    pub is_transient: bool,
}
