//! Bulk reads and bulk writes.

use std::io::{Cursor, Read as _, Write as _};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};
use zoho_emulator::{Emulator, Field, Module, User};

use crate::{ADA, Reply, access_token, call, get, http, send};

/// Waits until a job has finished, and returns its details.
async fn wait(zoho: &Emulator, token: &str, path: &str) -> Value {
    for _ in 0..600 {
        let reply = get(zoho, token, path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let body = reply.json();
        let job = body.get("data").map_or(body.clone(), |data| data[0].clone());
        let state = job.get("state").or(job.get("status")).unwrap().as_str().unwrap();
        if matches!(state, "COMPLETED" | "FAILURE" | "FAILED") {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the job at {path} did not finish");
}

async fn order_read(zoho: &Emulator, token: &str, query: Value) -> Reply {
    call(zoho, token, Method::POST, "/crm/bulk/v8/read", Some(json!({ "query": query }))).await
}

/// Orders a bulk read, waits for it, and returns its details.
async fn read(zoho: &Emulator, token: &str, query: Value) -> Value {
    let created = order_read(zoho, token, query).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.json()["data"][0]["details"]["id"].as_str().unwrap().to_owned();
    wait(zoho, token, &format!("/crm/bulk/v8/read/{id}")).await
}

async fn download(zoho: &Emulator, token: &str, url: &str) -> Vec<u8> {
    let url = if url.starts_with('/') { zoho.base_url() + url } else { url.to_owned() };
    let request = http().get(url).header("Authorization", format!("Zoho-oauthtoken {token}"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-download");
    response.bytes().await.unwrap().to_vec()
}

/// The name and the lines of the only file in a ZIP.
fn unzip(zip: &[u8]) -> (String, Vec<csv::StringRecord>) {
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    assert_eq!(archive.len(), 1);
    let mut file = archive.by_index(0).unwrap();
    let name = file.name().unwrap().into_owned();
    let mut text = Vec::new();
    file.read_to_end(&mut text).unwrap();
    let lines = csv::ReaderBuilder::new().has_headers(false).from_reader(&text[..]).into_records();
    (name, lines.map(Result::unwrap).collect())
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn cells(line: &csv::StringRecord) -> Vec<&str> {
    line.iter().collect()
}

#[tokio::test]
async fn a_bulk_read_goes_through_its_states_and_produces_a_zip_with_one_csv() {
    let zoho = Emulator::builder().bulk_job_duration(Duration::from_secs(40)).start().await;
    let token = access_token(&zoho);
    zoho.add_records(ADA, "Leads", 3);
    let created = order_read(
        &zoho,
        &token,
        json!({ "module": { "api_name": "Leads" }, "fields": ["Last_Name", "Owner"] }),
    )
    .await;
    let result = &created.json()["data"][0];
    assert_eq!((created.status, &result["code"]), (201, &json!("ADDED_SUCCESSFULLY")));
    assert_eq!(
        (&result["details"]["state"], &result["details"]["operation"]),
        (&json!("ADDED"), &json!("read"))
    );
    let path = format!("/crm/bulk/v8/read/{}", result["details"]["id"].as_str().unwrap());
    let mut states = Vec::new();
    for _ in 0..5 {
        let job = get(&zoho, &token, &path).await.json()["data"][0].clone();
        states.push(job["state"].as_str().unwrap().to_owned());
        if job["state"] != "COMPLETED" {
            assert!(job.get("result").is_none());
            assert_eq!(
                get(&zoho, &token, &format!("{path}/result")).await.crm_error(),
                (400, "RESOURCE_NOT_FOUND".to_owned())
            );
        }
        zoho.advance(Duration::from_secs(10));
    }
    assert_eq!(states, ["ADDED", "QUEUED", "IN PROGRESS", "IN PROGRESS", "COMPLETED"]);

    let job = get(&zoho, &token, &path).await.json()["data"][0].clone();
    assert_eq!(job["query"]["module"]["api_name"], "Leads");
    let expected = json!({
        "page": 1, "per_page": 200_000, "count": 3, "download_url": format!("{path}/result"),
        "more_records": false, "next_page_token": null,
    });
    assert_eq!(job["result"], expected);
    let (name, lines) = unzip(&download(&zoho, &token, &format!("{path}/result")).await);
    assert_eq!(name, format!("{}.csv", job["id"].as_str().unwrap()));
    assert_eq!(cells(&lines[0]), ["id", "Last_Name", "Owner"]);
    assert_eq!((lines.len(), &lines[3][1], lines[3][2].len()), (4, "Record 3", 19));
    zoho.advance(Duration::from_secs(24 * 3600));
    assert_eq!(get(&zoho, &access_token(&zoho), &format!("{path}/result")).await.status, 400);
}

#[tokio::test]
async fn a_bulk_read_without_fields_contains_every_field_as_text() {
    let zoho = Emulator::builder()
        .module(
            Module::new("Pupils")
                .field(Field::multi_select_picklist("Colours", ["red", "blue"]))
                .field(Field::boolean("Present"))
                .field(Field::subform("Marks", [Field::integer("Points")])),
        )
        .records("Pupils", vec![json!({ "Name": "a,\"b\"\nc", "Colours": ["red", "blue"], "Present": true })])
        .start()
        .await;
    let token = access_token(&zoho);
    let job = read(&zoho, &token, json!({ "module": { "api_name": "Pupils" } })).await;
    let (_, lines) = unzip(&download(&zoho, &token, job["result"]["download_url"].as_str().unwrap()).await);
    let value = |name: &str| {
        let place = lines[0].iter().position(|header| header == name);
        place.map(|place| lines[1][place].to_owned())
    };
    assert_eq!(value("Name").as_deref(), Some("a,\"b\"\nc"));
    assert_eq!(value("Colours").as_deref(), Some("red;blue"));
    assert_eq!(value("Present").as_deref(), Some("true"));
    assert_eq!(value("Marks"), None);
}

#[tokio::test]
async fn the_criteria_of_a_bulk_read_select_and_combine() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let leads = json!({ "data": [
        { "Last_Name": "Abel", "City": "Cork", "Annual_Revenue": 10 },
        { "Last_Name": "Boyle", "City": "Cork", "Annual_Revenue": 20 },
        { "Last_Name": "Cole", "City": "Delft", "Annual_Revenue": 30 },
    ] });
    call(&zoho, &token, Method::POST, "/crm/v8/Leads", Some(leads)).await;
    let one = |field: &str, comparator: &str, value: Value| json!({ "field": { "api_name": field }, "comparator": comparator, "value": value });
    for (criteria, expected) in [
        (one("City", "equal", json!("cork")), 2),
        (one("Last_Name", "in", json!(["Abel", "Cole"])), 2),
        (one("Annual_Revenue", "between", json!([15, 25])), 1),
        (one("Last_Name", "contains", json!("o")), 2),
        (one("City", "equal", json!("${EMPTY}")), 0),
        (
            json!({ "group_operator": "and", "group": [
                one("City", "equal", json!("Cork")),
                { "group_operator": "or", "group": [one("Annual_Revenue", "greater_than", json!(15)), one("Last_Name", "equal", json!("Cole"))] },
            ] }),
            1,
        ),
    ] {
        let job =
            read(&zoho, &token, json!({ "module": { "api_name": "Leads" }, "criteria": criteria })).await;
        assert_eq!(job["result"]["count"], expected, "{criteria}");
    }
    for (criteria, code) in [
        (one("Nonsense", "equal", json!(1)), "FIELD_IN_CRITERIA_NOT_AVAILABLE"),
        (one("City", "less_than", json!("x")), "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE"),
        (one("Annual_Revenue", "equal", json!("much")), "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"),
        (
            json!({ "group_operator": "xor", "group": [one("City", "equal", json!("x"))] }),
            "GROUP_OPERATOR_NOT_SUPPORTED",
        ),
        (json!({}), "INVALID_CRITERIA"),
    ] {
        let query = json!({ "module": { "api_name": "Leads" }, "criteria": criteria });
        assert_eq!(order_read(&zoho, &token, query).await.crm_error(), (400, code.to_owned()));
    }
}

#[tokio::test]
async fn an_invalid_bulk_read_is_rejected_immediately() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let leads = json!({ "api_name": "Leads" });
    for (body, code) in [
        (json!({ "query": { "module": { "api_name": "Nonsense" } } }), "MODULE_NOT_AVAILABLE"),
        (json!({ "query": { "module": leads, "fields": ["Nonsense"] } }), "FIELD_NOT_AVAILABLE"),
        (json!({ "query": { "module": leads, "page": 51 } }), "PAGE_RANGE_EXCEEDED"),
        (json!({ "query": { "module": leads, "page_token": "x" } }), "INVALID_REQUEST"),
        (json!({ "query": { "module": leads }, "file_type": "ics" }), "NOT_SUPPORTED_FEATURE"),
        (
            json!({ "query": { "module": leads }, "callback": { "url": "http://x/", "method": "get" } }),
            "INVALID_CALLBACK_METHOD",
        ),
        (
            json!({ "query": { "module": leads }, "callback": { "url": "x", "method": "post" } }),
            "INVALID_CALLBACK_URL",
        ),
    ] {
        let reply = call(&zoho, &token, Method::POST, "/crm/bulk/v8/read", Some(body)).await;
        assert_eq!(reply.crm_error(), (400, code.to_owned()));
    }
    assert_eq!(
        get(&zoho, &token, "/crm/bulk/v8/read/77").await.crm_error(),
        (404, "RESOURCE_NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn fail_next_bulk_job_makes_one_job_fail() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.fail_next_bulk_job();
    let module = json!({ "module": { "api_name": "Leads" } });
    let job = read(&zoho, &token, module.clone()).await;
    assert_eq!(
        (&job["state"], &job["result"]["error_message"]["code"]),
        (&json!("FAILURE"), &json!("INTERNAL_ERROR"))
    );
    assert_eq!(read(&zoho, &token, module).await["state"], "COMPLETED");
}

#[tokio::test]
async fn a_job_reads_two_hundred_thousand_rows_and_a_page_token_the_rest() {
    let zoho = Emulator::start().await;
    zoho.add_records(ADA, "Leads", 200_001);
    let token = access_token(&zoho);
    let started = Instant::now();
    let query = json!({ "module": { "api_name": "Leads" }, "fields": ["Last_Name", "Created_Time"] });
    let job = read(&zoho, &token, query.clone()).await;
    assert_eq!((&job["result"]["count"], &job["result"]["more_records"]), (&json!(200_000), &json!(true)));
    let (_, lines) = unzip(&download(&zoho, &token, job["result"]["download_url"].as_str().unwrap()).await);
    assert_eq!((lines.len(), &lines[200_000][1]), (200_001, "Record 200000"));
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());

    let next = json!({ "module": { "api_name": "Leads" }, "page_token": job["result"]["next_page_token"] });
    let by_token = read(&zoho, &token, next).await;
    let by_page = read(&zoho, &token, json!({ "module": { "api_name": "Leads" }, "page": 2 })).await;
    assert_eq!((&by_token["result"]["count"], &by_page["result"]["count"]), (&json!(1), &json!(1)));
    assert_eq!(by_token["result"]["more_records"], false);
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
