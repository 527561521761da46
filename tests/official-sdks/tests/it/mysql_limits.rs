//! What the SDK's store in MySQL cannot do, and how our store reads what it leaves behind.

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{StoreErrorKind, StoredToken, TokenStore};

use crate::beside::{Beside, First};
use crate::place::Kind;
use crate::rows::{renewed, row};
use crate::sdk::Language;

/// The default collation of utf8mb4 treats different names as equal.
#[tokio::test]
#[ignore = "needs the Python SDK and MariaDB"]
async fn on_its_own_table_the_sdk_hands_ada_s_token_to_others_and_we_do_not() {
    let Some(mut both) = Beside::open(Language::Python, Kind::MySql, First::TheSdk).await else { return };
    let ada = both.sdk.save_token(&row("ada@x"));
    for other in ["Ada@x", "ADA@X", "ádá@x", "ada@x "] {
        let theirs = both.sdk.find_user(other).expect("the SDK finds a row");
        assert_eq!((theirs.id, theirs.access_token), (ada.id.clone(), ada.access_token.clone()), "{other}");
        assert_eq!(both.we_find(other).await, None, "{other}");
    }
    assert_eq!(both.we_find("ada@x").await, Some(ada.clone()));

    let other = both.we_save(&row("Ada@x")).await;
    assert_ne!(other.id, ada.id, "with us each has a row");
    both.sdk.save_token(&StoredToken { id: None, ..renewed("Ada@x", 1) });
    let rows = both.we_see().await;
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter().all(|row| row.user_name.as_deref() == Some("Ada@x")),
        "the SDK overwrote ada's row: {rows:?}"
    );
}

#[tokio::test]
#[ignore = "needs the Python SDK and MariaDB"]
async fn on_a_table_of_ours_the_sdk_tells_case_and_accents_apart_too_but_no_trailing_blank() {
    let Some(mut both) = Beside::open(Language::Python, Kind::MySql, First::We).await else { return };
    let ada = both.we_save(&row("ada@x")).await;
    for other in ["Ada@x", "ADA@X", "ádá@x"] {
        assert_eq!(both.sdk.find_user(other), None, "{other}");
        assert_eq!(both.we_find(other).await, None, "{other}");
    }
    let theirs = both.sdk.find_user("ada@x ").expect("the SDK finds a row");
    assert_eq!(theirs.access_token, ada.access_token);
    assert_eq!(both.we_find("ada@x ").await, None);
}

#[tokio::test]
#[ignore = "needs the Python SDK and MariaDB"]
async fn a_value_that_is_too_long_is_rejected_by_us_and_fails_in_the_sdk() {
    for first in [First::We, First::TheSdk] {
        let Some(mut both) = Beside::open(Language::Python, Kind::MySql, first).await else { return };
        let with_redirect_url =
            |user, length| StoredToken { redirect_url: Some("é".repeat(length)), ..row(user) };
        for (user, id, length, why) in [
            ("one", None, 256, "its redirect_url has 256 characters; the column holds at most 255"),
            ("two", Some("12345678901"), 1, "its id has 11 characters; the column holds at most 10"),
        ] {
            let row = StoredToken { id: id.map(str::to_owned), ..with_redirect_url(user, length) };
            let ours = both.ours.save_token(&OAuthToken::from(row.clone())).await.expect_err("no room");
            assert_eq!(ours.kind(), StoreErrorKind::Rejected);
            assert!(ours.to_string().contains(why), "{ours}");
            both.sdk.try_to_save(&row).expect_err("no room");
        }
        assert_eq!(both.we_see().await, [], "nothing is cut off");

        let full = both.we_save(&with_redirect_url("ada", 255)).await;
        assert_eq!(both.sdk.find_user("ada"), Some(full));
        let full = both.sdk.save_token(&with_redirect_url("bob", 255));
        assert_eq!(both.we_find("bob").await, Some(full));
    }
}

/// It compares ids as text, so that "9" is the highest of ten.
#[tokio::test]
#[ignore = "needs the Python SDK and MariaDB"]
async fn the_sdk_saves_no_eleventh_user_and_we_do() {
    for first in [First::We, First::TheSdk] {
        let Some(mut both) = Beside::open(Language::Python, Kind::MySql, first).await else { return };
        let mut rows: Vec<_> =
            (1..=10).map(|user| both.sdk.save_token(&row(&format!("user {user}")))).collect();
        assert_eq!(rows[9].id.as_deref(), Some("10"));
        let refused = both.sdk.try_to_save(&row("user 11")).expect_err("10 is taken");
        assert!(refused.contains("Duplicate entry '10'"), "{refused}");

        rows.push(both.we_save(&row("user 11")).await);
        assert_eq!(rows[10].id.as_deref(), Some("11"));
        assert_eq!(both.the_sdk_sees(), rows);
        rows[10] = both.sdk.save_token(&StoredToken { id: None, ..renewed("user 11", 1) });
        assert_eq!(
            both.we_find("user 11").await.map(|row| row.access_token),
            Some(rows[10].access_token.clone())
        );

        // Its program chooses the id that our store would have used next.
        rows.push(both.sdk.save_token(&StoredToken { id: Some("12".to_owned()), ..row("user 12") }));
        let ours = both.we_save(&row("user 13")).await;
        assert_eq!(ours.id.as_deref(), Some("13"));
        // The SDK deletes the row with the highest id. Our store does not reuse that id.
        both.sdk.delete_token("13");
        assert_eq!(both.we_save(&row("user 14")).await.id.as_deref(), Some("14"));
    }
}

/// The server reports that no row was changed, and the SDK takes that for "no such row".
#[tokio::test]
#[ignore = "needs the Python SDK and MariaDB"]
async fn a_user_that_the_sdk_saves_twice_has_two_rows_which_we_read_as_one() {
    let Some(mut both) = Beside::open(Language::Python, Kind::MySql, First::TheSdk).await else { return };
    let ada = both.sdk.save_token(&row("ada"));
    let again = both.sdk.save_token(&row("ada"));
    assert_eq!((ada.id.as_deref(), again.id.as_deref()), (Some("1"), Some("2")));
    assert_eq!(both.we_find("ada").await, Some(ada.clone()));

    let later = StoredToken { expiry_time: Some("4102444800001".to_owned()), ..renewed("ada", 1) };
    let renewed = both.we_save(&later).await;
    assert_eq!(renewed.id, ada.id);
    assert_eq!(both.we_find("ada").await, Some(renewed.clone()), "the one that expires last");
    assert_eq!(both.sdk.find_user("ada"), Some(renewed.clone()));
    assert_eq!(both.we_see().await, [renewed, again]);
}
