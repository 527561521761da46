//! The promises of [`TokenStore`], each as a function.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crate::token::OAuthToken;

use super::super::error::StoreErrorKind;
use super::super::ids::id_number;
use super::super::stored::StoredToken;
use super::super::token_store::TokenStore;
use super::fixture::{
    all, awkward_values, by_id, find, fits_everywhere, full, id_of, is_id_everywhere, joined, moment, pages,
    save, save_if_it_fits,
};

promises! {
    __token_store_promises over a store:

    /// A saved token is found with all its fields, by id and by user.
    async fn a_saved_token_is_found_with_all_its_fields(store) {
        let saved = save(&store, full("ada")).await;
        let id = saved.id.clone().expect("a saved token has an id");
        assert_eq!(saved, StoredToken { id: Some(id.clone()), ..StoredToken::from(&full("ada")) });
        assert_eq!(by_id(&store, &id).await.as_ref(), Some(&saved));
        assert_eq!(find(&store, OAuthToken::new().with_user("ada")).await.as_ref(), Some(&saved));
    }

    /// An id identifies the row with that id, regardless of the other fields of the token.
    async fn an_id_identifies_the_row_with_that_id(store) {
        let ada = save(&store, full("ada")).await;
        save(&store, full("bob")).await;
        let wanted = OAuthToken::new().with_id(id_of(&ada)).with_user("bob").with_access_token("nonsense");
        let found = find(&store, wanted).await.expect("the row is there");
        assert_eq!(found.refresh_token, ada.refresh_token);
        assert_eq!(find(&store, OAuthToken::new().with_id("999").with_user("ada")).await, None);
    }

    /// A user name identifies the row of that user.
    async fn a_user_name_identifies_the_row_of_that_user(store) {
        save(&store, full("ada")).await;
        let bob = save(&store, full("bob")).await;
        assert_eq!(find(&store, OAuthToken::new().with_user("bob")).await, Some(bob));
        assert_eq!(find(&store, OAuthToken::new().with_user("carol")).await, None);
    }

    /// One user with two client apps has two rows, distinguished by the client id.
    async fn one_user_with_two_client_apps_has_two_rows(store) {
        let first = save(&store, full("ada").with_client("app-1", "s1")).await;
        let second = save(&store, full("ada").with_client("app-2", "s2")).await;
        assert_ne!(first.id, second.id);
        let wanted = OAuthToken::new().with_user("ada").with_client_id("app-2");
        assert_eq!(find(&store, wanted).await, Some(second));
        assert_eq!(all(&store).await.len(), 2);
    }

    /// One user in production and in a sandbox has two rows, distinguished by the API domain.
    async fn one_user_in_production_and_sandbox_has_two_rows(store) {
        let production = save(&store, full("ada").with_api_domain("https://www.zohoapis.eu")).await;
        let sandbox = save(&store, full("ada").with_api_domain("https://sandbox.zohoapis.eu")).await;
        assert_ne!(production.id, sandbox.id);
        let wanted = OAuthToken::new().with_user("ada").with_api_domain("https://www.zohoapis.eu");
        assert_eq!(find(&store, wanted).await, Some(production));
    }

    /// A row that has neither a client id nor an API domain matches any. A save adds them.
    async fn a_row_without_client_and_domain_matches_any(store) {
        let bare = save(&store, OAuthToken::new().with_user("ada").with_refresh_token("r")).await;
        let saved = save(&store, full("ada")).await;
        assert_eq!(saved.id, bare.id);
        assert_eq!(saved.client_id.as_deref(), Some("1000.CLIENT"));
        assert_eq!(all(&store).await.len(), 1);
    }

    /// An access token without a client app identifies the row with that access token.
    async fn an_access_token_alone_identifies_its_row(store) {
        let ada = save(&store, full("ada")).await;
        save(&store, full("bob")).await;
        assert_eq!(find(&store, OAuthToken::new().with_access_token("access of ada")).await, Some(ada));
    }

    /// An access token with a client id identifies no row, with or without a client secret.
    async fn an_access_token_with_a_client_identifies_no_row(store) {
        save(&store, full("ada")).await;
        let access = OAuthToken::new().with_access_token("access of ada");
        assert_eq!(find(&store, access.clone().with_client("1000.CLIENT", "secret")).await, None);
        assert_eq!(find(&store, access.with_client_id("1000.CLIENT")).await, None);
    }

    /// A grant token with client id and secret identifies the row of the same client app.
    async fn a_grant_token_identifies_the_row_of_the_same_client(store) {
        let ada = save(&store, full("ada").with_grant_token("g-ada")).await;
        let grant = OAuthToken::new().with_grant_token("g-ada");
        let found = find(&store, grant.clone().with_client("1000.CLIENT", "secret")).await;
        assert_eq!(found, Some(ada));
        assert_eq!(find(&store, grant.clone().with_client("another", "secret")).await, None);
        assert_eq!(find(&store, grant).await, None);
    }

    /// A refresh token with client id and secret identifies the row of the same client app.
    async fn a_refresh_token_identifies_the_row_of_the_same_client(store) {
        let ada = save(&store, full("ada")).await;
        let refresh = OAuthToken::new().with_refresh_token("refresh of ada");
        let found = find(&store, refresh.clone().with_client("1000.CLIENT", "secret")).await;
        assert_eq!(found, Some(ada));
        assert_eq!(find(&store, refresh.clone().with_client("another", "secret")).await, None);
        assert_eq!(find(&store, refresh).await, None);
    }

    /// If a token has a grant token, its refresh token is ignored.
    async fn a_grant_token_takes_precedence_over_a_refresh_token(store) {
        save(&store, full("ada")).await;
        let wanted = OAuthToken::new()
            .with_client("1000.CLIENT", "secret")
            .with_grant_token("unknown")
            .with_refresh_token("refresh of ada");
        assert_eq!(find(&store, wanted).await, None);
    }

    /// A token without an identifying field identifies no row, rather than an arbitrary one.
    async fn a_token_without_an_identifying_field_identifies_no_row(store) {
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

    /// Of rows with the same user, client app and API domain, only the one that expires last counts.
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

    /// If a token matches rows that differ, finding and saving fail. The error names the field that distinguishes them.
    async fn matching_rows_that_differ_are_an_error(store) {
        save(&store, full("ada").with_client("app-1", "s1")).await;
        save(&store, full("ada").with_client("app-2", "s2")).await;
        let wanted = OAuthToken::new().with_user("ada").with_access_token("new");
        let before = all(&store).await;
        let found = store.find_token(&wanted).await.expect_err("two rows match");
        let saved = store.save_token(&wanted).await.expect_err("two rows match");
        for error in [found, saved] {
            assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
            assert!(error.to_string().contains("client_id"), "{error}");
        }
        assert_eq!(all(&store).await, before);
    }

    /// A found row only fills the fields that are empty in the caller's token.
    async fn a_found_row_fills_the_empty_fields_of_the_callers_token(store) {
        let ada = save(&store, full("ada")).await;
        let wanted = OAuthToken::new().with_user("ada").with_access_token("mine");
        let found = find(&store, wanted).await;
        assert_eq!(found, Some(StoredToken { access_token: Some("mine".into()), ..ada }));
    }

    /// Fields that are empty in the new token keep their stored value, because the response to a renewal has no refresh token.
    async fn empty_fields_keep_their_stored_value(store) {
        let before = save(&store, full("ada").with_grant_token("g")).await;
        let renewed = OAuthToken::new()
            .with_user("ada")
            .with_access_token("new")
            .with_refresh_token("")
            .with_expires_at(moment(9_000));
        let after = save(&store, renewed).await;
        let expected = StoredToken {
            access_token: Some("new".into()),
            expiry_time: Some("1700009000000".into()),
            ..before
        };
        assert_eq!(after, expected);
        assert_eq!(all(&store).await, [expected]);
    }

    /// A save by refresh token, without a user name, updates the row instead of adding one.
    async fn a_save_without_a_user_name_updates_the_matching_row(store) {
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

    /// An expiry is stored to the millisecond.
    async fn an_expiry_is_stored_to_the_millisecond(store) {
        let end = UNIX_EPOCH + Duration::from_millis(1_795_298_101_001);
        store.save_token(&full("ada").with_expires_at(end)).await.expect("saved");
        let found = store.find_token(&OAuthToken::new().with_user("ada")).await.expect("read").expect("found");
        assert_eq!(found.expires_at(), Some(end));
    }

    /// New ids are unique decimal numbers of at most ten digits, also after the tenth id.
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

    /// An id is never assigned twice, even if one row or all rows are deleted.
    async fn an_id_is_never_assigned_twice(store) {
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

    /// An id that the caller chose is stored unchanged, and new ids skip it.
    async fn an_id_that_the_caller_chose_is_stored_unchanged(store) {
        let ids = ["legacy_1", "2", "a-uuid", "python_legacy_1", "a-uuid-like-0000-0001"];
        let mut kept = 0;
        for id in ids {
            match save_if_it_fits(&store, full(id).with_id(id)).await {
                Some(saved) => {
                    assert_eq!(id_of(&saved), id);
                    kept += 1;
                }
                None => assert!(!is_id_everywhere(id), "{id} was rejected"),
            }
        }
        for n in 0..4 {
            let saved = save(&store, full(&format!("user {n}"))).await;
            assert!(id_number(id_of(&saved)).is_some() && id_of(&saved) != "2", "{saved:?}");
        }
        assert_eq!(all(&store).await.len(), kept + 4);
    }

    /// After a caller chose the highest id of ten digits, new ids are still assigned.
    async fn a_chosen_id_that_is_the_highest_does_not_prevent_new_ids(store) {
        save(&store, full("last").with_id("9999999999")).await;
        let saved = save(&store, full("ada")).await;
        assert!(id_number(id_of(&saved)).is_some());
        assert_eq!(all(&store).await.len(), 2);
    }

    /// A token that has no access, refresh or grant token is rejected, and nothing changes.
    async fn a_token_without_any_credential_is_rejected(store) {
        save(&store, full("ada")).await;
        let before = all(&store).await;
        for empty in [
            OAuthToken::new(),
            OAuthToken::new().with_user("ada").with_client("c", "s"),
            OAuthToken::new().with_id("1").with_access_token("").with_refresh_token(""),
        ] {
            let error = store.save_token(&empty).await.expect_err("rejected");
            assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        }
        assert_eq!(all(&store).await, before);
    }

    /// Deleting deletes exactly the row with that id, and returns whether it existed.
    async fn deleting_deletes_exactly_one_row(store) {
        let ada = save(&store, full("ada")).await;
        let bob = save(&store, full("bob")).await;
        assert!(store.delete_token(id_of(&ada)).await.expect("deleted"));
        assert!(!store.delete_token(id_of(&ada)).await.expect("asked"));
        assert_eq!(all(&store).await, [bob]);
    }

    /// Deleting all tokens leaves an empty store, also if it was empty before.
    async fn deleting_all_leaves_nothing(store) {
        store.delete_tokens().await.expect("an empty store is fine");
        save(&store, full("ada")).await;
        save(&store, full("bob")).await;
        store.delete_tokens().await.expect("deleted");
        assert!(all(&store).await.is_empty());
        assert_eq!(find(&store, OAuthToken::new().with_user("ada")).await, None);
    }

    /// Reading all tokens returns each row once.
    async fn all_rows_are_returned_once(store) {
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

    /// An unknown id is not found, and neither is `id`, the column name in the header of a file.
    async fn an_unknown_id_is_not_found(store) {
        save(&store, full("ada")).await;
        for id in ["999", "id", "1 or 1=1", "%", "ada"] {
            assert_eq!(by_id(&store, id).await, None, "{id}");
        }
    }

    /// Awkward values are stored unchanged, in every field. A backend that cannot store one rejects it and changes nothing.
    async fn awkward_values_are_stored_unchanged(store) {
        let mut kept = 0;
        for (n, value) in awkward_values().into_iter().enumerate() {
            let name = format!("{n} {value}");
            let token = OAuthToken::new()
                .with_user(name.as_str())
                .with_client(value.clone(), value.clone())
                .with_refresh_token(value.clone())
                .with_access_token(value.clone())
                .with_grant_token(value.clone())
                .with_redirect_url(value.clone())
                .with_api_domain(value.clone());
            let expected = StoredToken::from(&token);
            let Some(saved) = save_if_it_fits(&store, token).await else {
                assert!(!fits_everywhere(&name), "{name:?} was rejected");
                continue;
            };
            kept += 1;
            assert_eq!(StoredToken { id: None, ..saved.clone() }, expected);
            let found = find(&store, OAuthToken::new().with_user(name.as_str())).await;
            assert_eq!(found.as_ref(), Some(&saved));
            assert_eq!(by_id(&store, id_of(&saved)).await, Some(saved), "{name:?}");
        }
        assert_eq!(all(&store).await.len(), kept);
    }

    /// An awkward id is stored unchanged and identifies only its row. A backend that cannot store one rejects it and changes
    /// nothing.
    async fn awkward_ids_are_stored_unchanged(store) {
        let mut kept = Vec::new();
        for value in awkward_values() {
            let token = full(&format!("user {value}")).with_id(value.as_str());
            match save_if_it_fits(&store, token).await {
                Some(saved) => {
                    assert_eq!(id_of(&saved), value);
                    kept.push(saved);
                }
                None => assert!(!is_id_everywhere(&value), "{value:?} was rejected"),
            }
        }
        for saved in kept {
            assert_eq!(by_id(&store, id_of(&saved)).await.as_ref(), Some(&saved));
            assert!(store.delete_token(id_of(&saved)).await.expect("deleted"));
            assert_eq!(by_id(&store, id_of(&saved)).await, None);
        }
        assert!(all(&store).await.is_empty());
    }

    /// Equality is exact: case, accents and spaces matter.
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

    /// Attack strings find no row, delete nothing and change nothing, in every method.
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
            let mallory = OAuthToken::new().with_user("mallory").with_access_token(attack.as_str());
            match save_if_it_fits(&store, mallory).await {
                Some(saved) => assert!(store.delete_token(id_of(&saved)).await.expect("deleted")),
                None => assert!(!fits_everywhere(&attack), "{attack:?} was rejected"),
            }
        }
        assert_eq!(all(&store).await, before);
    }

    /// Concurrent saves of one new user create one row.
    async fn concurrent_saves_of_one_new_user_create_one_row(store) {
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

    /// Concurrent saves of different new users all succeed, with different ids.
    async fn concurrent_saves_of_many_new_users_lose_none(store) {
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

    /// While another task writes, a reader always finds an existing row.
    async fn a_reader_always_finds_an_existing_row_during_writes(store) {
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

    /// Pages contain every row once. The page of an empty store is empty.
    async fn pages_contain_every_row_once(store) {
        assert!(pages(&store).await.is_empty());
        for n in 0..25 {
            save(&store, full(&format!("user {n}"))).await;
        }
        let by_id = |one: &StoredToken, other: &StoredToken| one.id.cmp(&other.id);
        let (mut paged, mut whole) = (pages(&store).await, all(&store).await);
        paged.sort_by(by_id);
        whole.sort_by(by_id);
        assert_eq!(paged, whole);
    }

    /// Tokens that are saved in one call are saved as if in one call each, and returned in the same order.
    async fn tokens_saved_in_one_call_are_saved_as_if_in_one_call_each(store) {
        let ada = save(&store, full("ada")).await;
        let many = [
            full("bob"),
            full("ada").with_access_token("newer"),
            full("carol").with_id("77"),
            full("bob").with_access_token("newest"),
            full("ada").with_client("another app", "secret"),
        ];
        let saved = store.save_tokens(&many).await.expect("all are saved");
        let saved: Vec<StoredToken> = saved.iter().map(StoredToken::from).collect();
        assert_eq!(saved.len(), many.len());
        for (saved, token) in saved.iter().zip(&many) {
            assert_eq!(saved.user_name, StoredToken::from(token).user_name);
            assert_eq!(saved.access_token, StoredToken::from(token).access_token);
        }
        assert_eq!(saved[1].id, ada.id);
        assert_eq!(id_of(&saved[2]), "77");
        assert_eq!(saved[3].id, saved[0].id);
        let mut ids: Vec<_> = all(&store).await.into_iter().map(|row| row.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 4, "ada twice, bob and carol");
        assert_eq!(find(&store, OAuthToken::new().with_user("bob")).await.as_ref(), Some(&saved[3]));
        assert!(store.save_tokens(&[]).await.expect("nothing to do").is_empty());
    }
}
