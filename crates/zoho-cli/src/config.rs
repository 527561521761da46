//! `Config`: the store, environment and authenticator that the global options select.

#![expect(clippy::disallowed_methods, reason = "this file reads the configuration")]

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use clap::ArgMatches;
use clap::parser::ValueSource;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use zoho_oauth::store::{AnyStore, StoreErrorKind, StoreUrl};
use zoho_oauth::{
    Authenticator, DataCenter, Environment, ExposeSecret, OAuthClient, Persistence, SecretString,
};

use crate::args::{DEFAULT_ENVIRONMENT, DEFAULT_STORE, LogLevel, Options};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{Problem, Waiting};
use crate::output::Output;

/// The timeout of a token request. A user who waits wants to know sooner than a server.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(20);

/// The output, and what the global options select.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) output: Output,
    environment: Environment,
    store: Store,
    options: Options,
    typed: Typed,
}

/// The token store.
#[derive(Debug)]
enum Store {
    /// A store that is opened when a command uses it: opening a file creates it, and any store can fail to open.
    Closed {
        url: StoreUrl,
        was_missing: bool,
    },
    Open(AnyStore),
}

/// Which options were typed rather than taken from the environment; for the log level, whether either of them set it.
#[derive(Clone, Copy, Debug)]
struct Typed {
    client_id: bool,
    client_secret: bool,
    log_level: bool,
}

impl Config {
    /// Parses the options, whose sources `matches` knows. Nothing is created, and no server is asked.
    pub(crate) fn new(options: Options, matches: &ArgMatches) -> Result<Self, Failure> {
        let typed = |name| is_typed(matches, name);
        let has_level_variable = std::env::var_os("ZOHO_LOG_LEVEL").is_some_and(|level| !level.is_empty());
        let typed = Typed {
            client_id: typed("client_id"),
            client_secret: typed("client_secret"),
            log_level: typed("log_level") || has_level_variable,
        };
        let (environment, store) = (environment(&options)?, Store::new(&options)?);
        Ok(Self { output: Output::new(options.json), environment, store, options, typed })
    }

    /// Rejects a URL whose host is not an API host, before a token is obtained.
    pub(crate) fn check_address(&self, path: &str) -> Result<(), Failure> {
        if path.starts_with('/') {
            return Ok(());
        }
        if !path.contains("://") {
            return Err(Problem::NotAPath { path: path.to_owned() }.into());
        }
        let given = Environment::local(path).ok();
        let is_given = |known: &Environment| {
            let given = given.as_ref().map(Environment::api_url);
            given == Some(known.api_url()) || given == Some(known.upload_url())
        };
        if std::iter::once(self.environment.clone()).chain(official()).any(|known| is_given(&known)) {
            return Ok(());
        }
        let host = path.split_once("://").map_or(path, |(_, rest)| rest);
        let host = host.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        Err(Problem::ForeignHost { host: host.to_owned() }.into())
    }

    /// Opens the token store, which is what the command then waits for.
    pub(crate) fn store(&self) -> Result<AnyStore, Failure> {
        let store = match &self.store {
            Store::Open(store) => store.clone(),
            Store::Closed { url, .. } => url.connect()?,
        };
        self.output.waits_for(Waiting::Store { name: store.name().to_owned() });
        Ok(store)
    }

    /// Notes that the command now waits for the accounts server.
    pub(crate) fn waits_for_accounts_server(&self) {
        let host = host_of(self.environment.accounts_url());
        self.output.waits_for(Waiting::AccountsServer { host });
    }

    /// Notes that the command now waits for this API host.
    pub(crate) fn waits_for_response(&self, api_url: &str) {
        self.output.waits_for(Waiting::Response { host: host_of(api_url) });
    }

    /// The file of the token store, if it did not exist when the command started or does not exist now.
    pub(crate) fn missing_store(&self) -> Option<&Path> {
        match &self.store {
            Store::Closed { url, was_missing } => url.path().filter(|path| *was_missing || !path.exists()),
            Store::Open(_) => None,
        }
    }

    /// An authenticator over the token store.
    pub(crate) fn authenticator(&self) -> Result<Authenticator, Failure> {
        self.authenticator_over(self.store()?)
    }

    /// An authenticator over an open store.
    pub(crate) fn authenticator_over(&self, store: AnyStore) -> Result<Authenticator, Failure> {
        let mut builder = Authenticator::builder(self.environment.clone())
            .store(store)
            .request_timeout(TOKEN_TIMEOUT)
            // A background renewal would be cut off when the command ends.
            .early_window(Duration::ZERO);
        if let Some(client) = self.client() {
            builder = builder.client(client);
        }
        Ok(builder.build()?)
    }

    /// The client app, if its id and secret are set. Rows that have their own client app do not need it.
    pub(crate) fn client(&self) -> Option<OAuthClient> {
        let id = filled(self.options.client_id.as_deref())?;
        let secret =
            self.options.client_secret.as_ref().filter(|secret| !secret.expose_secret().is_empty())?;
        let client = OAuthClient::new(id, secret.clone());
        Some(match filled(self.options.redirect_url.as_deref()) {
            Some(url) => client.with_redirect_url(url),
            None => client,
        })
    }

    /// Id, secret and redirect URL of the client app, as far as they are set.
    pub(crate) fn client_settings(&self) -> (Option<&str>, Option<&str>, Option<&str>) {
        let secret = self.options.client_secret.as_ref().map(ExposeSecret::expose_secret);
        (
            filled(self.options.client_id.as_deref()),
            filled(secret),
            filled(self.options.redirect_url.as_deref()),
        )
    }

