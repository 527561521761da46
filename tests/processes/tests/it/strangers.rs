//! Files of another account, or no files at all, where the store expects its own: each is rejected by name and at once.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::time::Duration;

use processes::{Answer, Command, Failed};
use rustix::fs::{CWD, Mode, mkfifoat};
use tokio::time::Instant;
use zoho_emulator::Fault;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, check_clear, contents, until};

mod two_accounts {
    use super::*;

    over_every_file!(
        #[ignore = "needs root"]
        a_file_that_another_account_planted_is_rejected_by_name,
        root_uses_the_store_of_another_account_which_can_go_on,
        a_spool_folder_that_another_account_planted_is_left_alone,
    );
}

over_every_file!(
    whatever_is_not_a_file_is_rejected_at_once,
    a_file_that_everyone_can_write_is_rejected,
    a_store_that_its_group_can_use_works,
);

/// The account that uses the store, and one that must not.
const USER: u32 = 61_233;
const STRANGER: u32 = 61_234;

async fn a_file_that_another_account_planted_is_rejected_by_name(backend: Backend) {
    let zoho = Zoho::start().await;
    for planted in [""].iter().chain(side_files(backend)) {
        let place = Place::new(backend);
        place.admit(USER);
        // As `/tmp`: everyone may add files, and nobody may remove those of others.
        fs::set_permissions(place.folder(), Permissions::from_mode(0o1777)).unwrap();
        if !planted.is_empty() {
            let mut worker = Worker::start_as(&place, USER);
            worker.set_up(&zoho.setup(&place));
            worker.done(&Command::Save { user: "ada".to_owned(), number: 1 });
            worker.end();
        }
        let file = beside(&place, planted);
        let _ = fs::remove_file(&file);
        fs::write(&file, "").unwrap();
        chown(&file, Some(STRANGER), Some(STRANGER)).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();

        let mut worker = Worker::start_as(&place, USER);
        let failed = rejection(&mut worker, &zoho, &place);
        check_clear(&failed, &place, &["Permission"]);
        let expected = format!("`{}` belongs to user {STRANGER} (mode 0666)", file.display());
        assert!(failed.text.contains(&expected), "{failed:?}");
        assert_eq!(fs::read(&file).unwrap(), b"", "the stranger gets nothing");
    }
}

async fn root_uses_the_store_of_another_account_which_can_go_on(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    place.admit(USER);
    chown(place.folder(), Some(USER), Some(USER)).unwrap();
    let setup = zoho.setup(&place);
    let save = |number| Command::Save { user: "ada".to_owned(), number };
    let mut worker = Worker::start_as(&place, USER);
    worker.set_up(&setup);
    worker.done(&save(1));
    worker.end();
    // Root creates the side files anew.
    for suffix in side_files(backend) {
        let _ = fs::remove_file(beside(&place, suffix));
    }
    let mut root = Worker::open(&place, &setup);
    root.done(&save(2));
    root.end();
    for entry in fs::read_dir(place.folder()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().uid(), USER, "{}", entry.path().display());
    }
    let mut worker = Worker::start_as(&place, USER);
    worker.set_up(&setup);
    worker.done(&save(3));
    assert_eq!(worker.find("ada", 1).whole, 1);
    worker.end();
}

