//! What may be typed; nothing else.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use zoho_oauth::SecretString;
use zohocrm::Method;

/// Zoho tokens and CRM calls from a terminal.
///
/// Data goes to standard output, words to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found,
/// 4 login required.
#[derive(Debug, Parser)]
#[command(name = "zoho", version, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command. A flag counts more than its environment variable, and that more than the default.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Options {
    /// Where tokens are kept: memory:, file:PATH, sqlite:PATH, mysql://…, postgres://…, redis://…, aws-secretsmanager:PREFIX
    #[arg(long, value_name = "URL", env = "ZOHO_STORE", hide_env_values = true, global = true)]
    #[arg(default_value = crate::config::DEFAULT_STORE)]
    pub(crate) store: String,

    /// The data center, with :sandbox or :developer where that is meant: us, eu, in, au, jp, cn, ca, sa, uk, ae
    #[arg(long, value_name = "NAME", env = "ZOHO_ENVIRONMENT", hide_env_values = true, global = true)]
    #[arg(default_value = crate::config::DEFAULT_ENVIRONMENT)]
    pub(crate) environment: String,

    /// The accounts server, in place of the environment's
    #[arg(long, value_name = "URL", env = "ZOHO_ACCOUNTS_URL", hide_env_values = true, global = true)]
    pub(crate) accounts_url: Option<String>,

    /// The API host, in place of the environment's
    #[arg(long, value_name = "URL", env = "ZOHO_API_URL", hide_env_values = true, global = true)]
    pub(crate) api_url: Option<String>,

    /// The client app's id, from Zoho's API console
    #[arg(long, value_name = "ID", env = "ZOHO_CLIENT_ID", hide_env_values = true, global = true)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) client_id: Option<String>,

    /// The client app's secret; better given in the environment, where other users of the machine do not see it
    #[arg(long, value_name = "SECRET", env = "ZOHO_CLIENT_SECRET", hide_env_values = true, global = true)]
    #[arg(value_parser = secret, allow_hyphen_values = true)]
    pub(crate) client_secret: Option<SecretString>,

    /// The redirect URL that the client app is registered with
    #[arg(long, value_name = "URL", env = "ZOHO_REDIRECT_URL", hide_env_values = true, global = true)]
    pub(crate) redirect_url: Option<String>,

    /// How much to log; if left out, warnings that the command does not give itself
    #[arg(long, value_name = "LEVEL", env = "ZOHO_LOG_LEVEL", hide_env_values = true, global = true)]
    #[arg(value_enum, ignore_case = true, default_value_t = LogLevel::Warn)]
    pub(crate) log_level: LogLevel,

    /// Log to this file instead of standard error
    #[arg(long, value_name = "PATH", env = "ZOHO_LOG_FILE", hide_env_values = true, global = true)]
    pub(crate) log_file: Option<OsString>,

    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    // A variable that is set to nothing.
    #[value(alias = "")]
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole life of a token against an emulator that it starts itself
    Demo,

    /// Log a user in and keep the token
    Login(Login),

    /// Print a valid access token, renewed if need be
    Token(Whose),

    /// Look after the stored tokens
    #[command(subcommand)]
    Tokens(Tokens),

    /// Give tokens back: at Zoho, then in the store
    Revoke(Revoke),

    /// Call the API: any method, any path
    Api(Api),

    /// Read and write the records of a module
    #[command(subcommand)]
    Records(Records),

    /// Run a stand-in for Zoho on this machine, until interrupted
    Emulator(Emulator),

    /// Print a shell's completions
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The code that the API console shows for a Self Client; - reads it from standard input
    #[arg(long, value_parser = secret, env = "ZOHO_CODE", hide_env_values = true, allow_hyphen_values = true)]
    pub(crate) code: Option<SecretString>,
}

/// Whose token is used. May be left out when exactly one is stored.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// The user's name, as it is stored: often email:zgid
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    pub(crate) user: Option<String>,

    /// The row's id
    #[arg(long)]
    pub(crate) id: Option<String>,
}

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

#[derive(Debug, Args)]
pub(crate) struct Api {
    /// GET, POST, PUT, PATCH or DELETE
    pub(crate) method: Method,

    /// A path, such as /crm/v8/users
    pub(crate) path: String,

    /// A parameter of the query; may be repeated
    #[arg(short, long = "query", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) query: Vec<(String, String)>,

    /// The body: JSON, @FILE, or @- for standard input
    #[arg(short, long, value_name = "JSON")]
    pub(crate) data: Option<String>,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// List a page of records
    List {
        /// The module's API name, such as Leads
        module: String,

        #[command(flatten)]
        list: ListOptions,

        #[command(flatten)]
        whose: Whose,
    },

    /// Read one record
    Get {
        /// The module's API name
        module: String,

        /// The record's id
        record: String,

        /// The fields to read: all, unless some are named
        #[arg(long, value_delimiter = ',')]
        fields: Vec<String>,

        #[command(flatten)]
        whose: Whose,
    },

    /// Create records
    Create(Write),

    /// Update records; each has its id among its fields
    Update(Write),

    /// Delete records
    Delete {
        /// The module's API name
        module: String,

        /// The records' ids
        #[arg(required = true)]
        records: Vec<String>,

        #[command(flatten)]
        whose: Whose,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    /// The fields to read, by their API names
    #[arg(long, value_delimiter = ',', default_value = "id,Created_Time,Modified_Time")]
    pub(crate) fields: Vec<String>,

    /// Which page, from 1
    #[arg(long)]
    pub(crate) page: Option<u32>,

    /// How many records in a page: 200 at most
    #[arg(long)]
    pub(crate) per_page: Option<u32>,

    /// Where to go on, beyond record 2,000
    #[arg(long, value_name = "TOKEN", conflicts_with = "page")]
    pub(crate) page_token: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Write {
    /// The module's API name
    pub(crate) module: String,

    /// One record or an array of them: JSON or @FILE; standard input if left out
    #[arg(short, long, value_name = "JSON")]
    pub(crate) data: Option<String>,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Emulator {
    /// The port on 127.0.0.1; any free one, if left out
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
}

/// A secret as it was given. Every text is one, so clap has no reason to repeat it in an error.
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
