//! Log in, call, renew and revoke, against the emulator.

use std::time::Duration;

use serde_json::{Value, json};
use zoho_emulator::{Emulator, Fault};

use crate::support::{ADA, ADA_STORED, Terminal, logged_in};

fn renewals(zoho: &Emulator) -> usize {
    zoho.journal().count_where(|entry| entry.parameter("grant_type") == Some("refresh_token"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_login_says_whose_token_was_stored_and_no_secret() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    let ran = terminal.run(&["login", "--code", &zoho.self_client_code(ADA)]).done();
    assert!(ran.stdout.contains(ADA_STORED) && ran.stdout.contains("id"), "{ran:?}");
    let row = terminal.rows().remove(0);
    for secret in ["client_secret", "refresh_token", "access_token"] {
        assert!(!format!("{ran:?}").contains(row[secret].as_str().unwrap()), "{ran:?}");
    }
    let again = terminal.run_with_input(&["login", "--code", "-", "--json"], &zoho.self_client_code(ADA));
    assert_eq!(again.done().json()["user_name"], ADA_STORED);
    assert_eq!(terminal.rows().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_code_may_have_quotes_blanks_and_a_line_end_around_it() {
    let (zoho, terminal) = logged_in().await;
    for (before, after) in [("", "\n"), ("\"", "\""), (" '", "'\r\n"), ("`", "` "), ("“", "”")] {
        let code = format!("{before}{}{after}", zoho.self_client_code(ADA));
        terminal.run(&["login", "--code", &code]).done();
        let code = format!("{before}{}{after}", zoho.self_client_code(ADA));
        terminal.run_with_input(&["login", "--code", "-"], &code).done();
    }
    let ran = terminal.run(&["login", "--code", " \"\" "]).ended(2);
    assert!(ran.stderr.contains("the code is empty"), "{ran:?}");
}

/// The address of the browser after a login.
fn callback(zoho: &Emulator) -> String {
    let app = zoho.default_client();
    let query = format!(
        "response_type=code&client_id={}&redirect_uri={}&scope=ZohoCRM.users.READ,ZohoCRM.org.READ&access_type=offline",
        app.id(),
        app.first_redirect_url()
    );
    zoho.log_in(&format!("{}/oauth/v2/auth?{query}", zoho.base_url()), ADA).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_address_of_the_browser_after_a_login_is_taken_for_its_code() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    let query_of = |url: String| url.split_once('?').unwrap().1.to_owned();
    let redirect_url = zoho.default_client().first_redirect_url().to_owned();
    for (given, more) in [
        (callback(&zoho), None),
        (format!("\"{}&\"\n", callback(&zoho)), None),
        (query_of(callback(&zoho)), Some(redirect_url.as_str())),
    ] {
        let options = more.map(|url| ["--redirect-url", url]).into_iter().flatten();
        let arguments: Vec<&str> = ["login", "--code", &given].into_iter().chain(options).collect();
        let ran = terminal.run(&arguments).done();
        assert!(ran.stdout.contains(ADA_STORED), "{ran:?}");
        assert_eq!(terminal.rows()[0]["redirect_url"], redirect_url.as_str());
    }
    assert_eq!(terminal.rows().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_address_without_a_code_or_of_an_unknown_server_spends_nothing() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    let elsewhere = format!("{}&accounts-server=https%3A%2F%2Fevil.example", callback(&zoho));
    for (given, code, expected) in [
        ("https://app/cb?error=access_denied", 4, "access_denied"),
        ("https://app/cb?state=1", 1, "contains no code"),
        (elsewhere.as_str(), 1, "evil.example"),
    ] {
        let ran = terminal.run(&["login", "--code", given]).ended(code);
        assert!(ran.stderr.contains(expected), "{ran:?}");
    }
    assert_eq!(zoho.journal().count("POST /oauth/v2/token"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_login_without_the_scopes_for_the_users_name_names_them() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    for (scopes, lacking) in [
        ("ZohoCRM.modules.ALL", "lacks the scope `ZohoCRM.users.READ`"),
        ("ZohoCRM.users.READ", "lacks the scope `ZohoCRM.org.READ`"),
    ] {
        let code = zoho.self_client_code_with_scopes(zoho.default_client().id(), ADA, scopes);
        let ran = terminal.run(&["login", "--code", &code]).done();
        assert!(ran.stderr.contains(lacking) && ran.stderr.contains("log in with"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_code_that_was_used_asks_for_a_login_and_stores_nothing() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    let code = zoho.self_client_code(ADA);
    terminal.run(&["login", "--code", &code]).done();
    terminal.run(&["tokens", "delete", "--all"]).done();
    let ran = terminal.run(&["login", "--code", &code]).ended(4);
    assert!(!ran.stderr.contains(&code), "{ran:?}");
    assert!(terminal.rows().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_expired_token_is_renewed_once_for_two_processes() {
    let (zoho, terminal) = logged_in().await;
    let mut row = terminal.rows().remove(0);
    row["expiry_time"] = "1000".into();
    terminal.save(&row);
    let start = || terminal.command(&["token", "--user", ADA_STORED]).spawn().unwrap();
    let ended = [start(), start()].map(|child| child.wait_with_output().unwrap());
    assert!(ended.iter().all(|ended| ended.status.success()), "{ended:?}");
    assert_eq!(ended[0].stdout, ended[1].stdout);
    assert_ne!(ended[0].stdout, format!("{}\n", row["access_token"].as_str().unwrap()).into_bytes());
    assert_eq!(renewals(&zoho), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_revoked_refresh_token_asks_for_a_login() {
    let (zoho, terminal) = logged_in().await;
    let mut row = terminal.rows().remove(0);
    row["expiry_time"] = "1000".into();
    terminal.save(&row);
    zoho.evict_refresh_token(row["refresh_token"].as_str().unwrap());
    let ran = terminal.run(&["token"]).ended(4);
    assert!(ran.stderr.contains("zoho login"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn any_call_prints_the_body_unchanged() {
    let (zoho, terminal) = logged_in().await;
    let ran = terminal.run(&["api", "get", "/crm/v8/users", "-q", "type=CurrentUser"]).done();
    assert_eq!(ran.json()["users"][0]["email"], ADA);
    assert!(ran.stdout.ends_with('\n') && ran.stderr.is_empty(), "{ran:?}");

    let body = json!({ "data": [{ "Last_Name": "Hopper" }] }).to_string();
    std::fs::write(terminal.path("lead.json"), &body).unwrap();
    terminal.run(&["api", "POST", "/crm/v8/Leads", "-d", &body]).done();
    terminal.run(&["api", "POST", "/crm/v8/Leads", "-d", "@lead.json"]).done();
    terminal.run_with_input(&["api", "POST", "/crm/v8/Leads", "-d", "@-"], &body).done();
    let listed = terminal.run(&["api", "GET", "/crm/v8/Leads", "-q", "fields=Last_Name", "--id", "1"]).done();
    assert_eq!(listed.json()["data"].as_array().map(Vec::len), Some(3));
    let nobody = terminal.run(&["api", "GET", "/crm/v8/users", "-q", "type=DeactiveUsers"]).done();
    assert_eq!(nobody.stdout, "", "204 has no body");

    let get = |content_type: &str| {
        zoho.fault(Fault::on("GET /crm/v8/Leads/1/photo").respond_as(200, content_type, "bytes"));
        terminal.run(&["api", "GET", "/crm/v8/Leads/1/photo"]).done().stdout
    };
    for binary in ["image/png", "application/zip", "application/octet-stream;charset=UTF-8"] {
        assert_eq!(get(binary), "bytes", "{binary}");
    }
    for text in ["application/json", "Text/Plain; charset=utf-8", "application/problem+json"] {
        assert_eq!(get(text), "bytes\n", "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_failed_call_reports_the_reason_and_has_its_exit_code() {
    let (zoho, terminal) = logged_in().await;
    let ran = terminal.run(&["api", "GET", "/crm/v8/nothing_here"]).ended(3);
    assert!(ran.stderr.contains("INVALID_URL_PATTERN") && ran.stdout.is_empty(), "{ran:?}");
    let ran = terminal.run(&["api", "POST", "/crm/v8/Leads", "-d", r#"{"data":[{}]}"#]).ended(1);
    assert!(ran.stderr.contains("MANDATORY_NOT_FOUND"), "{ran:?}");
    terminal.run(&["api", "POST", "/crm/v8/Leads", "-d", "{"]).ended(1);
    terminal.run(&["api", "POST", "/crm/v8/Leads", "-d", "@missing.json"]).ended(1);
    let ran = terminal.run(&["api", "GET", "https://evil.example/crm/v8/users"]).ended(2);
    assert!(ran.stderr.contains("evil.example"), "{ran:?}");
    let body = r#"{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}"#;
    zoho.fault(Fault::on("GET /crm/v8/org").forever().respond(401, body));
    terminal.run(&["api", "GET", "/crm/v8/org"]).ended(4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_that_expired_at_zoho_is_renewed_during_the_call() {
    let (zoho, terminal) = logged_in().await;
    zoho.expire_access_tokens();
    terminal.run(&["api", "GET", "/crm/v8/users", "-q", "type=CurrentUser"]).done();
    assert_eq!(renewals(&zoho), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn records_are_created_listed_changed_and_deleted() {
    let (_zoho, terminal) = logged_in().await;
    let created = terminal.run(&["records", "create", "Leads", "-d", r#"{"Last_Name":"Hopper"}"#, "--json"]);
    let created = created.done().json();
    let id = created[0]["id"].as_str().unwrap();
    assert_eq!(created[0]["code"], "SUCCESS");

    let listed = terminal.run(&["records", "list", "Leads", "--fields", "Last_Name,Email", "--json"]).done();
    assert_eq!(listed.json()[0]["Last_Name"], "Hopper");
    let table = terminal.run(&["records", "list", "Leads", "--fields", "Last_Name"]).done().stdout;
    assert!(table.starts_with("id") && table.contains("Hopper"), "{table}");

    let update = json!([{ "id": id, "Last_Name": "Murray" }]).to_string();
    terminal.run_with_input(&["records", "update", "Leads"], &update).done();
    let read = terminal.run(&["records", "get", "Leads", id, "--fields", "Last_Name", "--json"]).done();
    assert_eq!(read.json()["Last_Name"], "Murray");

    terminal.run(&["records", "delete", "Leads", id]).done();
    terminal.run(&["records", "get", "Leads", id]).ended(3);
    assert_eq!(terminal.run(&["records", "list", "Leads", "--json"]).done().json(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rejected_record_is_reported_and_the_others_are_written() {
    let (_zoho, terminal) = logged_in().await;
    let records = r#"[{"Last_Name":"One"},{},{"Last_Name":"Three"}]"#;
    let ran = terminal.run(&["records", "create", "Leads", "-d", records, "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let statuses: Vec<Value> =
        ran.json().as_array().unwrap().iter().map(|entry| entry["status"].clone()).collect();
    assert_eq!(statuses, ["success", "error", "success"]);
    assert!(ran.stderr.contains("record 2") && ran.stderr.contains("Last_Name"), "{ran:?}");
    terminal.run(&["records", "update", "Leads", "-d", r#"{"Last_Name":"X"}"#]).ended(1);
    terminal.run(&["records", "create", "Leads", "-d", "[3]"]).ended(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_names_the_option_for_the_next_page() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 3);
    let first = terminal.run(&["records", "list", "Leads", "--per-page", "2", "--json"]).done();
    assert_eq!(first.json().as_array().map(Vec::len), Some(2));
    let (_, token) = first.stderr.split_once("--page-token ").unwrap();
    let (token, _) = token.split_once('`').unwrap();
    let rest =
        terminal.run(&["records", "list", "Leads", "--per-page", "2", "--json", "--page-token", token]);
    assert_eq!(rest.done().json().as_array().map(Vec::len), Some(1));
    let second =
        terminal.run(&["records", "list", "Leads", "--per-page", "2", "--page", "2", "--json"]).done();
    assert_eq!(second.json().as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn revoke_ends_the_token_at_zoho_and_deletes_the_row() {
    let (zoho, terminal) = logged_in().await;
    let row = terminal.rows().remove(0);
    terminal.run(&["revoke", "--user", ADA_STORED]).done();
    assert!(!zoho.is_refresh_token_valid(row["refresh_token"].as_str().unwrap()));
    assert!(terminal.rows().is_empty());
    terminal.run(&["revoke", "--user", ADA_STORED]).ended(3);
    terminal.run(&["revoke", "--all"]).done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn revoke_all_goes_on_after_a_failure_and_keeps_that_row() {
    let (zoho, terminal) = logged_in().await;
    let client = zoho.default_client();
    let refresh_token = zoho.grant_refresh_token(client.id(), ADA);
    terminal.save(
        &json!({ "user_name": "second", "refresh_token": refresh_token, "api_domain": zoho.base_url() }),
    );
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").status_500());
    let ran = terminal.run(&["revoke", "--all"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let left: Vec<Value> = terminal.rows().into_iter().map(|row| row["user_name"].clone()).collect();
    assert_eq!(left, [ADA_STORED], "{ran:?}");
    assert!(!zoho.is_refresh_token_valid(&refresh_token));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_that_cannot_be_stored_is_still_printed() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho).with("ZOHO_STORE", "file:store/sdk_tokens.txt");
    let terminal = terminal.with("HOME", "home");
    let folder = terminal.path("store");
    std::fs::create_dir(&folder).unwrap();
    let refresh_token = zoho.grant_refresh_token(zoho.default_client().id(), ADA);
    terminal.save(&json!({ "user_name": "ada", "refresh_token": refresh_token }));

    zoho.fault(Fault::on("POST /oauth/v2/token").hold());
    let process = terminal.command(&["token"]).spawn().unwrap();
    while zoho.journal().count("POST /oauth/v2/token") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    std::fs::rename(&folder, terminal.path("elsewhere")).unwrap();
    zoho.clear_faults();
    let ended = process.wait_with_output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
    assert!(ended.status.success(), "{stderr}");
    assert!(zoho.is_access_token_valid(stdout.trim()), "{stdout}");
    assert!(stderr.starts_with("warning: the token is valid but could not be stored"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "reported once: {stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_url_of_an_emulator_is_enough() {
    let zoho = Emulator::start().await;
    let client = zoho.default_client();
    let terminal =
        Terminal::new().with("ZOHO_CLIENT_ID", client.id()).with("ZOHO_CLIENT_SECRET", client.secret());
    let url = zoho.base_url();
    terminal.run(&["login", "--accounts-url", &url, "--code", &zoho.self_client_code(ADA)]).done();
    terminal.run(&["api", "GET", "/crm/v8/org", "--api-url", &url]).done();
}
