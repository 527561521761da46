//! Log in once with a Self Client's code, then call the CRM; run it again without a code and it just works.
//!
//! ```sh
//! export ZOHO_CLIENT_ID=1000.… ZOHO_CLIENT_SECRET=…
//! cargo run --example first_call -- 1000.CODE     # the first time
//! cargo run --example first_call                  # from then on
//! ```

#![expect(clippy::disallowed_methods, reason = "a program reads its configuration")]

use std::env;

use zohocrm::store::{SqliteStore, TokenStore};
use zohocrm::{Authenticator, Crm, DataCenter, Grant, OAuthClient};

#[tokio::main]
#[allow(clippy::print_stdout, reason = "an example shows what it got")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = OAuthClient::new(env::var("ZOHO_CLIENT_ID")?, env::var("ZOHO_CLIENT_SECRET")?);
    let authenticator = Authenticator::builder(DataCenter::Us.production())
        .client(client)
        .store(SqliteStore::open("zohooauth.db")?)
        .build()?;

    // The code comes from the API console; it lives a few minutes and works once.
    if let Some(code) = env::args().nth(1) {
        authenticator.exchange(Grant::from_self_client(code)).await?;
    }

    let stored = authenticator.store().get_tokens().await?;
    let user = stored.iter().find_map(|token| token.user_signature()).ok_or("log in first: give a code")?;
    let crm = Crm::new(&authenticator, user);
    let page = crm.records("Leads").list().fields(["Last_Name", "Email"]).per_page(50).await?;
    for lead in &page.records {
        println!("{}  {}", lead.text("Last_Name").unwrap_or("-"), lead.text("Email").unwrap_or("-"));
    }
    Ok(())
}
