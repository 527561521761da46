//! Numbers keep their digits, as text and without a JSON library in between.

use reqwest::Method;
use serde_json::json;
use zoho_emulator::Emulator;

use crate::{Reply, access_token, call, create, get, http, send};

const AMOUNTS: [&str; 5] =
    ["104.83900000000001", "999999999999999.99", "12.50", "9007199254740993", "0.10000000000000000001"];

async fn create_deal(zoho: &Emulator, token: &str, amount: &str) -> Reply {
    let body =
        format!(r#"{{"data":[{{"Deal_Name":"{amount}","Stage":"Qualification","Amount":{amount}}}]}}"#);
    let request = http().post(zoho.base_url() + "/crm/v8/Deals");
    send(request.header("Authorization", format!("Zoho-oauthtoken {token}")).body(body)).await
}

#[tokio::test]
async fn an_amount_comes_back_with_its_digits() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for amount in AMOUNTS {
        let created = create_deal(&zoho, &token, amount).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let id = created.json()["data"][0]["details"]["id"].as_str().unwrap().to_owned();
        let read = get(&zoho, &token, &format!("/crm/v8/Deals/{id}")).await;
        assert!(read.text.contains(&format!(r#""Amount":{amount},"#)), "{}", read.text);
        let found =
            get(&zoho, &token, &format!("/crm/v8/Deals/search?criteria=(Amount:equals:{amount})")).await;
        assert!(found.text.contains(&format!(r#""Amount":{amount},"#)), "{}", found.text);
    }
}

#[tokio::test]
async fn a_query_compares_and_adds_amounts_digit_by_digit() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for amount in ["999999999999999.98", "999999999999999.99"] {
        create_deal(&zoho, &token, amount).await;
    }
    let query = |query: &str| {
        let body = json!({ "select_query": query });
        let (zoho, token) = (&zoho, &token);
        async move { call(zoho, token, Method::POST, "/crm/v8/coql", Some(body)).await.text }
    };
    let one = query("select Amount from Deals where Amount > 999999999999999.98").await;
    assert!(one.contains(r#""Amount":999999999999999.99"#) && !one.contains(".98"), "{one}");
    let sum = query("select SUM(Amount) from Deals where id is not null").await;
    assert!(sum.contains("1999999999999999.97"), "{sum}");
}

#[tokio::test]
async fn a_number_that_is_no_amount_is_rejected() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let long = create_deal(&zoho, &token, "99999999999999999.50").await;
    assert_eq!((long.status, long.json()["data"][0]["code"].as_str()), (400, Some("INVALID_DATA")));
    let lead = create(&zoho, &token, "Leads", json!([{ "Last_Name": 12.5 }])).await;
    assert_eq!(lead.status, 400, "a number is not a text");
    let request = http().post(zoho.base_url() + "/crm/v8/Leads");
    let request = request.header("Authorization", format!("Zoho-oauthtoken {token}"));
    let exact = send(request.body(r#"{"data":[{"Last_Name":12.50}]}"#)).await;
    assert_eq!(exact.status, 400, "neither is one with more digits: {}", exact.text);
}
