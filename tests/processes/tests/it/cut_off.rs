//! One host cannot reach Zoho.

use std::time::Duration;

use processes::Setup;
use tokio::time::sleep;
use zoho_oauth::store::TokenStore;

use crate::support::{Backend, Place, Worker, Zoho, close_together};

over_every_file!(
    others_succeed_when_the_leader_has_no_network,
    a_system_without_certificates_says_so_and_sends_nothing,
);

async fn others_succeed_when_the_leader_has_no_network(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let Some(mut leader) = Worker::start_without_network(&place) else {
        return servers::skip("this account may not make a network namespace");
    };
    leader.set_up(&setup);
    let mut others: Vec<_> = (0..10).map(|_| Worker::open(&place, &setup)).collect();
    for round in 1..=10 {
        let user = format!("user {round}");
        zoho.seed(&place, &user).await;
        leader.want_token(&user, 10);
        sleep(Duration::from_millis(20)).await;
        let told = close_together(&mut others, &user, 10);
        let token = told[0].tokens.keys().next().unwrap_or_else(|| panic!("{told:?}"));
        assert!(told.iter().all(|told| told.tokens == [(token.clone(), 10)].into()), "{told:?}");
        assert_eq!(
            leader.tokens().tokens,
            [(token.clone(), 10)].into(),
            "the leader gets the token of the others"
        );
        assert_eq!(zoho.requests(), round);
    }
}

async fn a_system_without_certificates_says_so_and_sends_nothing(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    // Nothing listens there.
    let setup = Setup { zoho: "https://127.0.0.1:9".to_owned(), ..zoho.setup(&place) };
    let mut worker = Worker::start_without_certificates(&place);
    worker.set_up(&setup);
    zoho.seed(&place, "ada").await;
    let row = place.rows().await.remove(0);
    place.open().save_token(&row.with_api_domain(&setup.zoho)).await.unwrap();
    let told = worker.access_token("ada", 1);
    let error = told.errors.keys().next().unwrap_or_else(|| panic!("{told:?}"));
    assert!(error.contains("no certificates") && error.contains("SSL_CERT_FILE"), "{error}");
}
