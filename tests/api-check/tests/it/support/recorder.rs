//! A local server that sends a given response and records requests.

use api_check::registry::{Entry, Samples};
use serde_json::Value;
use zoho_emulator::{Emulator, Entry as Recorded, Fault};
use zohocrm::{Authenticator, Crm, Environment, Error, OAuthClient, OAuthToken, RawResponse, Retries};

/// The server and a client for it. The host for uploads has another name.
pub(crate) struct Recorder {
    server: Emulator,
    pub(crate) crm: Crm,
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        let server = Emulator::start().await;
        let url = server.base_url();
        let uploads = url.replace("127.0.0.1", "localhost");
        let authenticator = Authenticator::builder(Environment::new(&url, &url, &uploads).unwrap())
            .client(OAuthClient::new("1000.EXAMPLE", "secret"))
            .build()
            .unwrap();
        let token = OAuthToken::new().with_access_token("1000.access");
        let crm = Crm::builder(&authenticator).retries(Retries::none()).build_for_token(token);
        Self { server, crm }
    }

    /// The URL of a file, as in a response of Zoho.
    pub(crate) fn file_url(&self) -> String {
        format!("{}/crm/v8/a/file.zip", self.server.base_url())
    }

    /// Sets the response to all calls from now on.
    pub(crate) fn respond(&self, status: u16, body: &Value) {
        self.server.clear_faults();
        self.server.fault(Fault::on("*").forever().respond(status, body.to_string()));
    }

    /// Sends the call of an entry.
    pub(crate) async fn send(&self, entry: &Entry, samples: &Samples) -> Result<RawResponse, Error> {
        (entry.build)(&self.crm, samples).send().await
    }

    /// Returns the last request and clears the journal.
    pub(crate) fn last(&self) -> Option<Recorded> {
        let last = self.server.journal().entries().pop();
        self.server.journal().clear();
        last
    }
}
