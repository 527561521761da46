//! A login whose user's name takes long to look up, or whose process is killed meanwhile. Its token is in the spool.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use processes::{Command, Setup};
use servers::{Proxy, port_of, private};
use tokio::time::Instant;
use zoho_emulator::Fault;
use zoho_oauth::store::TokenStore;
use zoho_oauth::{ExposeSecret, OAuthToken};

use crate::support::{Backend, Place, Worker, Zoho, until};

over_every_file!(
    a_login_in_progress_does_not_delay_the_tokens_of_others,
    a_login_that_is_killed_before_its_file_has_its_final_name_is_not_lost,
);

over_every_server!(
    a_login_in_progress_does_not_delay_the_tokens_of_others,
    a_login_that_is_killed_before_its_file_has_its_final_name_is_not_lost,
    a_login_is_recovered_at_another_address_of_its_server,
    a_process_that_the_kernel_ends_while_it_spools_leaves_nothing_behind,
);

mod another_store {
    tests_over!(#[ignore = "needs MariaDB"] mariadb, MariaDb: a_database_that_was_created_anew_gets_no_token);
    tests_over!(#[ignore = "needs PostgreSQL"] postgres, Postgres: a_database_that_was_created_anew_gets_no_token);
    tests_over!(#[ignore = "needs Redis"] redis, Redis: another_server_at_the_same_address_gets_no_token);

    use super::{
        a_database_that_was_created_anew_gets_no_token, another_server_at_the_same_address_gets_no_token,
    };
}

const LOOK_UP: &str = "GET /crm/v8/users";

async fn a_login_in_progress_does_not_delay_the_tokens_of_others(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    zoho.seed(&place, "stale").await;
    let valid = OAuthToken::new()
        .with_user("valid")
        .with_access_token("1000.valid.valid")
        .with_expires_at(SystemTime::now() + Duration::from_secs(3_600));
    place.open().save_token(&valid).await.unwrap();
    let mut login = login_in_progress(&zoho, &place, &zoho.setup(&place)).await;
    // The first call of a process also connects to the server.
    let mut times = Vec::new();
    for user in ["valid", "stale"] {
        let mut worker = Worker::open(&place, &zoho.setup(&place));
        let started = Instant::now();
        let told = worker.access_token(user, 20);
        times.push(started.elapsed());
        assert_eq!(told.tokens.values().sum::<usize>(), 20, "{:?}", told.errors);
    }
    assert_eq!(place.spooled_files().len(), 1, "the login is still in progress");
    assert!(times.iter().all(|time| *time < backend.lease_life()), "{times:?}");
    measured!("{backend:?}: during a login, a valid token took {:?} and a renewal {:?}", times[0], times[1]);
    login.kill();
}

async fn a_login_that_is_killed_before_its_file_has_its_final_name_is_not_lost(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    login_in_progress(&zoho, &place, &setup).await.kill();
    let [spooled] = &place.spooled_files()[..] else { panic!("{:?}", place.spooled_files()) };
    fs::rename(spooled, spooled.with_extension("tmp")).unwrap();
    check_recovered(&zoho, &place, &setup).await;
}

async fn a_login_is_recovered_at_another_address_of_its_server(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    login_in_progress(&zoho, &place, &setup).await.kill();
    let elsewhere = Setup { store: setup.store.replace("127.0.0.1", "localhost"), ..setup };
    check_recovered(&zoho, &place, &elsewhere).await;
}

async fn another_server_at_the_same_address_gets_no_token(backend: Backend) {
    let kind = backend.server().expect("a server");
    let (Some(one), Some(other)) = (private(kind), private(kind)) else { return };
    let mut proxy = Proxy::to(one.port()).await.expect("a proxy");
    let url = kind.with_place(&proxy.url(one.url()), "tokens");
    let (zoho, place) = (Zoho::start().await, Place::on_server(backend, url));
    let setup = zoho.setup(&place);
    login_in_progress(&zoho, &place, &setup).await.kill();
    assert_eq!(port_of(&setup.store), Some(proxy.port()));

    redirect(&mut proxy, other.port()).await;
    check_not_recovered(&place, &setup).await;

    redirect(&mut proxy, one.port()).await;
    check_recovered(&zoho, &place, &setup).await;
}

async fn a_database_that_was_created_anew_gets_no_token(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    login_in_progress(&zoho, &place, &setup).await.kill();
    for table in [place.table(), format!("{}_state", place.table())] {
        place.run_sql(&format!("drop table {table}")).await;
    }
    check_not_recovered(&place, &setup).await;
}

async fn a_process_that_the_kernel_ends_while_it_spools_leaves_nothing_behind(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut worker = Worker::open(&place, &setup);
    worker.limit_files(Some(100));
    worker.tell(&Command::Exchange { code: zoho.emulator.self_client_code(Zoho::USER) });
    assert!(worker.hear().is_none(), "the kernel has ended it");
    let [torn] = &place.spooled_files()[..] else { panic!("{:?}", place.spooled_files()) };
    assert!(torn.extension().is_some_and(|extension| extension == "tmp"), "{}", torn.display());
    Worker::open(&place, &setup).access_token("nobody", 1);
    assert_eq!(place.spooled_files(), Vec::<PathBuf>::new());
}

/// A process that waits for the name of a user who has just logged in.
async fn login_in_progress(zoho: &Zoho, place: &Place, setup: &Setup) -> Worker {
    let journal = zoho.emulator.journal();
    zoho.emulator.fault(Fault::on(LOOK_UP).delay(Duration::from_secs(20)));
    let mut worker = Worker::open(place, setup);
    worker.tell(&Command::Exchange { code: zoho.emulator.self_client_code(Zoho::USER) });
    until("it asks for the name", || journal.count(LOOK_UP) == 1).await;
    worker
}

/// Checks that a new process stores the token of the killed login, and that nothing is left of it elsewhere.
async fn check_recovered(zoho: &Zoho, place: &Place, setup: &Setup) {
    let told = Worker::open(place, setup).access_token("nobody", 1);
    assert_eq!(told.tokens, [].into());
    let rows = place.rows().await;
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let refresh_token = row.refresh_token().expect("the refresh token").expose_secret();
    assert!(zoho.emulator.is_refresh_token_valid(refresh_token));
    assert_eq!(zoho.requests(), 1, "the code was spent once");
    assert_eq!(place.spooled_files(), Vec::<PathBuf>::new());
}

/// Checks that a new process finds another store, which does not get the token of the killed login.
async fn check_not_recovered(place: &Place, setup: &Setup) {
    let told = Worker::open(place, setup).access_token("nobody", 1);
    assert_eq!(told.tokens, [].into());
    assert!(place.rows().await.is_empty(), "the other store has got the token");
    assert_eq!(place.spooled_files().len(), 1);
}

async fn redirect(proxy: &mut Proxy, port: u16) {
    proxy.redirect(port);
    proxy.cut().await;
    proxy.resume().await.unwrap();
}
