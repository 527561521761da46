//! `records.search(…)` and `records.count()`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use zoho_emulator::Fault;
use zohocrm::{Criteria, DateTime, ErrorKind, Record, Search};

use crate::support::{ADA, LoggedIn, logged_in};

async fn with_leads(leads: impl IntoIterator<Item = Record>) -> LoggedIn {
    let ada = logged_in().await;
    let leads = leads.into_iter().map(|lead| lead.with("Company", "Navy"));
    for written in ada.crm.records("Leads").create(leads).await.unwrap() {
        written.unwrap();
    }
    ada
}

fn lead(name: &str) -> Record {
    Record::new().with("Last_Name", name)
}

/// The names of the leads that a search finds, in order.
async fn found(ada: &LoggedIn, search: impl Into<Search>) -> Vec<String> {
    let page =
        ada.crm.records("Leads").search(search).fields(["Last_Name"]).send().await.unwrap().into_inner();
    let mut names: Vec<_> =
        page.records.iter().map(|lead| lead.text("Last_Name").unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn special_characters_in_criteria_match_literally() {
    let odd =
        ["Burns, B", "Patricia (Boyle)", r"K\", r"a\,b)or(Last_Name:equals:x", "10:30", "Zoë + 東京 & co"];
    let ada = with_leads(odd.map(lead)).await;
    for name in odd {
        assert_eq!(found(&ada, Criteria::field("Last_Name").equals(name)).await, [name]);
        assert_eq!(found(&ada, Criteria::field("Last_Name").is_in([name, "Nobody"])).await, [name]);
    }
}

#[tokio::test]
async fn conditions_are_joined_as_written() {
    let ada = with_leads(["Ada", "Bell", "Curie"].map(lead)).await;
    let name = |name: &str| Criteria::field("Last_Name").equals(name);
    let epoch = DateTime::from_unix_seconds(0).unwrap();
    for (criteria, expected) in [
        (name("Ada").or(name("Bell")).and(Criteria::field("Last_Name").not_equal("Ada")), vec!["Bell"]),
        (name("Ada").or(name("Bell").and(name("Curie"))), vec!["Ada"]),
        (Criteria::field("Created_Time").greater_equal(epoch).and(name("Curie")), vec!["Curie"]),
        (Criteria::raw("Last_Name:starts_with:B"), vec!["Bell"]),
        (name("Nobody"), vec![]),
    ] {
        assert_eq!(found(&ada, criteria.clone()).await, expected, "{criteria:?}");
    }
}

#[tokio::test]
async fn an_email_a_phone_number_and_a_word_are_found_in_any_field() {
    let ada = with_leads([
        lead("Ada").with("Email", "ada+1@example.com"),
        lead("Bell").with("Phone", "+49 228 1234"),
        lead("Curie").with("City", "Warszawa"),
    ])
    .await;
    assert_eq!(found(&ada, Search::email("ada+1@example.com")).await, ["Ada"]);
    assert_eq!(found(&ada, Search::phone("+49 228 1234")).await, ["Bell"]);
    assert_eq!(found(&ada, Search::word("Warszawa")).await, ["Curie"]);
}

#[tokio::test]
async fn results_are_read_as_the_callers_own_type_and_as_a_stream() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Lead {
        #[serde(rename = "Last_Name")]
        name: String,
    }
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 450);
    let search = ada
        .crm
        .records("Leads")
        .search(Criteria::field("Last_Name").starts_with("Record"))
        .fields(["Last_Name"]);
    assert_eq!(search.clone().per_page(1).send_as::<Lead>().await.unwrap().records.len(), 1);
    assert_eq!(search.stream_as::<Lead>().collect_up_to(1_000).await.unwrap().len(), 450);
    assert_eq!(ada.zoho.journal().count("GET /crm/v8/Leads/search"), 1 + 3);
}

#[tokio::test]
async fn a_search_beyond_zohos_limit_ends_with_an_error_after_its_results() {
    let ada = logged_in().await;
    let more = r#"{"data":[{"id":"1"}],"info":{"more_records":true,"page":1}}"#;
    let path = "GET /crm/v8/Leads/search";
    ada.zoho.fault(Fault::on(path).times(1).respond(200, more));
    ada.zoho.fault(Fault::on(path).times(1).crm_error(400, "LIMIT_REACHED"));
    let mut leads = ada.crm.records("Leads").search(Search::word("many")).stream();
    assert_eq!(leads.next().await.unwrap().unwrap().id(), Some("1"));
    assert_eq!(leads.next().await.unwrap().unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert!(leads.next().await.is_none());
}

#[tokio::test]
async fn invalid_criteria_are_not_sent() {
    let ada = logged_in().await;
    let eleven =
        (0..10).fold(Criteria::field("A").equals(1), |all, _| all.and(Criteria::field("A").equals(1)));
    for criteria in [eleven, Criteria::field("A:equals:1)or(B").equals(1), Criteria::field("A").is_in([0; 0])]
    {
        let leads = ada.crm.records("Leads");
        assert_eq!(leads.search(criteria.clone()).send().await.unwrap_err().kind(), ErrorKind::Request);
        assert_eq!(leads.count().matching(criteria).send().await.unwrap_err().kind(), ErrorKind::Request);
    }
    assert!(ada.zoho.journal().entries().is_empty());
}

#[tokio::test]
async fn criteria_that_zoho_rejects_are_invalid_data() {
    let ada = logged_in().await;
    let search = ada.crm.records("Leads").search(Criteria::field("Nonsense").equals("x"));
    let error = search.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
}

#[tokio::test]
async fn all_records_or_those_of_a_search_are_counted() {
    let ada = with_leads(["Ada", "Bell"].map(lead)).await;
    let count = ada.crm.records("Leads").count();
    assert_eq!(count.send().await.unwrap().into_inner(), 2);
    let adas =
        count.clone().matching(Search::word("nobody")).matching(Criteria::field("Last_Name").equals("Ada"));
    assert_eq!(adas.send().await.unwrap().into_inner(), 1, "the last search applies");
    assert_eq!(ada.crm.records("Contacts").count().send().await.unwrap().into_inner(), 0);
}

#[tokio::test]
async fn a_response_without_a_number_is_not_a_count() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/Leads/actions/count").respond(200, r#"{"data":[]}"#));
    let error = ada.crm.records("Leads").count().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[cfg(feature = "bulk")]
#[tokio::test]
async fn the_same_criteria_serve_a_search_a_query_and_a_bulk_read() {
    let ada = with_leads(["Ada", "Burns, (B)", "Curie"].map(lead)).await;
    let name = || Criteria::field("Last_Name");
    let criteria =
        name().equals("Burns, (B)").or(name().is_in(["Ada", "Nobody"])).and(name().not_equal("Curie"));
    let expected = ["Ada", "Burns, (B)"];
    assert_eq!(found(&ada, criteria.clone()).await, expected);

    let query = zohocrm::Select::fields(["Last_Name"]).from("Leads").filter(criteria.clone());
    let mut names: Vec<_> = ada.crm.coql(query).send_as::<Value>().await.unwrap().into_inner().records;
    names.sort_by_key(|lead| lead["Last_Name"].to_string());
    assert_eq!(names.iter().map(|lead| &lead["Last_Name"]).collect::<Vec<_>>(), expected);

    let job = ada.crm.bulk_read("Leads").fields(["Last_Name"]).criteria(criteria).start().await.unwrap();
    let polling = zohocrm::bulk::Polling::new().first_interval(Duration::from_millis(10));
    let rows = job.with_polling(polling).rows().await.unwrap().collect_up_to(10).await.unwrap();
    let mut names: Vec<_> = rows.iter().filter_map(|row| row.text("Last_Name")).collect();
    names.sort_unstable();
    assert_eq!(names, expected);

    let raw = ada.crm.bulk_read("Leads").criteria(Criteria::raw("Last_Name:equals:Ada"));
    assert_eq!(raw.start().await.unwrap_err().kind(), ErrorKind::Request);
}
