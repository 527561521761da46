//! The promises of [`TokenStore`] about awkward values: text in many scripts, control characters, and attacks.

use crate::token::OAuthToken;

use super::super::stored::StoredToken;
use super::super::token_store::TokenStore;
use super::fixture::{
    all, awkward_values, by_id, find, fits_everywhere, full, id_of, is_id_everywhere, save, save_if_it_fits,
};

promises! {
    __value_promises over a store:

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
            assert!(store.delete_token(id_of(&saved)).await.expect("the row is deleted"));
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
            let found = find(&store, OAuthToken::new().with_user(name)).await.expect("the row is found");
            assert_eq!(found.user_name.as_deref(), Some(name));
            let access = format!("access of {name}");
            let found = find(&store, OAuthToken::new().with_access_token(access)).await.expect("the row is found");
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
            assert!(!store.delete_token(&attack).await.expect("the store responds"), "{attack:?}");
            let mallory = OAuthToken::new().with_user("mallory").with_access_token(attack.as_str());
            match save_if_it_fits(&store, mallory).await {
                Some(saved) => assert!(store.delete_token(id_of(&saved)).await.expect("the row is deleted")),
                None => assert!(!fits_everywhere(&attack), "{attack:?} was rejected"),
            }
        }
        assert_eq!(all(&store).await, before);
    }
}
