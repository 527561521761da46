//! The promises of [`TokenStore`] about which row a token identifies.

use crate::token::OAuthToken;

use super::super::error::StoreErrorKind;
use super::super::stored::StoredToken;
use super::super::token_store::TokenStore;
use super::fixture::{all, by_id, find, full, id_of, moment, save};

promises! {
    __finding_promises over a store:

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

    /// API domains are compared and stored as origins, however they are written.
    async fn an_api_domain_has_one_spelling(store) {
        let saved = save(&store, full("ada").with_api_domain("https://www.zohoapis.eu/")).await;
        assert_eq!(saved.api_domain.as_deref(), Some("https://www.zohoapis.eu"));
        for written in ["https://www.zohoapis.eu", " HTTPS://WWW.zohoapis.EU", "https://www.zohoapis.eu:443/\r"] {
            let wanted = OAuthToken::new().with_user("ada").with_api_domain(written);
            assert_eq!(find(&store, wanted).await.as_ref(), Some(&saved), "{written:?}");
            assert_eq!(save(&store, full("ada").with_api_domain(written)).await, saved, "{written:?}");
        }
        assert_eq!(all(&store).await.len(), 1);
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

    /// An unknown id is not found, and neither is `id`, the column name in the header of a file.
    async fn an_unknown_id_is_not_found(store) {
        save(&store, full("ada")).await;
        for id in ["999", "id", "1 or 1=1", "%", "ada"] {
            assert_eq!(by_id(&store, id).await, None, "{id}");
        }
    }
}
