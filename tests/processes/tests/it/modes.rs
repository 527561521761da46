//! Only the owner can read what the crate writes, whatever the umask.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use processes::{Answer, Command};
use zoho_emulator::Fault;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, contents, until};

over_every_file!(every_file_is_private_to_its_owner);

async fn every_file_is_private_to_its_owner(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut worker = Worker::start_after(&place, "umask 022; trap '' XFSZ");
    worker.set_up(&zoho.setup(&place));
    let users = (0..40).map(|n| format!("user {n}")).collect();
    worker.save_all(users, 1);
    let code = zoho.emulator.self_client_code(Zoho::USER);
    let answer = worker.ask(&Command::Exchange { code });
    let Answer::Login { user: Some(user), .. } = answer else { panic!("{answer:?}") };
    // A renewal that cannot be stored is spooled.
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    worker.tell(&Command::Refresh { user });
    until("the request arrives", || zoho.requests() == 2).await;
    worker.limit_files(Some(4_096));
    zoho.emulator.clear_faults();
    assert!(matches!(worker.hear(), Some(Answer::Tokens(_))));

    // The worker still runs, so the files of an open store exist.
    let names = check_modes(&place.folder());
    let expected = match backend {
        Backend::File => ["sdk_tokens.txt", "sdk_tokens.txt.lock", "sdk_tokens.txt.state", ".json"],
        _ => ["zohooauth.db", "zohooauth.db-wal", "zohooauth.db-shm", ".json"],
    };
    for expected in expected {
        assert!(names.iter().any(|name| name.ends_with(expected)), "there is no {expected}: {names:?}");
    }
    measured!("{backend:?}: 0600 under umask 022: {names:?}");
}

/// Checks all files and folders below this one. Returns the names of the files.
fn check_modes(folder: &Path) -> Vec<String> {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut names = Vec::new();
    for path in contents(folder).into_keys() {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let parent = path.parent().expect("a folder");
        if parent != folder {
            assert_eq!(mode(parent), 0o700, "{}", parent.display());
        }
        names.push(path.file_name().expect("a name").to_string_lossy().into_owned());
    }
    names
}
