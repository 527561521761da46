//! The rows that the tests save.

use zoho_oauth::store::StoredToken;

/// An ordinary row of a user, without an id.
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

/// A row whose every text is tricky in the same way, each field recognisable. The expiry stays a number.
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

/// Values that trip programs up; `*` stands for the name of the field.
pub(crate) fn tricky_values() -> Vec<String> {
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
    values.push(format!("1000.*.{}", "f".repeat(2_048)));
    values
}
