//! What was observed in a run, as far as the invariants need it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::invariant::Invariant;

/// The number of a process. A number is used once: a restarted process gets another.
pub(crate) type ProcessId = usize;

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant.
    pub invariant: Invariant,
    /// When it was found out, since the start.
    pub at: Duration,
    /// The user that it concerns.
    pub user: Option<usize>,
    /// The evidence.
    pub message: String,
}

/// The observations.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) violation: Option<Violation>,
    pub(crate) users: Vec<UserRecord>,
    pub(crate) logins: BTreeMap<usize, LoginRecord>,
    pub(crate) open_calls: Vec<OpenCall>,
    pub(crate) calls_made: usize,
    /// How many calls for an access token failed.
    pub(crate) calls_failed: usize,
    /// The last lease on a refresh token that a process was granted.
    pub(crate) grants: BTreeMap<(ProcessId, usize), Grant>,
    pub(crate) troubles: Vec<Observed>,
}

/// Something that went wrong, as far as it can explain what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    RefusedStore,
    LostStore,
    RejectedWrite,
    /// A process does not know, or not in time, whether the store has written a row or a lease.
    UnknownWrite,
    RefusedAccounts,
    LostAccounts,
    Slow,
    /// A process was killed or paused.
    Struck,
    Reverted,
}

/// A trouble, and where and when it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observed {
    pub(crate) trouble: Trouble,
    pub(crate) host: usize,
    pub(crate) at: Duration,
    /// What the store's clock showed then, in epoch milliseconds.
    pub(crate) by_store: u64,
}

/// What is known about a user.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserRecord {
    /// When the user's login last changed in the store: by a login, a logout, a revocation or a failover.
    pub(crate) login_changed_at: Option<Duration>,
    /// When someone last began to log the user out.
    pub(crate) logged_out_at: Option<Duration>,
    /// How many calls insisted on a new token.
    pub(crate) demands: usize,
    /// When the last call that insisted on a new token ended.
    pub(crate) demanded_at: Option<Duration>,
    /// How many requests had no other reason than such a call.
    pub(crate) demanded_requests: usize,
}

/// What is known about a refresh token that a login brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoginRecord {
    /// Whether the login was reported as stored or spooled.
    pub(crate) is_acknowledged: bool,
    /// Whether a disk had its whole token.
    pub(crate) was_on_disk: bool,
    /// Whether the store had it.
    pub(crate) was_stored: bool,
    /// Whether it was stored from a spool.
    pub(crate) was_recovered: bool,
    /// Whether a login of the same user that was under way at the same time replaced it.
    pub(crate) was_replaced: bool,
}

/// A call that has not returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenCall {
    pub(crate) number: usize,
    pub(crate) process: ProcessId,
    pub(crate) user: usize,
    pub(crate) kind: CallKind,
    pub(crate) began_at: Duration,
}

/// What a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    AccessToken,
    Refresh,
    Replace,
    LogIn,
    LogOut,
    Revoke,
    Recover,
}

/// A lease that was granted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) at: Duration,
    /// The access token that lives longest of those that the process could find then.
    pub(crate) freshest: Option<usize>,
}

impl CallKind {
    /// Whether the caller insists on a token that is not stored yet.
    pub(crate) fn is_demand(self) -> bool {
        matches!(self, Self::Refresh | Self::Replace)
    }

    pub(crate) fn is_login(self) -> bool {
        self == Self::LogIn
    }
}

impl Records {
    pub(crate) fn new(users: usize) -> Self {
        Self {
            violation: None,
            users: vec![UserRecord::default(); users],
            logins: BTreeMap::new(),
            open_calls: Vec::new(),
            calls_made: 0,
            calls_failed: 0,
            grants: BTreeMap::new(),
            troubles: Vec::new(),
        }
    }

    /// Ends the calls of a process that was killed.
    pub(crate) fn process_killed(&mut self, process: ProcessId, now: Duration) {
        let (users, open_calls) = (&mut self.users, &mut self.open_calls);
        for call in open_calls.iter().filter(|call| call.process == process && call.kind.is_demand()) {
            users[call.user].demanded_at = Some(now);
        }
        open_calls.retain(|call| call.process != process);
    }

    /// Whether there was such a trouble since `moment`, on that host or, without one, anywhere.
    pub(crate) fn had(&self, troubles: &[Trouble], host: Option<usize>, moment: Duration) -> bool {
        let recent = self.troubles.iter().rev().take_while(|observed| observed.at >= moment);
        let mut here = recent.filter(|observed| host.is_none_or(|host| observed.host == host));
        here.any(|observed| troubles.contains(&observed.trouble))
    }

    /// As [`had`](Self::had), but by what the store's clock showed.
    pub(crate) fn had_by_store(
        &self,
        troubles: &[Trouble],
        host: Option<usize>,
        shown: RangeInclusive<u64>,
    ) -> bool {
        let recent = self.troubles.iter().filter(|observed| shown.contains(&observed.by_store));
        let mut here = recent.filter(|observed| host.is_none_or(|host| observed.host == host));
        here.any(|observed| troubles.contains(&observed.trouble))
    }

    pub(crate) fn count_since(&self, troubles: &[Trouble], moment: Duration) -> usize {
        let recent = self.troubles.iter().rev().take_while(|observed| observed.at >= moment);
        recent.filter(|observed| troubles.contains(&observed.trouble)).count()
    }
}
