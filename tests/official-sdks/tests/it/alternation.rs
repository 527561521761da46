//! Both sides write to one open file in turn.

use std::collections::HashSet;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{StoredToken, TokenStore};

use crate::beside::{Beside, First};
use crate::place::Kind;
use crate::rows::{renewed, row};
use crate::sdk::Language;

const ROUNDS: usize = 50;

async fn nothing_is_lost_when_both_sides_write_in_turn(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
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

async fn one_row_that_both_sides_renew_in_turn_stays_one_row(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let mut ada = both.we_save(&row("ada")).await;
    for round in 0..ROUNDS / 2 {
        ada = both.sdk.save_token(&StoredToken { id: ada.id.clone(), ..renewed("ada", 2 * round) });
        assert_eq!(both.we_see().await, [ada.clone()], "round {round}");
        ada = both.we_save(&renewed("ada", 2 * round + 1)).await;
        assert_eq!(both.the_sdk_sees(), [ada.clone()], "round {round}");
    }
}

async fn ids_stay_distinct_when_both_sides_insert(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let mut rows = Vec::new();
    // In MySQL the SDK cannot count past ten.
    let rounds = if kind == Kind::MySql { 4 } else { 15 };
    for round in 0..rounds {
        rows.push(both.we_save(&row(&format!("ours {round}"))).await);
        rows.push(both.sdk.save_token(&row(&format!("theirs {round}"))));
        if round % 3 == 2 {
            // The SDK reuses the highest id once it is free. Our store never does.
            let last = rows.pop().expect("a row").id.expect("an id");
            assert!(both.ours.delete_token(&last).await.unwrap());
        }
    }
    let ids: HashSet<_> = rows.iter().map(|row| row.id.clone().expect("an id")).collect();
    assert_eq!(ids.len(), rows.len(), "{ids:?}");
    assert_eq!(both.the_sdk_sees(), rows);
    assert_eq!(both.we_see().await, rows);
}

/// The SDK's `FileStore` truncates the file before it rewrites it. Our store must not take that moment for a missing
/// token.
async fn we_miss_no_row_while_the_sdk_saves(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let bob = both.sdk.save_token(&row("bob"));
    for user in 0..100 {
        both.we_save(&row(&format!("user {user}"))).await;
    }
    let ours = both.ours.clone();
    let saving = tokio::task::spawn_blocking(move || {
        for round in 0..ROUNDS {
            both.sdk.save_token(&StoredToken { id: bob.id.clone(), ..renewed("bob", round) });
        }
        both
    });
    let wanted = OAuthToken::new().with_user("user 99");
    let mut look_ups = 0;
    while !saving.is_finished() {
        assert!(ours.find_token(&wanted).await.expect("we read").is_some(), "look-up {look_ups}");
        look_ups += 1;
    }
    assert!(look_ups > 0);
    let mut both = saving.await.expect("the SDK saved");
    assert_eq!(both.the_sdk_sees().len(), 101);
}

over_every_kind![
    we_miss_no_row_while_the_sdk_saves,
    nothing_is_lost_when_both_sides_write_in_turn,
    one_row_that_both_sides_renew_in_turn_stays_one_row,
    ids_stay_distinct_when_both_sides_insert,
];
