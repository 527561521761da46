//! `crm.coql(…)`: queries against the emulator, which has a separate parser.

use serde::Deserialize;
use serde_json::Value;
use zoho_emulator::Fault;
use zohocrm::{Column, Criteria, Error, ErrorKind, Record, Select, SortOrder};

use crate::support::{ADA, LoggedIn, logged_in};

async fn with_leads(names: &[&str]) -> LoggedIn {
    let ada = logged_in().await;
    let leads = names.iter().map(|name| Record::new().with("Last_Name", *name).with("Company", "Navy"));
    for written in ada.crm.records("Leads").create(leads).await.unwrap() {
        written.unwrap();
    }
    ada
}

async fn names(ada: &LoggedIn, filter: Criteria) -> Vec<String> {
    let query =
        Select::fields(["Last_Name"]).from("Leads").filter(filter).order_by("id", SortOrder::Ascending);
    let page = ada.crm.coql(query).send().await.unwrap().into_inner();
    page.records.iter().map(|lead| lead.text("Last_Name").unwrap().to_owned()).collect()
}

/// The queries that Zoho received.
fn queries(ada: &LoggedIn) -> Vec<String> {
    let queries = ada.zoho.journal().entries().into_iter().filter(|entry| entry.path == "/crm/v8/coql");
    let bodies = queries.map(|entry| serde_json::from_str::<Value>(&entry.body).unwrap());
    bodies.map(|body| body["select_query"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_query_is_sent_unchanged_and_its_records_are_read() {
    let ada = with_leads(&["Hopper", "Lovelace"]).await;
    let query = "select Last_Name from Leads where Last_Name = 'Hopper'";
    let page = ada.crm.coql(query).send().await.unwrap();
    assert_eq!(page.records.len(), 1);
    assert_eq!(page.records[0].text("Last_Name"), Some("Hopper"));
    assert!(!page.more_records);
}

#[tokio::test]
async fn a_query_without_results_is_an_empty_page() {
    let ada = with_leads(&["Hopper"]).await;
    let page = ada.crm.coql("select id from Leads where Last_Name = 'Nobody'").send().await.unwrap();
    assert_eq!(page.status(), 204);
    assert!(page.records.is_empty());
}

#[tokio::test]
async fn texts_with_quotes_and_keywords_match_exactly() {
    let odd = [
        r"O'Brien",
        r"a''b",
        r"back\slash",
        r"' or id is not null or Last_Name = '",
        r"(x), 'y'",
        "Zoë \"Z\" 東京",
    ];
    let ada = with_leads(&odd).await;
    for name in odd {
        assert_eq!(names(&ada, Criteria::field("Last_Name").equals(name)).await, [name]);
        assert_eq!(names(&ada, Criteria::field("Last_Name").is_in([name, "Nobody"])).await, [name]);
        let found = names(&ada, Criteria::field("Last_Name").contains(&name[1..])).await;
        assert_eq!(found, [name]);
    }
}

#[tokio::test]
async fn conditions_select_the_right_records() {
    let ada = with_leads(&["Ada", "Anna", "Bell", "Curie"]).await;
    let name = || Criteria::field("Last_Name");
    for (criteria, expected) in [
        (name().starts_with("A"), vec!["Ada", "Anna"]),
        (name().ends_with("a"), vec!["Ada", "Anna"]),
        (name().not_contains("a"), vec!["Bell", "Curie"]),
        (name().not_in(["Ada", "Bell"]), vec!["Anna", "Curie"]),
        (name().equals("Ada").or(name().equals("Bell")).and(name().not_equal("Ada")), vec!["Bell"]),
        (
            name().equals("Ada").or(name().equals("Bell")).or(name().equals("Curie")),
            vec!["Ada", "Bell", "Curie"],
        ),
        (Criteria::field("Email").is_null().and(name().equals("Ada")), vec!["Ada"]),
        (Criteria::field("Email").is_not_null(), vec![]),
        (Criteria::raw("Last_Name = 'Curie'").and(name().is_not_null()), vec!["Curie"]),
    ] {
        assert_eq!(names(&ada, criteria.clone()).await, expected, "{criteria:?}");
    }
}

#[tokio::test]
async fn groups_and_aggregates_are_read_by_name() {
    let ada = with_leads(&["Ada", "Ada", "Bell"]).await;
    let query = Select::fields([Column::field("Last_Name"), Column::count("id").named("How many")])
        .from("Leads")
        .group_by(["Last_Name"])
        .order_by("Last_Name", SortOrder::Ascending);
    #[derive(Debug, PartialEq, Deserialize)]
    struct Group {
        #[serde(rename = "Last_Name")]
        name: String,
        #[serde(rename = "How many")]
        count: u32,
    }
    let groups = ada.crm.coql(query).send_as::<Group>().await.unwrap();
    let expected = [("Ada", 2), ("Bell", 1)].map(|(name, count)| Group { name: name.to_owned(), count });
    assert_eq!(groups.records, expected);
}

#[tokio::test]
async fn a_stream_reads_pages_of_two_thousand_until_the_end() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 4_100);
    let query = "select Last_Name from Leads where id is not null";
    let mut leads = ada.crm.coql(query).stream();
    let mut count = 0;
    while let Some(lead) = leads.next().await {
        count += 1;
        assert_eq!(lead.unwrap().text("Last_Name"), Some(format!("Record {count}").as_str()));
    }
    assert_eq!(count, 4_100);
    let sent = queries(&ada);
    let expected = ["limit 2000", "limit 2000 offset 2000", "limit 2000 offset 4000"];
    assert_eq!(sent, expected.map(|end| format!("{query} {end}")));
}

#[tokio::test]
async fn a_stream_respects_limit_and_offset() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 50);
    let query = Select::fields(["Last_Name"]).from("Leads");
    let leads = ada.crm.coql(query).offset(10).limit(5).stream().collect_up_to(100).await.unwrap();
    let names: Vec<_> = leads.iter().filter_map(|lead| lead.text("Last_Name")).collect();
    assert_eq!(names, ["Record 11", "Record 12", "Record 13", "Record 14", "Record 15"]);
}

