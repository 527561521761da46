//! The promises of [`TokenStore`], each a function: run them over a store of one's own with
//! [`token_store_conformance!`](crate::token_store_conformance).

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::token::OAuthToken;

use super::{StoreErrorKind, StoredToken, TokenStore, id_number};

/// Stamps one test per promise of [`TokenStore`] over a fresh store, and the same again
/// through [`AnyStore`](crate::store::AnyStore).
///
/// Give it a name for the module and something that makes an empty store, as an `async fn` or a closure. The
/// stores that it makes must not share their content.
///
/// ```
/// use zoho_oauth::store::MemoryStore;
/// use zoho_oauth::token_store_conformance;
///
/// async fn empty_store() -> MemoryStore {
///     MemoryStore::new()
/// }
///
/// token_store_conformance!(memory, empty_store);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! token_store_conformance {
    ($module:ident, $fresh:expr) => {
        mod $module {
            #[allow(unused_imports, reason = "the store may be made by a path that needs no import")]
            use super::*;

            $crate::__token_store_promises!($fresh);

            mod erased {
                #[allow(unused_imports, reason = "as above")]
                use super::super::*;

                $crate::__token_store_promises!(async || $crate::store::AnyStore::new(($fresh)().await));
            }
        }
    };
}

/// Runs one promise over one fresh store, on a runtime of its own.
///
/// # Panics
/// When the promise is broken.
pub fn run<S, F, P>(fresh: impl FnOnce() -> F, promise: impl FnOnce(S) -> P)
where
    S: TokenStore,
    F: Future<Output = S>,
    P: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be started").block_on(async { promise(fresh().await).await });
}

