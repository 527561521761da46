//! The store, as a process reaches it: over a link that delays and loses requests.

use std::future::pending;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use zoho_oauth::store::{StoreError, StoreErrorKind, StoreIdentity, TokenPage, TokenStore};

use crate::fault::Fault;
use crate::judge::rows;
use crate::network::{Fate, Lost, Server, dispatch};
use crate::records::ProcessId;
use crate::records::Trouble;
use crate::simulation::Simulation;
use crate::world::World;

/// The store, for one process.
#[derive(Clone, Debug)]
pub(crate) struct StoreClient {
    simulation: Simulation,
    process: ProcessId,
}

/// What an operation does to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Reads,
    WritesLease,
    /// Saves the row of a user, if that is known.
    SavesRow(Option<usize>),
}

type Outcome<T> = Result<T, StoreError>;

impl StoreClient {
    pub(crate) fn new(simulation: Simulation, process: ProcessId) -> Self {
        Self { simulation, process }
    }

    /// Sends an operation to the store. `work` is one atomic step there.
    async fn call<T: Send + 'static>(
        &self,
        action: &'static str,
        effect: Effect,
        work: impl FnOnce(&mut World) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let process = self.process;
        let receiver = self.simulation.with(|world| {
            world.is_alive(process).then(|| {
                let fate = Fate::of_request(world, process, Server::Store);
                let is_in_time =
                    matches!(fate, Fate::Delivered(there, back) if there + back < Duration::from_secs(1));
                if effect != Effect::Reads && !is_in_time {
                    world.trouble(process, Trouble::UnknownWrite);
                }
                if !matches!(fate, Fate::Delivered(..)) {
                    world.note(Some(process), None, || format!("store: {action}: {fate:?}"));
                }
                dispatch(world, Server::Store, fate, move |world| {
                    rejection(world, process, action, effect).map_or_else(|| work(world), Err)
                })
            })
        });
        let Some(receiver) = receiver else { return pending().await };
        receiver.await.unwrap_or(Err(Lost::TimedOut)).unwrap_or_else(|lost| {
            self.simulation.with(|world| {
                let trouble = match lost {
                    Lost::NotConnected => Server::Store.refused(),
                    Lost::TimedOut => Server::Store.lost(),
                };
                world.trouble(process, trouble);
            });
            Err(StoreError::of(StoreErrorKind::Busy, action).evidence(format!("{lost:?}")))
        })
    }
}

/// The store's error, if it rejects an operation for the condition that it is in.
fn rejection(
    world: &mut World,
    process: ProcessId,
    action: &'static str,
    effect: Effect,
) -> Option<StoreError> {
    let is_active = |fault| world.conditions.everywhere.contains(&fault);
    let kind = match effect {
        Effect::Reads => return None,
        _ if is_active(Fault::ReadOnly) => StoreErrorKind::Permission,
        Effect::SavesRow(user) if is_active(Fault::RejectSaves) => {
            let rejected = world.conditions.rejected_user;
            if rejected.is_some() && rejected != user {
                return None;
            }
            StoreErrorKind::Rejected
        }
        _ => return None,
    };
    world.trouble(process, Trouble::RejectedWrite);
    world.note(Some(process), None, || format!("store: {action} rejected: {kind:?}"));
    Some(StoreError::of(kind, action))
}

fn user_of(world: &World, token: &OAuthToken) -> Option<usize> {
    rows::credential_of(token).map(|credential| world.accounts.credentials[credential].user)
}

impl TokenStore for StoreClient {
    async fn find_token(&self, token: &OAuthToken) -> Outcome<Option<OAuthToken>> {
        let token = token.clone();
        self.call("find a token", Effect::Reads, move |world| world.store.find(&token)).await
    }

    async fn save_token(&self, token: &OAuthToken) -> Outcome<OAuthToken> {
        let (process, token) = (self.process, token.clone());
        let user = self.simulation.with(|world| user_of(world, &token));
        self.call("save a token", Effect::SavesRow(user), move |world| {
            rows::about_to_save(world, process, &token);
            world.store.save(&token)
        })
        .await
    }

