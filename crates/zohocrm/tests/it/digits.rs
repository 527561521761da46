//! Numbers keep their digits on every way to Zoho and back.

use serde::{Deserialize, Serialize};
use zoho_emulator::Fault;
use zohocrm::{Criteria, FileField, Lookup, Method, Number, Record, Select, SubRequest};

use crate::support::{LoggedIn, logged_in};

/// Numbers that an `f64`, or `serde_json`, changes. As the name of a deal, each is also a text.
const AMOUNTS: [&str; 5] =
    ["104.83900000000001", "999999999999999.99", "12.50", "9007199254740993", "0.10000000000000000001"];

/// A deal as a program declares it.
#[derive(Debug, Serialize, Deserialize)]
struct Deal {
    #[serde(rename = "Deal_Name")]
    name: String,
    #[serde(rename = "Stage", default)]
    stage: String,
    #[serde(rename = "Amount")]
    amount: Number,
}

impl Deal {
    fn of(amount: &str) -> Self {
        Self { name: amount.to_owned(), stage: "Qualification".to_owned(), amount: amount.parse().unwrap() }
    }
}

fn record(amount: &str) -> Record {
    Record::from_serialize(&Deal::of(amount)).unwrap()
}

/// Whether each deal has the amount that its name says.
fn assert_records_are_exact(deals: &[Record]) {
    assert_eq!(deals.len(), AMOUNTS.len());
    for deal in deals {
        let amount = deal.number("Amount").unwrap();
        assert_eq!(Some(amount.as_str()), deal.text("Deal_Name"));
    }
}

fn assert_deals_are_exact(deals: &[Deal]) {
    assert_eq!(deals.len(), AMOUNTS.len());
    for deal in deals {
        assert_eq!(deal.amount.as_str(), deal.name);
    }
}

async fn with_deals() -> LoggedIn {
    let ada = logged_in().await;
    for written in ada.crm.records("Deals").create(AMOUNTS.map(record)).await.unwrap() {
        written.unwrap();
    }
    ada
}

/// The bodies that Zoho received.
fn sent(ada: &LoggedIn, path: &str) -> String {
    let entries = ada.zoho.journal().entries().into_iter().filter(|entry| entry.path == path);
    entries.map(|entry| entry.body).collect()
}

#[tokio::test]
async fn amounts_are_exact_in_lists_and_streams_of_records_and_of_structs() {
    let ada = with_deals().await;
    let list = || ada.crm.records("Deals").list().fields(["Deal_Name", "Amount"]);
    assert_records_are_exact(&list().send().await.unwrap().records);
    assert_records_are_exact(&list().stream().collect_up_to(10).await.unwrap());
    assert_deals_are_exact(&list().send_as::<Deal>().await.unwrap().records);
    assert_deals_are_exact(&list().stream_as::<Deal>().collect_up_to(10).await.unwrap());
}

