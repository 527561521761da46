//! `crm.records("Leads")`: creating, reading, updating and deleting records.

use std::time::{Duration, SystemTime};

use zoho_emulator::{Emulator, Fault};
use zohocrm::{Crm, Error, ErrorKind, Record, Retries, SortOrder, WrittenRecord};

use crate::support::{ADA, logged_in, logged_in_at};

fn lead(name: &str) -> Record {
    Record::new().with("Last_Name", name)
}

fn ids(results: Vec<Result<WrittenRecord, Error>>) -> Vec<String> {
    results.into_iter().map(|result| result.unwrap().id().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_response_has_its_status_and_the_remaining_credits() {
    let ada = logged_in_at(Emulator::builder().daily_credits(100).start().await).await;
    let leads = ada.crm.records("Leads");
    // Zoho reports the remaining credits only after half of them are used.
    for _ in 0..50 {
        ada.crm.organization().await.unwrap();
    }
    let mut left = ada.crm.current_user().await.unwrap().credits_remaining().unwrap();
    let mut fewer = |credits: Option<u64>| {
        let before =
            std::mem::replace(&mut left, credits.expect("the response reports the remaining credits"));
        assert!(left < before, "{left} after {before}");
    };
    let results = leads.create([lead("Hopper"), Record::new()]).await.unwrap();
    let written = results[0].as_ref().unwrap();
    assert_eq!((written.status(), written.headers().get("content-type").is_some()), (207, true));
    assert_eq!(results[1].as_ref().unwrap_err().record().unwrap().status(), 207);
    fewer(written.credits_remaining());
    let id = written.id().unwrap();
    let read = leads.get(id).send().await.unwrap();
    assert_eq!((read.status(), read.is_some()), (200, true));
    fewer(read.credits_remaining());
    fewer(leads.update_one(id, lead("Murray")).await.unwrap().credits_remaining());
    fewer(leads.list().fields(["Last_Name"]).send().await.unwrap().credits_remaining());
    fewer(leads.count().send().await.unwrap().credits_remaining());
    fewer(leads.delete([id]).await.unwrap()[0].as_ref().unwrap().credits_remaining());
}

#[tokio::test]
async fn an_unmodified_record_is_distinguished_from_a_missing_one() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let id = ids(leads.create([lead("Hopper")]).await.unwrap()).remove(0);
    let later = SystemTime::now() + Duration::from_secs(3600);
    let unchanged = leads.get(&id).if_modified_since(later).send().await.unwrap();
    assert!(unchanged.is_none() && unchanged.is_not_modified(), "{unchanged:?}");
    let missing = leads.get("17").send().await.unwrap();
    assert!(missing.is_none() && !missing.is_not_modified(), "{missing:?}");
    let list = leads.list().fields(["Last_Name"]).if_modified_since(later).send().await.unwrap();
    assert!(list.records.is_empty() && list.is_not_modified(), "{list:?}");
}

#[tokio::test]
async fn each_option_of_a_call_reaches_zoho_under_its_name() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/*").forever().respond(200, r#"{"data":[],"count":0}"#));
    let leads = ada.crm.records("Leads");
    let list = leads.list().fields(["City"]).ids(["1", "2"]).custom_view("7").converted("both");
    let list = list.territory("8").sort_by("id").sort_order(SortOrder::Ascending).per_page(5).page(3);
    list.parameter("include_child", "true").header("X-EXTERNAL", "Leads.Key").send().await.unwrap();
    leads.list().page(1).page_token("next").send().await.unwrap();
    leads.list().page_token("next").page(2).send().await.unwrap();
    leads.get("9").fields(["City"]).parameter("on_demand_properties", "x").send().await.unwrap();
    leads.count().custom_view("7").send().await.unwrap();
    let entries = ada.zoho.journal().entries();
    let requests: Vec<_> = entries.iter().filter(|entry| entry.path.starts_with("/crm/")).collect();
    let queries: Vec<String> = requests
        .iter()
        .map(|entry| {
            let mut pairs: Vec<_> =
                entry.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            pairs.sort();
            pairs.join("&")
        })
        .collect();
    assert_eq!(
        queries,
        [
            "converted=both&cvid=7&fields=City&ids=1,2&include_child=true&page=3&per_page=5&sort_by=id&sort_order=asc&territory_id=8",
            "page_token=next",
            "page=2",
            "fields=City&on_demand_properties=x",
            "cvid=7",
        ]
    );
    assert_eq!(requests[0].header("x-external"), Some("Leads.Key"));
}

#[tokio::test]
async fn a_record_is_created_read_updated_and_deleted() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let id = ids(leads.create([lead("Hopper")]).await.unwrap()).remove(0);

    let read = leads.get(&id).fields(["Last_Name"]).send().await.unwrap().into_inner().unwrap();
    assert_eq!((read.id(), read.text("Last_Name")), (Some(id.as_str()), Some("Hopper")));

    let written = leads.update_one(&id, lead("Murray")).await.unwrap();
    assert_eq!(written.code(), "SUCCESS");
    leads.update([lead("Murray Hopper").with("id", id.as_str())]).await.unwrap();
    let read = leads.get(&id).send().await.unwrap().into_inner().unwrap();
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
    assert_eq!(error.record().map(|error| error.code()), Some("MANDATORY_NOT_FOUND"));
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidData, Some("$.data[1].Last_Name")));
    assert!(error.to_string().contains("$.data[1].Last_Name"), "{error}");
}

#[tokio::test]
async fn records_that_are_all_rejected_are_results_and_not_a_failed_call() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let results = leads.create([Record::new(), Record::new()]).await.unwrap();
    assert!(results.len() == 2 && results.iter().all(Result::is_err));
    let error = leads.update_one("1", lead("Nobody")).await.unwrap_err();
    assert!(matches!(error, Error::Record(_)), "{error:?}");
}

#[tokio::test]
async fn a_rejected_record_in_a_200_response_is_an_error() {
    let ada = logged_in().await;
    let entry = r#"{"code":"DUPLICATE_DATA","details":{},"message":"duplicate data","status":"error"}"#;
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads").respond(200, format!(r#"{{"data":[{entry}]}}"#)));
    let results = ada.crm.records("Leads").create([lead("Twice")]).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap_err().kind(), ErrorKind::Duplicate);
}

#[tokio::test]
async fn a_response_with_another_number_of_records_is_invalid() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads").respond(201, r#"{"data":[]}"#));
    let error = ada.crm.records("Leads").create([lead("One")]).await.unwrap_err();
    assert!(matches!(error, Error::InvalidResponse { .. }), "{error:?}");
}

#[tokio::test]
async fn an_empty_write_sends_no_call() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    assert!(leads.create(Vec::<Record>::new()).await.unwrap().is_empty());
    assert!(matches!(leads.delete(["1,2"]).await, Err(Error::Request(_))));
    assert!(ada.zoho.journal().entries().is_empty());
}

#[tokio::test]
async fn records_are_written_in_batches_of_a_hundred_and_keep_their_order() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let many = (0..250).map(|number| if number == 120 { Record::new() } else { lead(&number.to_string()) });
    let results = leads.create(many).await.unwrap();
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/Leads"), 3);
    assert_eq!(results.len(), 250);
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.is_err(), number == 120, "{number}: {result:?}");
    }
    let id = results[201].as_ref().unwrap().id().unwrap();
    let read = leads.get(id).send().await.unwrap().into_inner().unwrap();
    assert_eq!(read.text("Last_Name"), Some("201"));

    let written: Vec<_> = results.iter().flatten().filter_map(WrittenRecord::id).collect();
    assert_eq!(leads.delete(written).await.unwrap().iter().flatten().count(), 249);
    assert_eq!(ada.zoho.journal().count("DELETE /crm/v8/Leads"), 3);
}

#[tokio::test]
async fn a_duplicate_id_is_deleted_once_and_has_two_results() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let both = ids(leads.create([lead("One"), lead("Two")]).await.unwrap());
    let results = leads.delete([&both[0], &both[1], &both[0]]).await.unwrap();
    assert_eq!(ids(results), [&both[0], &both[1], &both[0]].map(String::as_str));
    let entries = ada.zoho.journal().entries();
    let deletion = entries.iter().find(|entry| entry.method == "DELETE").unwrap();
    assert_eq!(deletion.parameter("ids"), Some(both.join(",").as_str()));
}

#[tokio::test]
async fn a_response_without_fields_is_an_error_and_not_an_empty_module() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/settings/fields").respond(200, "{}"));
    let error = ada.crm.metadata().fields("Leads").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
}

#[tokio::test]
async fn results_of_the_batches_before_a_failed_one_are_returned() {
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let first = leads.create((0..100).map(|number| lead(&number.to_string()))).await.unwrap();
    assert_eq!(first.len(), 100);

    ada.zoho.fault(Fault::on("PUT /crm/v8/Leads").respond(207, r#"{"data":"#));
    let updates = || ids(first.clone()).into_iter().chain((0..150).map(|number| number.to_string()));
    let error = leads.update(updates().map(Record::with_id)).await.unwrap_err();
    assert!(
        matches!(error, Error::InvalidResponse { status: 207, .. }),
        "the first call fails as a whole: {error:?}"
    );
    let results = leads.update(updates().map(Record::with_id)).await.unwrap();
    assert_eq!(results.len(), 250);
    assert!(results[..100].iter().all(Result::is_ok) && results[100..].iter().all(Result::is_err));
}

#[tokio::test]
async fn batches_after_one_without_a_response_are_not_sent() {
    let ada = logged_in().await;
    let crm = Crm::builder(&ada.authenticator).retries(Retries::none()).build_for(ADA);
    let leads = crm.records("Leads");
    let every = |number: usize| lead(&number.to_string());
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads").skip(1).drop_after());
    let results = leads.create((0..250).map(every)).await.unwrap();
    assert!(results[..100].iter().all(Result::is_ok));
    assert!(results[100..200].iter().all(|result| matches!(result, Err(Error::Unreachable { .. }))));
    assert!(results[200..].iter().all(|result| matches!(result, Err(Error::NotSent(_)))));
    let is_in_doubt = |result: &Result<_, Error>| result.as_ref().is_err_and(Error::is_in_doubt);
    let in_doubt: Vec<_> = (0..250).filter(|number| is_in_doubt(&results[*number])).collect();
    assert_eq!(in_doubt, (100..200).collect::<Vec<_>>(), "only what was sent and got no response");
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/Leads"), 2);
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 5);
    let leads = ada.crm.records("Leads");
    let list = leads.list().fields(["Last_Name"]).per_page(2).sort_by("id").sort_order(SortOrder::Ascending);
    let mut names = Vec::new();
    let mut page = list.send().await.unwrap().into_inner();
    loop {
        names.extend(page.records.iter().map(|lead| lead.text("Last_Name").unwrap().to_owned()));
        if !page.more_records {
            break;
        }
        page = list.clone().page_token(page.next_page_token.unwrap()).send().await.unwrap().into_inner();
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
async fn a_module_name_cannot_change_the_path() {
    let ada = logged_in().await;
    for module in ["..", ".", ""] {
        let error = ada.crm.records(module).list().fields(["id"]).send().await.unwrap_err();
        assert!(matches!(error, Error::Request(_)), "{error:?}");
    }
    let error = ada.crm.records("../users?type=CurrentUser").list().fields(["id"]).send().await.unwrap_err();
    assert_eq!(error.api().map(|error| error.status()), Some(404), "{error}");
}

#[tokio::test]
async fn a_stream_continues_past_record_two_thousand() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 2_450);
    let list =
        ada.crm.records("Leads").list().fields(["Last_Name"]).sort_by("id").sort_order(SortOrder::Ascending);
    let mut leads = list.stream();
    let mut count = 0;
    while let Some(lead) = leads.next().await {
        count += 1;
        assert_eq!(lead.unwrap().text("Last_Name"), Some(format!("Record {count}").as_str()));
    }
    assert_eq!(count, 2_450);
    assert_eq!(ada.zoho.journal().count("GET /crm/v8/Leads"), 13);
    assert_eq!(list.stream().collect_up_to(201).await.unwrap().len(), 201);
}

#[tokio::test]
async fn a_stream_whose_cursor_stalls_ends_with_an_error() {
    let ada = logged_in().await;
    let again = r#"{"data":[{"id":"1"}],"info":{"more_records":true,"next_page_token":"x"}}"#;
    let nothing = r#"{"data":[],"info":{"more_records":true,"page":1}}"#;
    for (body, records) in [(again, 2), (nothing, 0)] {
        ada.zoho.clear_faults();
        ada.zoho.fault(Fault::on("GET /crm/v8/Leads").forever().respond(200, body));
        let mut leads = ada.crm.records("Leads").list().fields(["id"]).stream();
        for _ in 0..records {
            leads.next().await.unwrap().unwrap();
        }
        assert!(matches!(leads.next().await, Some(Err(Error::PaginationStalled))), "{body}");
        assert!(leads.next().await.is_none());
    }
}

#[tokio::test]
async fn a_stream_without_page_tokens_continues_by_page_number() {
    let ada = logged_in().await;
    let more = r#"{"data":[{"id":"1"}],"info":{"more_records":true}}"#;
    ada.zoho.fault(Fault::on("GET /crm/v8/Leads").times(2).respond(200, more));
    let leads = ada.crm.records("Leads").list().fields(["id"]).stream().collect_up_to(10).await.unwrap();
    assert_eq!(leads.len(), 2, "the third page is empty");
    let pages: Vec<_> = ada
        .zoho
        .journal()
        .entries()
        .iter()
        .filter_map(|entry| entry.parameter("page").map(str::to_owned))
        .collect();
    assert_eq!(pages, ["2", "3"]);
}

#[tokio::test]
async fn records_are_read_and_written_as_structs() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Lead {
        #[serde(rename = "Last_Name")]
        last_name: String,
        #[serde(rename = "Company", skip_serializing_if = "Option::is_none")]
        company: Option<String>,
    }
    let ada = logged_in().await;
    let leads = ada.crm.records("Leads");
    let hopper = || Lead { last_name: "Hopper".to_owned(), company: Some("Navy".to_owned()) };
    let id = leads.create_one(hopper()).await.unwrap().id().unwrap().to_owned();
    assert_eq!(leads.get(&id).send_as::<Lead>().await.unwrap(), Some(hopper()));
    let listed = leads.list().fields(["Last_Name", "Company"]);
    assert_eq!(listed.send_as::<Lead>().await.unwrap().records, [hopper()]);
    assert_eq!(listed.stream_as::<Lead>().collect_up_to(9).await.unwrap(), [hopper()]);
}

#[tokio::test]
async fn a_record_that_cannot_be_decoded_is_an_error_with_its_position_and_the_response() {
    let ada = logged_in().await;
    ada.zoho
        .fault(Fault::on("GET /crm/v8/Leads").respond(200, r#"{"data":[{"id":"1"},{"id":2}],"info":null}"#));
    #[derive(Debug, serde::Deserialize)]
    struct Lead {
        #[allow(dead_code)]
        id: String,
    }
    let error = ada.crm.records("Leads").list().fields(["id"]).send_as::<Lead>().await.unwrap_err();
    let Error::InvalidResponse { json_path, response, .. } = &error else { panic!("{error:?}") };
    assert_eq!(json_path.as_deref(), Some("data[1].id"));
    assert!(response.body().starts_with(br#"{"data""#));
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn a_page_without_a_list_is_not_the_end_of_the_list() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 450);
    for body in ["", "{}", r#"{"message":"closed for today"}"#] {
        ada.zoho.fault(Fault::on("GET /crm/v8/Leads").skip(1).respond(200, body));
        let mut leads = ada.crm.records("Leads").list().fields(["Last_Name"]).stream();
        let mut count = 0;
        let error = loop {
            match leads.next().await.expect("the list has not ended") {
                Ok(_) => count += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((count, error.kind()), (200, ErrorKind::Decode), "{error:?}");
        ada.zoho.clear_faults();
    }
}

#[tokio::test]
async fn debug_shows_no_personal_data() {
    let ada = logged_in().await;
    let search = ada.crm.records("Leads").search(zohocrm::Search::email("grace@example.com"));
    assert!(!format!("{search:?}").contains("grace"), "{search:?}");
}
