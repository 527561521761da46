//! The promises of [`TokenStore`] about what a save or a deletion changes, also if many happen at once.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crate::token::OAuthToken;

use super::super::error::StoreErrorKind;
use super::super::ids::id_number;
use super::super::stored::StoredToken;
use super::super::token_store::TokenStore;
use super::fixture::{
    all, find, full, id_of, is_id_everywhere, joined, moment, pages, save, save_if_it_fits,
};

promises! {
    __saving_promises over a store:

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
        store.save_token(&full("ada").with_expires_at(end)).await.expect("the token is saved");
        let found = store.find_token(&OAuthToken::new().with_user("ada")).await.expect("the store is read").expect("the row is found");
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
        assert!(store.delete_token(id_of(&second)).await.expect("the row is deleted"));
        let third = save(&store, full("carol")).await;
        store.delete_tokens().await.expect("the row is deleted");
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
        assert!(store.delete_token(id_of(&ada)).await.expect("the row is deleted"));
        assert!(!store.delete_token(id_of(&ada)).await.expect("the store responds"));
        assert_eq!(all(&store).await, [bob]);
    }

    /// Deleting all tokens leaves an empty store, also if it was empty before.
    async fn deleting_all_leaves_nothing(store) {
        store.delete_tokens().await.expect("an empty store is fine");
        save(&store, full("ada")).await;
        save(&store, full("bob")).await;
        store.delete_tokens().await.expect("the row is deleted");
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
