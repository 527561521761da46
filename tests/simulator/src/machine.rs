//! The machine that a simulated process runs on.

use std::fmt;
use std::future::pending;
use std::io::{Error as IoError, ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use zoho_oauth::machine::{Boxed, Failed, Machine, Request, Response};
use zoho_oauth::{Error, NetworkFailure};

use crate::accounts::{Asked, Served};
use crate::fault::Fault;
use crate::flaw::Flaw;
use crate::judge::{requests, rows};
use crate::network::{Fate, Lost, Server, dispatch};
use crate::records::ProcessId;
use crate::records::Trouble;
use crate::simulation::Simulation;
use crate::world::World;

/// The machine, as one process sees it.
pub(crate) struct SimulatedMachine {
    simulation: Simulation,
    process: ProcessId,
}

/// What a process finds after a disk operation in which it was killed: nothing that it can act on.
const KILLED: &str = "the process was killed";

impl SimulatedMachine {
    pub(crate) fn new(simulation: Simulation, process: ProcessId) -> Self {
        Self { simulation, process }
    }

    /// Runs an operation on the disk. The process may be killed before or after it.
    fn on_disk<T>(
        &self,
        name: &str,
        path: &Path,
        work: impl FnOnce(&mut World) -> IoResult<T>,
    ) -> IoResult<T> {
        self.simulation.with(|world| {
            let process = self.process;
            if !world.is_alive(process) {
                return Err(IoError::other(KILLED));
            }
            let is_last = world.may_strike() && world.random.one_in(world.plan.kill_one_in / 20 + 2);
            if is_last && world.random.one_in(2) {
                world.kill(process, &format!("before it could {name} {}", path.display()));
                return Err(IoError::other(KILLED));
            }
            let result = work(world);
            let outcome = if result.is_ok() { "" } else { " (failed)" };
            world.note(Some(process), None, || format!("disk: {name} {}{outcome}", path.display()));
            if is_last {
                world.kill(process, &format!("after {name} {}", path.display()));
            }
            result
        })
    }
}

impl Machine for SimulatedMachine {
    fn now(&self) -> SystemTime {
        self.simulation.with(|world| world.clock_of(self.process))
    }

    fn uptime(&self) -> Duration {
        self.simulation.with(|world| world.now)
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        Box::pin(self.simulation.sleep(duration.max(Duration::from_micros(1))))
    }

    fn spawn(&self, task: Boxed<'static, ()>) {
        self.simulation.spawn(Some(self.process), task);
    }

    fn random(&self) -> u64 {
        self.simulation.with(|world| world.random.next())
    }

    fn network(&self) -> String {
        self.simulation.with(|world| format!("the network of host {}", world.processes[self.process].host))
    }

    fn send(&self, request: Request) -> Boxed<'_, Result<Response, Failed>> {
        let asked = Asked::parse(&request);
        let process = self.process;
        Box::pin(async move {
            let receiver = self.simulation.with(|world| {
                if !world.is_alive(process) {
                    return None;
                }
                requests::about_to_send(world, process, &asked);
                let fate = Fate::of_request(world, process, Server::Accounts);
                let user = world.accounts.user_of(&asked);
                world.note(Some(process), user, || format!("accounts: {asked:?}, {fate:?}"));
                if fate.may_arrive() {
                    requests::sent(world, &asked);
                }
                let (asked, sent_at) = (asked.clone(), world.now);
                Some(dispatch(world, Server::Accounts, fate, move |world| serve(world, &asked, sent_at)))
            });
            let Some(receiver) = receiver else { return pending().await };
            match receiver.await.unwrap_or(Err(Lost::TimedOut)) {
                Ok(served) => Ok(self.received(&asked, served)),
                Err(lost) => Err(self.simulation.with(|world| failed(world, process, &asked, lost))),
            }
        })
    }

    fn files_in(&self, folder: &Path) -> IoResult<Vec<PathBuf>> {
        self.simulation.with(|world| Ok(world.host_of(self.process).disk.files_in(folder)))
    }

    fn read(&self, path: &Path) -> IoResult<Vec<u8>> {
        self.simulation.with(|world| world.host_of(self.process).disk.read(path))
    }

    fn create(&self, path: &Path, content: &[u8]) -> IoResult<()> {
        let process = self.process;
        self.on_disk("create", path, |world| {
            if world.suffers(process, Fault::FullDisk) {
                if world.random.one_in(2) {
                    world.host_of(process).disk.create(path, &content[..content.len() / 2])?;
                }
                return Err(ErrorKind::StorageFull.into());
            }
            if world.may_strike() && world.random.one_in(world.plan.kill_one_in / 20 + 2) {
                world.host_of(process).disk.create(path, &content[..content.len() / 2])?;
                world.kill(process, &format!("while it wrote {}", path.display()));
                return Err(IoError::other(KILLED));
            }
            world.host_of(process).disk.create(path, content)?;
            rows::spooled(world, process, content);
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> IoResult<()> {
        let process = self.process;
        self.on_disk("rename", to, |world| {
            world.host_of(process).disk.rename(from, to)?;
            if world.plan.flaw == Some(Flaw::DroppedFile) && world.random.one_in(2) {
                world.host_of(process).disk.lose(to);
            }
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> IoResult<()> {
        let process = self.process;
        self.on_disk("remove", path, |world| world.host_of(process).disk.remove(path))
    }

    fn remove_folder(&self, _folder: &Path) -> IoResult<()> {
        Ok(())
    }
}

impl SimulatedMachine {
    fn received(&self, asked: &Asked, served: Served) -> Response {
        self.simulation.with(|world| {
            let user = world.accounts.user_of(asked);
            if served.status >= 500 {
                world.trouble(self.process, Trouble::LostAccounts);
            }
            if let (Asked::Refresh(credential), None) = (asked, served.access) {
                requests::was_in_vain(world, *credential);
            }
            if let Some(access) = served.access {
                world.processes[self.process].received.push(access);
            }
            let Served { status, body, .. } = &served;
            world.note(Some(self.process), user, || format!("accounts: {asked:?} -> {status} {body}"));
        });
        Response {
            host: "accounts.zoho.eu".to_owned(),
            status: served.status,
            content_type: "application/json".to_owned(),
            body: served.body,
        }
    }
}

/// Serves a request that has arrived.
fn serve(world: &mut World, asked: &Asked, sent_at: Duration) -> Served {
    let is_failing = world.conditions.everywhere.contains(&Fault::FailAccounts) && world.random.one_in(2);
    if is_failing && world.random.one_in(2) {
        return Served::error_page();
    }
    let life = world.plan.tokens.life;
    let served = world.accounts.serve(asked, world.now, life);
    if let Some(access) = served.access {
        world.accounts.issued[access].holder_expects = sent_at + life;
    }
    if is_failing { Served::error_page() } else { served }
}

fn failed(world: &mut World, process: ProcessId, asked: &Asked, lost: Lost) -> Failed {
    let trouble = match lost {
        Lost::NotConnected => Server::Accounts.refused(),
        Lost::TimedOut => Server::Accounts.lost(),
    };
    world.trouble(process, trouble);
    if let Asked::Refresh(credential) = asked {
        requests::was_in_vain(world, *credential);
    }
    let user = world.accounts.user_of(asked);
    world.note(Some(process), user, || format!("accounts: {asked:?} -> {lost:?}"));
    let failure = match lost {
        Lost::NotConnected => NetworkFailure::Connect,
        Lost::TimedOut => NetworkFailure::Timeout,
    };
    Failed {
        error: Error::Unreachable { host: "accounts.zoho.eu".to_owned(), failure, source: None },
        may_have_acted: lost == Lost::TimedOut,
    }
}

impl fmt::Debug for SimulatedMachine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SimulatedMachine({})", self.process)
    }
}
