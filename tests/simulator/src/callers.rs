//! Callers: tasks of a process that want tokens, at random moments and at those that matter.

use std::time::{Duration, UNIX_EPOCH};

use zoho_oauth::{AccessToken, Authenticator, Error, Grant, OAuthToken, UserSignature};

use crate::accounts::name;
use crate::judge::calls;
use crate::records::ProcessId;
use crate::records::{CallKind, OpenCall};
use crate::simulation::Simulation;
use crate::world::{Phase, World};

/// A task that calls an authenticator.
#[derive(Debug)]
pub(crate) struct Caller {
    simulation: Simulation,
    process: ProcessId,
    authenticator: Authenticator,
    /// The token that it got last.
    last: Option<(usize, AccessToken)>,
    is_busy: bool,
}

impl Caller {
    pub(crate) fn new(simulation: Simulation, process: ProcessId, authenticator: Authenticator) -> Self {
        let is_busy = simulation.with(|world| world.random.one_in(3));
        Self { simulation, process, authenticator, last: None, is_busy }
    }

    /// Calls until the faults end.
    pub(crate) async fn run(mut self) {
        loop {
            let pause = self.pause();
            self.simulation.sleep(pause).await;
            let (phase, user, kind) = self
                .simulation
                .with(|world| (world.phase, world.random.below(world.plan.users), random_kind(world)));
            if phase != Phase::Troubled {
                return;
            }
            self.call(user, kind).await;
        }
    }

    /// Asks for a valid token of `user`, and returns whether there is one.
    pub(crate) async fn ask(&mut self, user: usize) -> Result<(), Error> {
        let call = self.begin(user, CallKind::AccessToken);
        let result = self.authenticator.access_token(&UserSignature::new(name(user))).await;
        self.ended(call, result)
    }

    /// Stores what is spooled, and returns whether everything could be stored.
    pub(crate) async fn recover(&self) -> bool {
        let call = self.begin(0, CallKind::Recover);
        let result = self.authenticator.recover().await;
        self.simulation.with(|world| {
            calls::close(world, call);
            world.note(Some(self.process), None, || format!("Recover -> {result:?}"));
        });
        result.is_ok()
    }

    async fn call(&mut self, user: usize, kind: CallKind) {
        let row = || OAuthToken::new().with_user(name(user));
        match kind {
            CallKind::AccessToken => {
                // What the API does with the token decides whether it is replaced.
                if self.ask(user).await.is_ok() && self.is_rejected_by_the_api() {
                    self.replace().await;
                }
            }
            CallKind::Refresh => {
                let call = self.begin(user, kind);
                let result = self.authenticator.refresh(&UserSignature::new(name(user))).await;
                let _ = self.ended(call, result);
            }
            CallKind::Replace => self.replace().await,
            CallKind::LogIn => {
                let code = self.simulation.with(|world| world.accounts.new_code(user));
                let call = self.begin(user, kind);
                let result = self.authenticator.exchange(Grant::from_self_client(code)).await;
                self.simulation.with(|world| calls::login_ended(world, call, &result));
            }
            CallKind::LogOut | CallKind::Revoke => {
                let call = self.begin(user, kind);
                let result = match kind {
                    CallKind::LogOut => self.authenticator.logout(&row()).await.map(|_| ()),
                    _ => self.authenticator.revoke(&row()).await,
                };
                self.simulation.with(|world| {
                    calls::close(world, call);
                    world.note(Some(self.process), Some(user), || format!("{kind:?} -> {result:?}"));
                });
            }
            CallKind::Recover => drop(self.recover().await),
        }
    }

    async fn replace(&mut self) {
        let Some((user, rejected)) = self.last.take() else { return };
        let call = self.begin(user, CallKind::Replace);
        let result = self.authenticator.replace(&rejected).await;
        let _ = self.ended(call, result);
    }

    fn begin(&self, user: usize, kind: CallKind) -> OpenCall {
        self.simulation.with(|world| calls::begin(world, self.process, user, kind))
    }

    fn ended(&mut self, call: OpenCall, result: Result<AccessToken, Error>) -> Result<(), Error> {
        self.simulation.with(|world| calls::ended(world, call, &result));
        self.last = Some((call.user, result?));
        Ok(())
    }

    fn is_rejected_by_the_api(&self) -> bool {
        let Some((_, token)) = &self.last else { return false };
        self.simulation.with(|world| !world.is_accepted(token.expose_secret()))
    }

    /// How long to wait before the next call: a moment, a while, or until the last token is about to need a renewal.
    fn pause(&self) -> Duration {
        let end = self.last.as_ref().and_then(|(_, token)| token.expires_at());
        self.simulation.with(|world| {
            let horizon = world.plan.horizon;
            let soon = Duration::from_millis(600);
            match world.random.below(if self.is_busy { 8 } else { 4 }) {
                0 => world.random.between(Duration::ZERO, horizon / 8),
                1 => world.random.between(Duration::ZERO, horizon / 60),
                2 => {
                    let tokens = world.plan.tokens;
                    let margin = if world.random.one_in(4) { Duration::ZERO } else { tokens.early_window };
                    let now = world.clock_of(self.process).duration_since(UNIX_EPOCH).unwrap_or_default();
                    let end = end.and_then(|end| end.duration_since(UNIX_EPOCH).ok()).unwrap_or(now);
                    let left = end.saturating_sub(now + margin);
                    // Around that moment, so that processes meet there.
                    left.saturating_sub(soon) + world.random.between(Duration::ZERO, soon * 2)
                }
                _ => world.random.between(Duration::from_millis(1), soon),
            }
        })
    }
}

fn random_kind(world: &mut World) -> CallKind {
    let habits = world.plan.habits;
    let is_allowed = |kind| match kind {
        CallKind::Refresh | CallKind::Replace => habits.refresh,
        CallKind::LogIn => habits.log_in,
        CallKind::LogOut | CallKind::Revoke => habits.log_out,
        CallKind::AccessToken | CallKind::Recover => true,
    };
    let kind = match world.random.below(60) {
        0..3 => CallKind::Refresh,
        3 => CallKind::Replace,
        4..6 => CallKind::LogIn,
        6 => world.random.pick([CallKind::LogOut, CallKind::Revoke, CallKind::AccessToken]),
        7 => CallKind::Recover,
        _ => CallKind::AccessToken,
    };
    if is_allowed(kind) { kind } else { CallKind::AccessToken }
}
