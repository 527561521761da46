//! The arguments of `zoho tokens` and `zoho revoke`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zoho_oauth::SecretString;

use super::secret;

#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// List all tokens
    List {
        #[command(flatten)]
        reveal: Reveal,
    },

    /// Show one token
    Show {
        /// Id of the stored token
        #[arg(allow_hyphen_values = true)]
        id: String,

        #[command(flatten)]
        reveal: Reveal,
    },

    /// Find the token that matches these values
    ///
    /// The first of these that is given decides: the id; the user name, narrowed by --client-id and --api-domain; the
    /// access token; the grant or refresh token of a client app (--client-id and --client-secret).
    Find(Find),

    /// Save tokens: a JSON object or an array of objects from standard input
    ///
    /// Each object is either a row in the format of `zoho tokens list --json --reveal`, or Zoho's response to a token
    /// request. A response does not name its client app: pass --client-id and --client-secret, so that its token can be
    /// renewed.
    Save {
        #[command(flatten)]
        reveal: Reveal,
    },

    /// Find and repair damage that Zoho's official SDKs leave in a store
    Check(Check),

    /// Delete a token from the store without revoking it at Zoho
    Delete {
        /// Id of the stored token
        #[arg(allow_hyphen_values = true, required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,

        /// Delete all tokens; asks first on a terminal
        #[arg(long)]
        all: bool,

        /// Do not ask for confirmation
        #[arg(short, long)]
        yes: bool,
    },

    /// Copy all tokens to another store and verify them
    ///
    /// Nothing is deleted, and no newer token is overwritten. If a copy is interrupted, run it again to continue.
    Copy(Copy),
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// Store to read
    #[arg(long, value_name = "URL", env = "ZOHO_COPY_FROM", hide_env_values = true)]
    pub(crate) from: String,

    /// Store to write
    #[arg(long, value_name = "URL", env = "ZOHO_COPY_TO", hide_env_values = true)]
    pub(crate) to: String,

    /// Report what would be done, without writing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// The options of a check.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Also ask Zoho whether it accepts each token, by a renewal or one API call
    #[arg(long)]
    pub(crate) online: bool,

    /// Repair what can be repaired, after making a backup
    #[arg(long)]
    pub(crate) repair: bool,

    /// File for the backup, which must not exist yet [default: beside the store]
    #[arg(long, value_name = "PATH", requires = "repair")]
    pub(crate) backup: Option<PathBuf>,
}

/// Whether to show secrets.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Reveal {
    /// Show secrets instead of asterisks
    #[arg(long)]
    pub(crate) reveal: bool,
}

/// The values to find a token by; client id and secret are global options.
#[derive(Debug, Args)]
pub(crate) struct Find {
    /// Name of the user
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) user_name: Option<String>,

    /// Access token
    #[arg(long, value_name = "TOKEN", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) access_token: Option<SecretString>,

    /// Refresh token
    #[arg(long, value_name = "TOKEN", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) refresh_token: Option<SecretString>,

    /// Grant token
    #[arg(long, value_name = "TOKEN", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) grant_token: Option<SecretString>,

    /// API domain
    #[arg(long, value_name = "URL", allow_hyphen_values = true)]
    pub(crate) api_domain: Option<String>,

    /// Id of the stored token
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) id: Option<String>,

    #[command(flatten)]
    pub(crate) reveal: Reveal,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(crate) struct Revoke {
    /// Name of the user as stored
    #[arg(long, value_name = "NAME", group = "which")]
    pub(crate) user: Option<String>,

    /// Id of the stored token
    #[arg(long, group = "which")]
    pub(crate) id: Option<String>,

    /// All stored tokens; asks first on a terminal
    #[arg(long, group = "which")]
    pub(crate) all: bool,

    /// Do not ask for confirmation
    #[arg(short, long)]
    pub(crate) yes: bool,
}
