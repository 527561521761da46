//! The floor: `reqwest` with the settings of the client, and `serde_json`, or `zip` and `csv`.

use std::io::{BufReader, Write};
use std::sync::Arc;
use std::time::Duration;

use csv::StringRecord;
use reqwest::header::AUTHORIZATION;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zip::ZipArchive;

use super::leads;
use crate::Outcome;

/// Sends requests without retries, limits or error handling.
#[derive(Debug)]
pub(super) struct Bare {
    client: Client,
    /// The server's URL, without a path.
    url: String,
    authorization: String,
}

/// A page as Zoho sends it.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    pub(super) info: Info,
}

/// What a page says about the next one.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoding it is what is measured")]
pub(super) struct Info {
    more_records: bool,
    next_page_token: Option<String>,
}

impl Bare {
    pub(super) fn at(url: &str) -> Outcome<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let no_roots = rustls::RootCertStore::empty();
        let client = Client::builder()
            .tls_backend_preconfigured(tls.with_root_certificates(no_roots).with_no_client_auth())
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60))
            .user_agent("zohocrm/0.1.0")
            .build()?;
        let mut random = rand::rng();
        let authorization = format!("Zoho-oauthtoken {}", crate::fixture::secret(&mut random));
        Ok(Self { client, url: url.to_owned(), authorization })
    }

    /// Requests a page of records.
    pub(super) async fn page<T: DeserializeOwned>(&self, records: u32) -> Outcome<Page<T>> {
        let fields = leads::names().collect::<Vec<_>>().join(",");
        let query = [("fields", fields), ("per_page", records.to_string())];
        let response = self.get("/crm/v8/Leads").query(&query).send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }

    /// Downloads the file of a bulk read, and passes each row to `take`.
    pub(super) async fn rows(
        &self,
        mut take: impl FnMut(&StringRecord, &StringRecord) -> Outcome,
    ) -> Outcome<u64> {
        let mut file = tempfile::tempfile()?;
        let mut response = self.get("/crm/bulk/v8/read/1/result").send().await?.error_for_status()?;
        while let Some(piece) = response.chunk().await? {
            file.write_all(&piece)?;
        }
        let mut zip = ZipArchive::new(BufReader::new(file))?;
        let mut rows = csv::Reader::from_reader(zip.by_index(0)?);
        let columns = rows.headers()?.clone();
        let (mut row, mut count) = (StringRecord::new(), 0);
        while rows.read_record(&mut row)? {
            take(&columns, &row)?;
            count += 1;
        }
        Ok(count)
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url)).header(AUTHORIZATION, &self.authorization)
    }
}