#[tokio::test]
async fn a_stream_that_makes_no_progress_ends_with_an_error() {
    let ada = logged_in().await;
    let nothing = r#"{"data":[],"info":{"count":0,"more_records":true}}"#;
    ada.zoho.fault(Fault::on("POST /crm/v8/coql").forever().respond(200, nothing));
    let mut leads = ada.crm.coql("select id from Leads where id is not null").stream();
    assert!(matches!(leads.next().await, Some(Err(Error::PaginationStalled))));
    assert!(leads.next().await.is_none());
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_id_beyond_the_maximum_of_a_query() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 101_500);
    let all = "select Last_Name from Leads where id is not null";
    for (query, condition, numbers) in [
        (all.to_owned(), "id is not null and id > ", Vec::from_iter(98_001..=101_500)),
        (
            format!("{all} or City = 'x' order by id desc"),
            "(id is not null or City = 'x') and id < ",
            (1..=3_500).rev().collect(),
        ),
    ] {
        ada.zoho.journal().clear();
        let leads = ada.crm.coql(query).offset(98_000).stream().collect_up_to(10_000).await.unwrap();
        let names: Vec<_> = leads.iter().filter_map(|lead| lead.text("Last_Name")).collect();
        let expected: Vec<_> = numbers.iter().map(|number| format!("Record {number}")).collect();
        assert!(names == expected, "{} {:?}", names.len(), names.last());
        let sent = queries(&ada);
        assert_eq!(sent.len(), 2, "{sent:?}");
        assert!(
            sent[1].contains(&format!("where {condition}")) && sent[1].ends_with(" limit 2000"),
            "{sent:?}"
        );
    }
    let leads = ada.crm.coql(all).offset(99_000).limit(2_100).stream().collect_up_to(10_000).await.unwrap();
    assert_eq!((leads.len(), leads.last().unwrap().text("Last_Name")), (2_100, Some("Record 101100")));
    let after = ada.crm.coql(all).after(leads[0].id().unwrap()).limit(1).send().await.unwrap();
    assert_eq!(after.records[0].text("Last_Name"), Some("Record 99002"));
}

