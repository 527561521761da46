//! The README keeps its promises.

use std::time::Duration;

use zoho_emulator::Emulator;
use zohocrm::store::MemoryStore;
use zohocrm::{
    Authenticator, Channel, Criteria, Crm, Environment, Grant, Method, OAuthClient, Record, SubRequest,
    Upload,
};

const README: &str = include_str!("../../../../README.md");

/// The scopes that the README tells to generate a code for.
fn scopes() -> &'static str {
    let mut lines = README.lines().map(str::trim);
    lines.find(|line| line.starts_with("ZohoCRM.modules.ALL,")).expect("the README lists scopes")
}

/// Logs in at an emulator with these scopes only.
async fn logged_in_with(scopes: &str) -> (Emulator, Crm) {
    let zoho = Emulator::start().await;
    let client = zoho.default_client();
    let code = zoho.self_client_code_with_scopes(client.id(), "ada@example.com", scopes);
    let authenticator = Authenticator::builder(Environment::local(&zoho.base_url()).unwrap())
        .client(OAuthClient::new(client.id(), client.secret()))
        .store(MemoryStore::new())
        .build()
        .unwrap();
    let login = authenticator.exchange(Grant::from_self_client(code)).await.unwrap();
    let user = login.token().user_signature().expect("the scopes allow the name of the user");
    let crm = Crm::new(&authenticator, user);
    (zoho, crm)
}

#[tokio::test]
async fn the_scopes_of_the_readme_allow_what_it_and_the_guide_show() {
    let (zoho, crm) = logged_in_with(scopes()).await;
    let leads = crm.records("Leads");
    let id = leads.create_one(Record::new().with("Last_Name", "Hopper")).await.unwrap();
    let id = id.id().unwrap();
    leads.list().fields(["Last_Name"]).await.unwrap();
    leads.get(id).await.unwrap();
    leads.search(Criteria::field("Last_Name").equals("Hopper")).await.unwrap();
    leads.count().await.unwrap();
    leads.notes(id).list().fields(["Note_Title"]).await.unwrap();
    leads.add_tags([id], ["hot"]).await.unwrap();
    leads.attachments(id).upload(Upload::from_bytes("a.txt", "a")).await.unwrap();
    crm.files().upload(Upload::from_bytes("a.txt", "a")).await.unwrap();
    crm.coql("select Last_Name from Leads where Last_Name is not null").await.unwrap();
    let metadata = crm.metadata().cached(Duration::from_secs(60));
    metadata.check_create("Leads", &Record::new().with("Last_Name", "Hopper")).await.unwrap();
    let count = SubRequest::new("count", Method::Get, "/crm/v8/Leads/actions/count");
    crm.composite().add(count).await.unwrap();
    let channel = Channel::new("7").events(["Leads.create"]).notify_url("https://example.com/zoho");
    crm.notifications().enable([channel]).await.unwrap();
    #[cfg(feature = "users")]
    crm.api().roles().list().await.unwrap();
    #[cfg(feature = "bulk")]
    {
        crm.bulk_read("Leads").fields(["Last_Name"]).start().await.unwrap();
        let mut batches = crm.bulk_write("Leads").insert().records([Record::new().with("Last_Name", "Ada")]);
        batches.next().await.unwrap().unwrap().start().await.unwrap();
    }
    leads.delete([id]).await.unwrap();
    leads.deleted().await.unwrap();
    drop(zoho);
}

#[tokio::test]
async fn the_first_three_scopes_are_enough_for_a_first_call() {
    let first_three: Vec<_> = scopes().split(',').take(3).collect();
    let (_zoho, crm) = logged_in_with(&first_three.join(",")).await;
    crm.records("Leads").list().fields(["Last_Name", "Email"]).per_page(50).await.unwrap();
    assert_eq!(crm.current_user().await.unwrap().text("email"), Some("ada@example.com"));
}
