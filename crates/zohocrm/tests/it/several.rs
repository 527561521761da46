//! Several users and several organizations, side by side.

use std::time::Duration;

use zoho_emulator::{Emulator, Fault, User};
use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{Authenticator, Environment, OAuthClient, OAuthToken};
use zohocrm::{Crm, Retries};

const USERS: [&str; 3] = ["ada@example.com", "grace@example.com", "mary@elsewhere.example"];

/// Two users of one organization and one of another, whose tokens are in one store.
async fn three_users() -> (Emulator, Authenticator) {
    let [ada, grace, mary] = USERS.map(User::new);
    let builder = Emulator::builder().user(ada.zgid("60000001")).user(grace.zgid("60000001"));
    let zoho = builder.user(mary.zgid("60000002")).start().await;
    let (client, store) = (zoho.default_client(), MemoryStore::new());
    for user in USERS {
        let token = OAuthToken::new().with_user(user).with_client(client.id(), client.secret());
        let token = token.with_refresh_token(zoho.grant_refresh_token(client.id(), user));
        store.save_token(&token.with_api_domain(zoho.base_url())).await.unwrap();
    }
    let authenticator = Authenticator::builder(Environment::local(&zoho.base_url()).unwrap())
        .client(OAuthClient::new(client.id(), client.secret()))
        .store(store)
        .build()
        .unwrap();
    (zoho, authenticator)
}

#[tokio::test]
async fn concurrent_calls_of_several_users_never_mix_their_tokens_or_records() {
    let (zoho, authenticator) = three_users().await;
    zoho.add_records(USERS[0], "Leads", 2);
    zoho.add_records(USERS[2], "Leads", 5);
    let ada = Crm::new(&authenticator, USERS[0]);
    let all = [ada.clone(), ada.as_user(USERS[1]), ada.with_token(OAuthToken::new().with_user(USERS[2]))];
    let calls: Vec<_> = (0..30)
        .map(|number| {
            let crm = all[number % 3].clone();
            tokio::spawn(async move {
                let user = crm.current_user().await.unwrap().text("email").unwrap().to_owned();
                (number % 3, user, crm.records("Leads").count().send().await.unwrap().into_inner())
            })
        })
        .collect();
    for call in calls {
        let (index, user, leads) = call.await.unwrap();
        assert_eq!((user.as_str(), leads), (USERS[index], [2, 2, 5][index]));
    }
    assert_eq!(zoho.journal().count("POST /oauth/v2/token"), 3, "one token for each user");
}

#[tokio::test]
async fn users_of_an_organization_share_its_call_limit_and_its_delays() {
    let (zoho, authenticator) = three_users().await;
    zoho.set_concurrent_calls(2);
    let retries = Retries::new().first_delay(Duration::from_millis(400));
    let ada = Crm::builder(&authenticator).concurrency(2).retries(retries).build_for(USERS[0]);
    let grace = ada.as_user(USERS[1]);
    let calls: Vec<_> = (0..20)
        .map(|number| {
            let crm = if number % 2 == 0 { ada.clone() } else { grace.clone() };
            tokio::spawn(async move { crm.organization().await.map(drop) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(zoho.journal().count_where(|entry| entry.status == Some(429)), 0, "the users share one limit");

    zoho.fault(Fault::on("GET /crm/v8/org").throttle());
    let throttled = tokio::spawn({
        let ada = ada.clone();
        async move { ada.organization().await.map(drop) }
    });
    while zoho.journal().count_where(|entry| entry.status == Some(429)) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    grace.current_user().await.unwrap();
    throttled.await.unwrap().unwrap();
    let entries = zoho.journal().entries();
    let after = entries.iter().skip_while(|entry| entry.status != Some(429)).collect::<Vec<_>>();
    assert_eq!(after.len(), 3, "the throttled call, its retry, and her call");
    let pause = after[1].at - after[0].at;
    assert!(pause >= 100, "she waits as he does: {pause} ms");
}
