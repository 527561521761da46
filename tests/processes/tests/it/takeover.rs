//! The process that renews is killed, or stopped until another process takes over.

use std::time::Duration;

use processes::{Answer, Command};
use tokio::time::{Instant, sleep};
use zoho_emulator::Fault;
use zoho_oauth::ExposeSecret;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, close_together, until};

over_every_backend!(
    another_process_takes_over_within_the_lease_when_the_leader_is_killed,
    a_leader_that_was_stopped_past_its_lease_does_not_overwrite_the_newer_token,
    a_login_that_was_stopped_past_its_lease_is_not_lost,
    a_row_that_is_revoked_during_its_renewal_stays_gone,
);

async fn another_process_takes_over_within_the_lease_when_the_leader_is_killed(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    zoho.seed(&place, "ada").await;
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hang());
    let (mut leader, mut others) = leader_with_a_request_under_way(&zoho, &place).await;

    others.iter_mut().for_each(|worker| worker.want_token("ada", 200));
    sleep(Duration::from_millis(500)).await;
    assert_eq!(zoho.requests(), 1, "nobody else sends a request while the leader runs");
    leader.kill();
    let killed = Instant::now();
    until("another process takes over", || zoho.requests() == 2).await;
    let takeover = killed.elapsed();
    let told: Vec<_> = others.iter_mut().map(Worker::tokens).collect();

    let token = told[0].tokens.keys().next().expect("a token");
    for told in &told {
        assert_eq!(told.tokens, [(token.clone(), 200)].into(), "{:?}", told.errors);
    }
    assert!(zoho.accepts(token));
    assert_eq!(zoho.requests(), 2, "one that was lost with the leader, and one");
    // A clock that counts whole seconds lets a lease live up to a second longer. The rest is for a busy machine: far less
    // than the request that hangs may take.
    assert!(takeover < backend.lease_life() + Duration::from_secs(6), "{takeover:?}");
    measured!("{backend:?}: leader killed, taken over after {takeover:?} (lease {:?})", backend.lease_life());
}

async fn a_leader_that_was_stopped_past_its_lease_does_not_overwrite_the_newer_token(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let refresh_token = zoho.seed(&place, "ada").await;
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    let (mut leader, mut others) = leader_with_a_request_under_way(&zoho, &place).await;
    // Its response arrives while it is stopped: a valid token, but older than the one that the others get.
    leader.stop();
    let stopped = Instant::now();
    zoho.emulator.clear_faults();
    let told = close_together(&mut others, "ada", 200);
    let newer = told[0].tokens.keys().next().expect("a token").clone();
    for told in &told {
        assert_eq!(told.tokens, [(newer.clone(), 200)].into(), "{:?}", told.errors);
    }
    assert_eq!(zoho.requests(), 2);
    assert_eq!(zoho.emulator.live_access_tokens(&refresh_token), 2, "the late response carries a token, too");

    sleep(backend.lease_life()).await;
    leader.go_on();
    measured!("{backend:?}: leader stopped for {:?} (lease {:?})", stopped.elapsed(), backend.lease_life());
    let Some(Answer::Tokens(late)) = leader.hear() else { panic!("the leader has no answer") };
    assert_eq!(late.tokens, [(newer.clone(), 200)].into(), "the late process hands out the newer one");
    let rows = place.rows().await;
    let stored = rows[0].access_token().expect("a token").expose_secret();
    assert!(rows.len() == 1 && stored == newer, "and has not overwritten it");
    assert!(zoho.accepts(&newer));

    let again = leader.access_token("ada", 200);
    assert_eq!(again.tokens, [(newer, 200)].into());
    assert_eq!(zoho.requests(), 2, "nobody asked again");
}

/// The code is spent, so the process that takes over gets nothing for it, and must not overwrite anything.
async fn a_login_that_was_stopped_past_its_lease_is_not_lost(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut leader = Worker::open(&place, &setup);
    let mut other = Worker::open(&place, &setup);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    let exchange = Command::Exchange { code: zoho.emulator.self_client_code(Zoho::USER) };
    leader.tell(&exchange);
    until("the code arrives", || zoho.requests() == 1).await;
    leader.stop();
    zoho.emulator.clear_faults();
    let failed = other.fails(&exchange);
    assert!(failed.text.contains("invalid_code"), "{failed:?}");

    leader.go_on();
    let Some(Answer::Login { access_token: Some(token), persistence_error: None, .. }) = leader.hear() else {
        panic!("the leader did not store its login");
    };
    assert!(zoho.accepts(&token));
    let rows = place.rows().await;
    let refresh_token = rows[0].refresh_token().expect("a refresh token").expose_secret();
    assert!(rows.len() == 1 && zoho.emulator.is_refresh_token_valid(refresh_token));
}

async fn a_row_that_is_revoked_during_its_renewal_stays_gone(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    zoho.seed(&place, "ada").await;
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    let (mut leader, mut others) = leader_with_a_request_under_way(&zoho, &place).await;
    others[0].done(&Command::Revoke { user: "ada".to_owned() });
    assert!(place.rows().await.is_empty());
    zoho.emulator.clear_faults();
    let Some(Answer::Tokens(late)) = leader.hear() else { panic!("the leader has no answer") };
    assert!(place.rows().await.is_empty(), "the late response has stored the row again");
    assert_eq!(late.tokens, [].into(), "a revoked token is no token");
    let again = leader.access_token("ada", 200);
    assert_eq!(again.tokens, [].into());
    assert_eq!(zoho.requests(), 1);
}

/// A process with 200 tasks whose token request has arrived, and seven other processes.
async fn leader_with_a_request_under_way(zoho: &Zoho, place: &Place) -> (Worker, Vec<Worker>) {
    let setup = zoho.setup(place);
    let mut leader = Worker::open(place, &setup);
    let mut others = Vec::new();
    for _ in 0..7 {
        others.push(Worker::open(place, &setup));
    }
    leader.tell(&Command::AccessToken { user: "ada".to_owned(), tasks: 200 });
    until("the request arrives", || zoho.requests() == 1).await;
    (leader, others)
}
