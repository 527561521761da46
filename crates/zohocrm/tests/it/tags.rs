//! `crm.tags(…)`, and tags on records.

use zoho_emulator::Fault;
use zohocrm::{ErrorKind, Record, Tag};

use crate::support::{ADA, LoggedIn, logged_in};

/// The tags that a lead has, in order.
async fn tags_of(ada: &LoggedIn, lead: &str) -> Vec<String> {
    let lead = ada.crm.records("Leads").get(lead).send().await.unwrap().into_inner().unwrap();
    let mut names: Vec<String> = lead
        .get::<Vec<Tag>>("Tag")
        .unwrap()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|tag| tag.name.into_option())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_tags_of_a_module_are_created_listed_renamed_and_deleted() {
    let ada = logged_in().await;
    let tags = ada.crm.tags("Leads");
    assert!(tags.list().await.unwrap().is_empty());
    let written =
        tags.create([Tag::new("hot").color_code("#F17574"), "cold".into(), "hot".into()]).await.unwrap();
    let id = written[0].as_ref().unwrap().id().unwrap();
    assert!(written[1].is_ok());
    assert_eq!(written[2].as_ref().unwrap_err().kind(), ErrorKind::Duplicate, "{written:?}");

    tags.update(id, "warm").await.unwrap();
    let listed = tags.list().await.unwrap();
    let mut names: Vec<_> = listed.iter().filter_map(|tag| tag.name.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cold", "warm"]);

    tags.delete(id).await.unwrap();
    assert_eq!(tags.list().await.unwrap().len(), 1);
    let error = tags.delete(id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    assert!(ada.crm.tags("Contacts").list().await.unwrap().is_empty(), "each module has its own");
}

#[tokio::test]
async fn a_response_without_tags_is_an_error_and_not_an_empty_list() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/settings/tags").respond(200, r#"{"info":{}}"#));
    let error = ada.crm.tags("Leads").list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
}

#[tokio::test]
async fn tags_are_added_to_records_replaced_and_removed() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let lead =
        leads.create_one(Record::new().with("Last_Name", "Hopper").with("Company", "Navy")).await.unwrap();
    let lead = lead.id().unwrap();

    let written = leads.add_tags([lead, "1"], ["hot", "fair"]).await.unwrap();
    assert_eq!(written[0].as_ref().unwrap().id(), Some(lead));
    assert!(written[1].is_err(), "each record has its own result");
    assert_eq!(tags_of(&ada, lead).await, ["fair", "hot"]);

    leads.add_tags([lead], ["cold"]).await.unwrap().remove(0).unwrap();
    assert_eq!(tags_of(&ada, lead).await, ["cold", "fair", "hot"]);
    leads.add_tags([lead], ["new"]).over_write(true).send().await.unwrap().remove(0).unwrap();
    assert_eq!(tags_of(&ada, lead).await, ["new"]);
    leads.remove_tags([lead], ["new"]).send().await.unwrap().remove(0).unwrap();
    assert!(tags_of(&ada, lead).await.is_empty());
}

#[tokio::test]
async fn records_are_tagged_in_batches_of_a_hundred() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 150);
    let leads = ada.crm.records("Leads");
    let all = leads.list().fields(["id"]).send().await.unwrap().into_inner().records;
    let written = leads.add_tags(all.iter().filter_map(Record::id), ["hot"]).send().await.unwrap();
    assert_eq!(written.iter().flatten().count(), 150);
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/Leads/actions/add_tags"), 2);
}
