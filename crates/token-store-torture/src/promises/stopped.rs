//! A lease holder that does not run for a while, as on a suspended machine.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::leases::granted_for;
use crate::failure::{Outcome, check};
use crate::process::Process;
use crate::promise::Promise;
use crate::protocol::{Acquisition, Command, Row, Saved};
use crate::scene::{LONG_LIFE, SHORT_LIFE, Scene};

const USER: &str = "ada";

pub(super) fn a_holder_that_was_stopped_past_its_lease_cannot_write(scene: &Scene) -> Outcome {
    let row = scene.saved(USER)?;
    let (mut late, mut next) = (scene.process()?, scene.process()?);
    let stale = granted_for(&mut late, SHORT_LIFE, USER, Some(&row.id))?;
    late.stop()?;
    let acquisition = granted_for(&mut next, LONG_LIFE, USER, Some(&row.id))?;
    check(acquisition.epoch > stale.epoch, Promise::EpochsRise, || {
        format!("epoch {} came after {}", acquisition.epoch, stale.epoch)
    })?;
    late.go_on()?;
    check_powerless(&mut late, "while the next one holds the lease")?;
    let is_saved: bool = next.ask(&Command::SaveAndRelease { number: 2 })?;
    check(is_saved, Promise::HoldersSave, || "the store reported that it no longer has the lease".into())?;
    check_powerless(&mut late, "after the next one has released the lease")?;
    check_row(&scene.rows()?, 2)
}

/// Each round stops the holder at a later moment of its save, so also between reading the lease and writing, if the store
/// does that in two steps.
pub(super) fn a_holder_that_was_stopped_while_it_saves_does_not_overwrite_the_newer_token(
    scene: &Scene,
) -> Outcome {
    let row = scene.saved(USER)?;
    let (mut late, mut next) = (scene.process()?, scene.process()?);
    let rounds = u32::try_from(scene.sizes.rounds).unwrap_or(u32::MAX);
    let mut number = 1;
    for round in 0..rounds {
        let began = Instant::now();
        late.ask::<Saved>(&Command::Save { user: USER.to_owned(), number })?;
        let usual = began.elapsed();

        granted_for(&mut late, SHORT_LIFE, USER, Some(&row.id))?;
        late.tell(&Command::SaveAndRelease { number: number + 1 })?;
        sleep(usual * 2 * round / rounds);
        late.stop()?;
        let is_saved = save_after(&mut next, &late, &row.id, number + 2)?;
        late.go_on()?;
        late.hear::<bool>()?;
        check(is_saved, Promise::HoldersSave, || {
            "the store reported that it no longer has the lease".into()
        })?;
        check_row(&scene.rows()?, number + 2)?;
        number += 2;
    }
    Ok(())
}

/// Makes the next process take the lease and save. If the late process was stopped during a write, a store may make the
/// next one wait; the late one then continues first.
fn save_after(next: &mut Process, late: &Process, row: &str, number: u64) -> Outcome<bool> {
    let began = Instant::now();
    loop {
        let (user, row) = (USER.to_owned(), Some(row.to_owned()));
        next.tell(&Command::Acquire { user, row, life: LONG_LIFE })?;
        let acquisition: Acquisition = match next.hear_within(SHORT_LIFE * 4)? {
            Some(acquisition) => acquisition,
            None => {
                late.go_on()?;
                next.hear()?
            }
        };
        if acquisition.is_granted {
            return next.ask(&Command::SaveAndRelease { number });
        }
        check(began.elapsed() < Duration::from_secs(10), Promise::LeasesExpire, || {
            format!("a lease for {SHORT_LIFE:?} is still held after {:?}: {acquisition:?}", began.elapsed())
        })?;
        sleep(Duration::from_millis(20));
    }
}

fn check_powerless(late: &mut Process, when: &str) -> Outcome {
    let may_renew: bool = late.ask(&Command::Renew { life: LONG_LIFE, ledger: None })?;
    check(!may_renew, Promise::FormerHoldersAreFenced, || format!("it renewed the lease {when}"))?;
    let may_release: bool = late.ask(&Command::Release)?;
    check(!may_release, Promise::FormerHoldersAreFenced, || format!("it released the lease {when}"))?;
    let may_save: bool = late.ask(&Command::SaveAndRelease { number: 3 })?;
    check(!may_save, Promise::FormerHoldersAreFenced, || format!("it saved {when}"))
}

fn check_row(rows: &[Row], number: u64) -> Outcome {
    check(matches!(rows, [row] if row.number == Some(number)), Promise::NewerTokensStay, || {
        format!("the newer token is state {number}, and the rows are {rows:?}")
    })
}
