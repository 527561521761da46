//! The server of the store is killed, paused and restarted while processes use it.

use std::collections::HashMap;
use std::time::Duration;

use processes::{Answer, Command, Setup};
use servers::{Kind, Server};
use tokio::time::{Instant, sleep};
use zoho_emulator::Fault;
use zoho_oauth::ExposeSecret;

use crate::support::{
    Backend, Place, TOKEN_REQUEST, Worker, Zoho, check_rows, close_together, until, with_settings,
};

// moto loses its data when it is killed, so it takes part only where it is paused.
tests_over!(#[ignore = "needs MariaDB"] mariadb, MariaDb: kills_of_the_server_lose_no_acknowledged_save,
    a_renewal_outlives_its_server, a_server_that_hangs_is_reported_within_the_timeout);
tests_over!(#[ignore = "needs PostgreSQL"] postgres, Postgres: kills_of_the_server_lose_no_acknowledged_save,
    a_renewal_outlives_its_server, a_server_that_hangs_is_reported_within_the_timeout);
tests_over!(#[ignore = "needs Redis"] redis, Redis: kills_of_the_server_lose_no_acknowledged_save,
    a_renewal_outlives_its_server, a_server_that_hangs_is_reported_within_the_timeout);
tests_over!(#[ignore = "needs moto"] secrets_manager, SecretsManager: a_server_that_hangs_is_reported_within_the_timeout);

const KILLS: usize = 5;

/// The timeout of a call.
const TIMEOUT: Duration = Duration::from_secs(2);

async fn kills_of_the_server_lose_no_acknowledged_save(backend: Backend) {
    let (mut server, zoho, place) = stage(backend).await;
    let mut savers = Vec::new();
    for _ in 0..3 {
        savers.push(Worker::open(&place, &with_timeouts(&zoho, &place)));
    }
    for (number, saver) in savers.iter_mut().enumerate() {
        let first = number as u64 * 1_000_000_000;
        saver.tell(&Command::SaveThroughOutages { first, name: format!("saver {number}") });
    }
    let mut acknowledged = HashMap::new();
    let mut saves = Vec::new();
    for _ in 0..KILLS {
        saves.push(listen_until_saved(&mut savers, Duration::from_millis(700), &mut acknowledged));
        server.kill();
        listen(&mut savers, Duration::from_millis(300), &mut acknowledged);
        server.restart().expect("the server starts again");
    }
    // The same processes go on; none was restarted.
    saves.push(listen_until_saved(&mut savers, Duration::from_secs(3), &mut acknowledged));
    for saver in &mut savers {
        saver.kill();
    }
    check_rows(&place.rows().await, &acknowledged);
    let total: usize = saves.iter().sum();
    measured!("{backend:?}: {KILLS} kills of the server, {total} saves acknowledged, 0 lost");
}

async fn a_renewal_outlives_its_server(backend: Backend) {
    let (mut server, zoho, place) = stage(backend).await;
    zoho.seed(&place, "ada").await;
    let setup = with_timeouts(&zoho, &place);
    let mut fleet = Vec::new();
    for _ in 0..4 {
        fleet.push(Worker::open(&place, &setup));
    }
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    for worker in &mut fleet {
        worker.tell(&Command::AccessToken { user: "ada".to_owned(), tasks: 50 });
    }
    until("the request arrives", || zoho.requests() == 1).await;
    server.kill();
    zoho.emulator.clear_faults();
    sleep(Duration::from_millis(500)).await;
    server.restart().expect("the server starts again");
    for worker in &mut fleet {
        let Some(Answer::Tokens(told)) = worker.hear() else { panic!("no answer") };
        assert_eq!(told.tokens.values().sum::<usize>() + told.errors.values().sum::<usize>(), 50);
        assert!(told.errors.keys().all(|text| text.contains("; ")), "no next step: {:?}", told.errors);
    }
    // A token that could not be stored is served by all of them, and stored as soon as the lease has expired.
    let started = Instant::now();
    let token = loop {
        let told = close_together(&mut fleet, "ada", 50);
        let token = told[0].tokens.keys().next().cloned().unwrap_or_default();
        let do_agree = told.iter().all(|told| told.tokens == [(token.clone(), 50)].into());
        let rows = place.rows().await;
        let stored = rows[0].access_token().expect("a token").expose_secret();
        if do_agree && stored == token {
            break token;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{stored} is stored, and they have {told:?}");
        sleep(Duration::from_millis(200)).await;
    };
    assert!(zoho.accepts(&token));
    let requests = zoho.requests();
    assert!(requests <= 2, "{requests} requests");
    measured!("{backend:?}: server killed during a renewal, {requests} requests in all");
}

async fn a_server_that_hangs_is_reported_within_the_timeout(backend: Backend) {
    let (mut server, zoho, place) = stage(backend).await;
    let mut worker = Worker::open(&place, &with_timeouts(&zoho, &place));
    let save = |number| Command::Save { user: "ada".to_owned(), number };
    worker.done(&save(1));
    server.pause();
    let started = Instant::now();
    let failed = worker.fails(&save(2));
    let took = started.elapsed();
    assert!(failed.is_transient, "{failed:?}");
    assert!(took < TIMEOUT + Duration::from_secs(1), "{took:?}");
    server.resume();
    let started = Instant::now();
    while !matches!(worker.ask(&save(3)), Answer::Done | Answer::Saved { .. }) {
        assert!(started.elapsed() < Duration::from_secs(20), "it does not recover");
    }
    check_rows(&place.rows().await, &[("ada".to_owned(), 3)].into());
    measured!(
        "{backend:?}: a server that hangs is reported after {took:?} (timeout {TIMEOUT:?}): {}",
        failed.text
    );
}

/// A server that the test may kill, with a place on it.
async fn stage(backend: Backend) -> (Server, Zoho, Place) {
    let kind: Kind = backend.server().expect("a backend on a server");
    let server = tokio::task::spawn_blocking(move || servers::private(kind)).await.expect("no panic");
    let server = server.expect("the shared server runs, so its programs are here");
    let place = Place::on_server(backend, server.url());
    (server, Zoho::start().await, place)
}

fn with_timeouts(zoho: &Zoho, place: &Place) -> Setup {
    let settings = format!("timeout={}&connect_timeout=1", TIMEOUT.as_secs());
    Setup { store: with_settings(&place.url(), &settings), ..zoho.setup(place) }
}

/// Listens to all savers for this time, and on a busy machine until at least one save was acknowledged.
fn listen_until_saved(
    savers: &mut [Worker],
    time: Duration,
    acknowledged: &mut HashMap<String, u64>,
) -> usize {
    let started = Instant::now();
    loop {
        match listen(savers, time, acknowledged) {
            0 => assert!(started.elapsed() < Duration::from_secs(60), "the savers do not recover"),
            saves => return saves,
        }
    }
}

/// Listens to all savers for this time. Returns how many saves were acknowledged.
fn listen(savers: &mut [Worker], time: Duration, acknowledged: &mut HashMap<String, u64>) -> usize {
    let until = Instant::now() + time;
    let mut saves = 0;
    while Instant::now() < until {
        for saver in &mut *savers {
            while let Some(answer) = saver.hear_soon(Duration::from_millis(20)) {
                match answer {
                    Answer::Saved { user, number } => {
                        acknowledged.insert(user, number);
                        saves += 1;
                    }
                    Answer::Failed(failed) => assert!(failed.is_transient, "{failed:?}"),
                    other => panic!("{other:?}"),
                }
                if Instant::now() > until {
                    break;
                }
            }
        }
    }
    saves
}
