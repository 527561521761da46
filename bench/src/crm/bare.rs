//! The least that a page of records takes: `reqwest`, set up as the client sets it up, and `serde_json`.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::AUTHORIZATION;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::leads;
use crate::Outcome;

/// Asks without any of the client's care.
#[derive(Debug)]
pub(super) struct Bare {
    client: Client,
    url: String,
    authorization: String,
}

/// A page as Zoho writes it.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    pub(super) info: Info,
}

/// What a page says of those after it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is made, not read: that is what is measured")]
pub(super) struct Info {
    more_records: bool,
    next_page_token: Option<String>,
}

impl Bare {
    pub(super) fn at(url: &str) -> Outcome<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let nobody = rustls::RootCertStore::empty();
        let client = Client::builder()
            .tls_backend_preconfigured(tls.with_root_certificates(nobody).with_no_client_auth())
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60))
            .user_agent("zohocrm/0.1.0")
            .build()?;
        let mut random = rand::rng();
        let authorization = format!("Zoho-oauthtoken {}", crate::fixture::secret(&mut random));
        Ok(Self { client, url: format!("{url}/crm/v8/Leads"), authorization })
    }

    /// Asks for a page of so many records.
    pub(super) async fn page<T: DeserializeOwned>(&self, records: u32) -> Outcome<Page<T>> {
        let fields = leads::names().collect::<Vec<_>>().join(",");
        let query = [("fields", fields), ("per_page", records.to_string())];
        let request = self.client.get(&self.url).header(AUTHORIZATION, &self.authorization).query(&query);
        let answer = request.send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }
}
