//! The official SDKs as clients of the emulator: their own code logs in, renews and calls the CRM.
//!
//! Neither SDK needs HTTPS or one of Zoho's hosts: its environment class takes the emulator's URL for the accounts server,
//! the API and uploads. An upload names `content.zohoapis.com`, which the SDK replaces by the upload host of the environment.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};
use zoho_emulator::{Emulator, EmulatorBuilder};

use crate::login::{ADA, TOKEN_REQUEST, grant};
use crate::place::{Kind, Place};
use crate::sdk::{Language, Sdk};

/// An emulator and an SDK that is logged in there.
struct Client {
    zoho: Emulator,
    sdk: Sdk,
    place: Place,
}

impl Client {
    /// `None`: the test is skipped and has to return.
    async fn log_in(language: Language, zoho: EmulatorBuilder) -> Option<Self> {
        let place = Kind::Csv.place()?;
        let mut sdk = Sdk::start(language, &place.url)?;
        let zoho = zoho.start().await;
        sdk.log_in(&zoho.base_url(), &grant(&zoho));
        Some(Self { zoho, sdk, place })
    }

    fn call(&mut self, operation: &str, arguments: &Value) -> Value {
        self.sdk.crm(operation, arguments)
    }

    /// Creates records and returns their ids.
    fn create(&mut self, module: &str, data: &Value) -> Vec<String> {
        let results = self.call("create", &json!({ "module": module, "data": data }));
        let results = results.as_array().expect("a result for each record");
        results.iter().map(id_of).collect()
    }

    /// The fields of a record that the CRM returns.
    fn get(&mut self, module: &str, id: &str) -> Value {
        self.call("get", &json!({ "module": module, "id": id }))
    }

    /// A file in the folder of the test.
    fn file(&self, name: &str) -> PathBuf {
        self.place.path().with_file_name(name)
    }

    /// The JSON bodies that the SDK has sent with this method and path.
    fn sent(&self, method_and_path: &str) -> Vec<Value> {
        let entries = self.zoho.journal().entries();
        let to_path =
            entries.iter().filter(|entry| format!("{} {}", entry.method, entry.path) == method_and_path);
        to_path.map(|entry| serde_json::from_str(&entry.body).expect("a JSON body")).collect()
    }
}

fn id_of(result: &Value) -> String {
    assert_eq!(result["code"], "SUCCESS", "{result}");
    result["id"].as_str().expect("an id").to_owned()
}

/// The values under `key` of each element of a list.
fn each<'v>(list: &'v Value, key: &str) -> Vec<&'v Value> {
    list.as_array().expect("a list").iter().map(|one| &one[key]).collect()
}

/// The text of the only file in a ZIP.
fn unzip(path: &PathBuf) -> String {
    let mut archive = ZipArchive::new(File::open(path).unwrap()).expect("a ZIP");
    assert_eq!(archive.len(), 1);
    let mut text = String::new();
    archive.by_index(0).unwrap().read_to_string(&mut text).expect("a text");
    text
}

async fn the_sdk_renews_an_access_token_that_is_about_to_expire(language: Language) {
    // Both SDKs renew five seconds early.
    let zoho = Emulator::builder().token_lifetime(Duration::from_secs(7));
    let Some(mut client) = Client::log_in(language, zoho).await else { return };
    let first = client.sdk.access_token();
    assert_eq!(client.sdk.who_am_i(), ADA);
    assert_eq!(client.zoho.journal().count(TOKEN_REQUEST), 1);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(client.sdk.who_am_i(), ADA);
    assert_eq!(client.zoho.journal().count(TOKEN_REQUEST), 2);
    assert_ne!(client.sdk.access_token(), first);
}

