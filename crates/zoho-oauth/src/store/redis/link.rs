//! The connection: one for all tasks, opened on first use and again after it is lost.

#![expect(clippy::disallowed_types, reason = "this file speaks to Redis")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue,
    IntoConnectionInfo, Pipeline, RedisConnectionInfo, RedisError, RedisFuture, RedisResult,
    ScriptInvocation, ServerErrorKind, TlsCertificates, Value, cmd,
};
use rustls::crypto::{CryptoProvider, ring};
use secrecy::ExposeSecret;

use super::super::outage::Outage;
use super::durability;
use super::fault::Fault;
use super::options::RedisOptions;

const UNKNOWN_SCRIPT: ErrorKind = ErrorKind::Server(ServerErrorKind::NoScript);

/// The shared connection to a server. A call that finds the connection dead discards it. The next call connects again, while
/// the others wait for it and share its failure. While the server is away, calls keep trying within their timeout.
pub(super) struct Link {
    options: RedisOptions,
    name: String,
    /// A key of the store. In a cluster, the node that has it has all of them.
    key: String,
    current: Mutex<Option<Numbered>>,
    attempts: AtomicU64,
    connecting: tokio::sync::Mutex<Connecting>,
    /// When the server accepts no connections.
    unreachable: Outage,
    /// When it rejects commands for now.
    rejecting: Outage,
}

#[derive(Clone)]
struct Numbered {
    number: u64,
    connection: Connection,
}

#[derive(Default)]
struct Connecting {
    failure: Option<Fault>,
    durability_was_checked: bool,
}

impl Link {
    /// Creates a link to the server that has a key, without connecting.
    pub(super) fn new(options: RedisOptions, key: String) -> Self {
        Self {
            name: options.name(),
            key,
            unreachable: Outage::new(options.timeout),
            rejecting: Outage::new(options.timeout),
            options,
            current: Mutex::default(),
            attempts: AtomicU64::new(0),
            connecting: tokio::sync::Mutex::default(),
        }
    }

    /// Runs an idempotent command. Retries it once if the connection is lost.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        match self.query_once(command).await {
            Err(fault) if fault.is_lost() => self.query_once(command).await,
            result => result,
        }
    }

    /// Runs an idempotent script. Retries it once if the connection is lost.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Fault> {
        match self.run_once(script).await {
            Err(fault) if fault.is_lost() => self.run_once(script).await,
            result => result,
        }
    }

    /// Runs a script at most once: retries it only while the server rejects it for now. In a cluster it can still run twice
    /// (see [`client_retries`](Self::client_retries)).
    pub(super) async fn run_once<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Fault> {
        let mut attempts = self.rejecting.attempts();
        loop {
            match self.run_now(script).await {
                Err(fault) if fault.is_not_now() => attempts.after(fault).await?,
                result => return result.inspect(|_| attempts.succeeded()),
            }
        }
    }

    /// Runs a script without waiting, and loads it if the server does not know it.
    async fn run_now<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Fault> {
        const MAX_ATTEMPTS: u32 = 5;
        let mut attempts = 0;
        loop {
            let Numbered { number, mut connection } = self.connection().await?;
            let result = script.invoke_async(&mut connection).await;
            attempts += 1;
            match &result {
                // The scripts were flushed between loading and running.
                Err(error) if error.kind() == UNKNOWN_SCRIPT && attempts < MAX_ATTEMPTS => {}
                _ => return self.checked(number, result),
            }
        }
    }

    /// Whether the client library itself retries commands without a response. The one for clusters does.
    pub(super) fn client_retries(&self) -> bool {
        self.options.cluster
    }

    /// Discards the connection, which may be dead.
    pub(super) fn discard(&self) {
        *self.current() = None;
    }

    async fn query_once<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        let mut attempts = self.rejecting.attempts();
        loop {
            match self.query_now(command).await {
                Err(fault) if fault.is_not_now() => attempts.after(fault).await?,
                result => return result.inspect(|_| attempts.succeeded()),
            }
        }
    }

    /// Runs a command without waiting for the end of an outage.
    pub(super) async fn query_now<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        let Numbered { number, mut connection } = self.connection().await?;
        self.checked(number, command.query_async(&mut connection).await)
    }

    fn checked<T>(&self, number: u64, result: Result<T, RedisError>) -> Result<T, Fault> {
        let result = result.map_err(Fault::from);
        if result.as_ref().is_err_and(Fault::concerns_connection) {
            let mut current = self.current();
            // Another task may already have replaced it.
            if current.as_ref().is_some_and(|current| current.number == number) {
                *current = None;
            }
        }
        result
    }

    async fn connection(&self) -> Result<Numbered, Fault> {
        let mut attempts = self.unreachable.attempts();
        loop {
            match self.connection_now(attempts.limit(self.options.connect_timeout)).await {
                Err(fault) if fault.is_outage() => attempts.after(fault).await?,
                result => return result,
            }
        }
    }

    async fn connection_now(&self, timeout: Duration) -> Result<Numbered, Fault> {
        if let Some(current) = &*self.current() {
            return Ok(current.clone());
        }
        let before = self.attempts.load(Ordering::Acquire);
        let mut connecting = self.connecting.lock().await;
        if let Some(current) = &*self.current() {
            return Ok(current.clone());
        }
        let number = self.attempts.load(Ordering::Acquire);
        if let (Some(failure), true) = (&connecting.failure, number > before) {
            return Err(failure.clone());
        }
        let result = self.open(timeout, connecting.durability_was_checked).await;
        self.attempts.store(number + 1, Ordering::Release);
        connecting.failure = result.as_ref().err().cloned();
        let connection = result?;
        connecting.durability_was_checked = true;
        let current = Numbered { number, connection };
        *self.current() = Some(current.clone());
        Ok(current)
    }

    async fn open(&self, timeout: Duration, durability_was_checked: bool) -> Result<Connection, Fault> {
        let mut connection = Connection::open(&self.options, timeout).await?;
        self.unreachable.end();
        if !durability_was_checked {
            durability::check(&self.name, self.options.allow_eviction, &mut connection, &self.key).await?;
        }
        Ok(connection)
    }

    /// A panic of another thread does not affect the connection.
    fn current(&self) -> MutexGuard<'_, Option<Numbered>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to one server or to the nodes of a cluster. Many tasks can use it at the same time.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(Box<ClusterConnection>),
}

