//! The promises within one process, over the example.

use zoho_oauth::token_store_conformance;

#[path = "../examples/folder_store/main.rs"]
mod folder_store;

async fn empty_store() -> folder_store::FolderStore {
    let folder = tempfile::TempDir::with_prefix("folder-store-").expect("a folder");
    folder_store::FolderStore::open(folder.keep()).expect("opened")
}

token_store_conformance!(folder, empty_store);
