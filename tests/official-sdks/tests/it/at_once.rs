//! Both sides write to one database at the same moment. The SDK's `FileStore` cannot: it overwrites rows that it has not
//! read.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, StoredToken, TokenStore};

use crate::beside::{Beside, First};
use crate::place::Kind;
use crate::rows::{number_of, row, state};
use crate::sdk::Language;

const ROUNDS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Python SDK"]
async fn nothing_is_lost_in_an_sqlite_file_when_both_sides_write_at_once() {
    let Some(mut both) = Beside::open(Language::Python, Kind::Sqlite, First::TheSdk).await else { return };
    let ours = both.ours.clone();
    let theirs = tokio::task::spawn_blocking(move || {
        for round in 0..ROUNDS {
            both.sdk.save_token(&row(&format!("theirs {round}")));
        }
        both
    });
    for round in 0..ROUNDS {
        let row = OAuthToken::from(row(&format!("ours {round}")));
        ours.save_token(&row).await.unwrap();
    }
    let mut both = theirs.await.expect("the SDK saved");
    let rows = both.the_sdk_sees();
    let users: HashSet<_> = rows.iter().filter_map(|row| row.user_name.clone()).collect();
    assert_eq!(users.len(), 2 * ROUNDS);
    assert_eq!(both.we_see().await, rows);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Python SDK and MariaDB"]
async fn nothing_of_ours_is_lost_in_a_table_of_the_sdk_when_it_writes_at_once() {
    nothing_of_ours_is_lost_in_mysql(First::TheSdk).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Python SDK and MariaDB"]
async fn nothing_of_ours_is_lost_in_a_table_of_ours_when_the_sdk_writes_at_once() {
    nothing_of_ours_is_lost_in_mysql(First::We).await;
}

/// Both sides save new users, known users, and users that both know. In MySQL the SDK cannot count past ten, so its program
/// chooses ids, from the range of ours. The SDK reports what it loses by that.
async fn nothing_of_ours_is_lost_in_mysql(first: First) {
    let Some(mut both) = Beside::open(Language::Python, Kind::MySql, first).await else { return };
    for user in 0..SHARED {
        both.we_save(&state(&format!("shared {user}"), 0)).await;
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            // Every other writer has its own connections, like another program.
            let ours = if writer % 2 == 0 { both.ours.clone() } else { both.place.open() };
            tokio::spawn(write(ours, writer, is_over.clone()))
        })
        .collect();
    let theirs = what_they_save();
    let (mut both, outcomes, theirs) = tokio::task::spawn_blocking(move || {
        let outcomes = both.sdk.save_each(&theirs);
        (both, outcomes, theirs)
    })
    .await
    .expect("the SDK tried");
    is_over.store(true, Ordering::Relaxed);
    let mut saved = BTreeMap::new();
    for writer in writers {
        saved.extend(writer.await.expect("all that we saved was saved"));
    }
    let ours = saved.len();
    let (mut deadlocks, mut taken_ids) = (0, 0);
    for (row, outcome) in theirs.iter().zip(outcomes) {
        let user = user_of(row);
        match outcome {
            None if user.starts_with("shared") => {}
            None => drop(saved.insert(user, number_of(row).unwrap())),
            Some(error) if error.contains("1062 (23000)") => taken_ids += 1,
            Some(error) if error.contains("1213 (40001)") => deadlocks += 1,
            Some(error) => panic!("{user}: {error}"),
        }
    }

    let rows = both.we_see().await;
    assert_eq!(both.the_sdk_sees(), rows);
    let ids: HashSet<_> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids.len(), rows.len(), "an id was given out twice");
    let mut there = BTreeMap::new();
    for row in &rows {
        let number = number_of(row).unwrap_or_else(|| panic!("the row of {:?} is torn", row.user_name));
        assert_eq!(there.insert(user_of(row), number), None, "two rows of {:?}", row.user_name);
    }
    assert_eq!(there.len(), saved.len() + SHARED, "a row that nobody saved, or one that is lost");
    for (user, number) in saved {
        assert_eq!(there.get(&user), Some(&number), "{user}");
    }
    measured(&format!(
        "{ours} users of ours, none lost; of {} saves the SDK lost {taken_ids} to ids that were taken and {deadlocks} to \
         deadlocks",
        theirs.len()
    ));
}

/// Users that both sides save.
const SHARED: usize = 5;
const WRITERS: usize = 4;
const THEIR_ROUNDS: usize = 300;

/// Saves a new, a known and a shared user in turn until `is_over`. Returns the last state of the users that nobody else
/// saves.
async fn write(store: AnyStore, writer: usize, is_over: Arc<AtomicBool>) -> BTreeMap<String, usize> {
    let mut saved = BTreeMap::new();
    for round in 1.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        for user in [format!("our new {writer} {round}"), format!("ours {writer}")] {
            store.save_token(&state(&user, round).into()).await.unwrap();
            saved.insert(user, round);
        }
        // The SDK saves odd states, because it inserts a row if an update changes nothing.
        let shared = state(&format!("shared {}", round % SHARED), 2 * round);
        store.save_token(&shared.into()).await.unwrap();
    }
    saved
}

fn what_they_save() -> Vec<StoredToken> {
    let round = |round: usize| {
        // Half of these ids are below ours, the other half is ahead of us.
        let chosen = (if round.is_multiple_of(2) { 5 } else { 50 } * round).to_string();
        [
            StoredToken { id: Some(chosen), ..state(&format!("their new {round}"), round) },
            // The first save chooses an id. Later the row is found by its user name.
            StoredToken {
                id: Some((900_000 + round % SHARED).to_string()),
                ..state(&format!("theirs {}", round % SHARED), round)
            },
            state(&format!("shared {}", round % SHARED), 2 * round + 1),
        ]
    };
    (SHARED..THEIR_ROUNDS).flat_map(round).collect()
}

fn user_of(row: &StoredToken) -> String {
    row.user_name.clone().expect("a user")
}

#[allow(clippy::print_stdout, reason = "the test harness shows or hides it")]
fn measured(text: &str) {
    println!("measured: {text}");
}
