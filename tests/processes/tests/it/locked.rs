//! Another program holds the lock of the database: reads succeed, writes report why they fail.

use processes::Command;
use tokio::time::Instant;

use crate::support::{Backend, Place, Worker, Zoho, check_clear};

tests_over!(sqlite, Sqlite: a_locked_store_can_be_read_and_reports_why_it_cannot_be_written);

async fn a_locked_store_can_be_read_and_reports_why_it_cannot_be_written(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    zoho.seed(&place, "ended").await;
    let mut saver = Worker::open(&place, &setup);
    let mut asker = Worker::open(&place, &setup);
    let save = |number| Command::Save { user: "ada".to_owned(), number };
    saver.done(&save(1));

    let mut holder = Worker::start(&place);
    holder.done(&Command::HoldLock { path: place.file() });
    assert_eq!(asker.find("ada", 100).whole, 100, "a read needs no lock");
    let started = Instant::now();
    // No lease can be taken, so nothing is sent to Zoho.
    asker.want_token("ended", 20);
    let failed = saver.fails(&save(2));
    let asked = asker.tokens();
    let waited = started.elapsed();
    check_clear(&failed, &place, &["Busy"]);
    assert!(failed.is_transient, "{failed:?}");
    assert_eq!(asked.errors.values().sum::<usize>(), 20, "{asked:?}");
    assert_eq!(zoho.requests(), 0);
    assert_eq!(asker.find("ada", 1).whole, 1);

    holder.done(&Command::ReleaseLock);
    saver.done(&save(3));

    // A killed process holds no lock.
    holder.done(&Command::HoldLock { path: place.file() });
    holder.kill();
    saver.done(&save(4));
    assert_eq!(asker.access_token("ended", 20).errors, [].into());
    assert_eq!(zoho.requests(), 1);
    place.check_file();
    measured!("{backend:?}: a locked store is given up after {waited:?}: {}", failed.text);
}
