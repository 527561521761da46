//! NaN and infinite numbers are never sent: JSON has no form for them, and null would empty a field.

use serde::Serialize;
use zohocrm::{Error, Method, Record, SubRequest};

use crate::support::logged_in;

#[derive(Clone, Serialize)]
struct Deal {
    #[serde(rename = "Amount")]
    amount: f64,
    #[serde(rename = "Description")]
    description: Option<String>,
}

#[track_caller]
fn assert_rejected(error: &Error) {
    let Error::Request(invalid) = error else { panic!("{error:?}") };
    assert!(invalid.is_invalid_body(), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("Amount`") && message.contains("is no number in JSON"), "{message}");
}

#[tokio::test]
async fn a_write_with_a_number_that_is_not_finite_is_rejected_before_it_is_sent() {
    let ada = logged_in().await;
    let deals = ada.crm.records("Deals");
    for amount in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let deal = Deal { amount, description: None };
        let record = Record::new().with("Deal_Name", "Compiler").with("Amount", amount);
        let subform = Record::new().with("Rows", vec![record.clone()]);
        assert_rejected(&deals.create([deal.clone()]).await.unwrap_err());
        assert_rejected(
            &deals.create([Record::new().with("Deal_Name", "fine"), record.clone()]).await.unwrap_err(),
        );
        assert_rejected(&deals.create_one(subform).await.unwrap_err());
        assert_rejected(&deals.update_one("1", record.clone()).await.unwrap_err());
        assert_rejected(&deals.upsert([deal.clone()]).await.unwrap_err());
        let body = [("data", [deal.clone()])];
        let request = ada.crm.request(Method::Post, "/crm/v8/Deals");
        assert_rejected(&request.clone().body(&std::collections::BTreeMap::from(body)).await.unwrap_err());
        assert_rejected(&request.json(record.clone()).await.unwrap_err());
        let create = SubRequest::new("create", Method::Post, "/crm/v8/Deals").json(record.clone());
        assert_rejected(&ada.crm.composite().add(create).await.unwrap_err());
    }
    let journal = ada.zoho.journal();
    assert!(journal.entries().iter().all(|entry| !entry.path.starts_with("/crm/v8/")), "nothing was sent");
}

#[tokio::test]
async fn null_is_still_sent_and_empties_a_field() {
    let ada = logged_in().await;
    let deals = ada.crm.records("Deals");
    let deal = Record::new().with("Deal_Name", "Compiler").with("Amount", 1.5).with("Stage", "Qualification");
    let id = deals.create_one(deal).await.unwrap().id().unwrap().to_owned();
    deals.update_one(&id, Record::new().with_null("Amount")).await.unwrap();
    let deal = deals.get(&id).await.unwrap().into_inner().unwrap();
    assert!(deal.is_null("Amount") || deal.field("Amount").is_none(), "{deal:?}");
}

#[cfg(feature = "bulk")]
#[tokio::test]
async fn a_bulk_write_with_a_number_that_is_not_finite_uploads_nothing() {
    let ada = logged_in().await;
    let deal = Deal { amount: f64::NAN, description: None };
    let record = Record::new().with("Deal_Name", "Compiler").with("Amount", f64::INFINITY);
    let write = || ada.crm.bulk_write("Deals").insert();
    assert_rejected(&write().records([deal]).next().await.unwrap().unwrap_err());
    assert_rejected(&write().records([record]).next().await.unwrap().unwrap_err());
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/upload"), 0);
}
