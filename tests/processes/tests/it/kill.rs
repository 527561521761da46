//! SIGKILL during saves damages nothing and loses no acknowledged save.

use std::collections::HashMap;
use std::time::Duration;

use processes::{Answer, Command};
use rand::RngExt;
use tokio::time::{Instant, sleep};
use zoho_emulator::Fault;
use zoho_oauth::store::TokenStore;
use zoho_oauth::{ExposeSecret, OAuthToken};

use crate::support::{Backend, Place, Worker, Zoho, check_rows, contents, until};

over_every_backend!(kills_while_saving_lose_nothing, a_kill_just_after_a_code_was_spent_loses_nothing,);

const KILLS: usize = 300;

async fn kills_while_saving_lose_nothing(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut acknowledged = HashMap::new();
    let (mut saves, mut early_kills) = (0, 0);
    let started = Instant::now();
    let kills = backend.scaled(KILLS) as u64;
    for round in 0..kills {
        // Every fifth is killed while it opens what the last one left, or just after it began to save.
        if round % 5 == 0 {
            early_kills += 1;
            let mut worker = Worker::start(&place);
            worker.tell(&Command::Open(setup.clone()));
            worker.tell(&saving_after(round * 1_000_000));
            sleep(random_time(0, 15)).await;
            saves += kill_and_count(&mut worker, &mut acknowledged);
        }
        let mut worker = Worker::open(&place, &setup);
        worker.tell(&saving_after(round * 1_000_000 + 500_000));
        let first = worker.hear().expect("it saves");
        note(&first, &mut acknowledged);
        sleep(random_time(1, 40)).await;
        saves += 1 + kill_and_count(&mut worker, &mut acknowledged);

        check_rows(&place.rows().await, &acknowledged);
        if round % 20 == 0 {
            place.check_file();
        }
    }
    place.check_file();
    let elapsed = started.elapsed();
    let left: Vec<_> = contents(&place.folder()).into_keys().collect();
    assert!(left.len() <= 4, "files of killed processes are left: {left:?}");
    measured!(
        "{backend:?}: {kills} kills while saving and {early_kills} while opening, {saves} saves acknowledged, {} \
         users, 0 damaged, 0 lost, {elapsed:?}",
        acknowledged.len()
    );
}

/// The process is killed after Zoho's response, while it asks for the user's name. By then the refresh token has to be on
/// disk, since no second request returns it.
async fn a_kill_just_after_a_code_was_spent_loses_nothing(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    zoho.emulator.fault(Fault::on("GET /crm/v8/users").hang());
    let mut worker = Worker::open(&place, &setup);
    let code = zoho.emulator.self_client_code(Zoho::USER);
    worker.tell(&Command::Exchange { code });
    let journal = zoho.emulator.journal();
    until("it asks for the name", || journal.count("GET /crm/v8/users") == 1).await;
    worker.kill();
    assert!(place.rows().await.is_empty(), "the kill came before the save");

    // The next process that asks for a token stores it.
    let mut next = Worker::open(&place, &setup);
    let told = next.access_token("nobody", 1);
    assert_eq!(told.tokens, [].into());
    let rows = place.rows().await;
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let refresh_token = row.refresh_token().expect("the refresh token is there").expose_secret();
    assert!(zoho.emulator.is_refresh_token_valid(refresh_token));
    assert!(zoho.accepts(row.access_token().expect("the access token, too").expose_secret()));
    let found = place.open().find_token(&OAuthToken::new().with_id(row.id().expect("an id"))).await;
    assert!(found.unwrap().is_some());
    assert_eq!(zoho.requests(), 1, "and the code was spent once");
}

fn saving_after(first: u64) -> Command {
    Command::SaveWithoutEnd { first, with_new_users: true }
}

/// Kills the worker and notes the saves that it had acknowledged.
fn kill_and_count(worker: &mut Worker, acknowledged: &mut HashMap<String, u64>) -> u64 {
    worker.kill();
    let mut saves = 0;
    while let Some(answer) = worker.hear() {
        saves += u64::from(note(&answer, acknowledged));
    }
    saves
}

/// Whether it was a save.
fn note(answer: &Answer, acknowledged: &mut HashMap<String, u64>) -> bool {
    match answer {
        Answer::Saved { user, number } => {
            acknowledged.insert(user.clone(), *number);
            true
        }
        Answer::Done => false,
        other => panic!("a save failed: {other:?}"),
    }
}

fn random_time(from: u64, to: u64) -> Duration {
    Duration::from_micros(rand::rng().random_range(from * 1_000..to * 1_000))
}
