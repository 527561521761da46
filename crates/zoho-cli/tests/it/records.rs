//! `zoho records`: complete lists, and writes of any length.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::{Value, json};
use zoho_emulator::Fault;

use crate::support::{ADA, Terminal, logged_in};

fn ids(records: &Value) -> Vec<&str> {
    records.as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn all_pages_of_a_list_are_printed_each_record_once() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 2_250);
    let all = ["records", "list", "Leads", "--fields", "Last_Name", "--all"];
    let as_array = terminal.run(&[&all[..], &["--json"]].concat()).done();
    let array = as_array.json();
    let mut unique = ids(&array);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 2_250);
    assert!(as_array.stdout.starts_with("[\n{") && as_array.stdout.ends_with("}\n]\n"), "one in each line");
    assert_eq!(as_array.stderr, "");
    assert!(zoho.journal().count_where(|entry| entry.parameter("page_token").is_some()) > 0);

    let lines = terminal.run(&[&all[..], &["--json-lines"]].concat()).done().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines), array);
    let csv = terminal.run(&[&all[..], &["--csv"]].concat()).done().stdout;
    assert_eq!((csv.lines().next(), csv.lines().count()), (Some("id,Last_Name"), 2_251));
    let table = terminal.run(&all).done().stdout;
    assert_eq!(
        (table.lines().next().map(str::trim_end), table.lines().count()),
        (table.lines().next(), 2_251)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_empty_list_is_empty_in_every_format() {
    let (_zoho, terminal) = logged_in().await;
    let list = ["records", "list", "Leads", "--fields", "Last_Name", "--all"];
    assert_eq!(terminal.run(&[&list[..], &["--json"]].concat()).done().stdout, "[]\n");
    assert_eq!(terminal.run(&[&list[..], &["--json-lines"]].concat()).done().stdout, "");
    assert_eq!(terminal.run(&[&list[..], &["--csv"]].concat()).done().stdout, "id,Last_Name\n");
    let table = terminal.run(&list).done();
    assert_eq!((table.stdout.as_str(), table.stderr.as_str()), ("", "no records\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn csv_is_quoted_and_a_lookup_is_printed_as_its_id() {
    let (_zoho, terminal) = logged_in().await;
    let name = "O'Brien, \"Bob\"\nJunior";
    let lead = json!({ "Last_Name": name, "City": null }).to_string();
    terminal.run(&["records", "create", "Leads", "-d", &lead]).done();
    let printed = terminal
        .run(&["records", "list", "Leads", "--fields", "Last_Name,City,Owner", "--csv"])
        .done()
        .stdout;
    let (heading, row) = printed.split_once('\n').unwrap();
    assert_eq!(heading, "id,Last_Name,City,Owner");
    let (_, cells) = row.split_once(',').unwrap();
    let listed = terminal.run(&["records", "list", "Leads", "--fields", "Owner", "--json"]).done().json();
    let owner = listed[0]["Owner"]["id"].as_str().unwrap();
    assert_eq!(cells, format!("\"O'Brien, \"\"Bob\"\"\nJunior\",,{owner}\n"));
    let table = terminal.run(&["records", "list", "Leads", "--fields", "Last_Name,City"]).done().stdout;
    assert_eq!(table.lines().count(), 2, "a line break does not break a table: {table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn only_one_output_format_can_be_selected() {
    let (_zoho, terminal) = logged_in().await;
    for forms in [["--json", "--csv"], ["--json", "--json-lines"], ["--csv", "--json-lines"]] {
        terminal.run(&[&["records", "list", "Leads"][..], &forms].concat()).ended(2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_failure_between_pages_keeps_the_output_and_names_the_option_to_continue_with() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 1_000);
    let all = ["records", "list", "Leads", "--fields", "Last_Name", "--all", "--json-lines"];
    let whole = terminal.run(&all).done().stdout;
    zoho.fault(Fault::on("GET /crm/v8/Leads").skip(2).forever().crm_error(500, "INTERNAL_ERROR"));
    let broken = terminal.run(&all);
    assert_eq!(broken.code, 1, "{broken:?}");
    assert_eq!(broken.stdout.lines().count(), 400);
    assert!(broken.stderr.contains("INTERNAL_ERROR"), "{broken:?}");
    let (_, rest) = broken.stderr.split_once("run the command again with `").unwrap();
    let option: Vec<&str> = rest.split_once('`').unwrap().0.split(' ').collect();
    zoho.clear_faults();
    let rest = terminal.run(&[&all[..], &option].concat()).done().stdout;
    assert_eq!(broken.stdout + &rest, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_partial_array_is_not_closed() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 300);
    zoho.fault(Fault::on("GET /crm/v8/Leads").skip(1).forever().drop_before());
    let broken = terminal.run(&["records", "list", "Leads", "--all", "--json"]);
    assert_eq!(broken.code, 1, "{broken:?}");
    assert!(broken.stdout.starts_with("[\n{") && broken.stdout.ends_with('}'), "{broken:?}");
    assert!(serde_json::from_str::<Value>(&broken.stdout).is_err());
}

#[cfg(unix)]
#[test]
fn a_server_that_dies_during_a_list_leaves_the_output() {
    let mut server = Terminal::new().command(&["emulator", "--json"]).spawn().unwrap();
    let mut told = serde_json::Deserializer::from_reader(server.stdout.take().unwrap()).into_iter::<Value>();
    let told = told.next().unwrap().unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let terminal = Terminal::new()
        .with("ZOHO_API_URL", text("base_url"))
        .with("ZOHO_CLIENT_ID", text("client_id"))
        .with("ZOHO_CLIENT_SECRET", text("client_secret"));
    terminal.run(&["login", "--code", &text("code")]).done();
    let leads: String = (0..500).map(|number| format!("{{\"Last_Name\":\"{number}\"}}\n")).collect();
    terminal.run_with_input(&["records", "create", "Leads"], &leads).done();

    let list = ["records", "list", "Leads", "--all", "--per-page", "1", "--json-lines"];
    let mut listing = terminal.command(&list).spawn().unwrap();
    let mut lines = BufReader::new(listing.stdout.take().unwrap()).lines();
    let first: Vec<String> = lines.by_ref().take(20).map(Result::unwrap).collect();
    server.kill().unwrap();
    server.wait().unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let printed = first.len() + rest.len();
    let mut stderr = String::new();
    listing.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(listing.wait().unwrap().code(), Some(1), "{stderr}");
    assert!(first.iter().chain(&rest).all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert!(stderr.contains("no response from") && stderr.contains("--page"), "{stderr}");
    assert!(stderr.contains(&format!("the {printed} records before it were printed")), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn records_are_streamed_and_the_reader_can_close_the_pipe() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 5_000);
    for form in ["--csv", "--json", "--json-lines", "--ascending"] {
        let mut child = terminal
            .command(&["records", "list", "Leads", "--all", form])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.nth(3).unwrap().is_ok());
        drop(lines);
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{form}");
    }
    assert!(zoho.journal().count("GET /crm/v8/Leads") < 100, "pages after the closed pipe are not requested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_missing_module_and_a_missing_scope_have_exit_codes() {
    let (zoho, terminal) = logged_in().await;
    let ran = terminal.run(&["records", "list", "Nothing_Here", "--all"]).ended(3);
    assert!(ran.stderr.contains("INVALID_MODULE"), "{ran:?}");
    terminal.run(&["records", "list", "Leads", "--user", "nobody"]).ended(4);
    terminal.run(&["tokens", "delete", "--all"]).done();
    let client = zoho.default_client();
    let code = zoho.self_client_code_with_scopes(client.id(), ADA, "ZohoCRM.users.READ,ZohoCRM.org.READ");
    terminal.run(&["login", "--code", &code]).done();
    let ran = terminal.run(&["records", "list", "Leads"]).ended(1);
    assert!(ran.stderr.contains("ZohoCRM.modules.READ"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn records_are_written_a_hundred_at_a_time_from_lines_arrays_and_csv() {
    let (zoho, terminal) = logged_in().await;
    let name = |number: usize| format!("Lead {number}, \"the\" one");
    let lines: String =
        (1..=250).map(|number| json!({ "Last_Name": name(number) }).to_string() + "\n").collect();
    let array = Value::from_iter((1..=250).map(|number| json!({ "Last_Name": name(number) }))).to_string();
    let csv: String = std::iter::once("\u{feff}Last_Name,City\r\n".to_owned())
        .chain((1..=250).map(|number| format!("\"{}\",\r\n", name(number).replace('"', "\"\""))))
        .collect();
    std::fs::write(terminal.path("leads.csv"), &csv).unwrap();
    let create = ["records", "create", "Leads", "--json"];
    for (arguments, input) in
        [(&[][..], lines.as_str()), (&[], &array), (&["--input", "csv"], &csv), (&["-d", "@leads.csv"], "")]
    {
        zoho.journal().clear();
        let ran = terminal.run_with_input(&[&create[..], arguments].concat(), input).done();
        let results = ran.json();
        assert_eq!(results.as_array().map(Vec::len), Some(250));
        assert_eq!((&results[249]["record"], &results[249]["status"]), (&json!(250), &json!("success")));
        assert_eq!(zoho.journal().count("POST /crm/v8/Leads"), 3);
        let last = results[249]["id"].as_str().unwrap();
        let read = terminal.run(&["records", "get", "Leads", last, "--fields", "Last_Name", "--json"]).done();
        assert_eq!(read.json()["Last_Name"], name(250).as_str());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_upsert_updates_what_is_there_and_creates_what_is_not() {
    let (_zoho, terminal) = logged_in().await;
    terminal
        .run(&["records", "create", "Leads", "-d", r#"{"Last_Name":"Hopper","Email":"g@example.com"}"#])
        .done();
    let given =
        r#"[{"Last_Name":"Murray","Email":"g@example.com"},{"Last_Name":"New","Email":"n@example.com"}]"#;
    let upsert = ["records", "upsert", "Leads", "--check", "Email", "-d", given, "--json"];
    let results = terminal.run(&upsert).done().json();
    assert_eq!((&results[0]["action"], &results[1]["action"]), (&json!("update"), &json!("insert")));
    let listed = terminal.run(&["records", "list", "Leads", "--fields", "Last_Name", "--json"]).done().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_listed_can_be_deleted_through_a_pipe() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 150);
    let listed = terminal.run(&["records", "list", "Leads", "--all", "--json-lines"]).done().stdout;
    let deleted =
        terminal.run_with_input(&["records", "delete", "Leads", "-d", "@-", "--csv"], &listed).done();
    assert_eq!(deleted.stdout.lines().next(), Some("record,id,status,code,message"));
    assert_eq!(deleted.stdout.lines().count(), 151);
    assert_eq!(terminal.run(&["records", "list", "Leads", "--json"]).done().json(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn invalid_input_is_reported_with_its_position_and_what_was_written() {
    let (zoho, terminal) = logged_in().await;
    let create = |input: &[&str], text: &str| {
        terminal.run_with_input(&[&["records", "create", "Leads"][..], input].concat(), text).ended(1)
    };
    let ran = create(&[], "{\"Last_Name\":\"One\"}\n{\"Last_Name\":");
    assert!(
        ran.stderr.contains("standard input is not valid JSON") && ran.stderr.contains("line 2"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("nothing was written"), "{ran:?}");
    let ran = create(&[], "[{\"Last_Name\":\"One\"},3]");
    assert!(ran.stderr.contains("record 2 of standard input is not a JSON object"), "{ran:?}");
    for line_break in ["\n", "\r\n"] {
        let ran = create(&["--input", "csv"], &"Last_Name,City\nOne,Rome\nTwo\n".replace('\n', line_break));
        let told = "standard input is not valid CSV: line 3: the row has 1 cell instead of 2";
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
    let ran = create(&["-d", "@missing.csv"], "");
    assert!(ran.stderr.contains("could not read `missing.csv`"), "{ran:?}");
    assert_eq!(zoho.journal().count("POST /crm/v8/Leads"), 0);

    let lines: String = (1..=120).map(|number| format!("{{\"Last_Name\":\"{number}\"}}\n")).collect();
    let ran = terminal.run_with_input(&["records", "create", "Leads", "--csv"], &(lines.clone() + "{]\n"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 101, "what was done is printed: {ran:?}");
    assert!(ran.stderr.contains("--skip 100"), "{ran:?}");
    terminal.run_with_input(&["records", "create", "Leads", "--skip", "100"], &lines).done();
    let listed = terminal.run(&["records", "list", "Leads", "--fields", "Last_Name", "--all", "--json"]);
    assert_eq!(listed.done().json().as_array().map(Vec::len), Some(120));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rejected_record_is_numbered_among_all_records() {
    let (_zoho, terminal) = logged_in().await;
    let lines: String = (1..=150)
        .map(
            |number| {
                if number == 121 { "{}\n".to_owned() } else { format!("{{\"Last_Name\":\"{number}\"}}\n") }
            },
        )
        .collect();
    let ran = terminal.run_with_input(&["records", "create", "Leads", "--json"], &lines);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.json()[120]["details"]["json_path"], "$.data[120].Last_Name");
    assert!(ran.stderr.contains("give the field `$.data[120].Last_Name`"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_id_can_be_a_json_number() {
    let (_zoho, terminal) = logged_in().await;
    let created = terminal.run(&["records", "create", "Leads", "-d", r#"{"Last_Name":"One"}"#, "--json"]);
    let id = created.done().json()[0]["id"].as_str().unwrap().to_owned();
    let update = format!(r#"{{"id":{id},"City":"Rome"}}"#);
    terminal.run(&["records", "update", "Leads", "-d", &update]).done();
    terminal.run(&["records", "delete", "Leads", "-d", &format!(r#"{{"id":{id}}}"#)]).done();
    let ran = terminal.run(&["records", "update", "Leads", "-d", r#"{"id":1.5,"City":"Rome"}"#]).ended(1);
    assert!(ran.stderr.contains("record 1 has no `id`"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_record_is_printed_in_every_format() {
    let (_zoho, terminal) = logged_in().await;
    let lead = r#"{"Last_Name":"Hopper, G.","City":"Rome"}"#;
    let created = terminal.run(&["records", "create", "Leads", "-d", lead, "--json"]).done().json();
    let id = created[0]["id"].as_str().unwrap();
    let get = ["records", "get", "Leads", id, "--fields", "Last_Name, City"];
    let csv = terminal.run(&[&get[..], &["--csv"]].concat()).done().stdout;
    assert_eq!(csv, format!("id,Last_Name,City\n{id},\"Hopper, G.\",Rome\n"));
    let line = terminal.run(&[&get[..], &["--json-lines"]].concat()).done();
    assert_eq!((line.stdout.lines().count(), &line.json()["City"]), (1, &json!("Rome")));
    assert_eq!(terminal.run(&[&get[..], &["--json"]].concat()).done().json(), line.json());
    assert!(terminal.run(&get).done().stdout.contains("Last_Name  Hopper, G.\n"));
    let csv = terminal.run(&["records", "get", "Leads", id, "--csv"]).done().stdout;
    assert!(csv.starts_with("id,") && csv.lines().count() == 2, "{csv}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_update_without_an_id_changes_nothing() {
    let (zoho, terminal) = logged_in().await;
    for command in ["update", "delete"] {
        let ran = terminal
            .run(&["records", command, "Leads", "-d", r#"[{"id":"1","City":"Rome"},{"City":"Oslo"}]"#])
            .ended(1);
        assert!(ran.stderr.contains("record 2 has no `id`"), "{ran:?}");
    }
    let writes = |entry: &zoho_emulator::Entry| entry.method != "GET" && entry.path.starts_with("/crm/");
    assert_eq!(zoho.journal().count_where(writes), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_write_whose_reader_closes_the_pipe_says_how_to_continue() {
    let (_zoho, terminal) = logged_in().await;
    let leads: String = (1..=450).map(|number| format!("{{\"Last_Name\":\"{number}\"}}\n")).collect();
    std::fs::write(terminal.path("leads.json"), leads).unwrap();
    let mut child = terminal.command(&["records", "create", "Leads", "-d", "@leads.json"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().is_ok());
    drop(lines);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{stderr}");
    let written = terminal.run(&["records", "count", "Leads"]).done().stdout;
    assert!(stderr.contains(&format!("--skip {}", written.trim())), "{stderr}, {written}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_write_that_is_cut_off_names_the_records_to_check() {
    let (zoho, terminal) = logged_in().await;
    let lines: String = (1..=250).map(|number| format!("{{\"Last_Name\":\"{number}\"}}\n")).collect();
    zoho.fault(Fault::on("POST /crm/v8/Leads").skip(1).forever().drop_after());
    let ran = terminal.run_with_input(&["records", "create", "Leads", "--json-lines"], &lines);
    assert_eq!((ran.code, ran.stdout.lines().count()), (1, 100), "{ran:?}");
    assert!(ran.stderr.contains("check whether records 101 to 200 were written"), "{ran:?}");
    assert!(ran.stderr.contains("if so, continue with `--skip 200`, otherwise with `--skip 100`"), "{ran:?}");
    zoho.clear_faults();
    terminal.run_with_input(&["records", "create", "Leads", "--skip", "200"], &lines).done();
    let listed = terminal.run(&["records", "list", "Leads", "--fields", "Last_Name", "--all", "--json"]);
    assert_eq!(listed.done().json().as_array().map(Vec::len), Some(250));
}
