//! A full disk, and a limit on the size of files.

use std::collections::HashMap;
use std::time::Duration;

use processes::{Answer, Command, Failed};
use servers::SmallDisk;
use tokio::time::{Instant, sleep};
use zoho_emulator::Fault;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, check_clear, check_rows, contents, until};

mod small_disk {
    use super::*;

    over_every_file!(
        #[ignore = "needs root"]
        a_full_disk_is_reported_and_loses_nothing,
        a_process_that_starts_on_a_full_disk_serves_a_valid_token,
        the_token_of_an_exchange_on_a_full_disk_is_spooled_in_the_home_folder,
    );
}

over_every_file!(
    a_limit_on_the_size_of_files_is_reported_and_loses_nothing,
    a_process_that_the_kernel_ends_at_the_limit_loses_nothing,
);

async fn a_full_disk_is_reported_and_loses_nothing(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let Some(disk) = SmallDisk::at(&place.folder(), 2) else { return };
    let setup = zoho.setup(&place);
    let mut worker = Worker::open(&place, &setup);
    let mut acknowledged = save_forty(&mut worker);
    disk.fill();
    let failed = save_until_it_fails(&mut worker, &mut acknowledged);
    check_clear(&failed, &place, &["Full"]);
    assert_eq!(worker.find("user 7", 10).whole, 10, "what was stored can be read");
    worker.end();

    // A process that starts on the full disk.
    disk.fill();
    let mut worker = Worker::open(&place, &setup);
    assert_eq!(worker.find("user 7", 10).whole, 10);
    let failed_again = save_until_it_fails(&mut worker, &mut acknowledged);
    check_clear(&failed_again, &place, &["Full"]);

    disk.clear();
    worker.done(&Command::Save { user: "room again".to_owned(), number: 1 });
    worker.end();
    acknowledged.insert("room again".to_owned(), 1);
    check_rows(&place.rows().await, &acknowledged);
    place.check_file();
    measured!("{backend:?}: a full disk: {}", failed.text);
}

/// Whatever the last process left: its log, if it was killed, or nothing but the database.
async fn a_process_that_starts_on_a_full_disk_serves_a_valid_token(backend: Backend) {
    for is_killed in [false, true] {
        let (zoho, place) = (Zoho::start().await, Place::new(backend));
        let Some(disk) = SmallDisk::at(&place.folder(), 2) else { return };
        let setup = zoho.setup(&place);
        let mut worker = Worker::open(&place, &setup);
        let code = zoho.emulator.self_client_code(Zoho::USER);
        let Answer::Login { user: Some(user), access_token: Some(token), .. } =
            worker.ask(&Command::Exchange { code })
        else {
            panic!("no login");
        };
        if is_killed {
            worker.kill();
        } else {
            worker.end();
        }
        disk.fill();
        // The second one finds what the first one left when it could not open the database.
        for _ in 0..2 {
            let mut worker = Worker::open(&place, &setup);
            let told = worker.access_token(&user, 20);
            assert_eq!(told.tokens, [(token.clone(), 20)].into(), "{:?}", told.errors);
            worker.end();
        }
        assert_eq!(zoho.requests(), 1);
        disk.clear();
        let mut worker = Worker::open(&place, &setup);
        worker.done(&Command::Save { user: "room again".to_owned(), number: 1 });
        worker.end();
        assert_eq!(place.rows().await.len(), 2);
        place.check_file();
    }
}

async fn the_token_of_an_exchange_on_a_full_disk_is_spooled_in_the_home_folder(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let Some(disk) = SmallDisk::at(&place.folder(), 2) else { return };
    let setup = zoho.setup(&place);
    let mut worker = Worker::open(&place, &setup);
    let acknowledged = save_forty(&mut worker);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
    let code = zoho.emulator.self_client_code(Zoho::USER);
    worker.tell(&Command::Exchange { code });
    until("the code arrives", || zoho.requests() == 1).await;
    disk.fill();
    zoho.emulator.clear_faults();
    let Some(Answer::Login { user: Some(user), persistence_error: Some(error), .. }) = worker.hear() else {
        panic!("the caller has to get the token and the reason why it is not stored");
    };
    assert!(error.contains("next start") && error.contains(&*place.home().to_string_lossy()), "{error}");
    worker.end();
    assert_eq!(contents(&place.home()).len(), 1);

    disk.clear();
    let mut next = Worker::open(&place, &setup);
    let told = next.access_token(&user, 20);
    assert_eq!(told.errors, [].into());
    assert!(told.tokens.keys().all(|token| zoho.accepts(token)));
    // The process before may still hold its lease. Nobody waits for that; a process in use stores the token later.
    let started = Instant::now();
    while !contents(&place.home()).is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20), "the spool is not empty again");
        sleep(Duration::from_millis(200)).await;
        assert_eq!(next.access_token(&user, 1).errors, [].into());
    }
    assert_eq!(zoho.requests(), 1, "nothing more is asked of Zoho");
    next.end();
    assert_eq!(place.rows().await.len(), acknowledged.len() + 1);
    measured!("{backend:?}: a full disk behind an exchange: {error}");
}

async fn a_limit_on_the_size_of_files_is_reported_and_loses_nothing(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    // Without the trap the kernel ends the process instead of failing the write.
    let mut worker = Worker::start_after(&place, "trap '' XFSZ");
    worker.set_up(&setup);
    let mut acknowledged = save_forty(&mut worker);
    worker.limit_files(Some(4_096));
    let failed = worker.fails(&Command::Save { user: "ada".to_owned(), number: 1 });
    check_clear(&failed, &place, &["Full", "Other"]);
    assert_eq!(worker.find("user 7", 10).whole, 10);
    check_rows(&place.rows().await, &acknowledged);

    worker.limit_files(None);
    worker.done(&Command::Save { user: "ada".to_owned(), number: 2 });
    acknowledged.insert("ada".to_owned(), 2);
    worker.end();
    check_rows(&place.rows().await, &acknowledged);
    place.check_file();
    measured!("{backend:?}: a limit on the size of files: {}", failed.text);
}

/// What happens at the limit if a program does not ignore its signal.
async fn a_process_that_the_kernel_ends_at_the_limit_loses_nothing(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    let mut worker = Worker::open(&place, &setup);
    let mut acknowledged = save_forty(&mut worker);
    worker.limit_files(Some(4_096));
    worker.tell(&Command::Save { user: "ada".to_owned(), number: 1 });
    assert!(worker.hear().is_none(), "the kernel ends it");

    let mut next = Worker::open(&place, &setup);
    next.done(&Command::Save { user: "ada".to_owned(), number: 2 });
    next.end();
    acknowledged.insert("ada".to_owned(), 2);
    check_rows(&place.rows().await, &acknowledged);
    place.check_file();
}

fn save_forty(worker: &mut Worker) -> HashMap<String, u64> {
    let users: Vec<String> = (0..40).map(|n| format!("user {n}")).collect();
    worker.save_all(users.clone(), 10);
    users.into_iter().map(|user| (user, 1)).collect()
}

/// Saves new users until one save fails, and notes those that were acknowledged.
fn save_until_it_fails(worker: &mut Worker, acknowledged: &mut HashMap<String, u64>) -> Failed {
    for number in 1..1_000 {
        let user = format!("user {number} on a full disk");
        match worker.ask(&Command::Save { user: user.clone(), number }) {
            Answer::Saved { .. } => acknowledged.insert(user, number),
            Answer::Failed(failed) => return failed,
            other => panic!("{other:?}"),
        };
    }
    panic!("a full disk had room for a thousand users");
}