async fn records_are_created_updated_by_id_and_upserted(language: Language) {
    let Some(mut client) = Client::log_in(language, Emulator::builder()).await else { return };
    let account = client.create("Accounts", &json!([{ "Account_Name": "Analytical Engines" }])).remove(0);
    let contacts = json!([
        { "Last_Name": "Byron", "Email": "ada@example.com", "Account_Name": { "id": account } },
        { "Last_Name": "Babbage", "Lead_Source": { "choice": "Partner" } },
    ]);
    let ids = client.create("Contacts", &contacts);
    let ada = client.get("Contacts", &ids[0]);
    assert_eq!((&ada["Last_Name"], &ada["Account_Name"]["id"]), (&json!("Byron"), &json!(account)));

    let changes = json!([{ "id": ids[1], "Mailing_City": "London" }]);
    let updated = client.call("update", &json!({ "module": "Contacts", "data": changes }));
    assert_eq!(id_of(&updated[0]), ids[1]);
    let charles = client.get("Contacts", &ids[1]);
    assert_eq!((&charles["Mailing_City"], &charles["Lead_Source"]), (&json!("London"), &json!("Partner")));
    let sent = &client.sent("PUT /crm/v8/Contacts")[0]["data"][0]["id"];
    assert_eq!(sent.is_u64(), language == Language::Python, "{sent}: Python sends a number");

    let data = json!([
        { "Last_Name": "Lovelace", "Email": "ada@example.com" },
        { "Last_Name": "Hopper", "Email": "grace@example.com" },
    ]);
    let upserted = client.call("upsert", &json!({ "module": "Contacts", "data": data, "check": ["Email"] }));
    assert_eq!(each(&upserted, "action"), ["update", "insert"]);
    assert_eq!(id_of(&upserted[0]), ids[0]);
    assert_eq!(client.get("Contacts", &ids[0])["Last_Name"], "Lovelace");
    let data = json!([{ "id": ids[1], "Last_Name": "Turing" }]);
    let upserted = client.call("upsert", &json!({ "module": "Contacts", "data": data, "check": ["Email"] }));
    assert_eq!((each(&upserted, "action"), id_of(&upserted[0])), (vec![&json!("update")], ids[1].clone()));
}

async fn records_are_found_and_deleted(language: Language) {
    let Some(mut client) = Client::log_in(language, Emulator::builder()).await else { return };
    let ids = client.create("Leads", &json!([
        { "Last_Name": "One", "City": "York" }, { "Last_Name": "Two", "City": "Cork" }, { "Last_Name": "Three" },
    ]));
    let found = client.call("search", &json!({ "module": "Leads", "criteria": "(City:equals:York)" }));
    assert_eq!(each(&found, "id"), [&json!(ids[0])]);
    let none = client.call("search", &json!({ "module": "Leads", "criteria": "(City:equals:Bath)" }));
    assert_eq!(none, json!([]));
    for (moment, count) in [("2020-01-01T00:00:00+00:00", 3), ("2099-01-01T00:00:00+05:30", 0)] {
        let arguments = json!({ "module": "Leads", "moment": moment, "fields": "Last_Name" });
        let modified = client.call("modified_since", &arguments);
        assert_eq!(modified.as_array().map(Vec::len), Some(count), "{moment}");
    }

    let gone = client.call("delete", &json!({ "module": "Leads", "ids": [ids[0]] }));
    assert_eq!(id_of(&gone[0]), ids[0]);
    let gone = client.call("mass_delete", &json!({ "module": "Leads", "ids": [ids[1]] }));
    assert_eq!(id_of(&gone[0]), ids[1]);
    let sent = &client.sent("POST /crm/v8/Leads/actions/mass_delete")[0]["ids"][0];
    assert_eq!(sent.is_u64(), language == Language::Python, "{sent}");
    let left = client.call("search", &json!({ "module": "Leads", "criteria": "(id:not_equal:1)" }));
    assert_eq!(each(&left, "id"), [&json!(ids[2])]);
}

async fn a_lead_is_converted_into_an_existing_account(language: Language) {
    let Some(mut client) = Client::log_in(language, Emulator::builder()).await else { return };
    let account = client.create("Accounts", &json!([{ "Account_Name": "Acme" }])).remove(0);
    let lead = client.create("Leads", &json!([{ "Last_Name": "Doe", "Company": "Another" }])).remove(0);
    let converted = client.call("convert", &json!({ "lead": lead, "account": account }));
    assert_eq!((&converted["code"], &converted["account"]["id"]), (&json!("SUCCESS"), &json!(account)));
    let accounts = client.call("search", &json!({ "module": "Accounts", "criteria": "(id:not_equal:1)" }));
    assert_eq!(each(&accounts, "id"), [&json!(account)], "no other account was made");
}

async fn files_are_attached_and_read_back(language: Language) {
    let Some(mut client) = Client::log_in(language, Emulator::builder()).await else { return };
    let lead = client.create("Leads", &json!([{ "Last_Name": "Byron" }])).remove(0);
    let of_lead = json!({ "module": "Leads", "id": lead });
    assert_eq!(client.call("attachment_names", &of_lead), json!([]));

    let path = client.file("notes on the engine.txt");
    std::fs::write(&path, "It weaves algebraic patterns.\n").unwrap();
    let attached = client.call("attach", &json!({ "module": "Leads", "id": lead, "path": path }));
    let attachment = id_of(&attached[0]);
    assert_eq!(client.call("attachment_names", &of_lead), json!(["notes on the engine.txt"]));
    let arguments = json!({ "module": "Leads", "id": lead, "attachment": attachment });
    assert_eq!(client.call("download", &arguments), "It weaves algebraic patterns.\n");
    assert_eq!(id_of(&client.call("detach", &arguments)[0]), attachment);
    assert_eq!(client.call("attachment_names", &of_lead), json!([]));
}

