//! The store rejects a new token: the caller gets the token, and the next start stores it.

use std::time::Duration;

use processes::{Answer, Command};
use tokio::time::{Instant, sleep};
use zoho_emulator::Fault;
use zoho_oauth::ExposeSecret;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, contents, until};

over_every_file!(
    the_next_start_stores_the_spooled_token_of_an_exchange,
    the_next_start_stores_the_spooled_token_of_a_renewal,
);

/// Too little for a store with forty rows, and enough for the spool.
const SMALL: Option<u64> = Some(4_096);

async fn the_next_start_stores_the_spooled_token_of_an_exchange(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut worker = worker_with_forty_rows(&zoho, &place);
    let code = zoho.emulator.self_client_code(Zoho::USER);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    worker.tell(&Command::Exchange { code });
    until("the code arrives", || zoho.requests() == 1).await;
    worker.limit_files(SMALL);
    zoho.emulator.clear_faults();
    let Some(Answer::Login { user: Some(user), access_token: Some(token), persistence_error: Some(error) }) =
        worker.hear()
    else {
        panic!("the caller has to get the token and the reason why it is not stored");
    };
    assert!(zoho.accepts(&token));
    assert!(error.contains(".spool") && error.contains("next start"), "{error}");
    worker.kill();
    check_next_start(&zoho, &place, &user, &token).await;
    measured!("{backend:?}: a save that failed behind an exchange: {error}");
}

async fn the_next_start_stores_the_spooled_token_of_a_renewal(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    zoho.seed(&place, "ada").await;
    let mut worker = worker_with_forty_rows(&zoho, &place);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    worker.tell(&Command::AccessToken { user: "ada".to_owned(), tasks: 200 });
    until("the request arrives", || zoho.requests() == 1).await;
    worker.limit_files(SMALL);
    zoho.emulator.clear_faults();
    let Some(Answer::Tokens(told)) = worker.hear() else { panic!("the callers get no answer") };
    assert_eq!(told.tokens.values().sum::<usize>(), 200, "{:?}", told.errors);
    let token = told.tokens.keys().next().expect("a token").clone();
    // It stays valid for everybody in this process.
    assert_eq!(worker.access_token("ada", 200).tokens, [(token.clone(), 200)].into());
    worker.kill();
    check_next_start(&zoho, &place, "ada", &token).await;
}

/// Checks that a new process serves the token without another request, and has stored it.
async fn check_next_start(zoho: &Zoho, place: &Place, user: &str, token: &str) {
    let is_spooled =
        || contents(&place.folder()).keys().any(|path| path.to_string_lossy().contains(".spool"));
    assert!(is_spooled(), "it is spooled");
    let mut next = Worker::open(place, &zoho.setup(place));
    let told = next.access_token(user, 200);
    assert_eq!(told.tokens, [(token.to_owned(), 200)].into(), "{:?}", told.errors);
    assert_eq!(zoho.requests(), 1, "nothing more is asked of Zoho");
    // The killed process may still hold the lease. Nobody waits for that; a process in use stores the token later.
    let started = Instant::now();
    while is_spooled() {
        assert!(started.elapsed() < Duration::from_secs(20), "the spool is not empty again");
        sleep(Duration::from_millis(200)).await;
        assert_eq!(next.access_token(user, 1).tokens, [(token.to_owned(), 1)].into());
    }
    let rows = place.rows().await;
    let stored: Vec<_> =
        rows.iter().filter_map(|row| row.access_token()).map(ExposeSecret::expose_secret).collect();
    assert_eq!(stored.iter().filter(|stored| **stored == token).count(), 1);
    let refresh_token = rows.iter().find(|row| row.user_signature().is_some_and(|name| name.name() == user));
    let refresh_token = refresh_token.and_then(|row| row.refresh_token()).expect("a refresh token");
    assert!(zoho.emulator.is_refresh_token_valid(refresh_token.expose_secret()));
}

fn worker_with_forty_rows(zoho: &Zoho, place: &Place) -> Worker {
    let mut worker = Worker::start_after(place, "trap '' XFSZ");
    worker.set_up(&zoho.setup(place));
    let users = (0..40).map(|n| format!("user {n}")).collect();
    worker.save_all(users, 40);
    worker
}
