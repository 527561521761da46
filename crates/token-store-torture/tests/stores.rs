//! The kit over the example, over the stores of zoho-oauth that need no server, and over whatever
//! `TORTURED_STORES` names: store URLs with blanks between them. `{path}` in a URL stands for an empty folder, `{name}`
//! for a name that nobody else uses; each test needs a store of its own, so one of the two has to be there.

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
    kits.extend(env::var("TORTURED_STORES").unwrap_or_default().split_whitespace().map(at_url));
    token_store_torture::run(kits)
}

fn at_url(template: &str) -> Kit {
    let name = template.split(':').next().unwrap_or_default();
    let template = template.to_owned();
    Kit::coordinated(move |place: Place| {
        let url =
            template.replace("{path}", &place.path().display().to_string()).replace("{name}", place.name());
        async move { connect(&url) }
    })
    .named(name)
}
