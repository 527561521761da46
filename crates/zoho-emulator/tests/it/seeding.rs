//! Seeding an emulator with many records.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zoho_emulator::Emulator;

use crate::{access_token, call, get, values};

fn leads(count: usize) -> Vec<Value> {
    let lead = |number: usize| {
        json!({
            "Last_Name": format!("Lead {number}"), "First_Name": "Ada", "Email": format!("lead{number}@example.com"),
            "Company": "Zylker", "City": "York", "No_of_Employees": number, "Lead_Status": "Contacted",
        })
    };
    (1..=count).map(lead).collect()
}

#[tokio::test]
async fn seeded_records_are_stored_as_given() {
    let mut record = json!({ "id": "7", "Last_Name": 7, "Created_Time": "2020-01-01T00:00:00+00:00" });
    record["Modified_Time"] = json!("2021-01-01T00:00:00+00:00");
    let zoho = Emulator::builder().records("Leads", vec![record, json!("no record")]).start().await;
    let body = get(&zoho, &access_token(&zoho), "/crm/v8/Leads?fields=Last_Name,Created_Time,Modified_Time")
        .await
        .json();
    assert_eq!(body["info"]["count"], 1);
    let record = &body["data"][0];
    assert_ne!(record["id"], "7");
    assert_eq!(
        (&record["Last_Name"], &record["Created_Time"]),
        (&json!(7), &json!("2020-01-01T00:00:00+00:00"))
    );
    assert_eq!(record["Modified_Time"], "2021-01-01T00:00:00+00:00");
}

#[tokio::test]
async fn records_for_an_unknown_module_are_an_error() {
    let error = Emulator::builder().records("Nope", leads(1)).try_start().await.unwrap_err();
    assert!(error.to_string().contains("`Nope`"), "{error}");
}

/// A page deep in a long list takes as long as one at its start. The fastest of several pages counts, since a busy
/// machine slows down single ones.
#[tokio::test]
async fn a_page_takes_the_same_time_wherever_it_is_in_the_list() {
    let zoho = Emulator::builder().records("Leads", leads(50_000)).start().await;
    let token = access_token(&zoho);
    let first = "/crm/v8/Leads?fields=Last_Name,Email,City&sort_order=asc";
    let (mut path, mut next, mut times) = (first.to_owned(), 1, Vec::new());
    for _ in 0..20 {
        let started = Instant::now();
        let reply = get(&zoho, &token, &path).await;
        times.push(started.elapsed());
        for name in values(&reply, "Last_Name") {
            assert_eq!(name, json!(format!("Lead {next}")));
            next += 1;
        }
        let page_token = reply.json()["info"]["next_page_token"].as_str().unwrap().to_owned();
        path = format!("{first}&page_token={page_token}");
    }
    let (early, late) = times.split_at(10);
    assert!(late.iter().min() < early.iter().min().map(|time| *time * 20).as_ref(), "{times:?}");
}

#[tokio::test]
async fn an_upsert_finds_its_record_among_many() {
    let zoho = Emulator::builder().records("Leads", leads(50_000)).start().await;
    let token = access_token(&zoho);
    let record = |number: usize| json!({ "Last_Name": "New", "Email": format!("LEAD{number}@example.com") });
    let data: Vec<Value> = (49_901..=50_000).map(record).collect();
    let started = Instant::now();
    let reply =
        call(&zoho, &token, reqwest::Method::POST, "/crm/v8/Leads/upsert", Some(json!({ "data": data })))
            .await;
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert!(values(&reply, "action").iter().all(|action| action == "update"));
    assert_eq!(get(&zoho, &token, "/crm/v8/Leads/actions/count").await.json()["count"], 50_000);
}
