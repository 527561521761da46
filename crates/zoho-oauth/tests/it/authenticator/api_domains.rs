//! The API domain that Zoho sends decides where a token is used.

use zoho_emulator::Emulator;
use zoho_oauth::store::{AnyStore, MemoryStore, TokenStore};
use zoho_oauth::{Authenticator, DataCenter, Environment, Error, Grant, OAuthToken};

use super::host::Host;
use super::support::*;
use crate::file::support::{PYTHON_HEADER, store_with};

/// An emulator that says that tokens belong to this API domain.
async fn zoho_with(api_domain: &str) -> Emulator {
    Emulator::builder().api_domain(api_domain).start().await
}

fn serving(zoho: &Emulator, environment: Environment, store: &AnyStore) -> Authenticator {
    let host = Host::with_zoho_at(zoho);
    Authenticator::builder(environment)
        .client(client(zoho))
        .store(store.clone())
        .machine(host)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_login_of_another_environment_is_stored_with_its_own_domain_and_says_which_environment_fits() {
    for (said, fitting) in [
        ("https://sandbox.zohoapis.com", Some("us:sandbox")),
        ("https://developer.zohoapis.eu", Some("eu:developer")),
        ("https://www.zohoapis.kr", None),
    ] {
        let zoho = zoho_with(said).await;
        let store = AnyStore::from(MemoryStore::new());
        let production = serving(&zoho, DataCenter::Us.production(), &store);
        let code = zoho.self_client_code("ada@example.com");
        let login = production.exchange(Grant::from_self_client(code)).await.unwrap();
        assert_eq!(login.token().api_domain(), Some(said));
        assert_eq!(login.token().user_signature().is_some(), fitting.is_some(), "{said} is a host of Zoho's");

        let id = OAuthToken::new().with_id(login.token().id().unwrap());
        let error = production.access_token_for(&id).await.unwrap_err();
        assert!(
            matches!(&error, Error::EnvironmentMismatch { fitting: fits, .. } if fits.as_deref() == fitting)
        );
        assert_eq!(production.environment_of(login.token()).unwrap_err().to_string(), error.to_string());
        if let Some(fitting) = fitting {
            assert!(error.to_string().contains(fitting), "{error}");
            let token =
                serving(&zoho, fitting.parse().unwrap(), &store).access_token(&ada(&zoho)).await.unwrap();
            assert_eq!(token.environment().api_url(), said);
        }
    }
}

#[tokio::test]
async fn a_renewal_that_brings_a_generic_domain_keeps_the_stored_one() {
    for (stored, expected) in [
        ("https://www.zohoapis.in", "https://www.zohoapis.in"),
        ("https://api.zoho.in", "https://www.zohoapis.in"),
    ] {
        let zoho = zoho_with("https://api.zoho.com").await;
        let store = AnyStore::from(MemoryStore::new());
        let row = with_a_stale_token(&zoho, &store).await;
        store.save_token(&row.with_api_domain(stored)).await.unwrap();
        let authenticator = serving(&zoho, DataCenter::Us.production(), &store);
        let token = authenticator.access_token(&ada(&zoho)).await.unwrap();
        assert_eq!(token.environment().api_url(), expected);
        let rows = store.get_tokens().await.unwrap();
        assert_eq!(rows[0].api_domain(), Some(expected));
    }
}

#[tokio::test]
async fn a_login_replaces_the_row_whose_domain_is_written_in_another_way() {
    for stored in ["https://www.zohoapis.com/", " HTTPS://WWW.ZOHOAPIS.COM:443", "https://www.zohoapis.com\r"]
    {
        let zoho = zoho_with("https://www.zohoapis.com/").await;
        let (id, user) = (zoho.default_client().id().to_owned(), ada(&zoho));
        let (store, _) =
            store_with(format!("{PYTHON_HEADER}1,{user},{id},old,,1000.old,,,,\"{stored}\"\r\n"));
        let store = AnyStore::from(store);
        let authenticator = serving(&zoho, DataCenter::Us.production(), &store);
        let code = zoho.self_client_code("ada@example.com");
        authenticator.exchange(Grant::from_self_client(code)).await.unwrap();
        let rows = store.get_tokens().await.unwrap();
        assert_eq!(rows.len(), 1, "{stored:?}");
        assert_eq!((rows[0].id(), rows[0].api_domain()), (Some("1"), Some("https://www.zohoapis.com")));
    }
}
