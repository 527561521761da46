//! The kit over the example store, over the stores of zoho-oauth that need no server, and over those in `TORTURED_STORES`.
//! That is a list of `NAME=URL`, separated by blanks, such as
//! `mariadb=mysql://zoho:secret@127.0.0.1/zohooauth?table={name}`. In a URL, `{name}` becomes a unique name and `{path}` an
//! empty folder, so that each test has its own store.

#![expect(clippy::disallowed_methods, reason = "the environment says what can be tested")]

use std::env;
use std::process::ExitCode;

use token_store_torture::{Kit, Place};
use zoho_oauth::store::{FileStore, SqliteStore, connect};

#[path = "../examples/folder_store/main.rs"]
mod folder_store;

use folder_store::FolderStore;

fn main() -> ExitCode {
    let folder = async |place: Place| FolderStore::open(place.path());
    let sqlite = async |place: Place| SqliteStore::open(place.path().join("zohooauth.db"));
    let file = async |place: Place| FileStore::open(place.path().join("sdk_tokens.txt"));
    let mut kits = vec![
        Kit::coordinated(folder).named("folder"),
        Kit::coordinated(sqlite).named("sqlite").rounds(10),
        Kit::coordinated(file).named("file").rounds(10),
    ];
    let named = env::var("TORTURED_STORES").unwrap_or_default();
    kits.extend(named.split_whitespace().map(|entry| {
        let (name, url) = entry.split_once('=').expect("an entry of TORTURED_STORES is NAME=URL");
        at_url(url.to_owned()).named(name)
    }));
    token_store_torture::run(kits)
}

fn at_url(template: String) -> Kit {
    assert!(
        ["{name}", "{path}"].iter().any(|part| template.contains(part)),
        "a URL in TORTURED_STORES has neither {{name}} nor {{path}}: all tests would share one store"
    );
    Kit::coordinated(move |place: Place| {
        let url =
            template.replace("{path}", &place.path().display().to_string()).replace("{name}", place.name());
        async move { connect(&url) }
    })
}
