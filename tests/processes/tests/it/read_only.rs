//! A folder that this account may read but not write: stored tokens are served, and nothing is sent to Zoho.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use processes::{Answer, Command};

use crate::support::{Backend, Place, Worker, Zoho, check_clear, contents, is_root};

over_every_file!(a_read_only_folder_is_read_and_its_error_is_clear);

/// An account that owns nothing.
const NOBODY: u32 = 65_534;

async fn a_read_only_folder_is_read_and_its_error_is_clear(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    zoho.seed(&place, "ended").await;
    let mut worker = Worker::open(&place, &setup);
    worker.done(&Command::Save { user: "ada".to_owned(), number: 1 });
    worker.end();
    let before = contents(&place.folder());

    let mut worker = start_without_rights(&place);
    worker.set_up(&setup);
    assert_eq!(worker.find("ada", 100).whole, 100);
    let failed = worker.fails(&Command::Save { user: "ada".to_owned(), number: 2 });
    check_clear(&failed, &place, &["Permission"]);

    // A token that could not be stored is not requested: the code stays valid.
    let code = zoho.emulator.self_client_code(Zoho::USER);
    let refused = worker.fails(&Command::Exchange { code: code.clone() });
    check_clear(&refused, &place, &["Permission"]);
    let ended = worker.access_token("ended", 20);
    assert_eq!(ended.errors.values().sum::<usize>(), 20, "{ended:?}");
    assert_eq!(zoho.requests(), 0);
    worker.end();

    set_mode(&place, 0o755);
    assert!(contents(&place.folder()) == before, "the folder's content has changed");
    let mut worker = Worker::open(&place, &setup);
    assert!(matches!(worker.ask(&Command::Exchange { code }), Answer::Login { .. }));
    assert_eq!(worker.find("ada", 1).whole, 1);
    measured!("{backend:?}: a read-only folder: {}", failed.text);
}

/// A worker that may read the folder but not write it. Root may write every folder, so root starts it as another account.
fn start_without_rights(place: &Place) -> Worker {
    if !is_root() {
        set_mode(place, 0o555);
        return Worker::start(place);
    }
    place.admit(NOBODY);
    for readable in contents(&place.folder()).into_keys() {
        fs::set_permissions(readable, Permissions::from_mode(0o644)).unwrap();
    }
    set_mode(place, 0o755);
    Worker::start_as(place, NOBODY)
}

fn set_mode(place: &Place, mode: u32) {
    fs::set_permissions(place.folder(), Permissions::from_mode(mode)).unwrap();
}
