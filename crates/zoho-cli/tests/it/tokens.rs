//! `zoho tokens`: the store from a terminal.

use serde_json::{Value, json};

use crate::support::Terminal;

const COLUMNS: [&str; 10] = [
    "id",
    "user_name",
    "client_id",
    "client_secret",
    "refresh_token",
    "access_token",
    "grant_token",
    "expiry_time",
    "redirect_url",
    "api_domain",
];

/// Strings that broke other stores, or that look like options or tables.
pub(crate) const ATTACKS: [&str; 20] = [
    "x' or '1'='1",
    "' or 1=1 --",
    "x' or user_name='carol",
    "1 or 1=1",
    "' union select id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,1,2,3 from oauthtoken --",
    "x', refresh_token='ATTACKER' --",
    "%",
    "_",
    "\"",
    "\\",
    ";",
    "a\nb",
    "a\r\nb",
    "\t",
    " ada ",
    "None",
    "null",
    "id",
    "-rf",
    "\u{202e}e\u{301} 🦊",
];

fn ada() -> Value {
    json!({
        "user_name": "ada",
        "client_id": "1000.APP",
        "client_secret": "client-secret-1",
        "refresh_token": "refresh-token-1",
        "access_token": "access-token-1",
        "expiry_time": "4102444800000",
        "api_domain": "https://www.zohoapis.eu",
    })
}

/// A store with the tokens of ada and carol.
fn two_users() -> Terminal {
    let terminal = Terminal::new();
    let mut carol = ada();
    carol["user_name"] = "carol".into();
    carol["refresh_token"] = "refresh-token-2".into();
    carol["access_token"] = "access-token-2".into();
    terminal.save(&json!([ada(), carol]));
    terminal
}

#[test]
fn json_objects_have_the_ten_columns_in_their_order_and_null_for_nothing() {
    let terminal = two_users();
    let listed = terminal.run(&["tokens", "list", "--json"]).done().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    let shown = terminal.run(&["tokens", "show", "1", "--json"]).done().json();
    let found = terminal.run(&["tokens", "find", "--user-name", "ada", "--json"]).done().json();
    for object in [&listed[0], &shown, &found] {
        assert_eq!(object.as_object().unwrap().keys().collect::<Vec<_>>(), COLUMNS);
        assert_eq!(object["id"], "1");
        assert_eq!(object["expiry_time"], "4102444800000");
        assert_eq!(object["grant_token"], Value::Null);
        assert_eq!(object["access_token"], "********");
    }
}

#[test]
fn secrets_are_masked_in_every_format_unless_revealed() {
    let terminal = two_users();
    let secrets = ["client-secret-1", "refresh-token-1", "access-token-1"];
    for command in [&["tokens", "list"][..], &["tokens", "show", "1"], &["tokens", "find", "--id", "1"]] {
        for form in [&[][..], &["--json"]] {
            let masked = terminal.run(&[command, form].concat()).done().stdout;
            assert!(secrets.iter().all(|secret| !masked.contains(secret)), "{masked}");
            let revealed = terminal.run(&[command, form, &["--reveal"]].concat()).done().stdout;
            assert!(secrets.iter().all(|secret| revealed.contains(secret)), "{revealed}");
        }
    }
    let saved = terminal.run_with_input(&["tokens", "save"], &ada().to_string()).done();
    assert!(secrets.iter().all(|secret| !format!("{saved:?}").contains(secret)), "{saved:?}");
}

#[test]
fn save_prints_what_was_stored_an_object_for_an_object_and_an_array_for_an_array() {
    let terminal = Terminal::new();
    let one = terminal.save(&ada());
    assert_eq!((one["id"].as_str(), one["access_token"].as_str()), (Some("1"), Some("access-token-1")));
    let same = terminal.save(&json!([ada()]));
    assert_eq!(same[0]["id"], "1", "saving the same token twice changes nothing");
    assert_eq!(terminal.save(&json!([])), json!([]));
    assert_eq!(terminal.rows().len(), 1);
}

#[test]
fn save_takes_numbers_and_nulls_and_keeps_what_is_not_given() {
    let terminal = Terminal::new();
    terminal.save(&ada());
    let renewed =
        json!({ "id": 1, "access_token": "newer", "expiry_time": 4102444801000_u64, "refresh_token": null });
    let row = terminal.save(&renewed);
    assert_eq!(row["access_token"], "newer");
    assert_eq!(row["expiry_time"], "4102444801000");
    assert_eq!(row["refresh_token"], "refresh-token-1");
}