#[tokio::test]
async fn a_stream_in_another_order_ends_at_the_maximum_of_a_query_with_an_error() {
    let ada = logged_in().await;
    let more = r#"{"data":[{"id":"1"}],"info":{"count":1,"more_records":true}}"#;
    ada.zoho.fault(Fault::on("POST /crm/v8/coql").forever().respond(200, more));
    for query in [
        "select id from Leads where id is not null order by Last_Name",
        "select City from Leads where id is not null group by City",
    ] {
        ada.zoho.journal().clear();
        let mut leads = ada.crm.coql(query).offset(99_999).stream();
        assert_eq!(leads.next().await.unwrap().unwrap().id(), Some("1"));
        let error = leads.next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("at most 100000 records, but there are more"), "{error}");
        assert!(leads.next().await.is_none());
        assert_eq!(queries(&ada).len(), 1, "no further query was sent");
    }
}

#[tokio::test]
async fn a_stream_by_id_that_returns_a_record_again_ends_with_an_error() {
    let ada = logged_in().await;
    let more = r#"{"data":[{"id":"1"}],"info":{"count":1,"more_records":true}}"#;
    ada.zoho.fault(Fault::on("POST /crm/v8/coql").forever().respond(200, more));
    let mut leads = ada.crm.coql("select id from Leads where id is not null").offset(99_999).stream();
    assert!(leads.next().await.unwrap().is_ok() && leads.next().await.unwrap().is_ok());
    assert_eq!(leads.next().await.unwrap().unwrap_err().kind(), ErrorKind::Request);
    assert_eq!(queries(&ada).len(), 2);
}

#[tokio::test]
async fn a_query_that_zoho_would_reject_is_not_sent() {
    let ada = logged_in().await;
    let all = "select id from Leads where id is not null";
    let rejected = [
        ada.crm.coql(format!("{all} limit 5")).limit(5).send().await,
        ada.crm.coql(all).limit(2_001).send().await,
        ada.crm.coql(all).limit(0).send().await,
        ada.crm.coql(all).offset(100_000).send().await,
        ada.crm.coql(all).after("1 or id = 2").send().await,
        ada.crm.coql(format!("{all} order by City")).after("1").send().await,
        ada.crm.coql(format!("{all} limit 5")).after("1").send().await,
        ada.crm.coql(Select::fields(vec!["id"; 51]).from("Leads")).send().await,
        ada.crm.coql(Select::fields(["id"]).from("Leads where")).send().await,
    ];
    for rejected in rejected {
        assert_eq!(rejected.unwrap_err().kind(), ErrorKind::Request);
    }
    assert!(ada.zoho.journal().entries().is_empty());
}

#[tokio::test]
async fn an_invalid_query_is_invalid_data_with_its_position() {
    let ada = logged_in().await;
    let error = ada.crm.coql("select id form Leads").send().await.unwrap_err();
    assert_eq!(error.api().map(|error| error.code()), Some("SYNTAX_ERROR"), "{error}");
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    let error = ada.crm.coql("select Nonsense from Leads where id is not null").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    assert!(error.to_string().contains("Nonsense"), "{error}");
}

#[tokio::test]
async fn a_query_is_retried_after_an_error_of_zoho() {
    let ada = with_leads(&["Hopper"]).await;
    ada.zoho.fault(Fault::on("POST /crm/v8/coql").status_500());
    let page = ada.crm.coql("select id from Leads where id is not null").send().await.unwrap();
    assert_eq!(page.records.len(), 1);
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/coql"), 2);
}
