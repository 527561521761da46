//! Bulk writes: the upload, the results of rows, and invalid orders.

use std::io::{Cursor, Write as _};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;
use zoho_emulator::{Emulator, User};

use super::{cells, download, unzip, wait};
use crate::{ADA, Reply, access_token, call, get, http, send};

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Uploads a file with the headers that the content host requires.
async fn upload(zoho: &Emulator, token: &str, file: Vec<u8>, headers: &[(&str, &str)]) -> Reply {
    let form = Form::new().part("file", Part::bytes(file).file_name("leads.zip"));
    let mut request = http()
        .post(zoho.base_url() + "/crm/v8/upload")
        .header("Authorization", format!("Zoho-oauthtoken {token}"))
        .multipart(form);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request).await
}

const HEADERS: [(&str, &str); 2] = [("feature", "bulk-write"), ("X-CRM-ORG", "60000001")];

/// Uploads a CSV, orders a bulk write, waits for it, and returns its details and the lines of its result.
async fn write(zoho: &Emulator, token: &str, csv: &str, order: Value) -> (Value, Vec<csv::StringRecord>) {
    let uploaded = upload(zoho, token, zip(&[("data.csv", csv)]), &HEADERS).await.json();
    assert_eq!(uploaded["code"], "FILE_UPLOAD_SUCCESS");
    let mut order = order;
    order["resource"][0]["file_id"] = uploaded["details"]["file_id"].clone();
    let created = call(zoho, token, Method::POST, "/crm/bulk/v8/write", Some(order)).await;
    assert_eq!((created.status, &created.json()["code"]), (201, &json!("SUCCESS")), "{}", created.text);
    let id = created.json()["details"]["id"].as_str().unwrap().to_owned();
    let job = wait(zoho, token, &format!("/crm/bulk/v8/write/{id}")).await;
    let url = job["result"]["download_url"].as_str().map(str::to_owned);
    let lines = match url {
        Some(url) => unzip(&download(zoho, token, &url).await).1,
        None => Vec::new(),
    };
    (job, lines)
}

fn mapped(operation: &str, module: &str, fields: &[&str]) -> Value {
    let mappings = fields.iter().enumerate().map(|(index, name)| json!({ "api_name": name, "index": index }));
    let resource = json!({
        "type": "data", "module": { "api_name": module }, "field_mappings": mappings.collect::<Vec<_>>(),
    });
    json!({ "operation": operation, "resource": [resource] })
}

#[tokio::test]
async fn a_bulk_write_adds_rows_and_reports_the_result_of_each() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let csv = "Name,Revenue,Mail,Town\nBoyle,12.5,b@example.com,Cork\n,1,x@example.com,\nAbel,much,,Delft\n";
    let order = mapped("insert", "Leads", &["Last_Name", "Annual_Revenue", "Email", "City"]);
    let mut order = order;
    order["resource"][0]["field_mappings"][3]["format"] = json!("yyyy-MM-dd");
    let (job, lines) = write(&zoho, &token, csv, order).await;
    assert_eq!((&job["status"], &job["operation"]), (&json!("COMPLETED"), &json!("insert")));
    let file = json!({
        "status": "COMPLETED", "name": "data.csv", "added_count": 1, "updated_count": 0, "skipped_count": 2, "total_count": 3,
    });
    assert_eq!(
        (&job["resource"][0]["file"], &job["resource"][0]["module"]["api_name"]),
        (&file, &json!("Leads"))
    );
    assert_eq!(cells(&lines[0]), ["Name", "Revenue", "Mail", "STATUS", "RECORD_ID", "ERRORS"]);
    let id = &lines[1][4];
    assert_eq!(cells(&lines[1]), ["Boyle", "12.5", "b@example.com", "ADDED", id, ""]);
    assert_eq!(cells(&lines[2]), ["", "1", "x@example.com", "SKIPPED", "", "MANDATORY_NOT_FOUND-Last_Name"]);
    assert_eq!(&lines[3][5], "INVALID_DATA-Revenue");
    let record = get(&zoho, &token, &format!("/crm/v8/Leads/{id}")).await.json();
    assert_eq!(
        (&record["data"][0]["Annual_Revenue"], &record["data"][0]["City"]),
        (&json!(12.5), &json!("Cork"))
    );
}

