//! A pool of connections.
//!
//! sqlx's own pool pings the server after each use, which doubles the round trips, and hides why a server accepts no
//! connection. Here, a dead connection fails the call that uses it, and the call is retried on a new connection. While the
//! server is away, a call keeps trying to connect within its timeout, and then fails with the last error.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::super::outage::Outage;
use super::connection::Connection;
use super::fault::Fault;
use super::options::ServerOptions;
use super::server::{NoConnection, Server};
use super::session::Session;
use super::texts::Texts;

/// How long an idle connection stays usable. Routers drop idle connections after some minutes.
const MAX_IDLE: Duration = Duration::from_secs(240);

pub(super) struct Pool<S: Server> {
    server: S,
    texts: Arc<Texts>,
    connect_timeout: Duration,
    permits: Semaphore,
    idle: Mutex<Vec<(Session<S::Link>, Instant)>>,
    /// When the server accepts no connections.
    unreachable: Outage,
    /// When it rejects the statements of its connections.
    rejecting: Outage,
}

impl<S: Server> Pool<S> {
    pub(super) fn new(server: S, options: &ServerOptions) -> Self {
        let max_connections = usize::try_from(options.max_connections).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            server,
            texts: Arc::new(Texts::new(S::words(options))),
            connect_timeout: options.connect_timeout,
            permits: Semaphore::new(max_connections),
            idle: Mutex::default(),
            unreachable: Outage::new(options.timeout),
            rejecting: Outage::new(options.timeout),
        }
    }

    pub(super) fn server(&self) -> &S {
        &self.server
    }

    /// Returns an idle connection or a new one. Waits while the maximum number of connections is in use.
    pub(super) async fn get(&self) -> Result<Pooled<'_, S>, Fault> {
        let mut attempts = self.unreachable.attempts();
        loop {
            let permit = self.permits.acquire().await.map_err(|_| sqlx::Error::PoolClosed)?;
            let idle = self.idle().pop().filter(|(_, since)| since.elapsed() < MAX_IDLE);
            if let Some((session, _)) = idle {
                return Ok(Pooled { session, pool: self, permit });
            }
            match self.connect(attempts.limit(self.connect_timeout)).await {
                Ok(session) => {
                    self.unreachable.end();
                    return Ok(Pooled { session, pool: self, permit });
                }
                Err(fault) if fault.is_outage(&self.server) => {
                    // Another call may get a connection in between.
                    drop(permit);
                    attempts.after(fault).await?;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// When the server rejects the statements of its connections.
    pub(super) fn rejecting(&self) -> &Outage {
        &self.rejecting
    }

    /// Closes the idle connections. If one connection is dead, the others may be dead too.
    pub(super) fn close_idle(&self) {
        self.idle().clear();
    }

    async fn connect(&self, timeout: Duration) -> Result<Session<S::Link>, Fault> {
        let (link, is_pooled) = match tokio::time::timeout(timeout, self.server.connect(timeout)).await {
            Ok(Ok(connected)) => connected,
            Ok(Err(NoConnection::Driver(error))) => return Err(Fault::Unconnected(error)),
            Ok(Err(NoConnection::Password(error))) => return Err(Fault::Rule(error)),
            Err(_) => return Err(Fault::Unreachable(timeout)),
        };
        Ok(Session::new(Connection::new(link, is_pooled, self.texts.begin.clone()), self.texts.clone()))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Session<S::Link>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. Dropping it closes it, which rolls back an open transaction. A call puts it back only if no
/// statement or transaction is in progress.
pub(super) struct Pooled<'p, S: Server> {
    session: Session<S::Link>,
    pool: &'p Pool<S>,
    permit: SemaphorePermit<'p>,
}

impl<S: Server> Pooled<'_, S> {
    /// Puts the connection back into the pool.
    pub(super) fn put_back(self) {
        let mut idle = self.pool.idle();
        // After a burst of calls, the connections that are no longer needed are closed.
        idle.retain(|(_, since)| since.elapsed() < MAX_IDLE);
        idle.push((self.session, Instant::now()));
        drop(idle);
        // Only now, so that a waiting call finds the connection.
        drop(self.permit);
    }
}

impl<S: Server> Deref for Pooled<'_, S> {
    type Target = Session<S::Link>;

    fn deref(&self) -> &Session<S::Link> {
        &self.session
    }
}

impl<S: Server> DerefMut for Pooled<'_, S> {
    fn deref_mut(&mut self) -> &mut Session<S::Link> {
        &mut self.session
    }
}