/// With the token of a third user, who would get the calls of the account.
async fn a_spool_folder_that_another_account_planted_is_left_alone(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    zoho.seed(&place, "ada").await;
    let mut worker = Worker::start_after(&place, "trap '' XFSZ");
    worker.set_up(&zoho.setup(&place));
    worker.save_all((0..40).map(|n| format!("user {n}")).collect(), 40);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    worker.want_token("ada", 1);
    until("the request arrives", || zoho.requests() == 1).await;
    worker.limit_files(Some(4_096));
    zoho.emulator.clear_faults();
    let planted = worker.tokens().tokens.into_keys().next().expect("a token");
    worker.kill();
    let spool = beside(&place, ".spool");
    let file = contents(&spool).into_keys().next().expect("it is spooled");
    for (path, mode) in [(&spool, 0o777), (&file, 0o666)] {
        chown(path, Some(STRANGER), Some(STRANGER)).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    let mut worker = Worker::open(&place, &zoho.setup(&place));
    let told = worker.access_token("ada", 5);
    assert_eq!(told.errors, [].into());
    assert!(!told.tokens.contains_key(&planted), "the planted token is not handed out");
    assert_eq!(zoho.requests(), 2);
    assert_eq!(contents(&spool).len(), 1, "and not touched");
}

async fn whatever_is_not_a_file_is_rejected_at_once(backend: Backend) {
    let zoho = Zoho::start().await;
    for planted in [""].iter().chain(side_files(backend)) {
        for kind in ["a named pipe", "a folder", "a symbolic link"] {
            let place = Place::new(backend);
            if !planted.is_empty() {
                let mut worker = Worker::open(&place, &zoho.setup(&place));
                worker.done(&Command::Save { user: "ada".to_owned(), number: 1 });
                worker.end();
            } else if kind != "a named pipe" {
                // A folder has an error of its own, and a link to a store is followed.
                continue;
            }
            let file = beside(&place, planted);
            let _ = fs::remove_file(&file);
            match kind {
                "a named pipe" => mkfifoat(CWD, &file, Mode::RUSR | Mode::WUSR).unwrap(),
                "a folder" => fs::create_dir(&file).unwrap(),
                _ => symlink("/dev/null", &file).unwrap(),
            }
            let mut worker = Worker::start(&place);
            let started = Instant::now();
            let failed = rejection(&mut worker, &zoho, &place);
            assert!(started.elapsed() < Duration::from_secs(5), "{:?}: {failed:?}", started.elapsed());
            check_clear(&failed, &place, &["Permission"]);
            assert!(
                failed.text.contains(&format!("`{}` is {kind} and not a file", file.display())),
                "{failed:?}"
            );
        }
    }
}

async fn a_file_that_everyone_can_write_is_rejected(backend: Backend) {
    let zoho = Zoho::start().await;
    for open in [""].iter().chain(side_files(backend)) {
        let place = Place::new(backend);
        let mut worker = Worker::open(&place, &zoho.setup(&place));
        worker.done(&Command::Save { user: "ada".to_owned(), number: 1 });
        worker.end();
        let file = beside(&place, open);
        let _ = fs::File::options().append(true).create(true).open(&file).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        let failed = rejection(&mut Worker::start(&place), &zoho, &place);
        check_clear(&failed, &place, &["Permission"]);
        let expected = format!("other users can write `{}`", file.display());
        assert!(failed.text.contains(&expected) && failed.text.contains("chmod go-w"), "{failed:?}");
    }
}

/// Official SDKs create files with these modes, depending on the umask.
async fn a_store_that_its_group_can_use_works(backend: Backend) {
    let zoho = Zoho::start().await;
    for mode in [0o640, 0o644, 0o660, 0o664] {
        let place = Place::new(backend);
        let setup = zoho.setup(&place);
        let mut worker = Worker::open(&place, &setup);
        worker.done(&Command::Save { user: "ada".to_owned(), number: 1 });
        worker.end();
        fs::set_permissions(place.file(), Permissions::from_mode(mode)).unwrap();
        for suffix in side_files(backend) {
            let _ = fs::remove_file(beside(&place, suffix));
        }
        let mut worker = Worker::open(&place, &setup);
        assert_eq!(worker.find("ada", 1).whole, 1);
        worker.done(&Command::Save { user: "ada".to_owned(), number: 2 });
        let mut second = Worker::open(&place, &setup);
        second.done(&Command::Save { user: "ada".to_owned(), number: 3 });
        worker.done(&Command::Save { user: "ada".to_owned(), number: 4 });
    }
}

/// Opens the store and uses it until something is rejected.
fn rejection(worker: &mut Worker, zoho: &Zoho, place: &Place) -> Failed {
    match worker.ask(&Command::Open(zoho.setup(place))) {
        Answer::Failed(failed) => failed,
        Answer::Done => worker.fails(&Command::Save { user: "bob".to_owned(), number: 1 }),
        other => panic!("{other:?}"),
    }
}

fn side_files(backend: Backend) -> &'static [&'static str] {
    match backend {
        Backend::File => &[".lock", ".state"],
        _ => &[".lock", "-wal", "-shm", "-journal"],
    }
}

fn beside(place: &Place, suffix: &str) -> PathBuf {
    let mut path = place.file().into_os_string();
    path.push(suffix);
    path.into()
}
