//! What one side writes, the other reads unchanged, whichever side created the file.

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{StoredToken, TokenStore};

use crate::beside::{Beside, First};
use crate::place::Kind;
use crate::rows::{row, tricky_row, tricky_values};
use crate::sdk::Language;

async fn the_sdk_reads_every_tricky_value_that_we_write(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let mut written = Vec::new();
    for value in tricky_values(language, kind) {
        written.push(both.we_save(&tricky_row(&value)).await);
    }
    assert_eq!(both.the_sdk_sees(), written);
    for row in &written {
        let (id, user) = (row.id.as_deref().expect("an id"), row.user_name.as_deref().expect("a user"));
        assert_eq!(both.sdk.find_token_by_id(id).as_ref(), Some(row));
        assert_eq!(both.sdk.find_user(user).as_ref(), Some(row));
    }
    assert_eq!(both.we_see().await, written, "reading changes nothing");
}

async fn we_read_every_tricky_value_that_the_sdk_writes(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    // In MySQL the SDK cannot count past ten.
    for values in tricky_values(language, kind).chunks(10) {
        let written: Vec<_> = values.iter().map(|value| both.sdk.save_token(&tricky_row(value))).collect();
        assert_eq!(both.we_see().await, written);
        for row in &written {
            let (id, user) = (row.id.as_deref().expect("an id"), row.user_name.as_deref().expect("a user"));
            let by_id = both.ours.find_token_by_id(id).await.unwrap();
            assert_eq!(by_id.as_ref().map(StoredToken::from).as_ref(), Some(row));
            assert_eq!(both.we_find(user).await.as_ref(), Some(row));
        }
        both.sdk.delete_tokens();
    }
}

async fn the_sdk_finds_our_rows_by_every_kind_of_token(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    both.we_save(&row("bob")).await;
    let ada = StoredToken { grant_token: Some("1000.grant.ada".to_owned()), ..row("ada") };
    let ada = both.we_save(&ada).await;
    let client = || StoredToken {
        client_id: ada.client_id.clone(),
        client_secret: ada.client_secret.clone(),
        ..StoredToken::default()
    };
    let by_access = StoredToken { access_token: ada.access_token.clone(), ..StoredToken::default() };
    let by_grant = StoredToken { grant_token: ada.grant_token.clone(), ..client() };
    let by_refresh = StoredToken { refresh_token: ada.refresh_token.clone(), ..client() };
    for wanted in [by_access, by_grant, by_refresh] {
        assert_eq!(both.sdk.find_token(&wanted).as_ref(), Some(&ada));
        let found = both.ours.find_token(&OAuthToken::from(wanted)).await.unwrap().unwrap();
        assert_eq!(StoredToken::from(&found), ada);
    }
}

async fn an_empty_field_is_none_on_both_sides(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let bare = |user: &str| StoredToken {
        user_name: Some(user.to_owned()),
        refresh_token: Some("r".to_owned()),
        ..StoredToken::default()
    };
    let ours = both.we_save(&bare("ada")).await;
    let theirs = both.sdk.save_token(&bare("bob"));
    let nameless =
        both.sdk.save_token(&StoredToken { access_token: Some("a".into()), ..StoredToken::default() });
    assert_eq!(both.the_sdk_sees(), [ours.clone(), theirs.clone(), nameless.clone()]);
    assert_eq!(both.we_see().await, [ours, theirs, nameless]);
}

async fn deleting_on_one_side_is_seen_on_the_other(language: Language, kind: Kind, first: First) {
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let ada = both.we_save(&row("ada")).await;
    let bob = both.sdk.save_token(&row("bob"));
    let carol = both.we_save(&row("carol")).await;

    both.sdk.delete_token(ada.id.as_deref().expect("an id"));
    assert_eq!(both.we_find("ada").await, None);
    assert_eq!(both.we_see().await, [bob.clone(), carol.clone()]);

    assert!(both.ours.delete_token(bob.id.as_deref().expect("an id")).await.unwrap());
    assert_eq!(both.sdk.find_user("bob"), None);
    assert_eq!(both.the_sdk_sees(), [carol]);

    both.sdk.delete_tokens();
    assert_eq!(both.we_see().await, []);
    both.we_save(&row("dave")).await;
    both.ours.delete_tokens().await.unwrap();
    assert_eq!(both.the_sdk_sees(), []);
    both.sdk.save_token(&row("erin"));
    assert!(both.we_find("erin").await.is_some());
}

over_every_kind_and_maker![
    the_sdk_reads_every_tricky_value_that_we_write,
    we_read_every_tricky_value_that_the_sdk_writes,
    the_sdk_finds_our_rows_by_every_kind_of_token,
    an_empty_field_is_none_on_both_sides,
    deleting_on_one_side_is_seen_on_the_other,
];
