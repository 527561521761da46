//! What has to be true after the end: every login in the store, no file in a spool.

use crate::fault::Fault;
use crate::invariant::Invariant;
use crate::secret::number;
use crate::world::World;

use crate::records::LoginRecord;

/// Checks what is left when the world has been well for long enough.
pub(crate) fn judge_remains(world: &mut World) {
    judge_logins(world);
    judge_spools(world);
}

fn judge_logins(world: &mut World) {
    let is_stored = |credential: usize| {
        let mut rows = world.store.content.rows.iter();
        rows.any(|row| {
            row.refresh_token.as_deref().and_then(|secret| number(crate::secret::REFRESH, secret))
                == Some(credential)
        })
    };
    let can_lose_rows = world.plan.faults.contains(Fault::Revert);
    let lost = world.records.logins.iter().find(|(credential, record)| {
        let LoginRecord { is_acknowledged, was_on_disk, was_stored, was_replaced, .. } = **record;
        let login = &world.accounts.credentials[**credential];
        let was_logged_out =
            world.records.users[login.user].logged_out_at.is_some_and(|at| at >= login.issued_at);
        let mut later = world.records.logins.range(*credential + 1..);
        let is_superseded = later.any(|(other, record)| {
            world.accounts.credentials[*other].user == login.user && record.was_stored
        });
        let is_promised = is_acknowledged || was_on_disk;
        // Of several logins that the store rejected on several hosts, no host knows which is the last one.
        // Neither does a host that could not read the row, or whose login replaced a row that a failover has lost.
        let can_hide_rows = world.plan.can_hide_rows() || can_lose_rows;
        let is_one_of_several = (0..world.accounts.credentials.len()).any(|other| {
            let was_recovered = world.records.logins.get(&other).is_some_and(|record| record.was_recovered);
            world.accounts.credentials[other].user == login.user
                && other != **credential
                && (was_recovered || (can_hide_rows && is_stored(other)))
        });
        let is_excused = was_logged_out
            || is_one_of_several
            || is_superseded
            || was_replaced
            || login.is_revoked
            || (can_lose_rows && was_stored);
        is_promised && !is_excused && !is_stored(**credential)
    });
    if let Some((credential, record)) = lost.map(|(credential, record)| (*credential, record.clone())) {
        let user = world.accounts.credentials[credential].user;
        let message =
            format!("the login with refresh token {credential} is not in the store at the end: {record:?}");
        world.fail(Invariant::NothingLost, Some(user), message);
    }
}

fn judge_spools(world: &mut World) {
    let hosts = world.hosts.iter().enumerate();
    let left: Vec<_> = hosts
        .flat_map(|(host, state)| {
            state.disk.paths().map(move |path| format!("{} on host {host}", path.display()))
        })
        .collect();
    if !left.is_empty() {
        world.fail(Invariant::EmptySpool, None, format!("left at the end: {}", left.join(", ")));
    }
}
