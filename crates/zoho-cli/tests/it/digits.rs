//! Numbers keep their digits: in JSON and CSV, as input and as output.

use crate::support::logged_in;

/// Numbers that an `f64`, or `serde_json`, changes. As the name of a deal, each is also a text.
const AMOUNTS: [&str; 4] = ["104.83900000000001", "999999999999999.99", "12.50", "9007199254740993"];

fn as_json(amount: &str) -> String {
    format!(r#"{{"Deal_Name":"{amount}","Stage":"Qualification","Amount":{amount}}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn amounts_are_exact_from_json_and_csv_to_json_and_csv() {
    let (zoho, terminal) = logged_in().await;
    let json = format!("[{}]", AMOUNTS.map(as_json).join(","));
    let csv = AMOUNTS.map(|amount| format!("{amount},Qualification,{amount}\n")).concat();
    for (input, data) in [("json", json), ("csv", format!("Deal_Name,Stage,Amount\n{csv}"))] {
        let create = ["records", "create", "Deals", "-d", "@-", "--input", input, "--csv"];
        let created = terminal.run_with_input(&create, &data).done().stdout;
        let ids: Vec<&str> = created.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
        let list = ["records", "list", "Deals", "--fields", "Deal_Name,Amount"];
        let query = ["coql", "select Deal_Name, Amount from Deals where id is not null"];
        for command in [&list[..], &query[..]] {
            let lines = terminal.run(&[command, &["--json-lines"]].concat()).done().stdout;
            let array = terminal.run(&[command, &["--json"]].concat()).done().stdout;
            let table = terminal.run(&[command, &["--csv"]].concat()).done().stdout;
            for amount in AMOUNTS {
                let in_json = format!(r#""Deal_Name":"{amount}","Amount":{amount}"#);
                assert!(lines.contains(&in_json) && array.contains(&in_json), "{input} {lines}");
                assert!(table.contains(&format!("{amount},{amount}")), "{input} {table}");
            }
        }
        terminal.run(&[&["records", "delete", "Deals"][..], &ids].concat()).done();
    }
    let bodies: String = zoho.journal().entries().into_iter().map(|entry| entry.body).collect();
    for amount in AMOUNTS {
        assert_eq!(bodies.matches(&format!(r#""Amount":{amount}"#)).count(), 2, "{amount} in {bodies}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_body_of_zoho_api_is_sent_byte_for_byte() {
    let (zoho, terminal) = logged_in().await;
    let body = "{ \"data\" : [ {\"Deal_Name\":\"caf\\u00e9\", \"Stage\":\"Qualification\",\n  \"Amount\": 104.83900000000001} ] }\n";
    terminal.run(&["api", "POST", "/crm/v8/Deals", "-d", body]).done();
    terminal.run_with_input(&["api", "POST", "/crm/v8/Deals", "-d", "@-"], body).done();
    let sent: Vec<String> = zoho
        .journal()
        .entries()
        .into_iter()
        .filter(|entry| entry.path == "/crm/v8/Deals")
        .map(|entry| entry.body)
        .collect();
    assert_eq!(sent, [body, body]);
    let read = terminal.run(&["api", "GET", "/crm/v8/Deals", "-q", "fields=Amount"]).done().stdout;
    assert!(read.contains(r#""Amount":104.83900000000001"#), "{read}");
    let ran = terminal.run(&["api", "POST", "/crm/v8/Deals", "-d", "{\"data\":[1.]}"]).ended(1);
    assert!(ran.stderr.contains("JSON"), "{}", ran.stderr);
}
