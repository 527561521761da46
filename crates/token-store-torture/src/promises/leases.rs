//! Leases between processes: who may spend a credential.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use zoho_oauth::{Failure as Cause, Ledger, Quota, Requester, SecretString};

use crate::failure::{Failure, Outcome, check};
use crate::process::{Process, ask_all};
use crate::promise::Promise;
use crate::protocol::{Acquisition, Command, SeenLease};
use crate::scene::{LONG_LIFE, SHORT_LIFE, Scene};

/// How late an expired lease may be noticed: a machine can be busy, and a server far away.
const SLACK: Duration = Duration::from_secs(5);

pub(super) fn of_many_processes_that_ask_at_once_one_gets_the_lease(scene: &Scene) -> Outcome {
    let mut processes = scene.processes()?;
    let mut last_epoch = 0;
    for _ in 0..scene.sizes.rounds {
        let acquisitions: Vec<Acquisition> = ask_all(&mut processes, |_| asking(LONG_LIFE))?;
        let winners: Vec<usize> =
            (0..acquisitions.len()).filter(|process| acquisitions[*process].is_granted).collect();
        let &[winner] = &winners[..] else {
            return Err(Failure::new(
                Promise::OneHolder,
                format!("{} of {} got it: {acquisitions:?}", winners.len(), acquisitions.len()),
            ));
        };
        let epoch = acquisitions[winner].epoch;
        check(epoch > last_epoch, Promise::EpochsRise, || format!("epoch {epoch} came after {last_epoch}"))?;
        check(
            acquisitions.iter().all(|acquisition| acquisition.epoch == epoch),
            Promise::OthersSeeTheEpoch,
            || format!("{acquisitions:?}"),
        )?;
        last_epoch = epoch;
        let is_released: bool = processes[winner].ask(&Command::Release)?;
        check(is_released, Promise::HoldersRelease, || "the store reported that it has none".into())?;
    }
    Ok(())
}

pub(super) fn a_renewed_lease_cannot_be_taken(scene: &Scene) -> Outcome {
    let (mut holder, mut other) = (scene.process()?, scene.process()?);
    let acquisition = granted(&mut holder, SHORT_LIFE)?;
    let is_renewed: bool = holder.ask(&Command::Renew { life: LONG_LIFE, ledger: None })?;
    check(is_renewed, Promise::HoldersRenew, || "the store reported that it has none".into())?;
    sleep(SHORT_LIFE * 2);
    let rejected: Acquisition = other.ask(&asking(SHORT_LIFE))?;
    check(!rejected.is_granted && rejected.epoch == acquisition.epoch, Promise::RenewedLeasesLast, || {
        format!("after its first lifetime another process got {rejected:?}; the holder had {acquisition:?}")
    })
}

pub(super) fn the_lease_of_a_killed_process_expires(scene: &Scene) -> Outcome {
    let (mut holder, mut other) = (scene.process()?, scene.process()?);
    let dead = granted(&mut holder, SHORT_LIFE)?;
    holder.kill::<Acquisition>()?;
    let next = granted(&mut other, LONG_LIFE)?;
    check(next.epoch > dead.epoch, Promise::EpochsRise, || {
        format!("epoch {} came after {}", next.epoch, dead.epoch)
    })
}

pub(super) fn a_ledger_outlives_its_holder(scene: &Scene) -> Outcome {
    let (mut holder, mut other) = (scene.process()?, scene.process()?);
    let mut kept = Ledger::default();
    let refresh_token = SecretString::from("1000.refresh");
    let requester =
        Requester::new(&refresh_token, "https://accounts.zoho.eu", "1000.CLIENT", &"secret".into());
    let mut last_epoch = 0;
    for round in 0..4 {
        let acquisition = granted(&mut holder, SHORT_LIFE)?;
        // The ledger passes from one holder to the next.
        let seen: SeenLease = holder.ask(&Command::LeaseState { user: USER.to_owned() })?;
        check_ledger(&seen.ledger, &kept)?;
        kept.note_issue(SystemTime::now(), Quota::default());
        if round % 2 == 1 {
            let cause = Cause::Transient(format!("round {round}, \"quoted\",\nand é"));
            kept.note_failure(acquisition.epoch, SystemTime::now(), &requester, cause);
            kept.note_rejection(&requester, "invalid_code", SystemTime::now(), LONG_LIFE);
        }
        holder.ask::<bool>(&Command::Renew { life: SHORT_LIFE, ledger: Some(kept.clone()) })?;
        let released = round == 2 && holder.ask(&Command::Release)?;
        holder.kill::<bool>()?;

        let seen: SeenLease = other.ask(&Command::LeaseState { user: USER.to_owned() })?;
        check_ledger(&seen.ledger, &kept)?;
        check(
            seen.epoch == acquisition.epoch && acquisition.epoch > last_epoch,
            Promise::EpochsOutliveHolders,
            || {
                format!(
                    "a killed process had epoch {}, and the store has epoch {}",
                    acquisition.epoch, seen.epoch
                )
            },
        )?;
        check(!released || seen.left.is_zero(), Promise::ReleasedLeasesAreFree, || {
            format!("it lasts for another {:?}", seen.left)
        })?;
        last_epoch = acquisition.epoch;
        holder = scene.process()?;
    }
    Ok(())
}

const USER: &str = "ada";

fn asking(life: Duration) -> Command {
    Command::Acquire { user: USER.to_owned(), row: None, life }
}

fn check_ledger(seen: &Ledger, kept: &Ledger) -> Outcome {
    check(seen == kept, Promise::LedgersAreShared, || format!("{kept:?} was stored, and {seen:?} was read"))
}

/// Has a process ask for the lease until it gets it, which has to be soon after the last one has expired.
fn granted(process: &mut Process, life: Duration) -> Outcome<Acquisition> {
    granted_for(process, life, USER, None)
}

/// Like [`granted`], for a user's row.
pub(super) fn granted_for(
    process: &mut Process,
    life: Duration,
    user: &str,
    row: Option<&str>,
) -> Outcome<Acquisition> {
    let began = Instant::now();
    loop {
        let command = Command::Acquire { user: user.to_owned(), row: row.map(str::to_owned), life };
        let acquisition: Acquisition = process.ask(&command)?;
        if acquisition.is_granted {
            return Ok(acquisition);
        }
        check(began.elapsed() < SHORT_LIFE + SLACK, Promise::LeasesExpire, || {
            format!("a lease for {SHORT_LIFE:?} is still held after {:?}: {acquisition:?}", began.elapsed())
        })?;
        sleep(Duration::from_millis(20));
    }
}
