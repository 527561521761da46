//! Files that are damaged or something else: the error names the file, and no byte of it changes.

use std::fs;

use processes::{Answer, Command, Failed};

use crate::support::{Backend, Place, Worker, Zoho, check_clear};

over_every_file!(
    a_truncated_file_is_reported_and_left_alone,
    a_file_of_another_kind_is_reported_and_left_alone,
    a_damaged_row_is_reported_and_left_alone,
);

/// A CSV file that ends between two rows is whole, and so is one that ends in the last, unquoted field of a row. The end
/// is noticed everywhere else.
async fn a_truncated_file_is_reported_and_left_alone(backend: Backend) {
    for (part, in_field) in
        [(3, "second line"), (5, "1000.access"), (7, "1000.grant"), (8, "https://example")]
    {
        check_damage(backend, |content| {
            let from = content.len() * part / 10;
            let behind = match backend {
                Backend::File => position(&content[from..], in_field) + 5,
                _ => 7,
            };
            content.truncate(from + behind);
        })
        .await;
    }
}

async fn a_file_of_another_kind_is_reported_and_left_alone(backend: Backend) {
    check_damage(backend, |content| *content = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0".repeat(9)).await;
    check_damage(backend, |content| *content = b"Dear diary,\n\"today I met\n".repeat(99)).await;
}

async fn a_damaged_row_is_reported_and_left_alone(backend: Backend) {
    check_damage(backend, |content| {
        let (from, length) = match backend {
            // The quote that ends a value, or the list of tables.
            Backend::File => (content.iter().rposition(|byte| *byte == b'"').expect("a quote"), 1),
            _ => (100, 3_000),
        };
        content[from..from + length].fill(b'#');
    })
    .await;
}

/// Fills a store, damages its file, and has a new process read and save.
async fn check_damage(backend: Backend, damage: impl FnOnce(&mut Vec<u8>)) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut worker = Worker::open(&place, &zoho.setup(&place));
    let users = (0..40).map(|n| format!("user {n}")).collect();
    worker.save_all(users, 1);
    worker.end();

    let mut content = fs::read(place.file()).unwrap();
    damage(&mut content);
    fs::write(place.file(), &content).unwrap();

    let mut worker = Worker::start(&place);
    let errors = match worker.ask(&Command::Open(zoho.setup(&place))) {
        Answer::Failed(failed) => vec![failed],
        Answer::Done => errors_of_use(&mut worker),
        other => panic!("{other:?}"),
    };
    for failed in &errors {
        check_clear(failed, &place, &["Damaged"]);
        let told = format!("{} {}", failed.text, failed.details);
        assert!(!told.contains("1000.") && !told.contains("secret of"), "{told}");
    }
    worker.end();
    assert!(fs::read(place.file()).unwrap() == content, "the file was changed");
}

/// The errors of the first look-up and the first save.
fn errors_of_use(worker: &mut Worker) -> Vec<Failed> {
    let found = worker.find("user 7", 1);
    assert_eq!((found.whole, found.torn, found.missing), (0, 0, 0), "damage is never \"not found\"");
    let token = worker.access_token("user 7", 3);
    assert_eq!(token.errors.values().sum::<usize>(), 3);
    vec![worker.fails(&Command::Save { user: "new".to_owned(), number: 1 })]
}

fn position(content: &[u8], text: &str) -> usize {
    content.windows(text.len()).position(|window| window == text.as_bytes()).expect("the file has this text")
}
