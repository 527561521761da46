//! The client, beside bare `reqwest` and `serde_json` and beside the official SDK. All of them talk to the same server,
//! which sends prepared responses.

mod bare;
#[cfg(unix)]
pub(crate) mod bulk;
mod leads;
pub(crate) mod page;
mod server;
#[cfg(unix)]
pub(crate) mod stream;

use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{Authenticator, Environment};
use zohocrm::{Crm, ListRecords};

use crate::{Outcome, fixture};

/// Returns a client for a user with a valid token.
async fn crm_at(url: &str) -> Outcome<Crm> {
    let (user, store) = (fixture::user_name(0), MemoryStore::new());
    store.save_token(&fixture::renewed(&user)).await?;
    let authenticator = Authenticator::builder(Environment::local(url)?).store(store).build()?;
    Ok(Crm::new(&authenticator, user))
}

/// Returns the request for a page of leads.
fn list_of(crm: &Crm, records: u32) -> ListRecords {
    crm.records("Leads").list().fields(leads::names()).per_page(records)
}
