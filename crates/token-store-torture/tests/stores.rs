//! The kit over the stores of zoho-oauth that need no server.

use std::process::ExitCode;

use token_store_torture::{Kit, Place};
use zoho_oauth::store::{FileStore, SqliteStore};

fn main() -> ExitCode {
    let sqlite = async |place: Place| SqliteStore::open(place.path().join("zohooauth.db"));
    let file = async |place: Place| FileStore::open(place.path().join("sdk_tokens.txt"));
    token_store_torture::run([Kit::coordinated(sqlite).named("sqlite"), Kit::coordinated(file).named("file")])
}
