//! `zoho fields`, `zoho schema`, and how fields determine the types of CSV cells.

use serde_json::json;
use zoho_emulator::{Emulator, Field, Module};

use crate::support::{ADA, Terminal, logged_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_fields_of_a_module_are_listed_with_their_kinds_and_values() {
    let (_zoho, terminal) = logged_in().await;
    let table = terminal.run(&["fields", "Leads"]).done().stdout;
    let heading: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["api_name", "field_label", "data_type", "required", "pick_list_values"]);
    let line = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("Last_Name").contains("text") && line("Last_Name").contains("true"), "{table}");
    assert!(line("Rating").contains("Acquired;Active"), "{table}");
    let fields = terminal.run(&["fields", "Contacts", "--json"]).done().json();
    let account =
        fields.as_array().unwrap().iter().find(|field| field["api_name"] == "Account_Name").unwrap();
    assert_eq!(
        (&account["data_type"], &account["lookup"]["api_name"]),
        (&json!("lookup"), &json!("Accounts"))
    );
    assert!(terminal.run(&["fields", "Leads", "--csv"]).done().stdout.starts_with("api_name,"));
    terminal.run(&["fields", "Nothing_Here"]).ended(3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_struct_of_a_module_is_rust() {
    let (_zoho, terminal) = logged_in().await;
    let code = terminal.run(&["schema", "Leads"]).done().stdout;
    assert!(code.contains("pub struct Leads {") && code.contains("pub last_name: Option<String>,"), "{code}");
    terminal.run(&["schema", "Nothing_Here"]).ended(3);
}

async fn with_students() -> (Emulator, Terminal) {
    let (zoho, terminal) = logged_in().await;
    let module = Module::new("Pupils")
        .field(Field::text("Name").mandatory())
        .field(Field::integer("Age"))
        .field(Field::number("Grade"))
        .field(Field::boolean("Enrolled"))
        .field(Field::phone("Phone"))
        .field(Field::date("Birthday"))
        .field(Field::multi_select_picklist("Languages", ["en", "fr", "de"]))
        .field(Field::lookup("Account", "Accounts"));
    zoho.add_module(module);
    (zoho, terminal)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn cells_of_csv_are_converted_to_the_types_of_their_fields() {
    let (_zoho, terminal) = with_students().await;
    let account =
        terminal.run(&["records", "create", "Accounts", "-d", r#"{"Account_Name":"Acme"}"#, "--json"]);
    let account = account.done().json()[0]["id"].as_str().unwrap().to_owned();
    let csv = format!(
        "Name,Age,Grade,Enrolled,Phone,Birthday,Languages,Account\n\
         007,36,1.5,TRUE,0049,1815-12-10,en;fr,{account}\n\
         Ada,,,,,,,\n"
    );
    let created = terminal.run_with_input(&["records", "create", "Pupils", "--input", "csv", "--json"], &csv);
    let created = created.done().json();
    let get = |index: usize| {
        terminal
            .run(&["records", "get", "Pupils", created[index]["id"].as_str().unwrap(), "--json"])
            .done()
            .json()
    };
    let first = get(0);
    assert_eq!((&first["Name"], &first["Phone"]), (&json!("007"), &json!("0049")), "texts stay texts");
    assert_eq!((&first["Age"], &first["Grade"], &first["Enrolled"]), (&json!(36), &json!(1.5), &json!(true)));
    assert_eq!((&first["Birthday"], &first["Languages"]), (&json!("1815-12-10"), &json!(["en", "fr"])));
    assert_eq!(first["Account"]["id"], account.as_str());
    assert!(get(1)["Age"].is_null());

    // An empty cell leaves its field alone.
    let id = created[0]["id"].as_str().unwrap();
    let csv = format!("id,Age,Grade\n{id},37,\n");
    terminal.run_with_input(&["records", "update", "Pupils", "--input", "csv"], &csv).done();
    assert_eq!((&get(0)["Age"], &get(0)["Grade"]), (&json!(37), &json!(1.5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_cell_of_the_wrong_type_is_rejected_by_zoho() {
    let (_zoho, terminal) = with_students().await;
    let csv = "Name,Age\nAda,many\nGrace,85\n";
    let ran = terminal.run_with_input(&["records", "create", "Pupils", "--input", "csv"], csv);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("record 1") && ran.stderr.contains("Age"), "{ran:?}");
    assert_eq!(terminal.run(&["records", "count", "Pupils"]).done().stdout, "1\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_column_that_is_not_a_field_is_an_error_before_anything_is_written() {
    let (zoho, terminal) = with_students().await;
    let csv = "Name,Agee\nAda,36\n";
    let ran = terminal.run_with_input(&["records", "create", "Pupils", "--input", "csv"], csv).ended(1);
    assert!(ran.stderr.contains("module `Pupils` has no field `Agee`"), "{ran:?}");
    assert_eq!(zoho.journal().count("POST /crm/v8/Pupils"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_the_scope_for_fields_csv_is_an_error_and_json_is_not() {
    let (zoho, terminal) = logged_in().await;
    terminal.run(&["tokens", "delete", "--all"]).done();
    let client = zoho.default_client();
    let scopes = "ZohoCRM.modules.ALL,ZohoCRM.users.READ,ZohoCRM.org.READ";
    let code = zoho.self_client_code_with_scopes(client.id(), ADA, scopes);
    terminal.run(&["login", "--code", &code]).done();
    let create = ["records", "create", "Leads"];
    let csv = terminal.run_with_input(&[&create[..], &["--input", "csv"]].concat(), "Last_Name\nHopper\n");
    let csv = csv.ended(1);
    assert!(csv.stderr.contains("ZohoCRM.settings.fields.READ") && csv.stderr.contains("JSON"), "{csv:?}");
    terminal.run_with_input(&create, r#"{"Last_Name":"Hopper"}"#).done();
}
