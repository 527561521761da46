//! Who may spend a credential, among processes.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use zoho_oauth::{Failure as Cause, Ledger, Quota};

use crate::failure::{Failure, Outcome, check};
use crate::process::{Process, ask_all};
use crate::protocol::{Command, Seen, Turn};
use crate::scene::{LONG_LIFE, SHORT_LIFE, Scene};

/// How long a lease that has run out may be missed: time for a busy machine, and for a server far away.
const SLACK: Duration = Duration::from_secs(5);

pub(super) fn of_many_processes_that_ask_at_once_one_gets_the_lease(scene: &Scene) -> Outcome {
    let mut processes = scene.processes()?;
    let mut last_epoch = 0;
    for _ in 0..scene.sizes.rounds {
        let turns: Vec<Turn> = ask_all(&mut processes, |_| asking(LONG_LIFE))?;
        let winners: Vec<usize> = (0..turns.len()).filter(|process| turns[*process].is_granted).collect();
        let &[winner] = &winners[..] else {
            return Err(Failure::new(
                "of many that ask for a free lease at once, one gets it",
                format!("{} of {} got it: {turns:?}", winners.len(), turns.len()),
            ));
        };
        let epoch = turns[winner].epoch;
        check(epoch > last_epoch, "each lease has a higher epoch than the one before", || {
            format!("epoch {epoch} came after {last_epoch}")
        })?;
        check(
            turns.iter().all(|turn| turn.epoch == epoch),
            "whoever does not get the lease is told its epoch",
            || format!("{turns:?}"),
        )?;
        last_epoch = epoch;
        let is_released: bool = processes[winner].ask(&Command::Release)?;
        check(is_released, "the holder can give its lease back", || "it was told that it has none".into())?;
    }
    Ok(())
}

pub(super) fn a_lease_that_was_renewed_is_nobody_elses(scene: &Scene) -> Outcome {
    let (mut holder, mut other) = (scene.process()?, scene.process()?);
    let turn = granted(&mut holder, SHORT_LIFE)?;
    let is_renewed: bool = holder.ask(&Command::Renew { life: LONG_LIFE, ledger: None })?;
    check(is_renewed, "the holder can renew its lease", || "it was told that it has none".into())?;
    sleep(SHORT_LIFE * 2);
    let refused: Turn = other.ask(&asking(SHORT_LIFE))?;
    check(!refused.is_granted && refused.epoch == turn.epoch, "a lease that was renewed lasts", || {
        format!("after its first life another process got {refused:?}; the holder had {turn:?}")
    })
}

pub(super) fn the_lease_of_a_process_that_was_killed_runs_out(scene: &Scene) -> Outcome {
    let (mut holder, mut other) = (scene.process()?, scene.process()?);
    let dead = granted(&mut holder, SHORT_LIFE)?;
    holder.kill::<Turn>()?;
    let next = granted(&mut other, LONG_LIFE)?;
    check(next.epoch > dead.epoch, "each lease has a higher epoch than the one before", || {
        format!("epoch {} came after {}", next.epoch, dead.epoch)
    })
}

pub(super) fn a_ledger_outlives_its_holder(scene: &Scene) -> Outcome {
    let (mut holder, mut other) = (scene.process()?, scene.process()?);
    let mut kept = Ledger::default();
    let mut last_epoch = 0;
    for round in 0..4 {
        let turn = granted(&mut holder, SHORT_LIFE)?;
        // Whoever takes the lease takes over what is known about the credential.
        let seen: Seen = holder.ask(&Command::LeaseState { user: USER.to_owned() })?;
        check_ledger(&seen.ledger, &kept)?;
        kept.note_issue(SystemTime::now(), Quota::default());
        if round % 2 == 1 {
            let cause = Cause::Transient(format!("round {round}, \"quoted\",\nand é"));
            kept.note_failure(turn.epoch, SystemTime::now(), cause);
        }
        holder.ask::<bool>(&Command::Renew { life: SHORT_LIFE, ledger: Some(kept.clone()) })?;
        let released = round == 2 && holder.ask(&Command::Release)?;
        holder.kill::<bool>()?;

        let seen: Seen = other.ask(&Command::LeaseState { user: USER.to_owned() })?;
        check_ledger(&seen.ledger, &kept)?;
        check(seen.epoch == turn.epoch && turn.epoch > last_epoch, "an epoch outlives its holder", || {
            format!("a process that was killed had epoch {}, and epoch {} is there", turn.epoch, seen.epoch)
        })?;
        check(!released || seen.left.is_zero(), "a lease that was given back is free", || {
            format!("it lasts for {:?}", seen.left)
        })?;
        last_epoch = turn.epoch;
        holder = scene.process()?;
    }
    Ok(())
}

const USER: &str = "ada";

fn asking(life: Duration) -> Command {
    Command::Acquire { user: USER.to_owned(), row: None, life }
}

fn check_ledger(seen: &Ledger, kept: &Ledger) -> Outcome {
    check(seen == kept, "a ledger that was stored with a lease is there for all processes", || {
        format!("{kept:?} was stored, and {seen:?} is there")
    })
}

/// Has a process ask for the lease until it gets it, which it must soon after the last one has run out.
fn granted(process: &mut Process, life: Duration) -> Outcome<Turn> {
    granted_for(process, life, USER, None)
}

/// As [`granted`], for a user's row.
pub(super) fn granted_for(
    process: &mut Process,
    life: Duration,
    user: &str,
    row: Option<&str>,
) -> Outcome<Turn> {
    let began = Instant::now();
    loop {
        let command = Command::Acquire { user: user.to_owned(), row: row.map(str::to_owned), life };
        let turn: Turn = process.ask(&command)?;
        if turn.is_granted {
            return Ok(turn);
        }
        check(began.elapsed() < SHORT_LIFE + SLACK, "a lease ends by itself", || {
            format!("a lease for {SHORT_LIFE:?} is still somebody's after {:?}: {turn:?}", began.elapsed())
        })?;
        sleep(Duration::from_millis(20));
    }
}