macro_rules! promises {
    ($($(#[$doc:meta])* async fn $name:ident($store:ident) $body:block)+) => {
        $(
            $(#[$doc])*
            ///
            /// # Panics
            /// When the store breaks the promise.
            pub async fn $name($store: impl TokenStore) $body
        )+

        #[doc(hidden)]
        #[macro_export]
        macro_rules! __token_store_promises {
            ($fresh:expr) => {
                $(
                    #[test]
                    fn $name() {
                        $crate::store::conformance::run($fresh, $crate::store::conformance::$name);
                    }
                )+
            };
        }
    };
}

promises! {
    /// A token that was saved comes back whole, by id and by user.
    async fn a_saved_token_comes_back_whole(store) {
        let saved = save(&store, full("ada")).await;
        let id = saved.id.clone().expect("a saved token has an id");
        assert_eq!(saved, StoredToken { id: Some(id.clone()), ..StoredToken::from(&full("ada")) });
        assert_eq!(by_id(&store, &id).await.as_ref(), Some(&saved));
        assert_eq!(find(&store, OAuthToken::new().with_user("ada")).await.as_ref(), Some(&saved));
    }

    /// An id means the row with that id, whatever else the token says.
    async fn an_id_means_the_row_with_that_id(store) {
        let ada = save(&store, full("ada")).await;
        save(&store, full("bob")).await;
        let wanted = OAuthToken::new().with_id(id_of(&ada)).with_user("bob").with_access_token("nonsense");
        let found = find(&store, wanted).await.expect("the row is there");
        assert_eq!(found.refresh_token, ada.refresh_token);
        assert_eq!(find(&store, OAuthToken::new().with_id("999").with_user("ada")).await, None);
    }

    /// A user name means the row of that user.
    async fn a_user_name_means_the_row_of_that_user(store) {
        save(&store, full("ada")).await;
        let bob = save(&store, full("bob")).await;
        assert_eq!(find(&store, OAuthToken::new().with_user("bob")).await, Some(bob));
        assert_eq!(find(&store, OAuthToken::new().with_user("carol")).await, None);
    }

    /// One user with two client apps has two rows, told apart by the client id.
    async fn one_user_with_two_client_apps_has_two_rows(store) {
        let first = save(&store, full("ada").with_client("app-1", "s1")).await;
        let second = save(&store, full("ada").with_client("app-2", "s2")).await;
        assert_ne!(first.id, second.id);
        let wanted = OAuthToken::new().with_user("ada").with_client_id("app-2");
        assert_eq!(find(&store, wanted).await, Some(second));
        assert_eq!(all(&store).await.len(), 2);
    }

    /// One user in production and in a sandbox has two rows, told apart by the API domain.
    async fn one_user_in_production_and_sandbox_has_two_rows(store) {
        let production = save(&store, full("ada").with_api_domain("https://www.zohoapis.eu")).await;
        let sandbox = save(&store, full("ada").with_api_domain("https://sandbox.zohoapis.eu")).await;
        assert_ne!(production.id, sandbox.id);
        let wanted = OAuthToken::new().with_user("ada").with_api_domain("https://www.zohoapis.eu");
        assert_eq!(find(&store, wanted).await, Some(production));
    }

    /// A row that lacks a client id and an API domain agrees with any; saving fills them in.
    async fn a_row_that_lacks_client_and_domain_agrees(store) {
        let bare = save(&store, OAuthToken::new().with_user("ada").with_refresh_token("r")).await;
        let saved = save(&store, full("ada")).await;
        assert_eq!(saved.id, bare.id);
        assert_eq!(saved.client_id.as_deref(), Some("1000.CLIENT"));
        assert_eq!(all(&store).await.len(), 1);
    }

    /// An access token without a client means the row with that access token.
    async fn an_access_token_alone_means_its_row(store) {
        let ada = save(&store, full("ada")).await;
        save(&store, full("bob")).await;
        assert_eq!(find(&store, OAuthToken::new().with_access_token("access of ada")).await, Some(ada));
    }

    /// An access token with a client app, or with half of one, means no row.
    async fn an_access_token_with_a_client_means_no_row(store) {
        save(&store, full("ada")).await;
        let access = OAuthToken::new().with_access_token("access of ada");
        assert_eq!(find(&store, access.clone().with_client("1000.CLIENT", "secret")).await, None);
        assert_eq!(find(&store, access.with_client_id("1000.CLIENT")).await, None);
    }

    /// A grant token with client id and secret means the row of the same client app.
    async fn a_grant_token_means_the_row_of_the_same_client(store) {
        let ada = save(&store, full("ada").with_grant_token("g-ada")).await;
        let grant = OAuthToken::new().with_grant_token("g-ada");
        let found = find(&store, grant.clone().with_client("1000.CLIENT", "secret")).await;
        assert_eq!(found, Some(ada));
        assert_eq!(find(&store, grant.clone().with_client("another", "secret")).await, None);
        assert_eq!(find(&store, grant).await, None);
    }

    /// A refresh token with client id and secret means the row of the same client app.
    async fn a_refresh_token_means_the_row_of_the_same_client(store) {
        let ada = save(&store, full("ada")).await;
        let refresh = OAuthToken::new().with_refresh_token("refresh of ada");
        let found = find(&store, refresh.clone().with_client("1000.CLIENT", "secret")).await;
        assert_eq!(found, Some(ada));
        assert_eq!(find(&store, refresh.clone().with_client("another", "secret")).await, None);
        assert_eq!(find(&store, refresh).await, None);
    }

    /// Where a grant token is given, the refresh token is not looked at.
    async fn a_grant_token_goes_before_a_refresh_token(store) {
        save(&store, full("ada")).await;
        let wanted = OAuthToken::new()
            .with_client("1000.CLIENT", "secret")
            .with_grant_token("unknown")
            .with_refresh_token("refresh of ada");
        assert_eq!(find(&store, wanted).await, None);
    }

    /// A token with nothing usable means no row, never an arbitrary one.
    async fn nothing_usable_means_no_row(store) {
        save(&store, full("ada").with_grant_token("g")).await;
        for nothing in [
            OAuthToken::new(),
            OAuthToken::new().with_user(""),
            OAuthToken::new().with_id(""),
            OAuthToken::new().with_client_id("1000.CLIENT"),
            OAuthToken::new().with_client("1000.CLIENT", "secret"),
            OAuthToken::new().with_client("1000.CLIENT", "secret").with_refresh_token("").with_grant_token(""),
            OAuthToken::new().with_access_token(""),
            OAuthToken::new().with_api_domain("https://www.zohoapis.com"),
            OAuthToken::new().with_redirect_url("https://app.example.com/callback"),
        ] {
            let shown = format!("{nothing:?}");
            assert_eq!(find(&store, nothing).await, None, "{shown}");
        }
        assert_eq!(by_id(&store, "").await, None);
    }

    /// Rows that are the same in user, client app and API domain count as one: the one that expires last.
    async fn duplicates_count_as_one(store) {
        for (id, seconds) in [("501", 100), ("502", 300), ("503", 200)] {
            save(&store, full("ada").with_id(id).with_expires_at(moment(seconds))).await;
        }
        let found = find(&store, OAuthToken::new().with_user("ada")).await.expect("one of the three");
        assert_eq!(id_of(&found), "502");
        let saved = save(&store, full("ada").with_expires_at(moment(900))).await;
        assert_eq!(id_of(&saved), "502");
        assert_eq!(all(&store).await.len(), 3);
    }

    /// Rows that differ are an error that says what would tell them apart, for finding and for saving.
    async fn rows_that_differ_are_an_error(store) {
        save(&store, full("ada").with_client("app-1", "s1")).await;
        save(&store, full("ada").with_client("app-2", "s2")).await;
        let wanted = OAuthToken::new().with_user("ada").with_access_token("new");
        let before = all(&store).await;
        let found = store.find_token(&wanted).await.expect_err("two rows are meant");
        let saved = store.save_token(&wanted).await.expect_err("two rows are meant");
        for error in [found, saved] {
            assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
            assert!(error.to_string().contains("client_id"), "{error}");
        }
        assert_eq!(all(&store).await, before);
    }

    /// What is found is merged under the caller's token: its fields stay, the others come from the row.
    async fn what_is_found_is_merged_under_the_callers_token(store) {
        let ada = save(&store, full("ada")).await;
        let wanted = OAuthToken::new().with_user("ada").with_access_token("mine");
        let found = find(&store, wanted).await;
        assert_eq!(found, Some(StoredToken { access_token: Some("mine".into()), ..ada }));
    }

    /// Fields that are empty in the new token keep their stored value: a refresh answer has no refresh token.
    async fn empty_fields_keep_their_stored_value(store) {
        let before = save(&store, full("ada").with_grant_token("g")).await;
        let answer = OAuthToken::new()
            .with_user("ada")
            .with_access_token("new")
            .with_refresh_token("")
            .with_expires_at(moment(9_000));
        let after = save(&store, answer).await;
        let expected = StoredToken {
            access_token: Some("new".into()),
            expiry_time: Some("1700009000000".into()),
            ..before
        };
        assert_eq!(after, expected);
        assert_eq!(all(&store).await, [expected]);
    }

    /// A save by refresh token, without a user name, updates the row instead of adding one.
    async fn a_save_without_a_user_name_updates_the_row_that_it_means(store) {
        let token = OAuthToken::new().with_client("c", "s").with_refresh_token("r").with_access_token("1");
        let first = save(&store, token.clone()).await;
        let second = save(&store, token.with_access_token("2")).await;
        assert_eq!(first.id, second.id);
        assert_eq!(all(&store).await.len(), 1);
    }

    /// Saving the same token twice changes nothing.
    async fn saving_twice_changes_nothing(store) {
        let first = save(&store, full("ada")).await;
        let second = save(&store, full("ada")).await;
        assert_eq!(first, second);
        assert_eq!(all(&store).await, [first]);
    }

    /// A moment of expiry is kept to the millisecond.
    async fn an_expiry_is_kept_to_the_millisecond(store) {
        let end = UNIX_EPOCH + Duration::from_millis(1_795_298_101_001);
        store.save_token(&full("ada").with_expires_at(end)).await.expect("saved");
        let found = store.find_token(&OAuthToken::new().with_user("ada")).await.expect("read").expect("found");
        assert_eq!(found.expires_at(), Some(end));
    }

    /// New ids are decimal, at most ten digits, and unique; the eleventh is one more than the tenth.
    async fn new_ids_are_decimal_and_unique(store) {
        let mut ids = Vec::new();
        for n in 0..25 {
            let saved = save(&store, full(&format!("user {n}"))).await;
            ids.push(id_number(id_of(&saved)).expect("a decimal id of at most ten digits"));
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 25);
        assert_eq!(all(&store).await.len(), 25);
    }

    /// An id is never given out twice, deletes of one row or of all notwithstanding.
    async fn an_id_is_never_given_out_twice(store) {
        let first = save(&store, full("ada")).await;
        let second = save(&store, full("bob")).await;
        assert!(store.delete_token(id_of(&second)).await.expect("deleted"));
        let third = save(&store, full("carol")).await;
        store.delete_tokens().await.expect("deleted");
        let fourth = save(&store, full("dora")).await;
        let mut ids = vec![id_of(&first), id_of(&second), id_of(&third), id_of(&fourth)];
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 4, "{ids:?}");
    }

    /// An id that the caller chose is kept, whatever it looks like, and is passed over by new ones.
    async fn an_id_that_the_caller_chose_is_kept(store) {
        for id in ["python_legacy_1", "2", "a-uuid-like-0000-0001"] {
            let saved = save(&store, full(id).with_id(id)).await;
            assert_eq!(id_of(&saved), id);
        }
        for n in 0..4 {
            let saved = save(&store, full(&format!("user {n}"))).await;
            assert!(id_number(id_of(&saved)).is_some() && id_of(&saved) != "2", "{saved:?}");
        }
        assert_eq!(all(&store).await.len(), 7);
    }

    /// A chosen id that uses up the ten digits does not stop new ones.
    async fn a_chosen_id_at_the_end_of_the_numbers_does_not_stop_new_ones(store) {
        save(&store, full("last").with_id("9999999999")).await;
        let saved = save(&store, full("ada")).await;
        assert!(id_number(id_of(&saved)).is_some());
        assert_eq!(all(&store).await.len(), 2);
    }

    /// A token without an access, a refresh or a grant token is refused, and nothing changes.
    async fn a_token_with_nothing_to_keep_is_refused(store) {
        save(&store, full("ada")).await;
        let before = all(&store).await;
        for empty in [
            OAuthToken::new(),
            OAuthToken::new().with_user("ada").with_client("c", "s"),
            OAuthToken::new().with_id("1").with_access_token("").with_refresh_token(""),
        ] {
            let error = store.save_token(&empty).await.expect_err("refused");
            assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
        }
        assert_eq!(all(&store).await, before);
    }

    /// Deleting deletes exactly the row with that id, and says whether it was there.
    async fn deleting_deletes_exactly_one_row(store) {
        let ada = save(&store, full("ada")).await;
        let bob = save(&store, full("bob")).await;
        assert!(store.delete_token(id_of(&ada)).await.expect("deleted"));
        assert!(!store.delete_token(id_of(&ada)).await.expect("asked"));
        assert_eq!(all(&store).await, [bob]);
    }

    /// Deleting all deletes all in one step; an empty store is fine.
    async fn deleting_all_leaves_nothing(store) {
        store.delete_tokens().await.expect("an empty store is fine");
        save(&store, full("ada")).await;
        save(&store, full("bob")).await;
        store.delete_tokens().await.expect("deleted");
        assert!(all(&store).await.is_empty());
        assert_eq!(find(&store, OAuthToken::new().with_user("ada")).await, None);
    }

    /// All rows are handed back, each once.
    async fn all_rows_are_handed_back(store) {
        let mut saved = Vec::new();
        for n in 0..12 {
            saved.push(save(&store, full(&format!("user {n}"))).await);
        }
        let mut found = all(&store).await;
        let by_user = |one: &StoredToken, other: &StoredToken| one.user_name.cmp(&other.user_name);
        saved.sort_by(by_user);
        found.sort_by(by_user);
        assert_eq!(found, saved);
    }

    /// A missing id is `None`; so is the word that stands over the ids in a file.
    async fn a_missing_id_is_none(store) {
        save(&store, full("ada")).await;
        for id in ["999", "id", "1 or 1=1", "%", "ada"] {
            assert_eq!(by_id(&store, id).await, None, "{id}");
        }
    }

    /// Awkward values come back unchanged, in every field.
    async fn awkward_values_come_back_unchanged(store) {
        for (n, value) in awkward_values().into_iter().enumerate() {
            let token = OAuthToken::new()
                .with_id(format!("{n} {value}"))
                .with_user(format!("{n} {value}"))
                .with_client(value.clone(), value.clone())
                .with_refresh_token(value.clone())
                .with_access_token(value.clone())
                .with_grant_token(value.clone())
                .with_redirect_url(value.clone())
                .with_api_domain(value.clone());
            let expected = StoredToken::from(&token);
            assert_eq!(save(&store, token).await, expected);
        }
        for (n, value) in awkward_values().into_iter().enumerate() {
            let name = format!("{n} {value}");
            let found = find(&store, OAuthToken::new().with_user(name.as_str())).await.expect("found by user");
            assert_eq!(by_id(&store, &name).await.as_ref(), Some(&found));
            let values = found.values();
            for (column, found) in StoredToken::COLUMNS.into_iter().zip(values).skip(2) {
                let expected = if column == "expiry_time" { None } else { Some(value.as_str()) };
                assert_eq!(found, expected, "{column} of {name:?}");
            }
        }
    }

    /// Equality is exact: case, accents and blanks count.
    async fn equality_is_exact(store) {
        let names = ["ada@x", "Ada@x", "adá@x", "ada@x ", " ada@x", "ada@x\u{301}", "ＡＤＡ@x", "ada@x\n"];
        for name in names {
            save(&store, full(name)).await;
        }
        assert_eq!(all(&store).await.len(), names.len());
        for name in names {
            let found = find(&store, OAuthToken::new().with_user(name)).await.expect("found");
            assert_eq!(found.user_name.as_deref(), Some(name));
            let access = format!("access of {name}");
            let found = find(&store, OAuthToken::new().with_access_token(access)).await.expect("found");
            assert_eq!(found.user_name.as_deref(), Some(name));
        }
        assert_eq!(find(&store, OAuthToken::new().with_user("ADA@X")).await, None);
    }

    /// Attack strings find nobody's row, delete nothing and change nothing, in every method.
    async fn attack_strings_do_nothing(store) {
        save(&store, full("ada")).await;
        save(&store, full("carol")).await;
        let before = all(&store).await;
        for attack in awkward_values() {
            for wanted in [
                OAuthToken::new().with_id(attack.as_str()),
                OAuthToken::new().with_user(attack.as_str()),
                OAuthToken::new().with_user("ada").with_client_id(attack.as_str()),
                OAuthToken::new().with_user("ada").with_api_domain(attack.as_str()),
                OAuthToken::new().with_access_token(attack.as_str()),
                OAuthToken::new().with_client("1000.CLIENT", "secret").with_grant_token(attack.as_str()),
                OAuthToken::new().with_client("1000.CLIENT", "secret").with_refresh_token(attack.as_str()),
                OAuthToken::new().with_client(attack.as_str(), "secret").with_refresh_token("refresh of ada"),
            ] {
                assert_eq!(find(&store, wanted).await, None, "{attack:?}");
            }
            assert_eq!(by_id(&store, &attack).await, None, "{attack:?}");
            assert!(!store.delete_token(&attack).await.expect("asked"), "{attack:?}");
            let saved = save(&store, OAuthToken::new().with_user("mallory").with_access_token(attack.as_str())).await;
            assert!(store.delete_token(id_of(&saved)).await.expect("deleted"));
        }
        assert_eq!(all(&store).await, before);
    }

    /// Many savers of one new user at once make one row.
    async fn savers_of_the_same_new_user_make_one_row(store) {
        let store = Arc::new(store);
        let savers = (0..32).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { id_of(&save(&*store, full("ada").with_access_token(format!("a{n}"))).await).to_owned() })
        });
        let mut ids = joined(savers.collect()).await;
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert_eq!(all(&*store).await.len(), 1);
    }

    /// Many savers of new users at once lose none, and get different ids.
    async fn savers_of_many_new_users_lose_none(store) {
        let store = Arc::new(store);
        let savers = (0..64).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { id_of(&save(&*store, full(&format!("user {n}"))).await).to_owned() })
        });
        let mut ids = joined(savers.collect()).await;
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 64);
        assert_eq!(all(&*store).await.len(), 64);
    }

    /// A reader beside a writer never fails to find a row that is there.
    async fn a_reader_beside_a_writer_always_finds_the_row(store) {
        let store = Arc::new(store);
        save(&*store, full("ada")).await;
        let writer = tokio::spawn({
            let store = store.clone();
            async move {
                for n in 0..40 {
                    save(&*store, full("ada").with_access_token(format!("a{n}"))).await;
                    save(&*store, full(&format!("user {n}"))).await;
                }
            }
        });
        let mut reads = 0;
        while !writer.is_finished() || reads < 100 {
            assert!(find(&*store, OAuthToken::new().with_user("ada")).await.is_some(), "read {reads}");
            reads += 1;
            tokio::task::yield_now().await;
        }
        writer.await.expect("the writer saved all");
    }
}

