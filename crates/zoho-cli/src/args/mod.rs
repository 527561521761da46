//! The command line: arguments and options, without behavior.

mod bulk;
mod csv;
mod emulator;
mod filter;
mod module;
mod readable;
mod records;
mod tokens;

use std::convert::Infallible;
use std::ffi::OsString;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use zoho_oauth::SecretString;
use zohocrm::Method;

use crate::messages::Problem;

pub(crate) use bulk::{Bulk, BulkRead, BulkWrite};
pub(crate) use csv::CsvOptions;
#[cfg(test)]
pub(crate) use csv::Delimiter;
pub(crate) use emulator::{EMULATOR_USER, Emulator};
pub(crate) use filter::Filter;
pub(crate) use module::{Fields, Schema};
pub(crate) use readable::readable;
pub(crate) use records::{
    Coql, Count, Data, Delete, Deleted, DeletedKind, Get, InputFormat, List, LongPaging, Records, Related,
    RowFormat, Search, Upsert, Write,
};
pub(crate) use tokens::{Check, Copy, Find, Reveal, Revoke, Tokens};

/// The default of `--store`.
pub(crate) const DEFAULT_STORE: &str = "sqlite:zohooauth.db";

/// The default of `--environment`.
pub(crate) const DEFAULT_ENVIRONMENT: &str = "us";

/// Manage Zoho OAuth tokens and call the Zoho CRM API.
///
/// Data is printed to standard output, messages to standard error. Exit codes: 0 success, 1 failure, 2 wrong usage,
/// 3 not found, 4 login required.
#[derive(Debug, Parser)]
#[command(name = "zoho", version, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command. A flag overrides its environment variable, which overrides the default.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Options {
    /// Token store: memory:, file:PATH, sqlite:PATH, mysql://…, postgres://…, redis://… or aws-secretsmanager:PREFIX
    #[arg(long, value_name = "URL", env = "ZOHO_STORE", hide_env_values = true, global = true)]
    #[arg(default_value = DEFAULT_STORE)]
    pub(crate) store: String,

    /// Data center: us, eu, in, au, jp, cn, ca, sa, uk or ae, optionally followed by :sandbox or :developer
    #[arg(long, value_name = "NAME", env = "ZOHO_ENVIRONMENT", hide_env_values = true, global = true)]
    #[arg(default_value = DEFAULT_ENVIRONMENT)]
    pub(crate) environment: String,

    /// Accounts server, if not the one of the environment
    #[arg(long, value_name = "URL", env = "ZOHO_ACCOUNTS_URL", hide_env_values = true, global = true)]
    pub(crate) accounts_url: Option<String>,

    /// API host, if not the one of the environment
    #[arg(long, value_name = "URL", env = "ZOHO_API_URL", hide_env_values = true, global = true)]
    pub(crate) api_url: Option<String>,

    /// Id of the client app, from Zoho's API console
    #[arg(long, value_name = "ID", env = "ZOHO_CLIENT_ID", hide_env_values = true, global = true)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) client_id: Option<String>,

    /// Secret of the client app; prefer the variable, since other users of the machine can see arguments
    #[arg(long, value_name = "SECRET", env = "ZOHO_CLIENT_SECRET", hide_env_values = true, global = true)]
    #[arg(value_parser = secret, allow_hyphen_values = true)]
    pub(crate) client_secret: Option<SecretString>,

    /// Redirect URL that is registered for the client app
    #[arg(long, value_name = "URL", env = "ZOHO_REDIRECT_URL", hide_env_values = true, global = true)]
    pub(crate) redirect_url: Option<String>,

    /// Log level; unless it is set, warnings that the command itself prints are not logged
    #[arg(long, value_name = "LEVEL", env = "ZOHO_LOG_LEVEL", hide_env_values = true, global = true)]
    #[arg(value_enum, ignore_case = true, default_value_t = LogLevel::Warn)]
    pub(crate) log_level: LogLevel,

    /// File to append the log to, instead of standard error
    #[arg(long, value_name = "PATH", env = "ZOHO_LOG_FILE", hide_env_values = true, global = true)]
    pub(crate) log_file: Option<OsString>,

    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// The log level.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    // `ZOHO_LOG_LEVEL` may be set to an empty string.
    #[value(alias = "")]
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the life of a token against a built-in emulator
    Demo,

    /// Log in a user and store the token
    Login(Login),

    /// Print a valid access token, renewing it if necessary
    Token(Whose),

    /// List, find, save, check, delete and copy stored tokens
    #[command(subcommand)]
    Tokens(Tokens),

    /// Revoke tokens at Zoho and delete them from the store
    Revoke(Revoke),

    /// Send any request to the API
    Api(Api),

    /// Read and write the records of a module
    #[command(subcommand)]
    Records(Records),

    /// Run a COQL query: select … from … where …
    Coql(Coql),

    /// Read or write many records with Zoho's background jobs
    #[command(subcommand)]
    Bulk(Bulk),

    /// List the fields of a module
    Fields(Fields),

    /// Print a Rust struct for the records of a module
    Schema(Schema),

    /// Run an emulator of Zoho on this machine until interrupted
    ///
    /// Its client app is that of --client-id, --client-secret and --redirect-url, or a random one.
    Emulator(Emulator),

    /// Print the completion script of a shell
    Completions {
        /// Shell to complete for
        shell: Shell,
    },
}

