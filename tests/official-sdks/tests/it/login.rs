//! One login for both: the SDK logs in at the emulator, our store renews, the SDK continues, and the other way round.

use zoho_emulator::Emulator;
use zoho_oauth::store::StoredToken;
use zoho_oauth::{Authenticator, Environment, Grant, OAuthClient, UserSignature};

use crate::beside::{Beside, First};
use crate::place::Kind;
use crate::sdk::Language;

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const TOKEN_REQUEST: &str = "POST /oauth/v2/token";

/// The access token of this row.
fn access_token(row: &StoredToken) -> &str {
    row.access_token.as_deref().expect("an access token")
}

fn authenticator(zoho: &Emulator, both: &Beside) -> Authenticator {
    let client = zoho.default_client();
    let environment = Environment::local(&zoho.base_url()).expect("a loopback address");
    Authenticator::builder(environment)
        .client(OAuthClient::new(client.id(), client.secret()))
        .store(both.ours.clone())
        .build()
        .unwrap()
}

/// What a program gives the SDK for its first login: a client app and a grant code.
pub(crate) fn grant(zoho: &Emulator) -> StoredToken {
    let client = zoho.default_client();
    StoredToken {
        client_id: Some(client.id().to_owned()),
        client_secret: Some(client.secret().to_owned()),
        grant_token: Some(zoho.self_client_code(ADA)),
        ..StoredToken::default()
    }
}

/// What a program gives the SDK when the user has logged in before.
fn of_user(row: &StoredToken) -> StoredToken {
    StoredToken { user_name: row.user_name.clone(), ..StoredToken::default() }
}

async fn the_sdk_continues_with_a_token_that_we_renewed(language: Language, kind: Kind, first: First) {
    let zoho = Emulator::start().await;
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let theirs = both.sdk.log_in(&zoho.base_url(), &grant(&zoho));
    assert_eq!(zoho.journal().count(TOKEN_REQUEST), 1, "the grant code was spent");
    assert_eq!(both.we_see().await, std::slice::from_ref(&theirs));

    let authenticator = authenticator(&zoho, &both);
    let user = UserSignature::new(theirs.user_name.clone().expect("named by the SDK"));
    let used = authenticator.access_token(&user).await.expect("a token");
    assert_eq!(used.expose_secret(), access_token(&theirs), "a valid one is not renewed");
    let renewed = authenticator.refresh(&user).await.unwrap();
    assert_ne!(renewed.expose_secret(), access_token(&theirs));
    assert_eq!(zoho.journal().count(TOKEN_REQUEST), 2);

    // An existing object of the SDK reads the store before each request, and so does a new one.
    assert_eq!(both.sdk.access_token(), renewed.expose_secret());
    let adopted = both.sdk.go_on_with(&of_user(&theirs));
    assert_eq!(access_token(&adopted), renewed.expose_secret());
    assert_eq!(adopted.refresh_token, theirs.refresh_token, "the refresh token survives");
    zoho.journal().clear();
    assert_eq!(both.sdk.who_am_i(), ADA);
    let header = format!("Zoho-oauthtoken {}", renewed.expose_secret());
    assert_eq!(zoho.journal().count_where(|call| call.header("authorization") == Some(&header)), 1);
    assert_eq!(zoho.journal().count(TOKEN_REQUEST), 0, "the SDK requested no token");
}

async fn we_continue_with_a_token_that_the_sdk_renewed(language: Language, kind: Kind, first: First) {
    let zoho = Emulator::start().await;
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let authenticator = authenticator(&zoho, &both);
    let login =
        authenticator.exchange(Grant::from_self_client(zoho.self_client_code(ADA))).await.expect("logged in");
    let ours = StoredToken::from(login.token());
    let user = UserSignature::new(ours.user_name.clone().expect("named by us"));
    assert_eq!(both.the_sdk_sees(), std::slice::from_ref(&ours));

    // The access token is no longer valid, as after a revocation. The SDK renews and saves it.
    let spent = StoredToken {
        access_token: Some("1000.spent".into()),
        expiry_time: Some("1".into()),
        ..ours.clone()
    };
    both.we_save(&spent).await;
    zoho.journal().clear();
    let theirs = both.sdk.log_in(&zoho.base_url(), &of_user(&ours));
    assert_eq!(zoho.journal().count(TOKEN_REQUEST), 1, "the SDK renewed");
    assert_ne!(access_token(&theirs), "1000.spent");

    let used = authenticator.access_token(&user).await.expect("a token");
    assert_eq!(used.expose_secret(), access_token(&theirs));
    assert_eq!(zoho.journal().count(TOKEN_REQUEST), 1, "we did not");
    assert_eq!(both.we_see().await.len(), 1);
}

/// Both name rows `email:zgid`. Otherwise each side would need its own login.
async fn both_sides_give_the_user_the_same_name(language: Language, kind: Kind, first: First) {
    let zoho = Emulator::start().await;
    let Some(mut both) = Beside::open(language, kind, first).await else { return };
    let theirs = both.sdk.log_in(&zoho.base_url(), &grant(&zoho));
    let grant = Grant::from_self_client(zoho.self_client_code(ADA));
    let login = authenticator(&zoho, &both).exchange(grant).await.expect("logged in");
    let ours = StoredToken::from(login.token());
    assert_eq!(ours.user_name, theirs.user_name);
    assert_eq!(ours.id, theirs.id, "one row");
    assert_eq!(both.the_sdk_sees().len(), 1);
}

over_every_kind![
    the_sdk_continues_with_a_token_that_we_renewed,
    we_continue_with_a_token_that_the_sdk_renewed,
    both_sides_give_the_user_the_same_name,
];
