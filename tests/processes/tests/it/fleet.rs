//! Several hosts: some are cut off from the store, or their clocks disagree.

use std::time::{Duration, SystemTime};

use processes::{Answer, Command};
use servers::{Proxy, port_of};
use tokio::time::sleep;
use zoho_emulator::Fault;
use zoho_oauth::store::TokenStore;
use zoho_oauth::{ExposeSecret, OAuthToken};

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, close_together, until, with_settings};

over_every_server!(
    a_leader_that_is_cut_off_from_the_store_does_not_overwrite_the_newer_token,
    a_leader_whose_connection_hangs_costs_at_most_one_more_request,
    hosts_whose_clocks_are_ten_minutes_apart_behave_the_same,
);

async fn a_leader_that_is_cut_off_from_the_store_does_not_overwrite_the_newer_token(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    zoho.seed(&place, "ada").await;
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    let (mut proxy, mut leader) = leader_behind_a_proxy(&zoho, &place).await;
    let mut others = three_others(&zoho, &place);
    proxy.cut().await;
    zoho.emulator.clear_faults();

    let told = close_together(&mut others, "ada", 200);
    let newer = told[0].tokens.keys().next().expect("a token").clone();
    for told in &told {
        assert_eq!(told.tokens, [(newer.clone(), 200)].into(), "{:?}", told.errors);
    }
    assert_eq!(zoho.requests(), 2, "the leader's, and one more");
    assert_eq!(stored(&place).await, newer);

    // Its callers get its token or an error.
    let Some(Answer::Tokens(late)) = leader.hear() else { panic!("the leader has no answer") };
    let served: usize = late.tokens.values().sum();
    assert_eq!(served + late.errors.values().sum::<usize>(), 200);
    proxy.resume().await.expect("the connection resumes");
    sleep(Duration::from_secs(1)).await;
    let again = leader.access_token("ada", 200);
    assert_eq!(again.tokens.values().sum::<usize>(), 200, "{:?}", again.errors);
    assert_eq!(stored(&place).await, newer, "the late token has not come on top of the newer one");
    assert_eq!(zoho.requests(), 2, "nobody asked again");
    measured!("{backend:?}: leader cut off, 2 requests in all, {served} of its 200 callers served");
}

async fn a_leader_whose_connection_hangs_costs_at_most_one_more_request(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    zoho.seed(&place, "ada").await;
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    let (mut proxy, leader) = leader_behind_a_proxy(&zoho, &place).await;
    let mut others = three_others(&zoho, &place);
    proxy.hang().await.expect("the connection hangs");
    zoho.emulator.clear_faults();

    let told = close_together(&mut others, "ada", 200);
    let newer = told[0].tokens.keys().next().expect("a token").clone();
    assert!(told.iter().all(|told| told.tokens == [(newer.clone(), 200)].into()), "{told:?}");
    assert_eq!(zoho.requests(), 2);

    // What the leader sent arrives now, long after its lease has expired.
    proxy.resume().await.expect("the connection resumes");
    let Some(Answer::Tokens(late)) = leader.hear() else { panic!("the leader has no answer") };
    assert_eq!(late.tokens.values().sum::<usize>() + late.errors.values().sum::<usize>(), 200);
    assert_eq!(stored(&place).await, newer, "an older token has come on top of a newer one");
    assert_eq!(zoho.requests(), 2);
}

async fn hosts_whose_clocks_are_ten_minutes_apart_behave_the_same(backend: Backend) {
    let Some(library) = clock_library() else {
        return servers::skip("there is no libfaketime; on Debian, run `apt-get install faketime`");
    };
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut fleet = Vec::new();
    for number in 0..16 {
        let offset = if number % 2 == 0 { "+300s" } else { "-300s" };
        let mut worker = Worker::start_at_another_time(&place, &library, offset);
        worker.set_up(&setup);
        fleet.push(worker);
    }

    // A token that expired a minute ago is expired for everybody, and one request renews it.
    zoho.seed(&place, "ada").await;
    let told = close_together(&mut fleet, "ada", 100);
    let token = told[0].tokens.keys().next().expect("a token").clone();
    assert!(told.iter().all(|told| told.tokens == [(token.clone(), 100)].into()), "{told:?}");
    assert_eq!(zoho.requests(), 1);
    let row = row(&place).await;
    let life = row.expires_at().expect("it ends").duration_since(SystemTime::now()).unwrap();
    assert!(
        life.abs_diff(Duration::from_secs(3_600)) < Duration::from_secs(30),
        "stored as ending in {life:?}"
    );

    // A token that is valid for two minutes is valid for everybody, whatever their clocks say.
    let soon = row.with_expires_at(SystemTime::now() + Duration::from_secs(120));
    place.open().save_token(&soon).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let told = close_together(&mut fleet, "ada", 100);
    assert!(told.iter().all(|told| told.tokens == [(token.clone(), 100)].into()), "{told:?}");
    assert_eq!(zoho.requests(), 1);

    // A lease lasts equally long for everybody: nobody takes it from a working leader.
    zoho.seed(&place, "bob").await;
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).delay(Duration::from_millis(2_500)));
    let told = close_together(&mut fleet, "bob", 100);
    assert!(told.iter().all(|told| told.errors.is_empty()), "{told:?}");
    assert_eq!(zoho.requests(), 2);
    measured!(
        "{backend:?}: 16 processes x 100 tasks with clocks ten minutes apart, 1 request for each token"
    );
}

/// A process on another host that reaches the store through a proxy, with 200 tasks that wait for its token request.
async fn leader_behind_a_proxy(zoho: &Zoho, place: &Place) -> (Proxy, Worker) {
    let url = place.url();
    let proxy = Proxy::to(port_of(&url).expect("a server has a port")).await.expect("a free port");
    let mut setup = zoho.setup(place);
    setup.store = with_settings(&proxy.url(&url), "timeout=3&connect_timeout=1");
    let mut leader = Worker::start_on_another_host(place);
    leader.set_up(&setup);
    leader.tell(&Command::AccessToken { user: "ada".to_owned(), tasks: 200 });
    until("the request arrives", || zoho.requests() == 1).await;
    (proxy, leader)
}

fn three_others(zoho: &Zoho, place: &Place) -> Vec<Worker> {
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(Worker::open(place, &zoho.setup(place)));
    }
    others
}

async fn row(place: &Place) -> OAuthToken {
    let found = place.open().find_token(&OAuthToken::new().with_user("ada")).await.unwrap();
    found.expect("the row is there")
}

async fn stored(place: &Place) -> String {
    row(place).await.access_token().map(|token| token.expose_secret().to_owned()).unwrap_or_default()
}

/// libfaketime, which changes the clock of a program.
fn clock_library() -> Option<std::path::PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|path| path.exists())
}