#[tokio::test]
async fn a_bulk_write_updates_and_upserts_by_a_field() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let leads = json!({ "data": [{ "Last_Name": "Boyle", "Email": "b@example.com", "City": "Cork" }] });
    call(&zoho, &token, Method::POST, "/crm/v8/Leads", Some(leads)).await;
    let csv = "Email;City\nb@example.com;Delft\nnobody@example.com;Cork\n";
    let mut order = mapped("update", "Leads", &["Email", "City"]);
    order["resource"][0]["find_by"] = json!("Email");
    let (job, lines) = write(&zoho, &token, csv, order).await;
    assert_eq!(job["resource"][0]["file"]["updated_count"], 1);
    assert_eq!((&lines[1][2], &lines[2][4]), ("UPDATED", "RESOURCE_NOT_FOUND-Email"));

    let csv = "Email,Last_Name,City\nb@example.com,Boyle,\nnew@example.com,Newman,Cork\n";
    let mut order = mapped("upsert", "Leads", &["Email", "Last_Name", "City"]);
    order["resource"][0]["find_by"] = json!("Email");
    order["resource"][0]["ignore_empty"] = json!(true);
    let (_, lines) = write(&zoho, &token, csv, order).await;
    assert_eq!((&lines[1][3], &lines[2][3]), ("UPDATED", "ADDED"));
    let record = get(&zoho, &token, &format!("/crm/v8/Leads/{}", &lines[1][4])).await.json();
    assert_eq!(record["data"][0]["City"], "Delft");
}

#[tokio::test]
async fn a_bulk_write_applies_defaults_and_resolves_lookups() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let account = json!({ "data": [{ "Account_Name": "Zylker" }] });
    call(&zoho, &token, Method::POST, "/crm/v8/Accounts", Some(account)).await;
    let mut order = mapped("insert", "Contacts", &["Last_Name", "Account_Name"]);
    let mappings = order["resource"][0]["field_mappings"].as_array_mut().unwrap();
    mappings[1]["find_by"] = json!("Account_Name");
    mappings.push(json!({ "api_name": "Department", "default_value": { "value": "Sales" } }));
    let (_, lines) = write(&zoho, &token, "a,b\nBoyle,Zylker\nAbel,Nobody\n", order).await;
    assert_eq!((&lines[1][2], &lines[2][4]), ("ADDED", "INVALID_DATA-b"));
    let record = get(&zoho, &token, &format!("/crm/v8/Contacts/{}", &lines[1][3])).await.json();
    assert_eq!(record["data"][0]["Account_Name"]["name"], "Zylker");
    assert_eq!(record["data"][0]["Department"], "Sales");
}

#[tokio::test]
async fn the_header_names_the_fields_if_there_are_no_mappings() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let order =
        json!({ "operation": "insert", "resource": [{ "type": "data", "module": { "api_name": "Leads" } }] });
    let (job, lines) = write(&zoho, &token, "Last_Name|City\nBoyle|Cork\n", order).await;
    assert_eq!((&job["resource"][0]["file"]["added_count"], &lines[1][2]), (&json!(1), "ADDED"));
}

#[tokio::test]
async fn an_upload_checks_headers_format_size_and_scope() {
    let zoho = Emulator::builder().user(User::new(ADA)).start().await;
    let token = access_token(&zoho);
    let good = zip(&[("data.csv", "Last_Name\nBoyle\n")]);
    for headers in [&HEADERS[..1], &HEADERS[1..], &[("feature", "bulk-write"), ("X-CRM-ORG", "1")]] {
        let reply = upload(&zoho, &token, good.clone(), headers).await;
        assert_eq!(reply.status, 400);
        let said = &reply.json()["x-error"];
        assert_eq!(*said, "check if headers [feature, X-CRM-ORG] are present and valid");
    }
    let reply = upload(&zoho, &token, good.clone(), &[("feature", "nonsense"), HEADERS[1]]).await;
    assert_eq!(reply.crm_error(), (200, "NOT_SUPPORTED_FEATURE".to_owned()));
    let reply = upload(&zoho, &token, b"Last_Name\nBoyle\n".to_vec(), &HEADERS).await;
    assert_eq!(reply.crm_error(), (200, "INVALID_FILE_FORMAT".to_owned()));
    let reply = upload(&zoho, &token, vec![0; (25 << 20) + 1], &HEADERS).await;
    assert_eq!(reply.crm_error(), (413, "FILE_TOO_LARGE".to_owned()));
    let scopes = "ZohoCRM.bulk.ALL,ZohoCRM.modules.ALL";
    let weak = zoho.grant_refresh_token_with_scopes(zoho.default_client().id(), ADA, scopes);
    let reply = upload(&zoho, &zoho.issue_access_token(&weak), good, &HEADERS).await;
    assert_eq!(reply.crm_error(), (401, "OAUTH_SCOPE_MISMATCH".to_owned()));
}