    /// The client id and secret for a lookup: the typed ones, or those of the environment if the lookup needs a client
    /// app (`needs_client`). A variable that is always set must not narrow every lookup.
    pub(crate) fn client_to_find(&self, needs_client: bool) -> (Option<&str>, Option<&SecretString>) {
        let id = self.options.client_id.as_deref().filter(|_| self.typed.client_id || needs_client);
        let secret = self.options.client_secret.as_ref().filter(|_| self.typed.client_secret || needs_client);
        (id, secret)
    }

    /// Sends the log where the options say. It holds ids and hosts, never a secret.
    ///
    /// Unless a level was chosen, standard error is spared the lines whose facts the commands tell themselves.
    pub(crate) fn start_logging(&self) -> Result<(), Failure> {
        let level = match self.options.log_level {
            LogLevel::Off => LevelFilter::OFF,
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        // Only our own crates: nobody has looked at what the others write down.
        let ours = Targets::new().with_target("zoho", level);
        let log = tracing_subscriber::fmt::layer().with_ansi(false);
        let log = match self.options.log_file.as_deref().filter(|path| !path.is_empty()) {
            Some(path) => log.with_writer(Mutex::new(private_file(path.as_ref())?)).with_filter(ours).boxed(),
            None if self.typed.log_level => log.with_writer(std::io::stderr).with_filter(ours).boxed(),
            None => {
                // The commands themselves report where a token is that could not be stored.
                let unreported = ours.with_target(Persistence::LOG_TARGET, LevelFilter::OFF);
                log.with_writer(std::io::stderr).with_filter(unreported).boxed()
            }
        };
        tracing_subscriber::registry().with(log).init();
        Ok(())
    }
}

impl Store {
    /// Parses the URL. Opens a store that is not a file, which does not connect to a server yet: a URL that this build
    /// cannot open is wrong usage.
    fn new(options: &Options) -> Result<Self, Failure> {
        let url: StoreUrl = filled(Some(&options.store))
            .unwrap_or(DEFAULT_STORE)
            .parse()
            .map_err(|error| Failure::of(Exit::Usage, &error))?;
        if let Some(path) = url.path() {
            let was_missing = !path.exists();
            return Ok(Self::Closed { url, was_missing });
        }
        match url.connect() {
            Ok(store) => Ok(Self::Open(store)),
            Err(error) if error.kind() == StoreErrorKind::Rejected => Err(Failure::of(Exit::Usage, &error)),
            // Any other error is reported by the command that needs the store.
            Err(_) => Ok(Self::Closed { url, was_missing: false }),
        }
    }
}

/// The hosts to use. If only one of the two URLs is set, the other comes from the same data center; on this
/// machine, it is the same URL; otherwise it comes from `--environment`.
fn environment(options: &Options) -> Result<Environment, Failure> {
    let wrong = |error: zoho_oauth::Error| Failure::of(Exit::Usage, &error);
    let name = filled(Some(&options.environment)).unwrap_or(DEFAULT_ENVIRONMENT);
    let named: Environment = name.parse().map_err(wrong)?;
    let accounts = filled(options.accounts_url.as_deref());
    let api = filled(options.api_url.as_deref());
    let (accounts, api) = match (accounts, api) {
        (None, None) => return Ok(named),
        (Some(accounts), Some(api)) => (accounts.to_owned(), api.to_owned()),
        (Some(url), None) | (None, Some(url)) => {
            let given = Environment::local(url).map_err(wrong)?;
            let other = completion(&given, named);
            match accounts {
                Some(_) => (given.accounts_url().to_owned(), other.api_url().to_owned()),
                None => (other.accounts_url().to_owned(), given.api_url().to_owned()),
            }
        }
    };
    let given = Environment::new(&accounts, &api, &api).map_err(wrong)?;
    let is_given = |known: &Environment| {
        known.accounts_url() == given.accounts_url() && known.api_url() == given.api_url()
    };
    Ok(official().find(is_given).unwrap_or(given))
}

/// Opens a file to append to. Only its owner can read a new one; on Windows, the folder's access rights apply.
fn private_file(path: &Path) -> Result<std::fs::File, Failure> {
    let mut how = OpenOptions::new();
    how.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    how.open(path)
        .map_err(|error| Failure::from(Problem::LogFile { path: path.to_owned() }).caused_by(&error))
}

/// The environment that supplies the missing one of the two URLs.
fn completion(given: &Environment, named: Environment) -> Environment {
    let host = given.api_url();
    if named.accounts_url() == host || named.api_url() == host {
        return named;
    }
    let of_this_api = official().find(|known| known.api_url() == host);
    let of_this_accounts_server = || DataCenter::get(host).map(DataCenter::production);
    match of_this_api.or_else(of_this_accounts_server) {
        Some(known) => known,
        None if is_on_this_machine(host) => given.clone(),
        None => named,
    }
}

/// Every environment of Zoho's data centers.
fn official() -> impl Iterator<Item = Environment> {
    DataCenter::ALL.into_iter().flat_map(|center| [center.production(), center.sandbox(), center.developer()])
}

fn is_on_this_machine(origin: &str) -> bool {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    ["127.0.0.1", "localhost", "[::1]"]
        .into_iter()
        .any(|local| host.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
}

/// Whether an option was typed, before or after the subcommand.
fn is_typed(matches: &ArgMatches, name: &str) -> bool {
    let here = matches.value_source(name) == Some(ValueSource::CommandLine);
    here || matches.subcommand().is_some_and(|(_, below)| is_typed(below, name))
}

/// A host with its port, without the scheme.
fn host_of(url: &str) -> String {
    url.split_once("://").map_or(url, |(_, host)| host).trim_end_matches('/').to_owned()
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
