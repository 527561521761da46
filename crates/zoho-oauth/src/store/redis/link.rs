//! The connection: one for all tasks, opened on first use and again after it is lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ScriptInvocation, ServerErrorKind};

use super::super::outage::Outage;
use super::connection::Connection;
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
