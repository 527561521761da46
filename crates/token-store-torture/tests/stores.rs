//! The kit over the example, over the stores of zoho-oauth that need no server, and over those that `TORTURED_STORES`
//! names: `NAME=URL`, with blanks between them, such as `mariadb=mysql://zoho:secret@127.0.0.1/zohooauth?table={name}`.
//! Each test needs a store of its own: `{name}` stands for a name that nobody else uses, `{path}` for an empty folder.

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
        let (name, url) = entry.split_once('=').expect("TORTURED_STORES has entries such as NAME=URL");
        at_url(url.to_owned()).named(name)
    }));
    token_store_torture::run(kits)
}

fn at_url(template: String) -> Kit {
    assert!(
        ["{name}", "{path}"].iter().any(|part| template.contains(part)),
        "a URL in TORTURED_STORES names neither {{name}} nor {{path}}: all tests would share one store"
    );
    Kit::coordinated(move |place: Place| {
        let url =
            template.replace("{path}", &place.path().display().to_string()).replace("{name}", place.name());
        async move { connect(&url) }
    })
}
