// The setup of every example in the guide: an emulator, and the CRM of a user who is logged in there.

async fn crm() -> (zoho_emulator::Emulator, zohocrm::Crm) {
    use zohocrm::store::TokenStore as _;
    let zoho = zoho_emulator::Emulator::start().await;
    let client = zoho.default_client();
    let store = zohocrm::store::MemoryStore::new();
    let row = zohocrm::OAuthToken::new()
        .with_user("ada@example.com")
        .with_client(client.id(), client.secret())
        .with_refresh_token(zoho.grant_refresh_token(client.id(), "ada@example.com").as_str())
        .with_api_domain(zoho.base_url());
    store.save_token(&row).await.expect("the memory store accepts a token");
    let environment = zohocrm::Environment::local(&zoho.base_url()).expect("the address is local");
    let authenticator = zohocrm::Authenticator::builder(environment)
        .client(zohocrm::OAuthClient::new(client.id(), client.secret()))
        .store(store)
        .build()
        .expect("the settings are complete");
    let crm = zohocrm::Crm::new(&authenticator, "ada@example.com");
    (zoho, crm)
}