/// The attack strings and other values that stores are known to break on.
fn awkward_values() -> Vec<String> {
    let mut values: Vec<String> = [
        "x' or '1'='1",
        "' or 1=1 --",
        "x' or user_name='carol",
        "1 or 1=1",
        "' union select * from oauthtoken --",
        "x', refresh_token='ATTACKER' --",
        "%",
        "_",
        "\"",
        "\"\"",
        "'",
        "\\",
        ";",
        ",",
        "a,b,,c",
        "\n",
        "a\nb",
        "a\r\nb",
        "\r",
        "\t",
        "\0",
        "a\0b",
        " ",
        "  lead and trail  ",
        "None",
        "null",
        "NULL",
        "id",
        "O'Brien",
        "\u{feff}bom",
        "\u{202e}right to left",
        "e\u{301}",
        "Zoë 張偉 😀",
        "-1",
        "{}",
        "$(id)",
        "../../etc/passwd",
    ]
    .map(String::from)
    .into();
    values.extend(
        [256, 2_048, 4_096, 10_000].map(|length| "0123456789'\",\n😀".chars().cycle().take(length).collect()),
    );
    values
}

/// A token with every field but id and grant token.
fn full(user: &str) -> OAuthToken {
    OAuthToken::new()
        .with_user(user)
        .with_client("1000.CLIENT", "secret")
        .with_refresh_token(format!("refresh of {user}"))
        .with_access_token(format!("access of {user}"))
        .with_expires_at(moment(0))
        .with_redirect_url("https://app.example.com/callback")
        .with_api_domain("https://www.zohoapis.com")
}

fn moment(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn id_of(token: &StoredToken) -> &str {
    token.id.as_deref().expect("a stored token has an id")
}

async fn save(store: &impl TokenStore, token: OAuthToken) -> StoredToken {
    StoredToken::from(&store.save_token(&token).await.expect("the token is saved"))
}

async fn find(store: &impl TokenStore, token: OAuthToken) -> Option<StoredToken> {
    store.find_token(&token).await.expect("the store is read").as_ref().map(StoredToken::from)
}

async fn by_id(store: &impl TokenStore, id: &str) -> Option<StoredToken> {
    store.find_token_by_id(id).await.expect("the store is read").as_ref().map(StoredToken::from)
}

async fn all(store: &impl TokenStore) -> Vec<StoredToken> {
    store.get_tokens().await.expect("the store is read").iter().map(StoredToken::from).collect()
}

async fn joined<T>(tasks: Vec<tokio::task::JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("no saver panics"));
    }
    results
}
