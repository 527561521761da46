//! `crm.records("Leads")`: the life of records.

use zoho_emulator::Fault;
use zohocrm::{Error, Record, RecordError, SortOrder, Written};

use crate::support::{ADA, logged_in};

fn lead(name: &str) -> Record {
    Record::new().with("Last_Name", name)
}

fn ids(results: Vec<Result<Written, RecordError>>) -> Vec<String> {
    results.into_iter().map(|result| result.unwrap().id().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_record_is_created_read_updated_and_deleted() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let id = ids(leads.create([lead("Hopper")]).await.unwrap()).remove(0);

    let read = leads.get(&id).fields(["Last_Name"]).send().await.unwrap().unwrap();
    assert_eq!((read.id(), read.text("Last_Name")), (Some(id.as_str()), Some("Hopper")));

    let written = leads.update_one(&id, lead("Murray")).await.unwrap();
    assert_eq!(written.code(), "SUCCESS");
    leads.update([lead("Murray Hopper").with("id", id.as_str())]).await.unwrap();
    let read = leads.get(&id).send().await.unwrap().unwrap();
    assert_eq!(read.text("Last_Name"), Some("Murray Hopper"));

    assert_eq!(ids(leads.delete([&id]).await.unwrap()), [id.as_str()]);
    assert_eq!(leads.get(&id).send().await.unwrap(), None);
}

#[tokio::test]
async fn each_record_of_a_write_has_its_own_result_in_the_order_given() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let results = leads.create([lead("One"), Record::new(), lead("Three")]).await.unwrap();
    assert!(results[0].is_ok() && results[2].is_ok());
    let error = results[1].as_ref().unwrap_err();
    assert_eq!(error.code(), "MANDATORY_NOT_FOUND");
    assert!(error.to_string().contains("$.data[1].Last_Name"), "{error}");
}

#[tokio::test]
async fn records_that_are_all_refused_are_results_and_not_a_failed_call() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let results = leads.create([Record::new(), Record::new()]).await.unwrap();
    assert!(results.len() == 2 && results.iter().all(Result::is_err));
    let error = leads.update_one("1", lead("Nobody")).await.unwrap_err();
    assert!(matches!(error, Error::Record(_)), "{error:?}");
}

#[tokio::test]
async fn a_refused_record_inside_status_200_is_seen() {
    let ada = logged_in().await;
    let entry = r#"{"code":"DUPLICATE_DATA","details":{},"message":"duplicate data","status":"error"}"#;
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads").answer(200, format!(r#"{{"data":[{entry}]}}"#)));
    let results = ada.crm.records("Leads").create([lead("Twice")]).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap_err().code(), "DUPLICATE_DATA");
}

#[tokio::test]
async fn an_answer_about_another_number_of_records_is_not_believed() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads").answer(201, r#"{"data":[]}"#));
    let error = ada.crm.records("Leads").create([lead("One")]).await.unwrap_err();
    assert!(matches!(error, Error::Answer { .. }), "{error:?}");
}

#[tokio::test]
async fn a_write_of_nothing_asks_nobody_and_one_of_too_much_is_refused() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    assert!(leads.create([]).await.unwrap().is_empty());
    let many = (0..101).map(|number| lead(&number.to_string()));
    assert!(matches!(leads.create(many).await, Err(Error::Request(_))));
    assert!(matches!(leads.delete(["1,2"]).await, Err(Error::Request(_))));
    assert!(ada.zoho.journal().entries().is_empty());
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 5);
    let leads = ada.crm.records("Leads");
    let list = leads.list().fields(["Last_Name"]).per_page(2).sort_by("id").sort_order(SortOrder::Ascending);
    let mut names = Vec::new();
    let mut page = list.send().await.unwrap();
    loop {
        names.extend(page.records.iter().map(|lead| lead.text("Last_Name").unwrap().to_owned()));
        if !page.more_records {
            break;
        }
        page = list.clone().page_token(page.next_page_token.unwrap()).send().await.unwrap();
    }
    assert_eq!(names, ["Record 1", "Record 2", "Record 3", "Record 4", "Record 5"]);
    let third = list.clone().page(3).send().await.unwrap();
    assert_eq!(third.records.len(), 1);
}

#[tokio::test]
async fn an_empty_module_is_an_empty_page() {
    let ada = logged_in().await;
    let page = ada.crm.records("Leads").list().fields(["id"]).send().await.unwrap();
    assert!(page.records.is_empty() && !page.more_records && page.next_page_token.is_none());
}

#[tokio::test]
async fn a_module_s_name_cannot_lead_elsewhere() {
    let ada = logged_in().await;
    for module in ["..", ".", ""] {
        let error = ada.crm.records(module).list().fields(["id"]).send().await.unwrap_err();
        assert!(matches!(error, Error::Request(_)), "{error:?}");
    }
    let error = ada.crm.records("../users?type=CurrentUser").list().fields(["id"]).send().await.unwrap_err();
    assert_eq!(error.api().map(|error| error.status()), Some(404), "{error}");
}
