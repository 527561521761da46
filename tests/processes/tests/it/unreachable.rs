//! No host can reach Zoho.

use std::time::{Duration, SystemTime};

use processes::Setup;
use servers::{Proxy, port_of};
use tokio::time::{Instant, sleep};
use zoho_emulator::{Emulator, Fault};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::TokenStore;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, close_together};

over_every_backend!(
    an_outage_costs_nothing_and_its_end_is_noticed_at_once,
    nobody_notices_an_outage_that_ends_a_minute_before_the_expiry,
    nobody_notices_error_responses_that_end_a_minute_before_the_expiry,
);

async fn an_outage_costs_nothing_and_its_end_is_noticed_at_once(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let (mut proxy, setup) = behind_a_proxy(&zoho, &place).await;
    let mut fleet: Vec<_> = (0..8).map(|_| Worker::open(&place, &setup)).collect();
    seed_behind(&zoho, &place, &setup, "ada").await;
    proxy.cut().await;
    for _ in 0..5 {
        for told in close_together(&mut fleet, "ada", 10) {
            assert_eq!(told.tokens, [].into());
            assert!(told.errors.keys().all(|text| text.contains("no connection")), "{:?}", told.errors);
        }
        sleep(life_of_a_failure(backend)).await;
    }
    proxy.resume().await.expect("the connection resumes");
    let told = close_together(&mut fleet, "ada", 10);
    let token = told[0].tokens.keys().next().unwrap_or_else(|| panic!("{told:?}"));
    assert!(told.iter().all(|told| told.tokens == [(token.clone(), 10)].into()), "{told:?}");
    assert!(zoho.accepts(token));
    assert_eq!(zoho.requests(), 1);
}

async fn nobody_notices_an_outage_that_ends_a_minute_before_the_expiry(backend: Backend) {
    let (zoho, place, mut fleet, mut proxy, expiry) = with_a_short_lived_token(backend).await;
    use_until(&mut fleet, expiry - at_scale(240)).await;
    proxy.cut().await;
    use_until(&mut fleet, expiry - at_scale(60)).await;
    proxy.resume().await.expect("the connection resumes");
    use_until(&mut fleet, expiry + Duration::from_secs(1)).await;
    assert_eq!(zoho.requests(), 2, "the first token, and one more: {place:?}");
}

async fn nobody_notices_error_responses_that_end_a_minute_before_the_expiry(backend: Backend) {
    let (zoho, _place, mut fleet, _proxy, expiry) = with_a_short_lived_token(backend).await;
    use_until(&mut fleet, expiry - at_scale(240)).await;
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).forever().status_500());
    use_until(&mut fleet, expiry - at_scale(60)).await;
    zoho.emulator.clear_faults();
    use_until(&mut fleet, expiry + Duration::from_secs(1)).await;
    assert!(zoho.requests() <= 4, "{} requests", zoho.requests());
}

/// A proxy between the fleet and Zoho.
async fn behind_a_proxy(zoho: &Zoho, place: &Place) -> (Proxy, Setup) {
    let url = zoho.emulator.base_url();
    let proxy = Proxy::to(port_of(&url).expect("a port")).await.expect("a free port");
    let setup = Setup { zoho: proxy.url(&url), ..zoho.setup(place) };
    (proxy, setup)
}

/// Stores a row for `user` whose access token has expired, and which is renewed where `setup` says.
async fn seed_behind(zoho: &Zoho, place: &Place, setup: &Setup, user: &str) {
    zoho.seed(place, user).await;
    let store = place.open();
    let row = store.find_token(&OAuthToken::new().with_user(user)).await.unwrap().expect("it is there");
    store.save_token(&row.with_api_domain(&setup.zoho)).await.unwrap();
}

/// Five minutes are five seconds: the early window of a token that lives for twenty.
fn at_scale(seconds: u32) -> Duration {
    Duration::from_secs(5) * seconds / 300
}

/// Eight programs that have a token, and when it expires.
async fn with_a_short_lived_token(backend: Backend) -> (Zoho, Place, Vec<Worker>, Proxy, SystemTime) {
    let zoho = Zoho::start_as(Emulator::builder().token_lifetime(Duration::from_secs(20))).await;
    let place = Place::new(backend);
    let (proxy, setup) = behind_a_proxy(&zoho, &place).await;
    let setup = Setup { early_window: 300_000, ..setup };
    let mut fleet: Vec<_> = (0..8).map(|_| Worker::open(&place, &setup)).collect();
    seed_behind(&zoho, &place, &setup, "ada").await;
    for told in close_together(&mut fleet, "ada", 1) {
        assert_eq!(told.errors, [].into());
    }
    let row = place.rows().await.remove(0);
    (zoho, place, fleet, proxy, row.expires_at().expect("it expires"))
}

/// Has each program ask again and again until `moment`. None gets an error, or waits for long.
async fn use_until(fleet: &mut [Worker], moment: SystemTime) {
    while SystemTime::now() < moment {
        for program in &mut *fleet {
            let started = Instant::now();
            let told = program.access_token("ada", 1);
            assert_eq!(told.errors, [].into());
            assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// How long a failure speaks for those who come after it, by a clock that may count whole seconds.
fn life_of_a_failure(backend: Backend) -> Duration {
    match backend {
        Backend::SecretsManager => Duration::from_secs(2),
        _ => Duration::from_millis(1_050),
    }
}
