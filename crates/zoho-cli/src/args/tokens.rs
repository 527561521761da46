//! What may be typed after `zoho tokens` and `zoho revoke`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zoho_oauth::SecretString;

use super::secret;

#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// List every token
    List {
        #[command(flatten)]
        reveal: Reveal,
    },

    /// Show one token
    Show {
        /// The row's id
        #[arg(allow_hyphen_values = true)]
        id: String,

        #[command(flatten)]
        reveal: Reveal,
    },

    /// Find the token that these values mean
    ///
    /// By id; else by user name, which --client-id and --api-domain narrow; else by access token alone; else by
    /// grant or refresh token of a client app (--client-id and --client-secret).
    Find(Find),

    /// Keep tokens: one JSON object or an array of them, from standard input
    Save {
        #[command(flatten)]
        reveal: Reveal,
    },

    /// Look for what official SDKs leave behind in a store, and mend it
    Check(Check),

    /// Delete a token from the store; Zoho is not told
    Delete {
        /// The row's id
        #[arg(allow_hyphen_values = true, required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,

        /// Delete every token
        #[arg(long)]
        all: bool,
    },

    /// Copy every token into another store, and check each
    ///
    /// Nothing is deleted, and no newer token is written over. A copy that was interrupted goes on where it stopped
    /// when it is run again.
    Copy(Copy),
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The store to read
    #[arg(long, value_name = "URL", env = "ZOHO_COPY_FROM", hide_env_values = true)]
    pub(crate) from: String,

    /// The store to write
    #[arg(long, value_name = "URL", env = "ZOHO_COPY_TO", hide_env_values = true)]
    pub(crate) to: String,

    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How far a check goes.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Ask Zoho too whether it still accepts each token: a renewal, or else one call of the API
    #[arg(long)]
    pub(crate) online: bool,

    /// Mend what can be mended; a backup is kept first
    #[arg(long)]
    pub(crate) repair: bool,

    /// Where the backup goes: a file that is not there yet; beside the store, if left out
    #[arg(long, value_name = "PATH", requires = "repair")]
    pub(crate) backup: Option<PathBuf>,
}

/// Whether secrets are shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Reveal {
    /// Show secrets in place of asterisks
    #[arg(long)]
    pub(crate) reveal: bool,
}

/// What a token is looked up by; client id and secret are global options.
#[derive(Debug, Args)]
pub(crate) struct Find {
    /// Whose it is
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) user_name: Option<String>,

    /// Its access token
    #[arg(long, value_name = "TOKEN", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) access_token: Option<SecretString>,

    /// Its refresh token
    #[arg(long, value_name = "TOKEN", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) refresh_token: Option<SecretString>,

    /// Its grant token
    #[arg(long, value_name = "TOKEN", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) grant_token: Option<SecretString>,

    /// Where it is good
    #[arg(long, value_name = "URL", allow_hyphen_values = true)]
    pub(crate) api_domain: Option<String>,

    /// Its id
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) id: Option<String>,

    #[command(flatten)]
    pub(crate) reveal: Reveal,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(crate) struct Revoke {
    /// The user's name, as it is stored
    #[arg(long, value_name = "NAME", group = "which")]
    pub(crate) user: Option<String>,

    /// The row's id
    #[arg(long, group = "which")]
    pub(crate) id: Option<String>,

    /// Every stored token
    #[arg(long, group = "which")]
    pub(crate) all: bool,
}