#[test]
fn an_invalid_token_is_an_error_before_anything_is_saved() {
    let terminal = Terminal::new();
    for (given, why) in [
        ("", "not valid JSON"),
        ("{\"user_name\": \"ada\", ", "not valid JSON"),
        ("3", "neither a JSON object nor an array of objects"),
        (r#"{"user_name":"ada"}"#, "no access token, refresh token or grant token"),
        (r#"{"user_name":"ada","access_token":""}"#, "no access token"),
        (r#"{"user_name":"ada","acces_token":"x"}"#, "acces_token"),
        (r#"[{"user_name":"ada","access_token":"a"},{"user_name":"bob"}]"#, "token 2"),
        (r#"[{"user_name":"ada","access_token":"a"},"very-secret"]"#, "token 2"),
        (r#"{"access_token":["very-secret"]}"#, "`access_token` is not a string"),
        (r#"{"access_token":"a","expiry_time":"soon"}"#, "`expiry_time`"),
    ] {
        let ran = terminal.run_with_input(&["tokens", "save"], given).ended(1);
        assert!(ran.stderr.contains(why) && ran.stdout.is_empty(), "{given}: {ran:?}");
        assert!(!ran.stderr.contains("very-secret"), "{given}: {ran:?}");
        assert!(terminal.rows().is_empty(), "{given}");
    }
}

#[test]
fn a_listing_can_be_saved_again_but_never_a_masked_one() {
    let terminal = two_users();
    let before = terminal.rows();
    let masked = terminal.run(&["tokens", "list", "--json"]).done().stdout;
    let ran = terminal.run_with_input(&["tokens", "save"], &masked).ended(1);
    assert!(ran.stderr.contains("--reveal"), "{ran:?}");
    assert_eq!(terminal.rows(), before);
    let revealed = terminal.run(&["tokens", "list", "--json", "--reveal"]).done().stdout;
    terminal.run_with_input(&["tokens", "save"], &revealed).done();
    assert_eq!(terminal.rows(), before);
}

#[test]
fn any_string_is_stored_unchanged_and_cannot_break_the_table() {
    let terminal = Terminal::new();
    for text in ATTACKS {
        let row = terminal.save(&json!({ "user_name": text, "access_token": text, "redirect_url": text }));
        assert_eq!((row["user_name"].as_str(), row["access_token"].as_str()), (Some(text), Some(text)));
    }
    assert_eq!(terminal.rows().len(), ATTACKS.len());
    let table = terminal.run(&["tokens", "list"]).done().stdout;
    assert_eq!(table.lines().count(), ATTACKS.len() + 1, "{table}");
}

#[test]
fn an_attack_finds_no_token_by_any_option() {
    let terminal = two_users();
    let before = terminal.rows();
    for attack in ATTACKS {
        for option in
            ["--user-name", "--access-token", "--refresh-token", "--grant-token", "--api-domain", "--id"]
        {
            let ran = terminal.run(&["tokens", "find", option, attack]).ended(3);
            assert!(ran.stdout.is_empty(), "{option} {attack}: {ran:?}");
        }
        let client = ["--client-id", attack, "--client-secret", attack];
        terminal.run(&[&["tokens", "find"][..], &client].concat()).ended(3);
        terminal.run(&[&["tokens", "find", "--refresh-token", attack][..], &client].concat()).ended(3);
    }
    assert_eq!(terminal.rows(), before);
}

#[test]
fn an_attack_deletes_nothing() {
    let terminal = two_users();
    let before = terminal.rows();
    for attack in ATTACKS.iter().copied().chain([""]) {
        terminal.run(&["tokens", "delete", attack]).ended(3);
        terminal.run(&["tokens", "show", attack]).ended(3);
    }
    assert_eq!(terminal.rows(), before);
}

#[test]
fn a_token_is_found_by_every_value_that_identifies_it() {
    let terminal = two_users();
    let client = ["--client-id", "1000.APP", "--client-secret", "client-secret-1"];
    for criteria in [
        &["--id", "2"][..],
        &["--user-name", "carol"],
        &["--user-name", "carol", "--client-id", "1000.APP"],
        &["--user-name", "carol", "--api-domain", "https://www.zohoapis.eu"],
        &["--access-token", "access-token-2"],
        &[&["--refresh-token", "refresh-token-2"][..], &client].concat(),
    ] {
        let arguments = [&["tokens", "find", "--json"][..], criteria].concat();
        assert_eq!(terminal.run(&arguments).done().json()["user_name"], "carol", "{criteria:?}");
    }
    for criteria in [
        &["--user-name", ""][..],
        &["--user-name", "Carol"],
        &["--user-name", "carol", "--client-id", "1000.OTHER"],
        &["--client-id", "1000.APP"],
        &["--api-domain", "https://www.zohoapis.eu"],
        &["--access-token", "access-token-2", "--client-id", "1000.APP"],
        &["--refresh-token", "refresh-token-2"],
    ] {
        terminal.run(&[&["tokens", "find"][..], criteria].concat()).ended(3);
    }
}

#[test]
fn a_client_app_in_the_environment_completes_a_lookup_and_never_narrows_one() {
    let terminal =
        two_users().with("ZOHO_CLIENT_ID", "1000.APP").with("ZOHO_CLIENT_SECRET", "client-secret-1");
    terminal.run(&["tokens", "find", "--refresh-token", "refresh-token-2"]).done();
    let terminal = terminal.with("ZOHO_CLIENT_ID", "1000.OTHER");
    terminal.run(&["tokens", "find", "--access-token", "access-token-2"]).done();
    terminal.run(&["tokens", "find", "--user-name", "carol"]).done();
}

#[test]
fn an_ambiguous_lookup_fails_and_names_the_columns_that_differ() {
    let terminal = two_users();
    let mut sandbox = ada();
    sandbox["api_domain"] = "https://sandbox.zohoapis.eu".into();
    terminal.save(&sandbox);
    let ran = terminal.run(&["tokens", "find", "--user-name", "ada"]).ended(1);
    assert!(ran.stderr.contains("api_domain"), "{ran:?}");
    let domain = ["--api-domain", "https://sandbox.zohoapis.eu"];
    terminal.run(&[&["tokens", "find", "--user-name", "ada"][..], &domain].concat()).done();
}

#[test]
fn delete_deletes_one_row_and_delete_all_deletes_every_row() {
    let terminal = two_users();
    terminal.run(&["tokens", "delete", "1"]).done();
    terminal.run(&["tokens", "delete", "1"]).ended(3);
    assert_eq!(terminal.rows().len(), 1);
    terminal.run(&["tokens", "delete", "--all"]).done();
    assert!(terminal.rows().is_empty());
    terminal.run(&["tokens", "delete", "--all"]).done();
    assert!(terminal.run(&["tokens", "list"]).done().stdout.is_empty());
}

#[test]
fn the_file_store_keeps_tokens_too() {
    let terminal = Terminal::new().with("ZOHO_STORE", "file:sdk_tokens.txt");
    terminal.save(&ada());
    assert_eq!(terminal.run(&["token"]).done().stdout, "access-token-1\n");
    assert!(terminal.path("sdk_tokens.txt").exists());
}

#[test]
fn a_fresh_token_is_printed_alone_on_its_line() {
    let terminal = two_users();
    let ran = terminal.run(&["token", "--user", "carol"]).done();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("access-token-2\n", ""));
    assert_eq!(terminal.run(&["token", "--id", "1"]).done().stdout, "access-token-1\n");
    let json = terminal.run(&["token", "--id", "1", "--json"]).done().json();
    assert_eq!(
        json,
        json!({
            "access_token": "access-token-1",
            "expiry_time": "4102444800000",
            "api_domain": "https://www.zohoapis.eu",
        })
    );
}

#[test]
fn without_a_user_the_only_token_is_used_and_never_one_of_several() {
    let terminal = Terminal::new();
    terminal.run(&["token"]).ended(4);
    terminal.save(&ada());
    assert_eq!(terminal.run(&["token"]).done().stdout, "access-token-1\n");
    let ran = two_users().run(&["token"]).ended(2);
    assert!(ran.stderr.contains("ada (id 1), carol (id 2)") && ran.stderr.contains("--user"), "{ran:?}");
}

#[test]
fn a_user_without_a_token_has_to_log_in_and_an_unknown_id_is_not_found() {
    let terminal = two_users();
    let ran = terminal.run(&["token", "--user", "nobody"]).ended(4);
    assert!(ran.stderr.contains("zoho login"), "{ran:?}");
    terminal.run(&["token", "--id", "99"]).ended(3);
    terminal.run(&["revoke", "--user", "nobody"]).ended(3);
    terminal.run(&["revoke", "--id", "99"]).ended(3);
}

#[test]
fn a_token_of_another_client_app_is_reported() {
    let terminal =
        two_users().with("ZOHO_CLIENT_ID", "1000.OTHER").with("ZOHO_CLIENT_SECRET", "client-secret-2");
    for (arguments, code) in [
        (&["token", "--user", "ada"][..], 4),
        (&["api", "GET", "/crm/v8/org", "--user", "ada"], 4),
        (&["records", "list", "Leads", "--user", "ada"], 4),
        (&["revoke", "--user", "ada"], 3),
    ] {
        let ran = terminal.run(arguments).ended(code);
        assert!(ran.stderr.contains("the token for `ada` belongs to client app `1000.APP`"), "{ran:?}");
        assert!(ran.stderr.contains("unset `ZOHO_CLIENT_ID`"), "{ran:?}");
        assert!(!ran.stderr.contains("client-secret"), "{ran:?}");
    }
    let ran = terminal.run(&["revoke", "--user", "nobody"]).ended(3);
    assert!(ran.stderr.contains("no token for nobody"), "{ran:?}");
    assert_eq!(terminal.run(&["token", "--id", "1"]).done().stdout, "access-token-1\n");
}

/// Milliseconds from now to a row's expiry.
fn left(row: &Value) -> i128 {
    let expiry: i128 = row["expiry_time"].as_str().unwrap().parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    expiry - i128::try_from(now.as_millis()).unwrap()
}

#[test]
fn zohos_response_to_a_token_request_is_saved_with_its_lifetime_and_client_app() {
    let response = |more: &Value| {
        let mut response = json!({
            "access_token": "1000.a", "refresh_token": "1000.r", "scope": "ZohoCRM.users.READ ZohoCRM.org.READ",
            "api_domain": "https://www.zohoapis.eu", "token_type": "Bearer",
        });
        response.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        response
    };
    for lifetime in [
        json!({ "expires_in": 3_600 }),
        json!({ "expires_in": "3600" }),
        json!({ "expires_in": 3_600_000 }),
        json!({ "expires_in": 3_600_000, "expires_in_sec": 3_600 }),
        json!({}),
    ] {
        let terminal =
            Terminal::new().with("ZOHO_CLIENT_ID", "1000.APP").with("ZOHO_CLIENT_SECRET", "client-secret-1");
        let saved = terminal.save(&response(&lifetime));
        assert!((3_500_000..=3_600_000).contains(&left(&saved)), "{lifetime}: {saved}");
        assert_eq!(saved["refresh_token"], "1000.r");
        assert_eq!(
            (&saved["client_id"], &saved["client_secret"]),
            (&json!("1000.APP"), &json!("client-secret-1"))
        );
        // Saved once more, it is the same row.
        assert_eq!(terminal.save(&response(&lifetime))["id"], saved["id"]);
    }
    let terminal = Terminal::new();
    let alone = terminal.save(&json!({ "access_token": "1000.a", "expires_in": 3_600 }));
    assert!((3_500_000..=3_600_000).contains(&left(&alone)), "{alone}");
    let of_an_sdk = terminal.save(&json!({ "access_token": "1000.b", "expires_in": 4_102_444_800_000_u64 }));
    assert_eq!(of_an_sdk["expiry_time"], "4102444800000");
}

#[test]
fn zohos_error_response_is_not_saved() {
    let terminal = Terminal::new();
    for response in
        [json!({ "error": "invalid_code" }), json!({ "token_type": "Bearer", "expires_in": 3_600 })]
    {
        let ran = terminal.run_with_input(&["tokens", "save"], &response.to_string()).ended(1);
        assert!(ran.stderr.contains("contains no access token"), "{ran:?}");
    }
    assert!(terminal.rows().is_empty());
}