#[tokio::test]
async fn an_invalid_bulk_write_is_rejected_or_fails() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let uploaded = upload(&zoho, &token, zip(&[("data.csv", "a\nb\n")]), &HEADERS).await.json();
    let file_id = uploaded["details"]["file_id"].clone();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut order = mapped("insert", "Leads", &["Last_Name"]);
        order["resource"][0]["file_id"] = file_id.clone();
        change(&mut order);
        order
    };
    for (order, code) in [
        (with(&|order| order["operation"] = Value::Null), "MISSING_REQUIRED_KEY"),
        (with(&|order| order["resource"] = json!([])), "MISSING_REQUIRED_KEY"),
        (
            with(&|order| order["resource"][0]["module"]["api_name"] = json!("Nonsense")),
            "MODULE_NOT_AVAILABLE",
        ),
        (with(&|order| order["resource"][0]["file_id"] = json!("1")), "INVALID_FILE_ID"),
        (
            with(&|order| order["resource"][0]["field_mappings"][0]["api_name"] = json!("x")),
            "INVALID_FIELD_NAME",
        ),
        (
            with(&|order| order["resource"][0]["field_mappings"][0]["index"] = Value::Null),
            "MISSING_REQUIRED_KEY",
        ),
        (
            with(&|order| order["resource"][0]["field_mappings"][0]["api_name"] = json!("City")),
            "MANDATORY_FIELDS_NOT_MAPPED",
        ),
        (with(&|order| order["operation"] = json!("update")), "MISSING_REQUIRED_KEY"),
        (
            with(&|order| order["resource"][0]["field_mappings"][0]["format"] = json!(["yyyy-MM-dd"])),
            "INVALID_DATA",
        ),
    ] {
        let reply = call(&zoho, &token, Method::POST, "/crm/bulk/v8/write", Some(order)).await;
        assert_eq!(reply.crm_error(), (400, code.to_owned()));
    }
    let long = "Last_Name\n".to_owned() + &"x\n".repeat(25_001);
    for (csv, index, code) in
        [(long.as_str(), 0, "LIMIT_EXCEEDED"), ("Last_Name\nx\n", 7, "COLUMN_INDEX_NOT_FOUND")]
    {
        let mut order = mapped("insert", "Leads", &["Last_Name"]);
        order["resource"][0]["field_mappings"][0]["index"] = json!(index);
        let (job, _) = write(&zoho, &token, csv, order).await;
        assert_eq!((&job["status"], &job["resource"][0]["code"]), (&json!("FAILED"), &json!(code)));
    }
    zoho.fail_next_bulk_job();
    let (job, _) = write(&zoho, &token, "Last_Name\nx\n", mapped("insert", "Leads", &["Last_Name"])).await;
    assert_eq!(job["status"], "FAILED");
}

#[tokio::test]
async fn one_job_writes_the_maximum_number_of_rows() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let rows: String = (1..=25_000).map(|row| format!("Lead {row},lead{row}@example.com\n")).collect();
    let order = mapped("insert", "Leads", &["Last_Name", "Email"]);
    let (job, lines) = write(&zoho, &token, &format!("Last_Name,Email\n{rows}"), order).await;
    assert_eq!((&job["resource"][0]["file"]["added_count"], lines.len()), (&json!(25_000), 25_001));
}
