//! The promises within one process, over the example store.

use tempfile::TempDir;
use zoho_oauth::token_store_conformance;

#[path = "../examples/folder_store/main.rs"]
mod folder_store;

use folder_store::FolderStore;

async fn empty_store() -> FolderStore {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    FolderStore::open(folder.keep()).expect("the store can be opened")
}

token_store_conformance!(folder, empty_store);