#[tokio::test]
async fn amounts_are_sent_with_their_digits_by_create_update_and_upsert() {
    let ada = logged_in().await;
    let deals = ada.crm.records("Deals");
    for amount in AMOUNTS {
        let id = deals.create_one(Deal::of(amount)).await.unwrap().id().unwrap().to_owned();
        deals.update_one(&id, Deal::of(amount)).await.unwrap();
        deals.update([record(amount).with("id", id.as_str())]).await.unwrap()[0].as_ref().unwrap();
        deals.upsert([record(amount)]).await.unwrap()[0].as_ref().unwrap();
        for path in ["/crm/v8/Deals", "/crm/v8/Deals/upsert", &format!("/crm/v8/Deals/{id}")] {
            assert!(sent(&ada, path).contains(&format!(r#""Amount":{amount}"#)), "{path} {amount}");
        }
    }
}

#[tokio::test]
async fn a_query_finds_and_returns_exact_amounts() {
    let ada = with_deals().await;
    let all = ada.crm.coql("select Deal_Name, Amount from Deals where id is not null");
    assert_records_are_exact(&all.send().await.unwrap().records);
    assert_deals_are_exact(&all.stream_as::<Deal>().collect_up_to(10).await.unwrap());
    for amount in AMOUNTS {
        let is_equal = Criteria::field("Amount").equals(amount.parse::<Number>().unwrap());
        let query = Select::fields(["Deal_Name", "Amount"]).from("Deals").filter(is_equal.clone());
        let found = ada.crm.coql(query).send().await.unwrap().into_inner().records;
        assert_eq!(found.iter().filter_map(|deal| deal.text("Deal_Name")).collect::<Vec<_>>(), [amount]);
        assert_eq!(is_equal.to_text().unwrap(), format!("(Amount:equals:{amount})"));
        let json = is_equal.to_json().unwrap().to_string();
        assert!(json.contains(&format!(r#""value":{amount}"#)), "{json}");
    }
}

#[cfg(feature = "bulk")]
#[tokio::test]
async fn bulk_jobs_write_and_read_exact_amounts() {
    use std::time::Duration;
    use zohocrm::bulk::Polling;

    let ada = logged_in().await;
    let quick =
        Polling::new().first_interval(Duration::from_millis(20)).max_interval(Duration::from_millis(60));
    let of_csv: String = AMOUNTS.map(|amount| format!("{amount},Qualification,{amount}\n")).concat();
    for batches in [
        ada.crm.bulk_write("Deals").polling(quick.clone()).records(AMOUNTS.map(Deal::of)),
        ada.crm.bulk_write("Deals").polling(quick.clone()).records(AMOUNTS.map(record)),
        ada.crm
            .bulk_write("Deals")
            .polling(quick.clone())
            .csv_text(format!("Deal_Name,Stage,Amount\n{of_csv}")),
    ] {
        let mut batches = batches;
        let job = batches.next().await.unwrap().unwrap().start().await.unwrap();
        for row in job.rows().await.unwrap().collect_up_to(10).await.unwrap() {
            assert_eq!(row.errors, []);
            ada.crm.records("Deals").delete([row.record_id.unwrap()]).await.unwrap();
        }
    }
    ada.crm.records("Deals").create(AMOUNTS.map(Deal::of)).await.unwrap();
    let read = ada.crm.bulk_read("Deals").fields(["Deal_Name", "Stage", "Amount"]).polling(quick);
    let job = read.start().await.unwrap();
    assert_records_are_exact(&job.rows().await.unwrap().collect_up_to(10).await.unwrap());
    assert_deals_are_exact(&job.rows_as::<Deal>().await.unwrap().collect_up_to(10).await.unwrap());
}

#[tokio::test]
async fn a_composite_call_carries_exact_amounts() {
    let ada = logged_in().await;
    for amount in AMOUNTS {
        let body = zohocrm::Map::from_iter([("data", vec![record(amount)])]);
        let create = SubRequest::new("create", Method::Post, "/crm/v8/Deals").json(body);
        let id = SubRequest::result_of("create", "$.data[0].details.id");
        let read = SubRequest::new("read", Method::Get, format!("/crm/v8/Deals/{id}"));
        let responses =
            ada.crm.composite().add(create).add(read).parallel_execution(false).send().await.unwrap();
        let text = String::from_utf8_lossy(responses.get("read").unwrap().body()).into_owned();
        assert!(text.contains(&format!(r#""Amount":{amount}"#)), "{text}");
    }
}

#[tokio::test]
async fn a_json_text_is_sent_byte_for_byte() {
    let ada = logged_in().await;
    let text = "{ \"data\": [ {\"Deal_Name\":\"caf\\u00e9\", \"Stage\":\"Qualification\", \"Amount\": 104.83900000000001} ] }\n";
    ada.crm.request(Method::Post, "/crm/v8/Deals").json_text(text).send().await.unwrap();
    assert_eq!(sent(&ada, "/crm/v8/Deals"), text);
}

#[tokio::test]
async fn members_without_a_field_keep_their_digits() {
    let lookup: Lookup = serde_json::from_str(r#"{"id":"1","Rate":12.5,"Big":9007199254740993}"#).unwrap();
    assert_eq!(serde_json::to_string(&lookup).unwrap(), r#"{"id":"1","Rate":12.5,"Big":9007199254740993}"#);
    let file: FileField = serde_json::from_str(r#"{"id":"1","Share":104.83900000000001}"#).unwrap();
    assert_eq!(serde_json::to_string(&file).unwrap(), r#"{"id":"1","Share":104.83900000000001}"#);
}

#[tokio::test]
async fn every_type_of_a_callers_field_gets_the_number_or_an_error() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Types {
        nearest: f64,
        whole: i64,
        exact: Number,
        text_as_number: Number,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "decoding it is what is tested")]
    struct AsText {
        #[serde(rename = "Nearest")]
        nearest: String,
    }
    let ada = logged_in().await;
    let body = r#"{"data":[{"Nearest":104.83900000000001,"Whole":9007199254740993,"Exact":1E400,"TextAsNumber":"12.50"}]}"#;
    ada.zoho.fault(Fault::on("GET /crm/v8/Deals").forever().respond(200, body));
    let list = ada.crm.records("Deals").list().fields(["id"]);
    let types = list.send_as::<Types>().await.unwrap().into_inner().records.remove(0);
    // `float_roundtrip` makes it the nearest one, not one beside it.
    assert_eq!(types.nearest.to_string(), "104.83900000000001");
    assert_eq!((types.whole, types.exact.as_str()), (9_007_199_254_740_993, "1E400"));
    assert_eq!((types.exact.as_f64(), types.text_as_number.as_str()), (None, "12.50"));
    assert!(list.send_as::<AsText>().await.is_err(), "a number is not a text");
    let record = list.send().await.unwrap().into_inner().records.remove(0);
    assert_eq!(record.float("Nearest").unwrap().to_string(), "104.83900000000001");
}
