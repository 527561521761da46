//! `crm.composite()`: several requests in one call.

use serde_json::{Value, json};
use zoho_emulator::Fault;
use zohocrm::{Error, ErrorKind, Method, SubRequest};

use crate::support::logged_in;

const CALL: &str = "POST /crm/v8/__composite_requests";

fn create(id: &str, lead: &Value) -> SubRequest {
    SubRequest::new(id, Method::Post, "/crm/v8/Leads").json(json!({ "data": [lead] }))
}

fn read(id: &str, lead: &str) -> SubRequest {
    SubRequest::new(id, Method::Get, format!("/crm/v8/Leads/{lead}")).query("fields", "Last_Name")
}

#[tokio::test]
async fn one_request_uses_what_another_returned() {
    let ada = logged_in().await;
    let id = SubRequest::result_of("create", "$.data[0].details.id");
    let composite = ada
        .crm
        .composite()
        .add(create("create", &json!({ "Last_Name": "Hopper", "Company": "Navy" })))
        .add(read("read", &id))
        .parallel_execution(false);
    let responses = composite.send().await.unwrap();
    assert_eq!(responses.iter().map(|(id, _)| id).collect::<Vec<_>>(), ["create", "read"]);
    assert_eq!(responses.get("create").unwrap().status(), 201);
    let lead = responses.get("read").unwrap().json::<Value>().unwrap().unwrap();
    assert_eq!(lead["data"][0]["Last_Name"], "Hopper");
    assert_eq!(ada.zoho.journal().count(CALL), 1);
}

#[tokio::test]
async fn a_failed_request_is_its_own_error_and_not_that_of_the_call() {
    let ada = logged_in().await;
    let composite = ada
        .crm
        .composite()
        .add(create("good", &json!({ "Last_Name": "Hopper", "Company": "Navy" })))
        .add(create("bad", &json!({ "Company": "Navy" })))
        .add(SubRequest::new("lost", Method::Get, "/crm/v8/Nonsense").query("fields", "id"));
    let responses = composite.send().await.unwrap();
    assert!(responses.get("good").is_ok());
    let bad = responses.get("bad").unwrap_err();
    assert_eq!(bad.api().map(|error| error.code()), Some("MANDATORY_NOT_FOUND"), "{bad}");
    assert!(bad.to_string().contains("POST /crm/v8/Leads"), "{bad}");
    let lost = responses.get("lost").unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::NotFound, "{lost}");
    assert!(matches!(responses.get("nobody"), Err(Error::Request(_))));
}

#[tokio::test]
async fn each_request_reports_that_it_was_rolled_back() {
    let ada = logged_in().await;
    let composite = ada
        .crm
        .composite()
        .add(create("good", &json!({ "Last_Name": "Hopper", "Company": "Navy" })))
        .add(create("bad", &json!({ "Company": "Navy" })))
        .rollback_on_fail(true);
    let responses = composite.send().await.unwrap();
    let undone = responses.get("good").unwrap_err();
    assert_eq!(undone.api().map(|error| error.code()), Some("ROLLBACK_PERFORMED"), "{undone}");
    assert!(responses.get("bad").is_err());
    let left = ada.crm.records("Leads").list().fields(["id"]).send().await.unwrap();
    assert!(left.records.is_empty());
}

#[tokio::test]
async fn an_empty_response_is_a_response() {
    let ada = logged_in().await;
    let composite =
        ada.crm.composite().add(SubRequest::new("list", Method::Get, "/crm/v8/Leads").query("fields", "id"));
    let responses = composite.send().await.unwrap();
    let list = responses.get("list").unwrap();
    assert_eq!((list.status(), list.json::<Value>().unwrap()), (204, None));
}

#[tokio::test]
async fn requests_that_zoho_would_reject_are_not_sent() {
    let ada = logged_in().await;
    let some = || read("a", "1");
    let composite = || ada.crm.composite();
    for invalid in [
        composite(),
        (0..6).fold(composite(), |composite, number| composite.add(read(&format!("r{number}"), "1"))),
        composite().add(some()).add(some()),
        composite().add(read("not a name", "1")),
        composite().add(SubRequest::new("a", Method::Get, "https://evil.example/crm/v8/Leads")),
        composite().add(some().header("AUTHORIZATION", "x")),
        composite().add(some()).rollback_on_fail(true).parallel_execution(true),
    ] {
        let error = invalid.send().await.unwrap_err();
        assert!(matches!(error, Error::Request(_)), "{error:?}");
    }
    assert!(ada.zoho.journal().entries().is_empty());
}

#[tokio::test]
async fn an_error_of_the_whole_call_is_the_error_of_the_call() {
    let ada = logged_in().await;
    let entry =
        r#"{"code":"INVALID_DATA","details":{"api_name":"uri"},"message":"invalid data","status":"error"}"#;
    for (status, body) in [(400, entry.to_owned()), (400, format!(r#"{{"__composite_requests":[{entry}]}}"#))]
    {
        ada.zoho.fault(Fault::on(CALL).respond(status, body));
        let error = ada.crm.composite().add(read("a", "1")).add(read("b", "2")).send().await.unwrap_err();
        assert_eq!(error.api().map(|error| error.code()), Some("INVALID_DATA"), "{error:?}");
        assert_eq!(error.field(), Some("uri"));
    }
    ada.zoho.fault(Fault::on(CALL).respond(200, r#"{"__composite_requests":[]}"#));
    let error = ada.crm.composite().add(read("a", "1")).send().await.unwrap_err();
    assert!(matches!(error, Error::InvalidResponse { .. }), "{error:?}");
}

#[tokio::test]
async fn only_reads_are_retried_after_a_server_error() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on(CALL).status_500());
    ada.crm.composite().add(read("a", "1")).send().await.unwrap();
    assert_eq!(ada.zoho.journal().count(CALL), 2);
    ada.zoho.fault(Fault::on(CALL).status_500());
    let write = ada.crm.composite().add(create("a", &json!({ "Last_Name": "Once" })));
    assert_eq!(write.send().await.unwrap_err().kind(), ErrorKind::Server);
    assert_eq!(ada.zoho.journal().count(CALL), 3);
}
