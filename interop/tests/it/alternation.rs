//! Both sides write to one file, again and again, while both have it open.

use std::collections::HashSet;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{StoredToken, TokenStore};

use crate::beside::{Beside, First};
use crate::python::Kind;
use crate::rows::{renewed, row};

const ROUNDS: usize = 50;

async fn nothing_is_lost_when_both_sides_write_in_turn(kind: Kind, first: First) {
    let Some(mut both) = Beside::open(kind, first) else { return };
    let mut ada = both.we_save(&row("ada")).await;
    let mut bob = both.sdk.save_token(&row("bob"));
    for round in 0..ROUNDS {
        ada = both.we_save(&renewed("ada", round)).await;
        assert_eq!(both.sdk.find_user("ada").as_ref(), Some(&ada), "round {round}");

        bob = both.sdk.save_token(&StoredToken { id: bob.id.clone(), ..renewed("bob", round) });
        assert_eq!(both.we_find("bob").await.as_ref(), Some(&bob), "round {round}");
        assert_eq!(both.we_find("ada").await.as_ref(), Some(&ada), "round {round}");
    }
    assert_eq!(both.the_sdk_sees(), [ada.clone(), bob.clone()]);
    assert_eq!(both.we_see().await, [ada, bob]);
}

async fn one_row_that_both_sides_renew_in_turn_stays_one_row(kind: Kind, first: First) {
    let Some(mut both) = Beside::open(kind, first) else { return };
    let mut ada = both.we_save(&row("ada")).await;
    for round in 0..ROUNDS / 2 {
        ada = both.sdk.save_token(&StoredToken { id: ada.id.clone(), ..renewed("ada", 2 * round) });
        assert_eq!(both.we_see().await, [ada.clone()], "round {round}");
        ada = both.we_save(&renewed("ada", 2 * round + 1)).await;
        assert_eq!(both.the_sdk_sees(), [ada.clone()], "round {round}");
    }
}

async fn ids_stay_distinct_when_both_sides_insert(kind: Kind, first: First) {
    let Some(mut both) = Beside::open(kind, first) else { return };
    let mut rows = Vec::new();
    for round in 0..15 {
        rows.push(both.we_save(&row(&format!("ours {round}"))).await);
        rows.push(both.sdk.save_token(&row(&format!("theirs {round}"))));
        if round % 5 == 4 {
            // The SDK gives the highest id out again once it is free. We never do.
            let last = rows.pop().expect("a row").id.expect("an id");
            assert!(both.ours.delete_token(&last).await.expect("deleted"));
        }
    }
    let ids: HashSet<_> = rows.iter().map(|row| row.id.clone().expect("an id")).collect();
    assert_eq!(ids.len(), rows.len(), "past the tenth id, too: {ids:?}");
    assert_eq!(both.the_sdk_sees(), rows);
    assert_eq!(both.we_see().await, rows);
}

over_every_kind![
    nothing_is_lost_when_both_sides_write_in_turn,
    one_row_that_both_sides_renew_in_turn_stays_one_row,
    ids_stay_distinct_when_both_sides_insert,
];

/// In a database, at the same moment. The SDK's `FileStore` cannot do that: it saves over what it has not read.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_a_database_when_both_sides_write_at_once() {
    let Some(mut both) = Beside::open(Kind::Sqlite, First::TheSdk) else { return };
    let mut sdk = both.sdk;
    let theirs = tokio::task::spawn_blocking(move || {
        for round in 0..ROUNDS {
            sdk.save_token(&row(&format!("theirs {round}")));
        }
        sdk
    });
    for round in 0..ROUNDS {
        let row = OAuthToken::from(row(&format!("ours {round}")));
        both.ours.save_token(&row).await.expect("saved");
    }
    both.sdk = theirs.await.expect("the SDK saved");
    let rows = both.the_sdk_sees();
    let users: HashSet<_> = rows.iter().filter_map(|row| row.user_name.clone()).collect();
    assert_eq!(users.len(), 2 * ROUNDS);
    assert_eq!(both.we_see().await, rows);
}
