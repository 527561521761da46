//! The examples of the guide, each as a test against the emulator.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::PathBuf;

use tempfile::TempDir;
use zoho_emulator::Emulator;
use zohocrm::store::{MemoryStore, TokenStore};
use zohocrm::{Authenticator, Crm, Environment, OAuthClient, OAuthToken, Record, Records};

const ADA: &str = "ada@example.com";

/// What an example takes for granted.
struct Given {
    zoho: Emulator,
    crm: Crm,
    /// The module of leads, with one lead.
    leads: Records,
    /// The id of the lead.
    id: String,
    login: Login,
}

/// What the first example needs to log in.
struct Login {
    environment: Environment,
    client: OAuthClient,
    code: String,
    path: PathBuf,
    _folder: TempDir,
}

async fn given(heading: &str) -> Given {
    let zoho = Emulator::start().await;
    let crm = logged_in(&zoho).await;
    let leads = crm.records("Leads");
    let lead = Record::new().with("Last_Name", "Hopper").with("Company", "Navy");
    let lead = lead.with("Email", "grace@example.com").with("Phone", "555-0100");
    let id = leads.create_one(lead).await.unwrap().id().unwrap().to_owned();
    let more = match heading {
        "List records" => 120,
        "Read all records" => 449,
        "Count" => 11,
        "Read a whole module" => 999,
        _ => 0,
    };
    zoho.add_records(ADA, "Leads", more);
    let login = Login::at(&zoho);
    Given { zoho, crm, leads, id, login }
}

async fn logged_in(zoho: &Emulator) -> Crm {
    let (client, store) = (zoho.default_client(), MemoryStore::new());
    let row = OAuthToken::new()
        .with_user(ADA)
        .with_client(client.id(), client.secret())
        .with_refresh_token(zoho.grant_refresh_token(client.id(), ADA))
        .with_api_domain(zoho.base_url());
    store.save_token(&row).await.unwrap();
    let environment = Environment::local(&zoho.base_url()).unwrap();
    Crm::new(&Authenticator::builder(environment).store(store).build().unwrap(), ADA)
}

impl Login {
    fn at(zoho: &Emulator) -> Self {
        let (client, folder) = (zoho.default_client(), tempfile::tempdir().unwrap());
        Self {
            environment: Environment::local(&zoho.base_url()).unwrap(),
            client: OAuthClient::new(client.id(), client.secret()),
            code: zoho.self_client_code(ADA),
            path: folder.path().join("zohooauth.db"),
            _folder: folder,
        }
    }
}

guide_tests::tests_of!("src/guide.md");
