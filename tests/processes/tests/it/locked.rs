//! Another program holds the store: reads go on, writes say who is in the way.

use processes::Command;
use tokio::time::Instant;

use crate::support::{Backend, Place, Worker, Zoho, check_clear};

over_every_file!(a_locked_store_can_be_read_and_says_why_it_cannot_be_written);

async fn a_locked_store_can_be_read_and_says_why_it_cannot_be_written(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let setup = zoho.setup(&place);
    zoho.seed(&place, "ended").await;
    let mut saver = Worker::open(&place, &setup).await;
    let mut asker = Worker::open(&place, &setup).await;
    let save = |number| Command::Save { user: "ada".to_owned(), number };
    saver.done(&save(1)).await;

    let mut holder = Worker::start(&place);
    holder.done(&Command::HoldLock { path: place.file() }).await;
    assert_eq!(asker.find("ada", 100).await.whole, 100, "reading waits for nobody");
    let started = Instant::now();
    let (failed, asked) = tokio::join!(
        async { saver.fails(&save(2)).await },
        // A lease cannot be taken, so nothing is asked of Zoho.
        async { asker.access_token("ended", 20).await },
    );
    let waited = started.elapsed();
    check_clear(&failed, &place, &["Busy"]);
    assert!(failed.is_transient, "{failed:?}");
    assert_eq!(asked.errors.values().sum::<usize>(), 20, "{asked:?}");
    assert_eq!(zoho.requests(), 0);
    assert_eq!(asker.find("ada", 1).await.whole, 1);

    holder.done(&Command::ReleaseLock).await;
    saver.done(&save(3)).await;

    // A holder that is killed holds nothing.
    holder.done(&Command::HoldLock { path: place.file() }).await;
    holder.kill().await;
    saver.done(&save(4)).await;
    assert_eq!(asker.access_token("ended", 20).await.errors, [].into());
    assert_eq!(zoho.requests(), 1);
    place.check_file();
    measured!("{backend:?}: a locked store is given up after {waited:?}: {}", failed.text);
}
