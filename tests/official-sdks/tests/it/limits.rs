//! What the official SDK cannot represent. These tests document its exact behavior and notice when it changes.

use zoho_oauth::store::{StoredToken, TokenStore};

use crate::beside::{Beside, First};
use crate::place::Kind;
use crate::rows::row;
use crate::sdk::Language;

/// A row of `ada` with this redirect URL.
fn with_redirect_url(url: &str) -> StoredToken {
    StoredToken { redirect_url: Some(url.to_owned()), ..row("ada") }
}

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn the_csv_file_store_reads_every_line_break_as_a_line_feed() {
    let Some(mut both) = Beside::open(Language::Python, Kind::Csv, First::We).await else { return };
    let ada = both.we_save(&with_redirect_url("a\r\nb\rc\nd")).await;
    let seen = both.sdk.find_user("ada").unwrap();
    assert_eq!(seen.redirect_url.as_deref(), Some("a\nb\nc\nd"));
    assert_eq!(both.we_find("ada").await, Some(ada), "the file still holds what we wrote");

    both.sdk.save_token(&row("bob"));
    let after = both.we_find("ada").await.unwrap();
    assert_eq!(after.redirect_url.as_deref(), Some("a\nb\nc\nd"), "the SDK wrote the whole file anew");
}

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn a_csv_file_cannot_tell_an_empty_value_from_none() {
    let Some(mut both) = Beside::open(Language::Python, Kind::Csv, First::We).await else { return };
    both.we_save(&with_redirect_url("")).await;
    assert_eq!(both.sdk.find_user("ada").unwrap().redirect_url, None);
    assert_eq!(both.we_see().await[0].redirect_url, None);
}

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn the_word_null_is_a_value_until_the_csv_file_store_drops_its_quotes() {
    let Some(mut both) = Beside::open(Language::Python, Kind::Csv, First::We).await else { return };
    both.we_save(&with_redirect_url("null")).await;
    assert_eq!(both.sdk.find_user("ada").unwrap().redirect_url.as_deref(), Some("null"));
    assert_eq!(both.we_see().await[0].redirect_url.as_deref(), Some("null"));

    // The Scala SDK writes an unquoted `null` for an empty field, so our store reads it as empty.
    both.sdk.save_token(&row("bob"));
    assert_eq!(both.we_see().await[0].redirect_url, None);
}

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn the_csv_file_store_saves_no_new_user_beside_an_id_that_is_not_a_number() {
    let Some(mut both) = Beside::open(Language::Python, Kind::Csv, First::We).await else { return };
    let legacy = both.we_save(&StoredToken { id: Some("python_legacy_1".to_owned()), ..row("ada") }).await;
    let refused = both.sdk.try_to_save(&row("bob")).expect_err("the SDK counts ids");
    assert!(refused.contains("ValueError"), "{refused}");

    let carol = both.we_save(&row("carol")).await;
    assert_eq!(carol.id.as_deref(), Some("1"), "we go on");
    assert_eq!(both.sdk.find_user("carol"), Some(carol));
    assert_eq!(both.sdk.find_user("ada"), Some(legacy));
}

async fn a_database_holds_line_breaks_empty_values_and_the_word_null_as_they_are(kind: Kind) {
    let Some(mut both) = Beside::open(Language::Python, kind, First::TheSdk).await else { return };
    for value in ["a\r\nb\rc\nd", "", "null"] {
        both.ours.delete_tokens().await.unwrap();
        let ours = both.we_save(&with_redirect_url(value)).await;
        assert_eq!(ours.redirect_url.as_deref(), Some(value));
        assert_eq!(both.sdk.find_user("ada"), Some(ours));

        both.ours.delete_tokens().await.unwrap();
        let theirs = both.sdk.save_token(&with_redirect_url(value));
        assert_eq!(both.we_find("ada").await, Some(theirs));
    }
}

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn an_sqlite_file_holds_line_breaks_empty_values_and_the_word_null_as_they_are() {
    a_database_holds_line_breaks_empty_values_and_the_word_null_as_they_are(Kind::Sqlite).await;
}

#[tokio::test]
#[ignore = "needs the Python SDK and MariaDB"]
async fn a_mysql_table_holds_line_breaks_empty_values_and_the_word_null_as_they_are() {
    a_database_holds_line_breaks_empty_values_and_the_word_null_as_they_are(Kind::MySql).await;
}
