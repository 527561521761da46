//! Reads can be awaited, as writes can.

use zohocrm::{Channel, Criteria, Method, Record, SubRequest};

use crate::support::{ADA, logged_in};

#[tokio::test]
async fn every_read_can_be_awaited_like_a_write() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 3);
    let leads = ada.crm.records("Leads");
    let id = leads.create_one(Record::new().with("Last_Name", "Hopper")).await.unwrap();
    let id = id.id().unwrap();

    assert_eq!(leads.list().fields(["Last_Name"]).await.unwrap().records.len(), 4);
    assert_eq!(leads.search(Criteria::field("Last_Name").equals("Hopper")).await.unwrap().records.len(), 1);
    assert_eq!(leads.get(id).await.unwrap().as_ref().unwrap().text("Last_Name"), Some("Hopper"));
    assert_eq!(leads.count().await.unwrap(), 4);
    assert!(leads.notes(id).list().fields(["Note_Title"]).await.unwrap().records.is_empty());
    assert!(leads.attachments(id).list().await.unwrap().records.is_empty());
    let query = "select Last_Name from Leads where Last_Name = 'Hopper'";
    assert_eq!(ada.crm.coql(query).await.unwrap().records.len(), 1);

    leads.delete([id]).await.unwrap();
    assert_eq!(leads.deleted().await.unwrap().records[0].id, id);

    let channel = Channel::new("7").events(["Leads.create"]).notify_url("https://example.com/zoho");
    ada.crm.notifications().enable([channel]).await.unwrap();
    assert_eq!(ada.crm.notifications().list().channel("7").await.unwrap().records.len(), 1);
}

#[tokio::test]
async fn a_request_a_composite_call_and_a_generated_call_can_be_awaited() {
    let ada = logged_in().await;
    let response = ada.crm.request(Method::Get, "/crm/v8/org").await.unwrap();
    assert_eq!(response.status(), 200);

    let count = SubRequest::new("count", Method::Get, "/crm/v8/Leads/actions/count");
    let responses = ada.crm.composite().add(count).await.unwrap();
    assert_eq!(responses.get("count").unwrap().status(), 200);

    #[cfg(feature = "users")]
    assert!(!ada.crm.api().roles().list().await.unwrap().roles.items().is_empty());
}

#[tokio::test]
async fn a_call_that_is_awaited_on_another_task_is_sent_once() {
    let ada = logged_in().await;
    let count = ada.crm.records("Leads").count();
    assert_eq!(tokio::spawn(count.into_future()).await.unwrap().unwrap(), 0);
    assert_eq!(ada.zoho.journal().count("GET /crm/v8/Leads/actions/count"), 1);
}
