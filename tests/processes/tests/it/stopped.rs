//! A process that is stopped at any moment: others read without waiting for it, and overtake it where its store permits.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use processes::{Answer, Command, Setup};
use rand::RngExt;
use tokio::time::{Instant, sleep};

use crate::support::{Backend, Place, Worker, Zoho, check_clear, check_rows, contents};

over_every_file!(
    a_token_is_read_while_a_process_is_stopped_anywhere_in_its_saves,
    a_token_is_read_while_a_process_is_stopped_anywhere_in_its_life,
);

mod one_kind {
    use super::*;

    tests_over!(file, File: a_writer_that_is_stopped_under_the_lock_is_overtaken_and_overwrites_nothing);
    tests_over!(sqlite, Sqlite: a_writer_that_is_stopped_in_a_commit_makes_saves_busy_and_keeps_nobody_from_reading);
}

/// How long a writer of a file store may be stopped before another one overtakes it.
const HOLD_LIMIT: Duration = Duration::from_secs(5);

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(4);

async fn a_token_is_read_while_a_process_is_stopped_anywhere_in_its_saves(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut reader = Worker::open(&place, &setup);
    reader.done(&Command::Save { user: "ada".to_owned(), number: 1 });
    let (mut slowest, mut slowest_new) = (Duration::ZERO, Duration::ZERO);
    for round in 1..=36 {
        let mut writer = Worker::open(&place, &setup);
        writer.tell(&Command::SaveWithoutEnd { first: round * 1_000_000, with_new_users: false });
        writer.hear().expect("it saves");
        sleep(random_time(20)).await;
        writer.stop();
        let started = Instant::now();
        assert_eq!(reader.find("ada", 20).whole, 20);
        slowest = slowest.max(started.elapsed());
        slowest_new = slowest_new.max(found_by_a_new_process(&place, &setup));
        writer.kill();
    }
    assert!(slowest < SLACK && slowest_new < SLACK, "{slowest:?}, {slowest_new:?}");
    measured!(
        "{backend:?}: 36 stops in saves: read within {slowest:?}, by a new process within {slowest_new:?}"
    );
}

/// No other process has the store open, so that SQLite sets up its shared index each time, and cleans up.
async fn a_token_is_read_while_a_process_is_stopped_anywhere_in_its_life(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    save_once(&place, &setup, 1);
    let mut slowest = Duration::ZERO;
    for round in 2..=60 {
        let mut stopped = Worker::start(&place);
        stopped.tell(&Command::Open(setup.clone()));
        stopped.tell(&Command::Save { user: "bob".to_owned(), number: round });
        stopped.finish();
        sleep(random_time(40)).await;
        stopped.stop();
        slowest = slowest.max(found_by_a_new_process(&place, &setup));
        stopped.kill();
        // The next process starts where nothing is left to be done.
        save_once(&place, &setup, round);
    }
    // SQLite itself waits for ten seconds for a process that is stopped while it attaches the shared index.
    assert!(slowest < Duration::from_secs(10) + SLACK, "{slowest:?}");
    measured!("{backend:?}: 59 stops between start and end: read by a new process within {slowest:?}");
}

async fn a_writer_that_is_stopped_under_the_lock_is_overtaken_and_overwrites_nothing(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut other = Worker::open(&place, &setup);
    let mut acknowledged = HashMap::new();
    let mut slowest = Duration::ZERO;
    for round in 1..=4 {
        let mut writer = Worker::open(&place, &setup);
        writer.tell(&Command::SaveWithoutEnd { first: round * 1_000_000, with_new_users: true });
        note(&writer.hear().expect("it saves"), &mut acknowledged);
        stop_under_the_lock(&writer, &place).await;

        let started = Instant::now();
        for number in 1..=3 {
            let answer = other.ask(&Command::Save { user: format!("other {round}"), number });
            note(&answer, &mut acknowledged);
        }
        let waited = started.elapsed();
        assert!(waited >= HOLD_LIMIT && waited < HOLD_LIMIT + SLACK, "{waited:?}");
        slowest = slowest.max(waited);

        writer.go_on();
        // Some of these were acknowledged before the stop; the late ones are from after it.
        let goes_on = Instant::now();
        while goes_on.elapsed() < Duration::from_millis(500) {
            note(&writer.hear().expect("it goes on"), &mut acknowledged);
        }
        writer.kill();
        while let Some(answer) = writer.hear() {
            note(&answer, &mut acknowledged);
        }
        check_rows(&place.rows().await, &acknowledged);
    }
    other.done(&Command::Save { user: "other 1".to_owned(), number: 4 });
    let left: Vec<_> = contents(&place.folder()).into_keys().collect();
    assert!(left.len() <= 3, "files of processes that were overtaken are left: {left:?}");
    measured!("{backend:?}: 4 writers stopped under the lock: overtaken within {slowest:?}");
}

async fn a_writer_that_is_stopped_in_a_commit_makes_saves_busy_and_keeps_nobody_from_reading(
    backend: Backend,
) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut other = Worker::open(&place, &setup);
    other.done(&Command::Save { user: "ada".to_owned(), number: 1 });
    let mut busy = 0;
    for round in 1..=4 {
        let mut writer = Worker::open(&place, &setup);
        writer.tell(&Command::SaveWithoutEnd { first: round * 1_000_000, with_new_users: true });
        writer.hear().expect("it saves");
        sleep(random_time(20)).await;
        writer.stop();
        let answer = other.ask(&Command::Save { user: "ada".to_owned(), number: round });
        if let Answer::Failed(failed) = answer {
            check_clear(&failed, &place, &["Busy"]);
            busy += 1;
        }
        assert_eq!(other.find("ada", 20).whole, 20);
        writer.go_on();
        other.done(&Command::Save { user: "ada".to_owned(), number: round });
        writer.kill();
    }
    place.check_file();
    measured!("{backend:?}: {busy} of 4 stops were in a commit");
}

/// How long a new process takes to find the user whose row is stored.
fn found_by_a_new_process(place: &Place, setup: &Setup) -> Duration {
    let mut new = Worker::start(place);
    let started = Instant::now();
    new.set_up(setup);
    let found = new.find("ada", 1);
    assert_eq!(found.whole, 1, "{found:?}");
    started.elapsed()
}

fn save_once(place: &Place, setup: &Setup, number: u64) {
    let mut worker = Worker::open(place, setup);
    worker.done(&Command::Save { user: "ada".to_owned(), number });
    worker.end();
}

/// Stops a process that saves until it is stopped while it holds the lock.
async fn stop_under_the_lock(writer: &Worker, place: &Place) {
    let mut lock = place.file().into_os_string();
    lock.push(".lock");
    for _ in 0..1_000 {
        writer.stop();
        if is_locked(Path::new(&lock)) {
            return;
        }
        writer.go_on();
        sleep(random_time(5)).await;
    }
    panic!("the writer never held the lock when it was stopped");
}

fn is_locked(lock: &Path) -> bool {
    let file = File::open(lock).unwrap();
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

fn note(answer: &Answer, acknowledged: &mut HashMap<String, u64>) {
    match answer {
        Answer::Saved { user, number } => {
            acknowledged.insert(user.clone(), *number);
        }
        other => panic!("a save failed: {other:?}"),
    }
}

fn random_time(below: u64) -> Duration {
    Duration::from_micros(rand::rng().random_range(0..below * 1_000))
}
