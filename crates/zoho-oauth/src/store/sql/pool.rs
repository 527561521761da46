//! Connections, and who may use one.
//!
//! sqlx has a pool too. It asks the server after every use whether the connection still works, which doubles the
//! round trips, and it keeps trying when a server refuses connections, without ever saying so. Here a connection that
//! has died meanwhile is noticed by the call that gets it, which is repeated over another one.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::driver::Server;
use super::fault::Fault;
use super::session::Session;

/// What has not been used for so long is not used again: routers forget idle connections after minutes.
const IDLE_LIFE: Duration = Duration::from_secs(240);

pub(super) struct Pool<S: Server> {
    server: S,
    connect_timeout: Duration,
    room: Semaphore,
    idle: Mutex<Vec<(Session<S::Link>, Instant)>>,
}

impl<S: Server> Pool<S> {
    pub(super) fn new(server: S, max_connections: u32, connect_timeout: Duration) -> Self {
        let room = Semaphore::new(usize::try_from(max_connections).unwrap_or(Semaphore::MAX_PERMITS));
        Self { server, connect_timeout, room, idle: Mutex::default() }
    }

    pub(super) fn server(&self) -> &S {
        &self.server
    }

    /// Lends a connection that somebody has given back, or else a new one; waits while too many are lent.
    pub(super) async fn lend(&self) -> Result<Lent<'_, S>, Fault> {
        let permit = self.room.acquire().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop().filter(|(_, since)| since.elapsed() < IDLE_LIFE);
        let session = match idle {
            Some((session, _)) => session,
            None => self.connect().await?,
        };
        Ok(Lent { session, pool: self, permit })
    }

    /// Drops the connections that nobody uses: one of them turned out to be dead, and so the others may be.
    pub(super) fn forget_idle(&self) {
        self.idle().clear();
    }

    async fn connect(&self) -> Result<Session<S::Link>, Fault> {
        match tokio::time::timeout(self.connect_timeout, self.server.connect()).await {
            Ok(link) => Ok(Session::new(link?, self.server.texts())),
            Err(_) => Err(Fault::Unreachable(self.connect_timeout)),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Session<S::Link>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. It is closed when it is dropped, and with it whatever was going on: only a call that knows that
/// nothing is gives it back.
pub(super) struct Lent<'p, S: Server> {
    session: Session<S::Link>,
    pool: &'p Pool<S>,
    permit: SemaphorePermit<'p>,
}

impl<S: Server> Lent<'_, S> {
    /// Gives the connection back, for others to use.
    pub(super) fn give_back(self) {
        self.pool.idle().push((self.session, Instant::now()));
        // Whoever waits for it finds it there.
        drop(self.permit);
    }
}

impl<S: Server> Deref for Lent<'_, S> {
    type Target = Session<S::Link>;

    fn deref(&self) -> &Session<S::Link> {
        &self.session
    }
}

impl<S: Server> DerefMut for Lent<'_, S> {
    fn deref_mut(&mut self) -> &mut Session<S::Link> {
        &mut self.session
    }
}
