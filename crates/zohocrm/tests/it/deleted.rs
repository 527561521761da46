//! `records.deleted()` and copies of records.

use zohocrm::{DateTime, DeletedKind, Error, Record};

use crate::support::{ADA, logged_in};

#[tokio::test]
async fn deleted_records_are_listed_with_who_deleted_them_and_when() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let id =
        leads.create_one(Record::new().with("Last_Name", "Hopper").with("Company", "Navy")).await.unwrap();
    let id = id.id().unwrap().to_owned();
    assert!(leads.deleted().send().await.unwrap().records.is_empty());
    leads.delete([&id]).await.unwrap().remove(0).unwrap();

    let deleted = leads.deleted().kind(DeletedKind::Recycle).send().await.unwrap();
    let record = &deleted.records[0];
    assert_eq!(record.id, id);
    assert_eq!(record.display_name.as_deref(), Some("Hopper"));
    assert_eq!(record.kind.as_deref(), Some("recycle"));
    assert!(record.deleted_by.get().is_some());
    assert!(record.deleted_time.get().and_then(DateTime::unix_seconds).is_some());
    assert!(leads.deleted().kind(DeletedKind::Permanent).send().await.unwrap().records.is_empty());
}

#[tokio::test]
async fn a_stream_returns_all_deleted_records() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 450);
    let leads = ada.crm.records("Leads");
    let all = leads.list().fields(["id"]).stream().collect_up_to(1_000).await.unwrap();
    let ids: Vec<_> = all.iter().filter_map(Record::id).collect();
    assert_eq!(leads.delete(ids.clone()).await.unwrap().iter().flatten().count(), 450);
    let deleted = leads.deleted().stream().collect_up_to(1_000).await.unwrap();
    let mut gone: Vec<_> = deleted.iter().map(|record| record.id.as_str()).collect();
    let mut expected = ids;
    gone.sort_unstable();
    expected.sort_unstable();
    assert_eq!(gone, expected);
}

#[tokio::test]
async fn a_copy_is_a_separate_record() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let first =
        leads.create_one(Record::new().with("Last_Name", "Hopper").with("Company", "Navy")).await.unwrap();
    let copy = leads.clone_one(first.id().unwrap()).await.unwrap();
    assert_ne!(first.id(), copy.id());
    let read = leads.get(copy.id().unwrap()).send().await.unwrap().into_inner().unwrap();
    assert_eq!(read.text("Last_Name"), Some("Hopper"));
    let error = leads.clone_one("1").await.unwrap_err();
    assert!(matches!(error, Error::Api(_) | Error::Record(_)), "{error:?}");
}
