//! 1,600 callers, one request: 200 tasks in each of eight processes want an expired token, or 100 tasks in each of sixteen
//! if the store is on a server.

use std::collections::BTreeSet;
use std::time::Duration;

use processes::{Answer, Command, Setup, Tokens};
use tokio::time::sleep;
use zoho_emulator::Fault;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, close_together};

over_every_backend!(
    sixteen_hundred_callers_cause_one_request,
    a_failure_is_shared_and_not_repeated_by_every_caller,
    three_attempts_are_three_requests_for_everybody,
    a_server_that_hangs_gets_one_request,
    a_lost_response_costs_one_more_request,
    a_code_that_every_process_has_is_spent_once,
);

async fn sixteen_hundred_callers_cause_one_request(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut fleet = fleet(&place, &zoho.setup(&place));
    // With and without a delay, during which everybody asks.
    for (requests, delay) in [(1, Duration::ZERO), (2, Duration::from_millis(800))] {
        let user = format!("user {requests}");
        zoho.seed(&place, &user).await;
        zoho.emulator.fault(Fault::on(TOKEN_REQUEST).delay(delay));
        let told = all_at_once(&mut fleet, &user);
        let token = the_one_token(&told);
        assert!(zoho.accepts(&token));
        assert_eq!(zoho.requests(), requests);
        let slowest = told.iter().map(|told| told.ended - told.began).max().unwrap_or_default();
        measured!("{backend:?}: 1,600 callers, 1 request, the slowest process took {slowest} ms");
    }
}

async fn a_failure_is_shared_and_not_repeated_by_every_caller(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = Setup { attempts: 1, ..zoho.setup(&place) };
    let mut fleet = fleet(&place, &setup);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).forever().status_500());
    let requests = all_fail(&zoho, &place, &mut fleet, setup.attempts).await;

    zoho.emulator.clear_faults();
    let (_, longest) = life_of_a_failure(backend);
    sleep(longest + Duration::from_millis(100)).await;
    let token = the_one_token(&all_at_once(&mut fleet, "ada"));
    assert!(zoho.accepts(&token));
    assert_eq!(zoho.requests(), requests + 1, "one request after the server has recovered");
}

async fn three_attempts_are_three_requests_for_everybody(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = Setup { attempts: 3, ..zoho.setup(&place) };
    let mut fleet = fleet(&place, &setup);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).forever().html());
    all_fail(&zoho, &place, &mut fleet, setup.attempts).await;
}

async fn a_server_that_hangs_gets_one_request(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    // The lease is shorter than the timeout of the request, so it has to be renewed. The clock of Secrets Manager counts
    // whole seconds.
    let lease_life = if backend == Backend::SecretsManager { 3_000 } else { 600 };
    let setup = Setup { attempts: 1, lease_life, timeout: lease_life * 3, ..zoho.setup(&place) };
    let mut fleet = fleet(&place, &setup);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).forever().hang());
    all_fail(&zoho, &place, &mut fleet, setup.attempts).await;
}

async fn a_lost_response_costs_one_more_request(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut fleet = fleet(&place, &zoho.setup(&place));
    let refresh_token = zoho.seed(&place, "ada").await;
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).drop_after());
    let token = the_one_token(&all_at_once(&mut fleet, "ada"));
    assert!(zoho.accepts(&token));
    assert_eq!(zoho.requests(), 2, "the one whose response was lost, and the one that everybody shares");
    assert_eq!(zoho.emulator.live_access_tokens(&refresh_token), 2);
}

async fn a_code_that_every_process_has_is_spent_once(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut fleet = fleet(&place, &zoho.setup(&place));
    let code = zoho.emulator.self_client_code(Zoho::USER);
    let exchange = Command::Exchange { code };
    fleet.iter_mut().for_each(|worker| worker.tell(&exchange));
    let mut tokens = BTreeSet::new();
    for worker in &mut fleet {
        let answer = worker.answer();
        let Answer::Login { access_token: Some(token), persistence_error: None, .. } = answer else {
            panic!("{answer:?}");
        };
        tokens.insert(token);
    }
    assert_eq!(tokens.len(), 1, "everybody has the same token");
    assert_eq!(zoho.requests(), 1);
    assert_eq!(place.rows().await.len(), 1);
}

const CALLERS: usize = 1_600;

/// Processes that have opened the store: eight on one machine, sixteen if it is on a server.
fn fleet(place: &Place, setup: &Setup) -> Vec<Worker> {
    let processes = if place.backend.server().is_some() { 16 } else { 8 };
    let mut fleet = Vec::new();
    for _ in 0..processes {
        fleet.push(Worker::open(place, setup));
    }
    fleet
}

fn all_at_once(fleet: &mut [Worker], user: &str) -> Vec<Tokens> {
    let tasks = CALLERS / fleet.len();
    close_together(fleet, user, tasks)
}

/// The token that all 1,600 callers got.
fn the_one_token(told: &[Tokens]) -> String {
    let mut all = Tokens::default();
    for told in told {
        assert_eq!(told.errors, [].into());
        told.tokens.iter().for_each(|(token, tasks)| *all.tokens.entry(token.clone()).or_default() += tasks);
    }
    assert_eq!(all.tokens.len(), 1, "everybody has the same token");
    assert_eq!(all.tokens.values().sum::<usize>(), CALLERS);
    all.tokens.into_keys().next().unwrap()
}

/// Has everybody ask while the server fails. Checks that nobody gets a token, and returns the number of requests.
///
/// A process that waits for a renewal shares its failure, and so does one that comes while the failure is young. On a
/// machine so busy that a process comes later, one more renewal is right.
async fn all_fail(zoho: &Zoho, place: &Place, fleet: &mut [Worker], attempts: usize) -> usize {
    zoho.seed(place, "ada").await;
    let told = all_at_once(fleet, "ada");
    for told in &told {
        assert_eq!(told.tokens, [].into());
        assert_eq!(told.errors.values().sum::<usize>(), CALLERS / fleet.len());
        assert!(told.errors.keys().all(|text| text.contains("try again")), "{:?}", told.errors);
    }
    let ended = || told.iter().map(|told| told.ended);
    let lateness = Duration::from_millis(ended().max().unwrap_or(0) - ended().min().unwrap_or(0));
    let (shortest, _) = life_of_a_failure(place.backend);
    let renewals = 1 + usize::try_from(lateness.as_millis() / shortest.as_millis()).unwrap();
    let requests = zoho.requests();
    assert!(requests.is_multiple_of(attempts), "{requests} requests in renewals of {attempts} attempts");
    assert!((1..=renewals).contains(&(requests / attempts)), "{requests} requests, {lateness:?} late");
    requests
}

/// How long a failure speaks for those who come after it: one second by the store's clock. That of Secrets Manager
/// counts whole seconds, so it may be shorter or longer.
fn life_of_a_failure(backend: Backend) -> (Duration, Duration) {
    match backend {
        Backend::SecretsManager => (Duration::from_millis(400), Duration::from_secs(2)),
        _ => (Duration::from_secs(1), Duration::from_secs(1)),
    }
}
