//! Files that are deleted or replaced while a process has the store open: it says so and saves nothing into the void.

use std::fs;

use processes::{Answer, Command};

use crate::support::{Backend, Place, Worker, Zoho, check_clear};

over_every_file!(a_store_that_is_deleted_under_a_running_process_is_named);

mod one_kind {
    use super::*;

    tests_over!(sqlite, Sqlite: a_log_that_is_deleted_under_a_running_process_loses_no_save, a_replaced_log_is_named);
}

async fn a_store_that_is_deleted_under_a_running_process_is_named(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut worker = Worker::open(&place, &zoho.setup(&place));
    worker.done(&Command::Save { user: "ada".to_owned(), number: 1 });
    fs::remove_file(place.file()).unwrap();
    match backend {
        Backend::File => {
            let found = worker.find("ada", 1);
            assert!(found.errors[0].contains("was deleted while it was open"), "{found:?}");
            // A save creates the file again.
            worker.done(&Command::Save { user: "bob".to_owned(), number: 1 });
            assert_eq!(worker.find("bob", 1).whole, 1);
        }
        _ => {
            let failed = worker.fails(&Command::Save { user: "ada".to_owned(), number: 2 });
            check_clear(&failed, &place, &["Other"]);
            assert!(failed.text.contains("was deleted while it was open"), "{failed:?}");
        }
    }
}

/// The save that finds out is rejected, and all before it are in the database.
async fn a_log_that_is_deleted_under_a_running_process_loses_no_save(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut worker = Worker::open(&place, &setup);
    let users: Vec<String> = (0..40).map(|n| format!("user {n}")).collect();
    worker.save_all(users, 1);
    fs::remove_file(log(&place)).unwrap();
    let failed = worker.fails(&Command::Save { user: "ada".to_owned(), number: 2 });
    check_clear(&failed, &place, &["Other"]);
    assert!(failed.text.contains("-wal` was deleted or replaced"), "{failed:?}");
    worker.kill();
    assert!(place.rows().await.len() >= 40);
    place.check_file();
    let mut next = Worker::open(&place, &setup);
    next.done(&Command::Save { user: "ada".to_owned(), number: 3 });
}

async fn a_replaced_log_is_named(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut worker = Worker::open(&place, &zoho.setup(&place));
    worker.done(&Command::Save { user: "ada".to_owned(), number: 1 });
    fs::remove_file(log(&place)).unwrap();
    fs::write(log(&place), "").unwrap();
    let answer = worker.ask(&Command::Save { user: "ada".to_owned(), number: 2 });
    let Answer::Failed(failed) = answer else { panic!("{answer:?}") };
    assert!(failed.text.contains("-wal` was deleted or replaced"), "{failed:?}");
}

fn log(place: &Place) -> std::path::PathBuf {
    let mut path = place.file().into_os_string();
    path.push("-wal");
    path.into()
}
