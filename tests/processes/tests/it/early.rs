//! Programs that use a token while it enters its last five minutes renew it once.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use processes::{Setup, Tokens};
use tokio::time::{Instant, sleep};

use crate::support::{Backend, Place, Worker, Zoho};

over_every_backend!(
    eight_programs_in_the_early_window_make_one_renewal_for_each_of_twenty_tokens,
    forty_programs_in_the_early_window_make_one_renewal_for_each_of_twenty_tokens,
);

async fn eight_programs_in_the_early_window_make_one_renewal_for_each_of_twenty_tokens(backend: Backend) {
    renew_twenty_tokens(backend, 8).await;
}

async fn forty_programs_in_the_early_window_make_one_renewal_for_each_of_twenty_tokens(backend: Backend) {
    renew_twenty_tokens(backend, 40).await;
}

const WINDOW: Duration = Duration::from_secs(300);

/// Four rounds with five users each. The programs ask one after the other: each twice a second.
async fn renew_twenty_tokens(backend: Backend, programs: u32) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let early_window = u64::try_from(WINDOW.as_millis()).unwrap();
    // Forty programs keep a machine busy: none is to lose its lease for that.
    let setup = Setup { early_window, lease_life: 30_000, ..zoho.setup(&place) };
    let mut fleet: Vec<_> = (0..programs).map(|_| Worker::open(&place, &setup)).collect();
    let pause = Duration::from_millis(480) / programs;
    let mut remembered = 0;
    for round in 0..4 {
        let users: Vec<_> = (1..=5).map(|user| format!("user {round} {user}")).collect();
        let window_begins = SystemTime::now() + time_to_remember(backend);
        for user in &users {
            zoho.seed_until(&place, user, window_begins + WINDOW).await;
            all_at_once(&mut fleet, user);
        }
        // On a busy machine they may learn of the tokens later.
        if let Ok(early) = window_begins.duration_since(SystemTime::now()) {
            remembered += users.len();
            sleep(early).await;
        }
        until_all_have_one_other_token(&mut fleet, &users, pause).await;
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(zoho.requests(), 20, "one renewal for each token");
    measured!(
        "{backend:?}: {programs} programs, {remembered} of 20 tokens remembered before their window began"
    );
}

/// How long it may take until every program remembers five tokens.
fn time_to_remember(backend: Backend) -> Duration {
    match backend {
        Backend::SecretsManager => Duration::from_secs(10),
        _ => Duration::from_secs(2),
    }
}

fn all_at_once(fleet: &mut [Worker], user: &str) {
    fleet.iter_mut().for_each(|program| program.want_token(user, 1));
    fleet.iter_mut().for_each(|program| _ = the_token(&program.tokens()));
}

/// Has the programs ask one after the other until all of them have the same renewed token of each user.
async fn until_all_have_one_other_token(fleet: &mut [Worker], users: &[String], pause: Duration) {
    let started = Instant::now();
    loop {
        let mut tokens = vec![BTreeSet::new(); users.len()];
        for program in &mut *fleet {
            for (user, tokens) in users.iter().zip(&mut tokens) {
                tokens.insert(the_token(&program.access_token(user, 1)));
            }
            sleep(pause).await;
        }
        let is_renewed =
            |tokens: &BTreeSet<String>| tokens.len() == 1 && !tokens.contains("1000.seeded.seeded");
        if tokens.iter().all(is_renewed) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "they do not agree: {tokens:?}");
    }
}

fn the_token(told: &Tokens) -> String {
    assert_eq!(told.errors, [].into());
    told.tokens.keys().next().expect("a token").clone()
}
