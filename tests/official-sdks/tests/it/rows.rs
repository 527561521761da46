//! The rows that the tests save.

use zoho_oauth::store::StoredToken;

use crate::place::Kind;
use crate::sdk::Language;

/// A row of a user without an id.
pub(crate) fn row(user: &str) -> StoredToken {
    StoredToken {
        user_name: Some(user.to_owned()),
        client_id: Some("1000.CLIENT".to_owned()),
        client_secret: Some("secret".to_owned()),
        refresh_token: Some(format!("1000.refresh.{user}")),
        access_token: Some(format!("1000.access.{user}")),
        expiry_time: Some("4102444800000".to_owned()),
        redirect_url: Some("https://app.example.com/callback".to_owned()),
        api_domain: Some("https://www.zohoapis.eu".to_owned()),
        ..StoredToken::default()
    }
}

/// The row of a user with another access token.
pub(crate) fn renewed(user: &str, round: usize) -> StoredToken {
    StoredToken { access_token: Some(format!("1000.access.{user}.{round}")), ..row(user) }
}

/// A row with the same tricky value in every text field, with `*` replaced by the field's name. The expiry is a number.
pub(crate) fn tricky_row(value: &str) -> StoredToken {
    let field = |name: &str| Some(value.replace('*', name));
    StoredToken {
        id: None,
        user_name: field("user"),
        client_id: field("client"),
        client_secret: field("secret"),
        refresh_token: field("refresh"),
        access_token: field("access"),
        grant_token: field("grant"),
        expiry_time: Some("4102444800000".to_owned()),
        redirect_url: field("redirect"),
        api_domain: field("domain"),
    }
}

/// Values that break careless programs, as far as this kind of store can hold them with this SDK. `*` stands for the field's name.
pub(crate) fn tricky_values(language: Language, kind: Kind) -> Vec<String> {
    let mut values: Vec<String> = [
        "plain *",
        "a \"quoted\" *",
        "\"* all in quotes\"",
        "\"",
        "O'Brien's * -- ; drop table oauthtoken",
        "comma, * ,,",
        "two\nlines of *",
        "\n* between line breaks\n",
        "  blanks around *  ",
        "\ttabs\t*\t",
        "back\\slash \\n \\\\ *\\",
        "100% of * %s %d _",
        "emoji 😀 of * 👩‍👩‍👧",
        "Ünïcödé * 漢字 \u{202e}",
        "None",
        "NULL",
        "#* =cmd()",
        "semi;colon|pipe *",
    ]
    .map(str::to_owned)
    .into();
    let beginning = "1000.*.";
    values.push(
        beginning.to_owned() + &"f".repeat(kind.long_value() - beginning.replace('*', "redirect").len()),
    );
    values.retain(|value| language.can_hold(kind, value));
    values
}

/// The row of a user in a state. Every field that may change depends on the number.
pub(crate) fn state(user: &str, number: usize) -> StoredToken {
    StoredToken {
        expiry_time: Some((4_102_444_800_000 + number).to_string()),
        redirect_url: Some(format!("https://app.example.com/callback?state={number}")),
        ..renewed(user, number)
    }
}

/// The number of a row's state. `None`: it was never saved like this, it is torn or mixed.
pub(crate) fn number_of(row: &StoredToken) -> Option<usize> {
    let number = row.access_token.as_deref()?.rsplit('.').next()?.parse().ok()?;
    let whole = StoredToken { id: row.id.clone(), ..state(row.user_name.as_deref()?, number) };
    (*row == whole).then_some(number)
}
