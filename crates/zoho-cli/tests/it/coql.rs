//! `zoho coql`: the rows of a query.

use serde_json::{Value, json};
use zoho_emulator::Fault;

use crate::support::{ADA, logged_in};

const LEADS: &str = "select Last_Name from Leads where id is not null";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_query_prints_its_rows_with_its_own_columns() {
    let (_zoho, terminal) = logged_in().await;
    let leads = r#"[{"Last_Name":"O'Brien","City":"Rome"},{"Last_Name":"Hopper","City":"Oslo"}]"#;
    terminal.run(&["records", "create", "Leads", "-d", leads]).done();
    let query = "select Last_Name, City from Leads where Last_Name = 'O''Brien';";
    let rows = terminal.run(&["coql", query, "--json"]).done().json();
    assert_eq!((&rows[0]["City"], rows.as_array().map(Vec::len)), (&json!("Rome"), Some(1)));
    std::fs::write(terminal.path("query.sql"), "select City from Leads where id is not null order by City\n")
        .unwrap();
    let csv = terminal.run(&["coql", "@query.sql", "--csv"]).done().stdout;
    let (heading, _) = csv.split_once('\n').unwrap();
    assert!(heading.split(',').any(|name| name == "City"), "{csv}");
    assert!(csv.find("Oslo").unwrap() < csv.find("Rome").unwrap(), "{csv}");
    let table = terminal.run_with_input(&["coql", "@-"], LEADS).done().stdout;
    assert!(table.contains("Last_Name") && table.contains("Hopper"), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn all_rows_are_read_2000_per_call() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 4_500);
    let page = terminal.run(&["coql", LEADS, "--json"]).done();
    assert_eq!(page.json().as_array().map(Vec::len), Some(200));
    assert!(page.stderr.contains("there are more"), "{page:?}");
    let page = terminal.run(&["coql", &format!("{LEADS} limit 5"), "--json"]).done();
    assert_eq!(
        (page.json().as_array().map(Vec::len), page.stderr.as_str()),
        (Some(5), ""),
        "that is what it asked for"
    );
    zoho.journal().clear();
    let all = terminal.run(&["coql", LEADS, "--all", "--json-lines"]).done();
    let mut ids: Vec<Value> =
        all.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!((ids.len(), zoho.journal().count("POST /crm/v8/coql")), (4_500, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_failure_between_pages_names_the_offset_to_continue_with() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 2_500);
    zoho.fault(Fault::on("POST /crm/v8/coql").skip(1).forever().drop_before());
    let all = ["coql", LEADS, "--all", "--json-lines"];
    let broken = terminal.run(&all);
    assert_eq!((broken.code, broken.stdout.lines().count()), (1, 2_000), "{}", broken.stderr);
    assert!(broken.stderr.contains("--offset 2000"), "{}", broken.stderr);
    zoho.clear_faults();
    let rest = terminal.run(&[&all[..], &["--offset", "2000"]].concat()).done();
    assert_eq!(rest.stdout.lines().count(), 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_invalid_query_is_an_error() {
    let (_zoho, terminal) = logged_in().await;
    let ran = terminal.run(&["coql", "select from where"]).ended(1);
    assert!(ran.stdout.is_empty(), "{ran:?}");
    let ran = terminal.run(&["coql", &format!("{LEADS} limit 5"), "--all"]).ended(2);
    assert!(ran.stderr.contains("a limit"), "{ran:?}");
    terminal.run(&["coql", "@no_such_file"]).ended(1);
}
