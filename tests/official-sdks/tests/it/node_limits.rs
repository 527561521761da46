//! What the official SDK for Node cannot represent in a file, and that our store reads what it leaves behind.

use std::fs;

use zoho_oauth::store::StoredToken;

use crate::beside::{Beside, First};
use crate::place::Kind;
use crate::rows::row;
use crate::sdk::Language;

/// A row of `ada` with this client secret.
fn with_secret(secret: &str) -> StoredToken {
    StoredToken { client_secret: Some(secret.to_owned()), ..row("ada") }
}

#[tokio::test]
#[ignore = "needs the Node SDK"]
async fn node_reads_quotes_as_characters_and_splits_at_every_comma_and_line_end() {
    let Some(mut both) = Beside::open(Language::Node, Kind::Csv, First::We).await else { return };
    for (secret, seen) in
        [("a\"b", "\"a\"\"b\""), ("a,b", "\"a"), ("null", "\"null\""), ("a\rb", "\"a\rb\""), ("a\nb", "\"a")]
    {
        let ada = both.we_save(&with_secret(secret)).await;
        let theirs = both.sdk.find_user("ada").expect("it is there");
        assert_eq!(theirs.client_secret.as_deref(), Some(seen), "{secret:?}");
        assert_eq!(both.we_find("ada").await, Some(ada), "the file still holds what we wrote");
    }
}

/// It writes them as they are.
#[tokio::test]
#[ignore = "needs the Node SDK"]
async fn values_of_node_that_begin_with_a_quote_or_have_a_comma_in_the_name_hide_no_row() {
    let Some(mut both) = Beside::open(Language::Node, Kind::Csv, First::TheSdk).await else { return };
    let mut written = Vec::new();
    for (user, secret) in
        [("bob", "\"s1"), ("carol", "s\"2"), ("Doe, Jane", "s3"), ("eve", "\"s4"), ("zoe", "s5\"")]
    {
        let named = StoredToken { user_name: Some(user.to_owned()), ..with_secret(secret) };
        written.push(both.sdk.save_token(&named));
    }
    assert_eq!(both.we_see().await, written);
    for row in &written {
        let user = row.user_name.as_deref().expect("a user");
        assert_eq!(both.we_find(user).await.as_ref(), Some(row));
    }
    let before = fs::read_to_string(both.place.path()).unwrap();
    both.we_save(&row("kim")).await;
    assert!(fs::read_to_string(both.place.path()).unwrap().starts_with(&before), "its rows keep their bytes");
}

/// It leaves a line that is a comma where the file ended with a line end.
#[tokio::test]
#[ignore = "needs the Node SDK"]
async fn a_file_of_nine_columns_that_node_upgrades_keeps_its_tokens() {
    let Some(mut both) = Beside::open(Language::Node, Kind::Csv, First::TheSdk).await else { return };
    let header = "id,user_mail,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_url";
    fs::write(both.place.path(), format!("{header}\n1,ada,1000.CLIENT,secret,r,a,,4102444800000,\n"))
        .unwrap();
    let ours = both.we_find("ada").await;
    let mut again = crate::sdk::Sdk::start(Language::Node, &both.place.url).expect("it was started before");
    assert_eq!(again.find_user("ada"), ours);
    let upgraded = fs::read_to_string(both.place.path()).unwrap();
    assert!(
        upgraded.ends_with("\n,") && upgraded.lines().next().unwrap().ends_with(",api_domain"),
        "{upgraded}"
    );
    assert_eq!(both.we_find("ada").await, ours);
    let bob = both.sdk.save_token(&row("bob"));
    assert_eq!(both.we_find("bob").await, Some(bob));
}

/// Its MySQL store compares ids as text, as that of the other SDKs does.
#[tokio::test]
#[ignore = "needs the Node SDK and MariaDB"]
async fn node_adds_no_user_to_a_table_with_ten_of_our_rows() {
    let Some(mut both) = Beside::open(Language::Node, Kind::MySql, First::We).await else { return };
    for user in 1..=10 {
        both.we_save(&row(&format!("user {user}"))).await;
    }
    let refused = both.sdk.try_to_save(&row("user 11")).expect_err("10 is taken");
    assert!(refused.contains("10"), "{refused}");
    assert_eq!(both.we_save(&row("user 11")).await.id.as_deref(), Some("11"));
}