/// The module that a command is about, and whose.
pub(crate) struct Target {
    pub(crate) module: String,
    pub(crate) whose: Whose,
}

impl Command {
    /// `None` if the command names no module.
    pub(crate) fn target(&self) -> Option<Target> {
        let (module, whose) = match self {
            Self::Records(records) => records.target(),
            Self::Bulk(bulk) => bulk.target(),
            Self::Fields(Fields { module, whose, .. }) | Self::Schema(Schema { module, whose }) => {
                (module, whose)
            }
            _ => return None,
        };
        Some(Target { module: module.clone(), whose: whose.clone() })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Code that Zoho's API console generates for a Self Client, or the URL that the browser shows after a login; - reads
    /// it from standard input
    #[arg(long, value_parser = secret, env = "ZOHO_CODE", hide_env_values = true, allow_hyphen_values = true)]
    pub(crate) code: Option<SecretString>,
}

/// Selects the token to use. Can be omitted if exactly one is stored.
#[derive(Clone, Debug, Args)]
pub(crate) struct Whose {
    /// Name of the user as stored, often email:zgid
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    pub(crate) user: Option<String>,

    /// Id of the stored token
    #[arg(long)]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Api {
    /// HTTP method: GET, POST, PUT, PATCH or DELETE
    pub(crate) method: Method,

    /// Path, such as /crm/v8/users
    pub(crate) path: String,

    /// Query parameter; can be repeated
    #[arg(short, long = "query", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) query: Vec<(String, String)>,

    /// Request body: JSON, @FILE, or @- for standard input
    #[arg(short, long, value_name = "JSON")]
    pub(crate) data: Option<String>,

    /// Read every page of a list and print the items as one JSON array
    #[arg(long)]
    pub(crate) paginate: bool,

    /// Print one JSON item per line instead of an array
    #[arg(long, requires = "paginate", conflicts_with = "json")]
    pub(crate) json_lines: bool,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

/// A secret. Every string is valid, so clap never quotes it in an error.
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}

/// A name in a comma-separated list; a space after the comma is allowed.
fn name(text: &str) -> Result<String, Infallible> {
    Ok(text.trim().to_owned())
}

fn parameter(text: &str) -> Result<(String, String), Problem> {
    let (name, value) = text.split_once('=').ok_or(Problem::NotAParameter)?;
    Ok((name.to_owned(), value.to_owned()))
}
