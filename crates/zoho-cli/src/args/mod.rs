//! What may be typed; nothing else.

mod bulk;
mod emulator;
mod module;
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
pub(crate) use emulator::{EMULATOR_USER, Emulator};
pub(crate) use module::{Fields, Schema};
pub(crate) use records::{
    Coql, Count, Data, Delete, Deleted, DeletedKind, Filter, Get, InputFormat, List, LongPaging, Records,
    Related, RowFormat, Search, Upsert, Write,
};
pub(crate) use tokens::{Check, Copy, Find, Reveal, Revoke, Tokens};

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

    /// Ask with a query: select … from … where …
    Coql(Coql),

    /// Read or write very many records, in jobs that Zoho does in the background
    #[command(subcommand)]
    Bulk(Bulk),

    /// List the fields of a module
    Fields(Fields),

    /// Print a Rust struct for the records of a module
    Schema(Schema),

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

    /// The id of the stored token
    #[arg(long)]
    pub(crate) id: Option<String>,
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

    /// Follow a list to its end and print what is in it, as one JSON array
    #[arg(long)]
    pub(crate) paginate: bool,

    /// Print what is in a list as JSON, one item in each line
    #[arg(long, requires = "paginate", conflicts_with = "json")]
    pub(crate) json_lines: bool,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

/// A secret as it was given. Every text is one, so clap has no reason to repeat it in an error.
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}

/// One of the names in a list. Whoever writes a list may write a space after the comma.
fn name(text: &str) -> Result<String, Infallible> {
    Ok(text.trim().to_owned())
}

fn parameter(text: &str) -> Result<(String, String), Problem> {
    let (name, value) = text.split_once('=').ok_or(Problem::NotAParameter)?;
    Ok((name.to_owned(), value.to_owned()))
}
