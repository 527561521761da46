//! Tokens in AWS Secrets Manager that several programs use concurrently.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use zoho_emulator::Emulator;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use zoho_oauth::store::{AnyStore, SecretsManagerStore, TokenStore};
use zoho_oauth::{ExposeSecret, Grant, OAuthToken, SecretString};

use super::support::{Gate, Namespace};
use crate::authenticator::support;

const LIFE: Duration = Duration::from_secs(60);

#[tokio::test]
#[ignore = "needs moto"]
async fn no_name_tag_or_description_contains_a_secret_or_a_user() {
    let Some(namespace) = Namespace::new() else { return };
    let store = namespace.open();
    let saved = store.save_token(&ada().with_grant_token("the-grant-token")).await.unwrap();
    store.save_token(&saved.clone().with_access_token("the-newer-access-token")).await.unwrap();
    granted(&store, "one", LIFE).await;
    let secrets = namespace.secrets().await;
    assert_eq!(secrets.len(), 4, "a row, a user, a lease, the highest id: {secrets:?}");
    let shown = format!("{secrets:?}");
    for hidden in
        ["ada@example.com", "the-refresh-token", "access-token", "the-grant-token", "the-client-secret"]
    {
        assert!(!shown.contains(hidden), "{hidden} is shown: {shown}");
    }
    assert!(!format!("{store:?}").contains("ada"));
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_holder_paused_after_its_lease_check_does_not_overwrite_its_successor() {
    let Some(namespace) = Namespace::new() else { return };
    let other = namespace.open();
    let row = other.save_token(&ada()).await.unwrap();
    // Acquiring the lease creates its secret, so the first `PutSecretValue` is for the row.
    let gate = Gate::before(&namespace, "PutSecretValue", 0).await;
    let paused = namespace.open_through(&gate);
    let lease = over(&row, granted(&paused, "paused", Duration::ZERO).await);
    let late = row.clone().with_access_token("late");
    let saving = tokio::spawn(async move { paused.save_and_release(&lease, &late).await });
    gate.is_reached().await;

    let next = over(&row, granted(&other, "other", LIFE).await);
    let saved = other.save_and_release(&next, &row.clone().with_access_token("newer")).await.unwrap();
    assert!(matches!(saved, Fenced::Saved(_)));

    gate.open();
    let outcome = saving.await.expect("no panic").expect("the call succeeds");
    assert!(matches!(outcome, Fenced::Superseded), "{outcome:?}");
    assert_eq!(access_token(&other).await, "newer");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn two_programs_saving_one_new_user_create_one_row() {
    let Some(namespace) = Namespace::new() else { return };
    let programs = [namespace.open(), namespace.open()];
    let savers: Vec<_> = (0..16)
        .map(|number| {
            let store = programs[number % 2].clone();
            tokio::spawn(
                async move { store.save_token(&ada().with_access_token(format!("a{number}"))).await },
            )
        })
        .collect();
    let mut ids = BTreeSet::new();
    for saver in savers {
        let saved = saver.await.expect("no panic").unwrap();
        ids.insert(saved.id().map(str::to_owned));
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(programs[0].get_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_program_paused_while_creating_a_row_creates_no_second_one() {
    let Some(namespace) = Namespace::new() else { return };
    let other = namespace.open();
    // A new user needs three secrets: the highest id, the user's list, the row.
    let gate = Gate::before(&namespace, "CreateSecret", 2).await;
    let paused = namespace.open_through(&gate);
    let saving = tokio::spawn(async move { paused.save_token(&ada().with_access_token("late")).await });
    gate.is_reached().await;
    assert!(find_ada(&other).await.is_none(), "the row is announced but not created");

    let saved = other.save_token(&ada().with_access_token("first")).await.unwrap();
    gate.open();
    let late = saving.await.expect("no panic").unwrap();
    assert_eq!(late.id(), saved.id());
    assert_eq!(other.get_tokens().await.unwrap().len(), 1);
    assert_eq!(access_token(&other).await, "late");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_program_killed_while_creating_a_row_does_not_block_others() {
    let Some(namespace) = Namespace::new() else { return };
    let other = namespace.open();
    let gate = Gate::before(&namespace, "CreateSecret", 2).await;
    let killed = namespace.open_through(&gate);
    let saving = tokio::spawn(async move { killed.save_token(&ada()).await });
    gate.is_reached().await;
    saving.abort();

    let saved = other.save_token(&ada().with_access_token("newer")).await.unwrap();
    assert_eq!(find_ada(&other).await.and_then(|found| found.id().map(str::to_owned)).as_deref(), saved.id());
    assert!(other.delete_token(saved.id().unwrap_or_default()).await.unwrap());
    let again = other.save_token(&ada()).await.unwrap();
    assert_ne!(again.id(), saved.id(), "no id is reused");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_row_deleted_while_a_paused_program_creates_it_stays_deleted() {
    let Some(namespace) = Namespace::new() else { return };
    let other = namespace.open();
    let gate = Gate::before(&namespace, "CreateSecret", 2).await;
    let paused = namespace.open_through(&gate);
    let saving = tokio::spawn(async move { paused.save_token(&ada().with_access_token("late")).await });
    gate.is_reached().await;
    let saved = other.save_token(&ada()).await.unwrap();
    assert!(other.delete_token(saved.id().unwrap_or_default()).await.unwrap());
    gate.open();
    let late = saving.await.expect("no panic").unwrap();
    assert_ne!(late.id(), saved.id(), "a deleted id is not reused");
    let rows = other.get_tokens().await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(find_ada(&other).await.unwrap().id(), late.id());
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_lease_can_be_renewed_more_often_than_a_secret_can_have_versions() {
    let Some(namespace) = Namespace::new() else { return };
    let (store, other) = (namespace.open(), namespace.open());
    let lease = granted(&store, "one", LIFE).await;
    for round in 0..300 {
        assert!(store.renew(&lease, LIFE).await.unwrap(), "round {round}");
        if round % 50 == 0 {
            let state = other.lease_state(&key()).await.unwrap();
            assert_eq!(state.epoch, lease.epoch);
            assert!(matches!(
                other.acquire(&key(), "other", LIFE).await.expect("the call succeeds"),
                Acquired::Held(_)
            ));
        }
    }
    let secrets = namespace.secrets().await;
    assert_eq!(secrets.len(), 2, "the first and the last: {:?}", namespace.names().await);
    for secret in secrets {
        let versions = secret["SecretVersionsToStages"].as_object().unwrap().len();
        assert!(versions <= 100, "{versions} versions of {}", secret["Name"]);
    }
    assert!(store.release(&lease).await.unwrap());
    assert!(granted(&other, "other", LIFE).await.epoch > lease.epoch);
}

#[tokio::test]
#[ignore = "needs moto"]
async fn one_of_many_callers_gets_a_lease_that_moves_to_another_secret() {
    let Some(namespace) = Namespace::new() else { return };
    let stores = [namespace.open(), namespace.open()];
    // The next change moves the lease to another secret.
    let lease = granted(&stores[0], "one", LIFE).await;
    for _ in 0..62 {
        assert!(stores[0].renew(&lease, LIFE).await.unwrap());
    }
    assert!(stores[0].release(&lease).await.unwrap());
    assert_eq!(namespace.names().await.len(), 1);
    let callers: Vec<_> = (0..20)
        .map(|number| {
            let store = stores[number % 2].clone();
            tokio::spawn(async move { store.acquire(&key(), &format!("holder {number}"), LIFE).await })
        })
        .collect();
    let mut granted = 0;
    for caller in callers {
        granted += u32::from(matches!(
            caller.await.expect("no panic").expect("the call succeeds"),
            Acquired::Granted(_)
        ));
    }
    assert_eq!(granted, 1);
    assert_eq!(namespace.names().await.len(), 2);
}

#[tokio::test]
#[ignore = "needs moto"]
async fn unused_secrets_are_deleted() {
    let Some(namespace) = Namespace::new() else { return };
    let store = namespace.open();
    let row = store.save_token(&ada()).await.unwrap();
    let lease = granted(&store, "one", LIFE).await;
    assert!(store.release(&lease).await.unwrap());
    // A login has a new refresh token and held a lease on its code.
    let code = LeaseKey::exchange(&SecretString::from("code"));
    let Acquired::Granted(lease) = store.acquire(&code, "one", LIFE).await.expect("the call succeeds") else {
        panic!("another holder has the lease")
    };
    let login = store.save_and_release(&lease, &ada().with_refresh_token("of a new login")).await.unwrap();
    assert!(matches!(login, Fenced::Saved(_)));
    let names = namespace.names().await;
    assert!(!names.iter().any(|name| name.starts_with("lease/")), "{names:?}");
    assert!(store.delete_token(row.id().unwrap_or_default()).await.unwrap());
    assert_eq!(namespace.names().await, ["highest_id"]);
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_lease_has_a_higher_epoch_even_after_its_entry_was_deleted() {
    let Some(namespace) = Namespace::new() else { return };
    let store = namespace.open();
    let row = store.save_token(&ada()).await.unwrap();
    let old = over(&row, granted(&store, "one", LIFE).await);
    store.save_token(&row.clone().with_refresh_token("another")).await.unwrap();
    store.save_token(&row).await.unwrap();
    // Epochs start at the clock's milliseconds, so the clock must advance.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let new = over(&row, granted(&store, "two", LIFE).await);
    assert!(new.epoch > old.epoch);
    let outcome = store
        .save_and_release(&old, &row.clone().with_access_token("late"))
        .await
        .expect("the call succeeds");
    assert!(matches!(outcome, Fenced::Superseded));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto"]
async fn programs_that_share_the_store_cause_one_renewal_and_one_exchange() {
    let Some(namespace) = Namespace::new() else { return };
    let zoho = Emulator::start().await;
    support::with_a_stale_token(&zoho, &namespace.open()).await;
    let programs: Vec<_> = (0..4).map(|_| support::authenticator(&zoho, namespace.open())).collect();
    let callers = programs.iter().map(|program| {
        let (program, user) = (program.clone(), support::ada(&zoho));
        tokio::spawn(async move { program.access_token(&user).await })
    });
    let mut tokens = BTreeSet::new();
    for caller in callers.collect::<Vec<_>>() {
        let token = caller.await.expect("no panic").expect("a token");
        tokens.insert(token.expose_secret().to_owned());
    }
    assert_eq!(tokens.len(), 1);
    assert_eq!(support::token_requests(&zoho), 1);

    let code = zoho.self_client_code("ada@example.com");
    for program in &programs[..2] {
        let login = program.exchange(Grant::from_self_client(code.clone())).await.expect("logged in");
        assert!(login.persistence().error().is_none());
    }
    assert_eq!(support::token_requests(&zoho), 2);
    let names = namespace.names().await;
    assert!(!names.iter().any(|name| name.starts_with("lease/exchange/")), "{names:?}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn rows_are_read_in_pages_of_twenty_and_all_deleted() {
    let Some(namespace) = Namespace::new() else { return };
    let store = namespace.open();
    let tokens: Vec<_> = (0..45)
        .map(|number| {
            OAuthToken::new().with_user(format!("user {number}")).with_refresh_token(format!("r{number}"))
        })
        .collect();
    store.save_tokens(&tokens).await.unwrap();
    let (mut sizes, mut after) = (Vec::new(), None);
    loop {
        let page = store.get_token_page(after.as_deref()).await.unwrap();
        sizes.push(page.tokens.len());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [20, 20, 5]);
    store.delete_tokens().await.unwrap();
    assert_eq!(namespace.names().await, ["highest_id"]);
}

#[tokio::test]
#[ignore = "needs moto"]
async fn programs_skip_chosen_ids_that_they_did_not_write() {
    let Some(namespace) = Namespace::new() else { return };
    let (one, other) = (namespace.open(), namespace.open());
    let first = one.save_token(&ada()).await.unwrap();
    let chosen = other.save_token(&ada().with_user("bob").with_id("2")).await.unwrap();
    let next = one.save_token(&ada().with_user("carol")).await.unwrap();
    assert_ne!(next.id(), chosen.id());
    assert_eq!(first.id(), Some("1"));
    let far = other.save_token(&ada().with_user("dora").with_id("5000")).await.unwrap();
    let after = namespace.open().save_token(&ada().with_user("eve")).await.unwrap();
    let number = |token: &OAuthToken| token.id().and_then(|id| id.parse::<u64>().ok()).expect("a number");
    assert!(number(&after) > number(&far), "{after:?}");
    assert_eq!(one.get_tokens().await.unwrap().len(), 5);
}

#[tokio::test]
#[ignore = "needs moto"]
async fn the_clock_is_that_of_the_server() {
    let Some(namespace) = Namespace::new() else { return };
    let store = namespace.open();
    let clock = store.clock().await.expect("the call succeeds");
    // moto runs on this machine and its responses have whole seconds.
    let late = SystemTime::now().duration_since(clock).expect("the clock is not ahead");
    assert!(late < Duration::from_secs(2), "{late:?}");
    let name = AnyStore::from(store).name().to_owned();
    assert!(name.starts_with("the AWS Secrets Manager token store test-"), "{name}");
}

fn ada() -> OAuthToken {
    OAuthToken::new()
        .with_user("ada@example.com")
        .with_client("1000.CLIENT", "the-client-secret")
        .with_refresh_token("the-refresh-token")
        .with_access_token("the-access-token")
}

fn key() -> LeaseKey {
    LeaseKey::refresh(&SecretString::from("the-refresh-token"))
}

async fn granted(store: &SecretsManagerStore, holder: &str, life: Duration) -> Lease {
    match store.acquire(&key(), holder, life).await.expect("the call succeeds") {
        Acquired::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

fn over(row: &OAuthToken, lease: Lease) -> Lease {
    Lease { row: row.id().map(str::to_owned), ..lease }
}

async fn find_ada(store: &SecretsManagerStore) -> Option<OAuthToken> {
    store.find_token(&OAuthToken::new().with_user("ada@example.com")).await.unwrap()
}

async fn access_token(store: &SecretsManagerStore) -> String {
    let found = find_ada(store).await.unwrap();
    found.access_token().map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
}
