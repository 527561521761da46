//! `zoho api --paginate`: reads any list to its end.

use serde_json::{Value, json};
use zoho_emulator::Fault;

use crate::support::{ADA, logged_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_is_followed_by_token_past_2000_records() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 2_100);
    let call = ["api", "GET", "/crm/v8/Leads", "-q", "fields=Last_Name", "--paginate"];
    let array = terminal.run(&call).done().json();
    assert_eq!(array.as_array().map(Vec::len), Some(2_100));
    let lines = terminal.run(&[&call[..], &["--json-lines"]].concat()).done().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines), array);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_without_tokens_is_followed_by_number() {
    let (zoho, terminal) = logged_in().await;
    let page = |name: &str, more: bool| {
        json!({ "users": [{ "id": name }], "info": { "more_records": more, "per_page": 1 } }).to_string()
    };
    for (number, more) in [("2", true), ("3", false)] {
        zoho.fault(Fault::on("GET /crm/v8/users").when("page", number).respond(200, page(number, more)));
    }
    zoho.fault(Fault::on("GET /crm/v8/users").respond(200, page("1", true)));
    let listed = terminal.run(&["api", "GET", "/crm/v8/users", "--paginate"]).done().json();
    assert_eq!(listed, json!([{ "id": "1" }, { "id": "2" }, { "id": "3" }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_query_in_the_path_selects_the_first_page() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 10);
    let path = "/crm/v8/Leads?fields=Last_Name&per_page=3&page=2";
    let listed = terminal.run(&["api", "GET", path, "--paginate"]).done().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_empty_list_is_an_empty_array() {
    let (_zoho, terminal) = logged_in().await;
    let call = ["api", "GET", "/crm/v8/Leads", "-q", "fields=Last_Name", "--paginate"];
    assert_eq!(terminal.run(&call).done().json(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_cursor_that_does_not_advance_ends_it() {
    let (zoho, terminal) = logged_in().await;
    let same_token =
        json!({ "info": { "more_records": true, "next_page_token": "t" }, "data": [{ "id": "1" }] });
    let empty = json!({ "info": { "more_records": true }, "data": [] });
    let same_page = json!({ "info": { "more_records": true }, "data": [{ "id": "1" }] });
    for (body, printed) in [(same_token, 1), (empty, 0), (same_page, 1)] {
        zoho.clear_faults();
        zoho.fault(Fault::on("GET /crm/v8/Leads").forever().respond(200, body.to_string()));
        let ran = terminal.run(&["api", "GET", "/crm/v8/Leads", "--paginate", "--json-lines"]);
        assert_eq!((ran.code, ran.stdout.lines().count()), (1, printed), "{body}: {ran:?}");
        assert!(ran.stderr.contains("no new page token"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_failure_between_pages_names_the_parameter_to_continue_with() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 500);
    zoho.fault(Fault::on("GET /crm/v8/Leads").skip(1).forever().crm_error(500, "INTERNAL_ERROR"));
    let call = ["api", "GET", "/crm/v8/Leads", "-q", "fields=Last_Name", "--paginate", "--json-lines"];
    let ran = terminal.run(&call);
    assert_eq!((ran.code, ran.stdout.lines().count()), (1, 200), "{ran:?}");
    zoho.clear_faults();
    zoho.fault(Fault::on("GET /crm/v8/Leads").skip(1).html());
    let ran = terminal.run(&call);
    assert_eq!((ran.code, ran.stdout.lines().count()), (1, 200), "{ran:?}");
    let (_, rest) = ran.stderr.split_once("run the command again with `-q ").unwrap();
    let parameter = rest.split_once('`').unwrap().0;
    zoho.clear_faults();
    let rest = terminal.run(&[&call[..], &["-q", parameter]].concat()).done();
    assert_eq!(rest.stdout.lines().count(), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_response_that_is_not_a_list_is_an_error() {
    let (zoho, terminal) = logged_in().await;
    terminal.run(&["api", "POST", "/crm/v8/Leads", "--paginate"]).ended(2);
    terminal.run(&["api", "GET", "/crm/v8/Leads", "--paginate", "-d", "{}"]).ended(2);
    terminal.run(&["api", "GET", "/crm/v8/Leads", "--json-lines"]).ended(2);
    zoho.fault(Fault::on("GET /crm/v8/org").respond(200, r#"{"org":{"id":"1"}}"#));
    let ran = terminal.run(&["api", "GET", "/crm/v8/org", "--paginate"]).ended(2);
    assert!(ran.stderr.contains("without `--paginate`"), "{ran:?}");
}