    async fn delete_token(&self, id: &str) -> Outcome<bool> {
        let (process, id) = (self.process, id.to_owned());
        self.call("delete a token", Effect::SavesRow(None), move |world| {
            rows::about_to_delete(world, process, &id);
            Ok(world.store.delete(&id))
        })
        .await
    }

    async fn get_tokens(&self) -> Outcome<Vec<OAuthToken>> {
        self.call("list the tokens", Effect::Reads, |world| {
            Ok(world.store.content.rows.iter().cloned().map(OAuthToken::from).collect())
        })
        .await
    }

    async fn delete_tokens(&self) -> Outcome<()> {
        Err(StoreError::of(StoreErrorKind::Rejected, "delete all tokens"))
    }

    async fn find_token_by_id(&self, id: &str) -> Outcome<Option<OAuthToken>> {
        self.find_token(&OAuthToken::new().with_id(id)).await
    }

    async fn get_token_page(&self, after: Option<&str>) -> Outcome<TokenPage> {
        match after {
            None => self.get_tokens().await.map(TokenPage::last),
            Some(_) => Err(TokenPage::unknown_cursor()),
        }
    }

    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Outcome<Vec<OAuthToken>> {
        let mut saved = Vec::new();
        for token in tokens {
            saved.push(self.save_token(token).await?);
        }
        Ok(saved)
    }
}

impl Coordination for StoreClient {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Outcome<Acquired> {
        let (process, key, holder) = (self.process, key.clone(), holder.to_owned());
        self.call("take a lease", Effect::WritesLease, move |world| {
            let (now, is_flawed) = (world.store.clock(world.now), world.random.one_in(3));
            let acquired = world.store.acquire(&key, &holder, now, life, is_flawed);
            rows::lease_asked_for(world, process, &key, &acquired);
            Ok(acquired)
        })
        .await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Outcome<bool> {
        let (process, lease) = (self.process, lease.clone());
        self.call("extend a lease", Effect::WritesLease, move |world| {
            let is_held = world.store.renew(&lease, world.store.clock(world.now), life);
            rows::lease_ended(world, process, &lease, "extend", is_held);
            Ok(is_held)
        })
        .await
    }

    async fn release(&self, lease: &Lease) -> Outcome<bool> {
        let (process, lease) = (self.process, lease.clone());
        self.call("release a lease", Effect::WritesLease, move |world| {
            let was_held = world.store.release(&lease, world.store.clock(world.now));
            rows::lease_ended(world, process, &lease, "release", was_held);
            Ok(was_held)
        })
        .await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Outcome<Fenced> {
        let (process, lease, token) = (self.process, lease.clone(), token.clone());
        let user = self.simulation.with(|world| user_of(world, &token));
        self.call("save a token", Effect::SavesRow(user), move |world| {
            let now = world.store.clock(world.now);
            if !world.store.admits(&lease, now) {
                rows::lease_ended(world, process, &lease, "save under", false);
                return Ok(Fenced::Superseded);
            }
            rows::about_to_save(world, process, &token);
            let row = world.store.save(&token)?;
            world.store.release(&lease, now);
            Ok(Fenced::Saved(row))
        })
        .await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Outcome<LeaseState> {
        let key = key.clone();
        self.call("read a lease", Effect::Reads, move |world| {
            Ok(world.store.state(&key, world.store.clock(world.now)))
        })
        .await
    }

    async fn version(&self) -> Outcome<Option<u64>> {
        self.call("read the version", Effect::Reads, |world| {
            Ok(world.plan.store.has_version.then_some(world.store.version))
        })
        .await
    }

    fn poll_interval(&self) -> Duration {
        self.simulation.with(|world| world.plan.store.poll_interval)
    }

    async fn clock(&self) -> Outcome<SystemTime> {
        self.call("read the clock", Effect::Reads, |world| {
            Ok(UNIX_EPOCH + Duration::from_millis(world.store.clock(world.now)))
        })
        .await
    }

    async fn stored_identity(&self) -> Outcome<Option<StoreIdentity>> {
        self.call("read the identity", Effect::Reads, |world| {
            Ok(world.plan.store.has_identity.then(|| StoreIdentity::new("the identity of the store")))
        })
        .await
    }
}
