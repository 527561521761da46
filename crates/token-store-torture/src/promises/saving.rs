//! Saves from many processes, some of which are killed.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use crate::book::Book;
use crate::failure::{Failure, Outcome, check};
use crate::process::ask_all;
use crate::promise::Promise;
use crate::protocol::{Command, LookUps, Saved};
use crate::scene::Scene;

pub(super) fn processes_that_save_new_users_at_once_lose_none(scene: &Scene) -> Outcome {
    let rounds = scene.sizes.rounds;
    let saved: Vec<Vec<Saved>> = ask_all(&mut scene.processes()?, |process| Command::SaveAll {
        users: (0..rounds).map(|n| format!("user {n} of process {process}")).collect(),
    })?;
    check_ids(saved.iter().flatten())?;
    saved.into_iter().flatten().map(Saved::into_pair).collect::<Book>().check(&scene.rows()?)
}

pub(super) fn processes_that_save_the_same_new_users_make_one_row_each(scene: &Scene) -> Outcome {
    let rounds = scene.sizes.rounds;
    let saved: Vec<Vec<Saved>> = ask_all(&mut scene.processes()?, |_| Command::SaveAll {
        users: (0..rounds).map(|n| format!("user {n}")).collect(),
    })?;
    saved.into_iter().flatten().map(Saved::into_pair).collect::<Book>().check(&scene.rows()?)
}

pub(super) fn processes_that_save_and_delete_never_get_an_id_twice(scene: &Scene) -> Outcome {
    let rounds = scene.sizes.rounds;
    let saved: Vec<Vec<Saved>> = ask_all(&mut scene.processes()?, |process| Command::SaveAndDelete {
        users: (0..rounds).map(|n| format!("user {n} of process {process}")).collect(),
    })?;
    check_ids(saved.iter().flatten())?;
    let left = scene.rows()?;
    check(left.is_empty(), Promise::DeletedRowsAreGone, || format!("these rows are left: {left:?}"))
}

pub(super) fn processes_that_are_killed_while_they_save_lose_no_acknowledged_save(scene: &Scene) -> Outcome {
    let mut book = Book::default();
    for round in 0..scene.sizes.rounds as u64 {
        // Killed while it opens what the last process left, or just after it began to save.
        let mut early = scene.opening()?;
        early.tell(&Command::SaveWithoutEnd { first: round * 200_000 })?;
        sleep(Duration::from_millis(round % 25));
        // Its first answer says that the store is open.
        let said: Vec<Option<Saved>> = early.kill()?;
        book.extend(said.into_iter().flatten().map(Saved::into_pair));

        let mut process = scene.process()?;
        process.tell(&Command::SaveWithoutEnd { first: round * 200_000 + 100_000 })?;
        let first: Saved = process.hear()?;
        sleep(Duration::from_millis(round % 40));
        book.extend([first].into_iter().chain(process.kill()?).map(Saved::into_pair));
        book.check(&scene.rows()?)?;
    }
    Ok(())
}

pub(super) fn a_reader_beside_a_writer_always_finds_one_whole_state(scene: &Scene) -> Outcome {
    let user = scene.saved("ada")?.user;
    let (mut writer, mut reader, mut others) = (scene.process()?, scene.process()?, scene.process()?);
    writer.tell(&Command::SaveOverAndOver { user: user.clone(), first: 1 })?;
    others.tell(&Command::SaveWithoutEnd { first: 1 })?;
    writer.hear::<Saved>()?;
    let time = Duration::from_millis(100) * u32::try_from(scene.sizes.rounds).unwrap_or(u32::MAX);
    let look_ups: LookUps = reader.ask(&Command::LookUp { user, time })?;
    let saves = writer.kill::<Saved>()?.len();
    others.kill::<Saved>()?;
    check(look_ups.missing == 0, Promise::StoredRowsAreFound, || {
        format!("{} look-ups found no row: {look_ups:?}", look_ups.missing)
    })?;
    check(look_ups.torn == 0, Promise::RowsAreWhole, || {
        format!("{} look-ups found a part or a mixture: {look_ups:?}", look_ups.torn)
    })?;
    check(look_ups.states > 1, Promise::SavesAreSeen, || {
        format!("another process saved {saves} times, and all look-ups found the same: {look_ups:?}")
    })
}

fn check_ids<'a>(saved: impl Iterator<Item = &'a Saved>) -> Outcome {
    let mut users = BTreeMap::new();
    for saved in saved {
        if let Some(other) = users.insert(&saved.id, &saved.user) {
            let seen = format!("{other:?} and {:?} both got the id {}", saved.user, saved.id);
            return Err(Failure::new(Promise::IdsAreNotReused, seen));
        }
    }
    Ok(())
}