async fn records_are_tagged(language: Language) {
    let Some(mut client) = Client::log_in(language, Emulator::builder()).await else { return };
    let ids = client.create("Leads", &json!([{ "Last_Name": "One" }, { "Last_Name": "Two" }]));
    let made = client.call("create_tags", &json!({ "module": "Leads", "names": ["Hot"] }));
    let hot = id_of(&made[0]);
    let tagged = client.call("tag", &json!({ "module": "Leads", "ids": ids, "names": ["Hot", "New"] }));
    assert_eq!(each(&tagged, "id"), [&json!(ids[0]), &json!(ids[1])]);
    let untagged = client.call("untag", &json!({ "module": "Leads", "id": ids[0], "tag": hot }));
    assert_eq!(id_of(&untagged[0]), ids[0]);

    assert_eq!(client.zoho.journal().count("POST /crm/v8/Leads/actions/add_tags"), 1);
    let found = client.call("search", &json!({ "module": "Leads", "criteria": "(Tag:equals:Hot)" }));
    assert_eq!(each(&found, "id"), [&json!(ids[1])]);
}

async fn records_are_related_and_released(language: Language) {
    let Some(mut client) = Client::log_in(language, Emulator::builder()).await else { return };
    let lead = client.create("Leads", &json!([{ "Last_Name": "Byron" }])).remove(0);
    let products =
        client.create("Products", &json!([{ "Product_Name": "Desk" }, { "Product_Name": "Lamp" }]));
    let list = |more: Value| {
        let mut arguments = json!({ "module": "Leads", "id": lead, "list": "Products" });
        arguments.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        arguments
    };
    let related = client.call("relate", &list(json!({ "ids": products })));
    assert_eq!(each(&related, "id"), [&json!(products[0]), &json!(products[1])]);
    let listed = client.call("related", &list(json!({ "fields": "Product_Name" })));
    assert_eq!(each(&listed, "Product_Name"), ["Lamp", "Desk"]);
    let released = client.call("unrelate", &list(json!({ "ids": [products[0]] })));
    assert_eq!(id_of(&released[0]), products[0]);
    let listed = client.call("related", &list(json!({ "fields": "Product_Name" })));
    assert_eq!(each(&listed, "Product_Name"), ["Lamp"]);
}

async fn records_are_read_and_written_in_bulk(language: Language) {
    let Some(mut client) = Client::log_in(language, Emulator::builder()).await else { return };
    let (zip, result) = (client.file("leads.zip"), client.file("result.zip"));
    let mut archive = ZipWriter::new(File::create(&zip).unwrap());
    archive.start_file("leads.csv", SimpleFileOptions::default()).unwrap();
    archive.write_all(b"Last_Name,City\nOne,Cork\nTwo,York\n,Bath\n").unwrap();
    archive.finish().unwrap();

    let fields = json!(["Last_Name", "City"]);
    let arguments = json!({
        "module": "Leads", "zip": zip, "organization": "60000001", "fields": fields, "result": result,
    });
    client.call("write_in_bulk", &arguments);
    let rows: Vec<String> = unzip(&result).lines().map(str::to_owned).collect();
    assert_eq!(rows[0], "Last_Name,City,STATUS,RECORD_ID,ERRORS");
    assert!(rows[1].starts_with("One,Cork,ADDED,") && rows[2].starts_with("Two,York,ADDED,"), "{rows:?}");
    assert_eq!(rows[3], ",Bath,SKIPPED,,MANDATORY_NOT_FOUND-Last_Name");

    client.call("read_in_bulk", &json!({ "module": "Leads", "fields": fields, "result": result }));
    let csv = unzip(&result);
    let rows: Vec<&str> = csv.lines().map(|line| line.split_once(',').expect("an id").1).collect();
    assert_eq!(rows, ["Last_Name,City", "One,Cork", "Two,York"]);
}

/// Runs each test with both SDKs.
macro_rules! with_both_sdks {
    ($($test:ident),+ $(,)?) => {
        with_both_sdks!(@stamp python, Python, "needs the Python SDK", [$($test),+]);
        with_both_sdks!(@stamp node, Node, "needs the Node SDK", [$($test),+]);
    };
    (@stamp $module:ident, $language:ident, $ignored:literal, [$($test:ident),+]) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = $ignored]
                async fn $test() {
                    super::$test(crate::sdk::Language::$language).await;
                }
            )+
        }
    };
}

with_both_sdks![
    the_sdk_renews_an_access_token_that_is_about_to_expire,
    records_are_created_updated_by_id_and_upserted,
    records_are_found_and_deleted,
    a_lead_is_converted_into_an_existing_account,
    files_are_attached_and_read_back,
    records_are_tagged,
    records_are_related_and_released,
    records_are_read_and_written_in_bulk,
];
