//! Checks that the documented scopes of every operation are enough for it.

use api_check::registry::{Entry, Samples};
use zoho_emulator::Emulator;
use zohocrm::{Authenticator, Crm, Environment, OAuthClient, OAuthToken, Retries};

use crate::support::findings::Findings;
use crate::support::surroundings::entries;

/// The emulator's codes for operations that it does not support.
const UNSUPPORTED: [&str; 3] = ["INVALID_URL_PATTERN", "INVALID_REQUEST_METHOD", "INVALID_MODULE"];
/// Areas that the emulator does not support and mistakes for related lists.
const NOT_RELATED: [&str; 3] = ["deal_contact_roles", "email_related_records", "record_locking"];
const MISSING: &str = "OAUTH_SCOPE_MISMATCH";
/// The minimum number of operations that the emulator supports.
const MIN_OPERATIONS: usize = 80;

#[tokio::test]
async fn a_token_with_exactly_the_documented_scopes_is_enough() {
    let emulator = Emulator::start().await;
    let mut findings = Findings::default();
    let (mut operations, mut tokens) = (0, 0);
    let is_meant = |entry: &&Entry| entry.path != "/{download_url}" && !NOT_RELATED.contains(&entry.area);
    for entry in entries().iter().filter(is_meant) {
        match code(&emulator, entry, "AaaServer.profile.READ").await {
            code if UNSUPPORTED.contains(&code.as_str()) => continue,
            code if code != MISSING => findings.add(format!("{}: {code} without a scope", entry.key())),
            _ => {}
        }
        operations += 1;
        for scopes in entry.scopes {
            tokens += 1;
            if code(&emulator, entry, &scopes.join(",")).await == MISSING {
                findings.add(format!("{}: {} is not enough", entry.key(), scopes.join(" and ")));
            }
        }
    }
    assert!(operations >= MIN_OPERATIONS, "the emulator supports only {operations} operations");
    findings.conclude(format!("{operations} operations, {tokens} tokens"));
}

/// The code of the rejection when the call is made with these scopes. Empty if the call succeeds.
async fn code(emulator: &Emulator, entry: &Entry, scopes: &str) -> String {
    let client = emulator.default_client();
    let grant = emulator.grant_refresh_token_with_scopes(client.id(), "ada@example.com", scopes);
    let authenticator = Authenticator::builder(Environment::local(&emulator.base_url()).unwrap())
        .client(OAuthClient::new(client.id(), client.secret()))
        .build()
        .unwrap();
    let token = OAuthToken::new().with_access_token(emulator.issue_access_token(&grant));
    let crm = Crm::builder(&authenticator).retries(Retries::none()).build_for_token(token);
    let error = (entry.build)(&crm, &samples(entry)).send().await.err();
    let code = error.as_ref().and_then(|error| error.api()).map(|error| error.code().to_owned());
    code.unwrap_or_default()
}

/// A valid value for each parameter in the path.
fn samples(entry: &Entry) -> Samples {
    let names = entry.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.fold(Samples::default(), |samples, name| {
        let text = match name {
            "module" | "module_api_name" | "module_name" => "Leads",
            "related_list_api_name" => "Notes",
            _ => "5545974000000000001",
        };
        samples.with_text(name, text)
    })
}
