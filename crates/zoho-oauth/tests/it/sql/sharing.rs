//! Several programs that use one table concurrently.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use servers::Proxy;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use zoho_oauth::store::{AnyStore, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken, SecretString};

use super::support::{TestTable, found, on_both_servers, token, users};

on_both_servers! {
    eight_programs_insert_concurrently_with_an_official_sdk
    programs_that_save_the_same_new_users_create_one_row_each
    a_deleted_id_is_not_reused_no_matter_who_chose_it
    concurrent_saves_of_different_fields_of_one_row_lose_none
    a_save_under_a_lease_survives_concurrent_plain_saves
    of_many_holders_only_the_current_one_can_save
    programs_that_start_concurrently_create_the_tables
    each_call_needs_the_minimum_number_of_round_trips
    paging_returns_each_row_once
    save_tokens_saves_none_if_one_is_rejected
    save_tokens_behaves_like_consecutive_saves
    the_clock_is_that_of_the_server
    old_leases_are_deleted_but_ids_are_not_reused
    a_chosen_id_at_the_end_of_the_range_does_not_block_new_ids
}

/// An official SDK takes the highest id it sees and adds one, without any lock.
async fn eight_programs_insert_concurrently_with_an_official_sdk(table: TestTable) {
    table.open().delete_tokens().await.expect("set up");
    let programs = (0..8).map(|program| {
        let store = table.open();
        tokio::spawn(async move {
            for number in 0..20 {
                store.save_token(&token(&format!("{program} {number}"))).await.unwrap();
            }
        })
    });
    let mut programs: Vec<_> = programs.collect();
    let official = table.clone();
    programs.push(tokio::spawn(async move {
        for number in 0..20 {
            // The first insert gets the id; the server rejects the other one.
            let insert = match official.kind {
                servers::Kind::Postgres => format!(
                    "insert into {{}} (id, user_name, access_token) \
                    select coalesce(max(id::int), 0) + 1, 'official {number}', 'a' from {{}} on conflict do nothing"
                ),
                _ => format!(
                    "insert ignore into {{}} (id, user_name, access_token) \
                    select * from (select coalesce(max(cast(id as unsigned)), 0) + 1, 'official {number}', 'a' \
                    from {{}}) as next"
                ),
            };
            // In a deadlock the server aborts this insert, which is then lost.
            if let Err(error) = official.try_to_run(&insert).await {
                let state = error.as_database_error().and_then(|error| error.code().map(String::from));
                assert_eq!(state.as_deref(), Some("40001"), "{error}");
            }
        }
    }));
    for program in programs {
        program.await.expect("no program fails");
    }
    let rows = table.open().get_tokens().await.unwrap();
    let ids: BTreeSet<_> = rows.iter().filter_map(OAuthToken::id).collect();
    assert_eq!(ids.len(), rows.len());
    let names = users(&table.open()).await;
    assert_eq!(names.iter().filter(|name| !name.starts_with("official")).count(), 160);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

/// With the default isolation level of the server, each program must see rows that others have just inserted.
async fn programs_that_save_the_same_new_users_create_one_row_each(table: TestTable) {
    let programs: Vec<_> = (0..6)
        .map(|_| {
            let store = table.open();
            tokio::spawn(async move {
                for number in 0..10 {
                    store.save_token(&token(&format!("user {number}"))).await.unwrap();
                }
            })
        })
        .collect();
    for program in programs {
        program.await.expect("no program fails");
    }
    assert_eq!(table.count().await, 10);
}

async fn a_deleted_id_is_not_reused_no_matter_who_chose_it(table: TestTable) {
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    table.run("insert into {} (id, user_name, access_token) values ('7', 'official', 'a')").await;
    assert!(store.delete_token("7").await.unwrap());
    assert_eq!(store.save_token(&token("bob")).await.unwrap().id(), Some("8"));
    table.run("insert into {} (id, user_name, access_token) values ('11', 'official', 'a')").await;
    store.delete_tokens().await.unwrap();
    assert_eq!(store.save_token(&token("carol")).await.unwrap().id(), Some("12"));
}

async fn concurrent_saves_of_different_fields_of_one_row_lose_none(table: TestTable) {
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    let change = |number: usize| {
        let (store, ada) = (table.open(), OAuthToken::new().with_user("ada"));
        tokio::spawn(async move {
            for round in 0..10 {
                let value = format!("{number} {round}");
                let ada = match number {
                    0 => ada.clone().with_access_token(value),
                    1 => ada.clone().with_refresh_token(value),
                    2 => ada.clone().with_access_token("a").with_redirect_url(value),
                    _ => ada.clone().with_grant_token(value),
                };
                store.save_token(&ada).await.unwrap();
            }
        })
    };
    for saver in (0..4).map(change).collect::<Vec<_>>() {
        saver.await.expect("no saver fails");
    }
    let ada = found(&store, "ada").await;
    assert_eq!(ada.refresh_token().map(ExposeSecret::expose_secret), Some("1 9"));
    assert_eq!(ada.redirect_url(), Some("2 9"));
    assert_eq!(ada.grant_token().map(ExposeSecret::expose_secret), Some("3 9"));
    assert_eq!(table.count().await, 1);
}

async fn a_save_under_a_lease_survives_concurrent_plain_saves(table: TestTable) {
    let store = table.open();
    let row = store.save_token(&token("ada")).await.unwrap();
    let concurrent = table.open();
    let saver = tokio::spawn(async move {
        for round in 0..60 {
            let newer = OAuthToken::new().with_user("ada").with_grant_token(format!("grant {round}"));
            concurrent.save_token(&newer).await.unwrap();
        }
    });
    for round in 0..30 {
        let lease = over(&row, granted(&store, "one", LIFE).await);
        let renewed = row.clone().with_access_token(format!("access {round}"));
        let fenced = store.save_and_release(&lease, &renewed).await.unwrap();
        assert!(matches!(fenced, Fenced::Saved(_)), "{fenced:?}");
        let stored = found(&store, "ada").await;
        assert_eq!(stored.access_token().map(ExposeSecret::expose_secret), Some(&*format!("access {round}")));
        assert!(store.lease_state(&key()).await.unwrap().remaining.is_zero());
    }
    saver.await.expect("the saver does not fail");
    let stored = found(&store, "ada").await;
    assert_eq!(stored.grant_token().map(ExposeSecret::expose_secret), Some("grant 59"));
}

async fn of_many_holders_only_the_current_one_can_save(table: TestTable) {
    let store = Arc::new(table.open());
    let row = store.save_token(&token("ada")).await.unwrap();
    let mut leases = Vec::new();
    for number in 0..20 {
        leases.push(over(&row, granted(&store, &format!("holder {number}"), Duration::ZERO).await));
    }
    let savers: Vec<_> = leases
        .into_iter()
        .enumerate()
        .map(|(number, lease)| {
            let (store, row) = (store.clone(), row.clone());
            tokio::spawn(async move {
                let newer = row.with_access_token(format!("of holder {number}"));
                matches!(
                    store.save_and_release(&lease, &newer).await.expect("the call succeeds"),
                    Fenced::Saved(_)
                )
            })
        })
        .collect();
    let mut saved = Vec::new();
    for saver in savers {
        saved.push(saver.await.expect("no panic"));
    }
    assert_eq!(saved.iter().filter(|saved| **saved).count(), 1);
    assert!(saved[19], "the last holder has the lease");
    let stored = found(&store, "ada").await;
    assert_eq!(stored.access_token().map(ExposeSecret::expose_secret), Some("of holder 19"));
}

async fn programs_that_start_concurrently_create_the_tables(table: TestTable) {
    let programs: Vec<_> = (0..6)
        .map(|number| {
            let store = table.open();
            tokio::spawn(async move { store.save_token(&token(&format!("user {number}"))).await.unwrap() })
        })
        .collect();
    for program in programs {
        program.await.expect("no program fails");
    }
    assert_eq!(table.count().await, 6);
}

/// A renewal under a lease needs three more round trips than a plain save.
async fn each_call_needs_the_minimum_number_of_round_trips(table: TestTable) {
    let proxy = Proxy::to(table.port()).await.expect("a proxy");
    let store = table.behind(&proxy).open();
    let row = store.save_token(&token("ada")).await.unwrap();
    // The first use of a statement also prepares it, which costs a round trip.
    for round in 0..2 {
        let newer = row.clone().with_access_token(format!("first {round}"));
        let lease = over(&row, granted(&store, "one", LIFE).await);
        store.renew(&lease, LIFE).await.unwrap();
        store.save_and_release(&lease, &newer).await.unwrap();
        let ada = OAuthToken::new().with_user("ada");
        store.save_token(&ada.clone().with_access_token(format!("second {round}"))).await.unwrap();
        store.find_token(&ada).await.unwrap();
    }
    let ada = OAuthToken::new().with_user("ada");
    proxy.reset_count();
    store.find_token(&ada).await.unwrap();
    assert_eq!(proxy.round_trips(), 1, "a lookup");
    proxy.reset_count();
    store.save_token(&ada.clone().with_access_token("newer")).await.unwrap();
    assert_eq!(proxy.round_trips(), 2, "a save");
    proxy.reset_count();
    let lease = over(&row, granted(&store, "one", LIFE).await);
    store.renew(&lease, LIFE).await.unwrap();
    store.save_and_release(&lease, &row.clone().with_access_token("newest")).await.unwrap();
    assert_eq!(proxy.round_trips(), 5, "a renewal");
}

async fn paging_returns_each_row_once(table: TestTable) {
    let store = table.open();
    let tokens: Vec<_> = (0..5_000).map(|number| token(&format!("user {number}"))).collect();
    for tokens in tokens.chunks(1_250) {
        store.save_tokens(tokens).await.unwrap();
    }
    let (mut ids, mut sizes, mut after) = (BTreeSet::new(), Vec::new(), None);
    loop {
        let page = store.get_token_page(after.as_deref()).await.unwrap();
        sizes.push(page.tokens.len());
        ids.extend(page.tokens.iter().filter_map(|token| token.id().map(str::to_owned)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids.len(), 5_000);
    assert_eq!(sizes.iter().filter(|size| **size > 0).count(), 5);
    assert_eq!(store.get_tokens().await.unwrap().len(), 5_000);
}

async fn save_tokens_saves_none_if_one_is_rejected(table: TestTable) {
    let store = table.open();
    for app in ["one app", "another app"] {
        store.save_token(&token("twice").with_client(app, "secret")).await.unwrap();
    }
    let twice = OAuthToken::new().with_user("twice").with_access_token("a");
    let bad_ones = [twice, OAuthToken::new().with_user("nothing"), token("taken").with_id("1").with_user("")];
    for bad in bad_ones.into_iter().take(2) {
        let many = [token("new"), bad, token("other")];
        store.save_tokens(&many).await.expect_err("one token is rejected");
        assert_eq!(users(&store).await, ["twice", "twice"]);
    }
    assert_eq!(store.save_token(&token("new")).await.unwrap().id(), Some("3"));
}

async fn save_tokens_behaves_like_consecutive_saves(table: TestTable) {
    let store = table.open();
    store.save_token(&token("known")).await.unwrap();
    let many = [
        token("new"),
        token("known").with_access_token("newer"),
        OAuthToken::new().with_user("new").with_access_token("newer still"),
        token("chosen").with_id("4"),
        OAuthToken::new()
            .with_client("1000.CLIENT", "s")
            .with_refresh_token("top-secret-refresh of new")
            .with_grant_token("g"),
        token("last"),
    ];
    let saved = store.save_tokens(&many).await.unwrap();
    let ids: Vec<_> = saved.iter().filter_map(OAuthToken::id).collect();
    assert_eq!(ids, ["2", "1", "2", "4", "5", "6"]);
    let new = found(&store, "new").await;
    assert_eq!(new.access_token().map(ExposeSecret::expose_secret), Some("newer still"));
    let known = found(&store, "known").await;
    assert_eq!(known.access_token().map(ExposeSecret::expose_secret), Some("newer"));
    assert_eq!(table.count().await, 5);
}

async fn the_clock_is_that_of_the_server(table: TestTable) {
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    let statement = match table.kind {
        servers::Kind::Postgres => "select floor(extract(epoch from clock_timestamp()))::text",
        _ => "select cast(unix_timestamp() as char)",
    };
    let before: u64 = table.run(statement).await[0].as_deref().expect("a time").parse().unwrap();
    let clock = store
        .clock()
        .await
        .expect("the call succeeds")
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    assert!(clock.as_secs() >= before && clock.as_secs() < before + 5, "{clock:?} {before}");
    // The lease is judged by the server's clock, not by the clock of this host.
    let lease = granted(&store, "one", LIFE).await;
    table.run("update {}_state set until_ms = until_ms + 200000, touched = touched + 100 where lease_key like 'refresh%'").await;
    let state = store.lease_state(&key()).await.unwrap();
    assert!(state.remaining > Duration::from_secs(100), "{state:?}");
    assert!(state.now >= lease.granted_at);
}

async fn old_leases_are_deleted_but_ids_are_not_reused(table: TestTable) {
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    let lease = granted(&store, "one", LIFE).await;
    store.release(&lease).await.unwrap();
    store.delete_tokens().await.unwrap();
    table.run("update {}_state set touched = 1").await;
    let store = table.open();
    // The first write of a program deletes them.
    assert_eq!(store.save_token(&token("bob")).await.unwrap().id(), Some("2"));
    assert_eq!(store.lease_state(&key()).await.unwrap().epoch, 0);
}

async fn a_chosen_id_at_the_end_of_the_range_does_not_block_new_ids(table: TestTable) {
    let store = table.open();
    let first: Vec<_> = (0..40).map(|number| token(&format!("user {number}"))).collect();
    store.save_tokens(&first).await.unwrap();
    store.save_token(&token("last").with_id("9999999999")).await.unwrap();
    assert_eq!(store.save_token(&token("next")).await.unwrap().id(), Some("41"));
}

const LIFE: Duration = Duration::from_secs(60);

fn key() -> LeaseKey {
    LeaseKey::refresh(&SecretString::from("top-secret-refresh of ada"))
}

fn over(row: &OAuthToken, lease: Lease) -> Lease {
    Lease { row: row.id().map(str::to_owned), ..lease }
}

async fn granted(store: &AnyStore, holder: &str, life: Duration) -> Lease {
    match store.acquire(&key(), holder, life).await.expect("the call succeeds") {
        Acquired::Granted(lease) => lease,
        held => panic!("another holder has the lease: {held:?}"),
    }
}
