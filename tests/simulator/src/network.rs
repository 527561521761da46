//! The links between processes and servers: how long a request travels, and whether it arrives.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::fault::Fault;
use crate::plan::{ACCOUNTS_TIMEOUT, CONNECT_TIMEOUT};
use crate::records::ProcessId;
use crate::records::Trouble;
use crate::world::World;

/// How long a client waits for a response of the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Store,
    Accounts,
}

impl Server {
    /// The trouble of a process that it refuses.
    pub(crate) fn refused(self) -> Trouble {
        if self == Self::Store { Trouble::RefusedStore } else { Trouble::RefusedAccounts }
    }

    /// The trouble of a process that gets no response from it.
    pub(crate) fn lost(self) -> Trouble {
        if self == Self::Store { Trouble::LostStore } else { Trouble::LostAccounts }
    }
}

/// Why no response came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// No connection was made, so nothing was sent.
    NotConnected,
    TimedOut,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Refused(Duration),
    LostOnTheWay,
    LostOnTheWayBack(Duration),
    Delivered(Duration, Duration),
}

impl Fate {
    /// Whether the server may act on the request.
    pub(crate) fn may_arrive(self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    /// Decides what happens to a request.
    pub(crate) fn of_request(world: &mut World, from: ProcessId, to: Server) -> Self {
        let (refusal, loss, delay) = match to {
            Server::Store => (Fault::RefuseStore, Fault::LoseStore, Fault::SlowStore),
            Server::Accounts => (Fault::RefuseAccounts, Fault::LoseAccounts, Fault::SlowAccounts),
        };
        let is_cut_off = to == Server::Accounts && world.suffers(from, Fault::CutOff);
        if is_cut_off || world.suffers(from, refusal) {
            world.trouble(from, to.refused());
            let takes_long = world.plan.seed.is_multiple_of(3);
            return Self::Refused(if takes_long { CONNECT_TIMEOUT } else { Duration::from_millis(1) });
        }
        if world.suffers(from, loss) && world.random.one_in(4) {
            world.trouble(from, to.lost());
            if world.random.one_in(2) {
                return Self::LostOnTheWay;
            }
            let there = travel(world, to);
            return Self::LostOnTheWayBack(there);
        }
        let mut fate = (travel(world, to), travel(world, to));
        if world.suffers(from, delay) && world.random.one_in(4) {
            world.trouble(from, Trouble::Slow);
            let longest = Duration::from_secs(if to == Server::Store { 8 } else { 25 });
            let extra = world.random.between(Duration::ZERO, longest);
            let way = if world.random.one_in(2) { &mut fate.0 } else { &mut fate.1 };
            *way += extra;
        }
        Self::Delivered(fate.0, fate.1)
    }
}

/// Lets `fate` happen to a request. What the server does with it is `serve`; the response or its loss is received here.
pub(crate) fn dispatch<T: Send + 'static>(
    world: &mut World,
    to: Server,
    fate: Fate,
    serve: impl FnOnce(&mut World) -> T + Send + 'static,
) -> oneshot::Receiver<Result<T, Lost>> {
    let (sender, receiver) = oneshot::channel();
    let timeout = if to == Server::Store { STORE_TIMEOUT } else { ACCOUNTS_TIMEOUT };
    // A receiver that is gone belongs to a process that was killed.
    match fate {
        Fate::Refused(after) => world.after(after, move |_| drop(sender.send(Err(Lost::NotConnected)))),
        Fate::LostOnTheWay => world.after(timeout, move |_| drop(sender.send(Err(Lost::TimedOut)))),
        Fate::LostOnTheWayBack(there) => world.after(there, move |world| {
            serve(world);
            world.after(timeout.saturating_sub(there), move |_| drop(sender.send(Err(Lost::TimedOut))));
        }),
        Fate::Delivered(there, back) => world.after(there, move |world| {
            let response = serve(world);
            world.after(back, move |_| drop(sender.send(Ok(response))));
        }),
    }
    receiver
}

fn travel(world: &mut World, to: Server) -> Duration {
    let milliseconds = Duration::from_millis;
    match to {
        Server::Store => world.random.between(Duration::from_micros(50), milliseconds(8)),
        Server::Accounts => world.random.between(milliseconds(5), milliseconds(120)),
    }
}