impl Connection {
    async fn open(options: &RedisOptions, timeout: Duration) -> Result<Self, Fault> {
        if options.tls {
            install_crypto_provider();
        }
        let certificates = certificates(options).await?;
        Self::open_with(options, timeout, certificates).await.map_err(Fault::Unconnected)
    }

    async fn open_with(
        options: &RedisOptions,
        timeout: Duration,
        certificates: Option<TlsCertificates>,
    ) -> Result<Self, RedisError> {
        if options.cluster {
            let mut builder = ClusterClient::builder([server(options)?.set_redis_settings(account(options))])
                .connection_timeout(timeout)
                .response_timeout(options.timeout);
            if let Some(certificates) = certificates {
                builder = builder.certs(certificates);
            }
            let connection = builder.build()?.get_async_connection().await?;
            return Ok(Self::Cluster(Box::new(connection)));
        }
        let client = match certificates {
            Some(certificates) => Client::build_with_tls(server(options)?, certificates)?,
            None => Client::open(server(options)?)?,
        };
        // Each call has its own timeout.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(timeout)).set_response_timeout(None);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        log_in(&mut connection, options).await?;
        Ok(Self::Single(connection))
    }
}

impl Connection {
    /// Runs a command on the node that has a key.
    pub(super) async fn query_at<T: FromRedisValue>(&mut self, key: &str, command: &Cmd) -> RedisResult<T> {
        let Self::Cluster(connection) = self else { return command.query_async(self).await };
        let slot: u16 = cmd("CLUSTER").arg("KEYSLOT").arg(key).query_async(&mut **connection).await?;
        let node = SingleNodeRoutingInfo::SpecificNode(Route::new(slot, SlotAddr::Master));
        let value = connection.route_command(command.clone(), RoutingInfo::SingleNode(node)).await?;
        Ok(redis::from_redis_value(value)?)
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

fn server(options: &RedisOptions) -> Result<ConnectionInfo, RedisError> {
    // In a URL, an IPv6 address is in brackets.
    let host = options.host.trim_matches(['[', ']']).to_owned();
    let address = if options.tls {
        ConnectionAddr::TcpTls { host, port: options.port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, options.port)
    };
    address.into_connection_info()
}

fn account(options: &RedisOptions) -> RedisConnectionInfo {
    let mut account = RedisConnectionInfo::default().set_db(options.database.into());
    if let Some(user) = &options.user {
        account = account.set_username(user);
    }
    if let Some(password) = &options.password {
        account = account.set_password(password.expose_secret());
    }
    account
}

/// Authenticates and selects the database. The client library could do both, but its error does not tell a wrong password
/// from a server with too many clients.
async fn log_in(connection: &mut MultiplexedConnection, options: &RedisOptions) -> Result<(), RedisError> {
    if let Some(password) = &options.password {
        let account = (options.user.as_deref(), password.expose_secret());
        () = cmd("AUTH").arg(account).query_async(connection).await?;
    }
    if options.database > 0 {
        () = cmd("SELECT").arg(options.database).query_async(connection).await?;
    }
    Ok(())
}

async fn certificates(options: &RedisOptions) -> Result<Option<TlsCertificates>, Fault> {
    let Some(path) = options.ca.clone() else { return Ok(None) };
    // The file is small and local, so a blocking read is short.
    match std::fs::read(&path) {
        Ok(pem) => Ok(Some(TlsCertificates { client_tls: None, root_cert: Some(pem) })),
        Err(error) => Err(Fault::Certificates(path, error.into())),
    }
}

/// Installs ring as the process's default crypto provider, if there is none. The client library uses the default; without
/// one, rustls picks the provider that is compiled in, and panics if there are two.
fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may install one at the same time, which is equally good.
        let _ = ring::default_provider().install_default();
    }
}
