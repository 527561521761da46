//! Several processes share a store: readers beside writers, and many new users at once.

use std::collections::HashMap;
use std::time::Duration;

use processes::{Answer, Command};
use tokio::time::Instant;

use crate::support::{Backend, Place, Worker, Zoho, check_rows};

over_every_backend!(
    a_reader_beside_a_writer_never_misses_a_row,
    eight_processes_save_many_new_users_at_once,
    eight_processes_that_save_the_same_new_users_make_one_row_each,
);

const READS: usize = 100_000;

async fn a_reader_beside_a_writer_never_misses_a_row(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut writer = Worker::open(&place, &zoho.setup(&place));
    let mut reader = Worker::open(&place, &zoho.setup(&place));
    let user = "known 0 1";
    writer.done(&Command::Save { user: user.to_owned(), number: 1 });

    let started = Instant::now();
    writer.tell(&Command::SaveWithoutEnd { first: 1, with_new_users: false });
    // On a server each look-up is a round trip.
    let reads = if backend.server().is_some() { backend.scaled(READS) / 10 } else { READS };
    let mut found = reader.find(user, reads);
    while found.states < 10 && started.elapsed() < Duration::from_secs(60) {
        // On a busy machine the writer hardly gets to write.
        found = reader.find(user, reads);
    }
    let elapsed = started.elapsed();
    writer.kill();
    while let Some(answer) = writer.hear() {
        assert!(matches!(answer, Answer::Saved { .. }), "the writer gave up: {answer:?}");
    }
    assert_eq!(found.missing, 0, "false \"not found\"");
    assert_eq!((found.torn, found.errors), (0, Vec::new()));
    assert_eq!(found.whole, reads);
    assert!(found.states >= 10, "the row hardly changed: {} states", found.states);
    measured!(
        "{backend:?}: {reads} reads beside a writer, 0 missed, {} states seen, {elapsed:?}",
        found.states
    );
}

async fn eight_processes_save_many_new_users_at_once(backend: Backend) {
    let place = Place::new(backend);
    let each = backend.scaled(250);
    let users =
        |process: usize| (0..each).map(|n| format!("user {n} of process {process}")).collect::<Vec<_>>();
    let elapsed = save_from_eight(&place, users).await;
    let rows = place.rows().await;
    assert_eq!(rows.len(), 8 * each);
    let all = (0..8).flat_map(users);
    check_rows(&rows, &all.map(|user| (user, 1)).collect());
    place.check_file();
    measured!("{backend:?}: 8 processes x {each} new users, 0 lost, 0 duplicated, {elapsed:?}");
}

async fn eight_processes_that_save_the_same_new_users_make_one_row_each(backend: Backend) {
    let place = Place::new(backend);
    let count = backend.scaled(50).max(5);
    let users = |_| (0..count).map(|n| format!("user {n}")).collect::<Vec<_>>();
    save_from_eight(&place, users).await;
    let rows = place.rows().await;
    assert_eq!(rows.len(), count);
    let all: HashMap<String, u64> = users(0).into_iter().map(|user| (user, 1)).collect();
    check_rows(&rows, &all);
}

/// Has eight processes save these users at the same time, ten saves at once in each. Returns how long it took.
async fn save_from_eight(place: &Place, users: impl Fn(usize) -> Vec<String>) -> Duration {
    let zoho = Zoho::start().await;
    let mut fleet = Vec::new();
    for _ in 0..8 {
        fleet.push(Worker::open(place, &zoho.setup(place)));
    }
    let started = Instant::now();
    for (process, worker) in fleet.iter_mut().enumerate() {
        worker.tell(&Command::SaveAll { users: users(process), at_once: 10 });
    }
    for worker in &mut fleet {
        let answer = worker.answer();
        assert!(matches!(answer, Answer::Done), "{answer:?}");
    }
    started.elapsed()
}
