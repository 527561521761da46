//! `crm.bulk_read("Leads")`: jobs, their rows, and the errors of both.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use zoho_emulator::{Emulator, Fault};
use zohocrm::bulk::{BulkRead, JobState, Polling};
use zohocrm::{Criteria, Crm, Error, ErrorKind, Retries};

use crate::support::{ADA, LoggedIn, logged_in, logged_in_at};

const START: &str = "POST /crm/bulk/v8/read";

fn quick() -> Polling {
    Polling::new()
        .first_interval(Duration::from_millis(20))
        .max_interval(Duration::from_millis(60))
        .timeout(Duration::from_secs(30))
}

/// Starts a job that reads this number of leads.
async fn job(ada: &LoggedIn, leads: usize) -> BulkRead {
    ada.zoho.add_records(ADA, "Leads", leads);
    ada.crm.bulk_read("Leads").fields(["Last_Name", "Email"]).polling(quick()).start().await.unwrap()
}

fn result_of(job: &BulkRead) -> String {
    format!("GET /crm/bulk/v8/read/{}/result", job.id())
}

#[tokio::test]
async fn a_job_is_started_and_polled_and_its_rows_are_streamed() {
    let ada = logged_in().await;
    let job = job(&ada, 1_234).await;
    let mut states = Vec::new();
    let status = job.wait_with_progress(|status| states.push(status.state.clone())).await.unwrap();
    let result = status.result.unwrap();
    assert_eq!((status.id.as_str(), result.count, result.more_records), (job.id(), Some(1_234), false));
    assert_eq!(states.last(), Some(&JobState::Completed));
    assert!(states.len() > 1 && !states[0].is_final(), "{states:?}");

    let mut rows = job.rows().await.unwrap();
    let mut count = 0;
    while let Some(lead) = rows.next().await {
        let lead = lead.unwrap();
        count += 1;
        assert_eq!(lead.text("Last_Name").unwrap(), format!("Record {count}"));
        assert!(lead.id().is_some() && lead.is_null("Email"), "an empty cell is null: {lead:?}");
    }
    assert_eq!(count, 1_234);
    assert!(rows.next().await.is_none(), "the stream stays at its end");
}

#[tokio::test]
async fn rows_are_decoded_as_the_callers_own_type() {
    #[derive(Debug, Deserialize)]
    struct Lead {
        id: u64,
        #[serde(rename = "Last_Name")]
        last_name: String,
        #[serde(rename = "Email")]
        email: Option<String>,
    }
    let ada = logged_in().await;
    let job = job(&ada, 3).await;
    let leads = job.rows_as::<Lead>().await.unwrap().collect_up_to(10).await.unwrap();
    assert_eq!(
        leads.iter().map(|lead| lead.last_name.as_str()).collect::<Vec<_>>(),
        ["Record 1", "Record 2", "Record 3"]
    );
    assert!(leads.iter().all(|lead| lead.id > 0 && lead.email.is_none()));
}

#[tokio::test]
async fn a_row_that_cannot_be_decoded_is_an_error_with_its_position() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "nothing is ever read into it")]
    struct Odd {
        #[serde(rename = "Last_Name")]
        last_name: u32,
    }
    let ada = logged_in().await;
    let mut rows = job(&ada, 3).await.rows_as::<Odd>().await.unwrap();
    let error = rows.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("in row 1 after the header, column 2"), "{error}");
    assert!(!error.to_string().contains("Record 1"), "content is quoted: {error}");
    assert!(rows.next().await.is_none());
}

#[tokio::test]
async fn the_rows_before_one_that_cannot_be_decoded_are_returned() {
    #[derive(Debug)]
    struct NotTheThird(String);
    impl<'de> Deserialize<'de> for NotTheThird {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let cells = std::collections::HashMap::<String, String>::deserialize(deserializer)?;
            let name = cells.get("Last_Name").cloned().unwrap_or_default();
            if name == "Record 3" { Err(serde::de::Error::custom("not the third")) } else { Ok(Self(name)) }
        }
    }
    let ada = logged_in().await;
    let mut rows = job(&ada, 4).await.rows_as::<NotTheThird>().await.unwrap();
    for expected in ["Record 1", "Record 2"] {
        assert_eq!(rows.next().await.unwrap().unwrap().0, expected);
    }
    let error = rows.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("in row 3 after the header"), "{error}");
    assert!(rows.next().await.is_none(), "the stream ends after an error");
}

#[tokio::test]
#[should_panic(expected = "not a Fussy row")]
async fn a_panic_in_a_row_type_reaches_the_consumer() {
    #[derive(Debug)]
    struct Fussy;
    impl<'de> Deserialize<'de> for Fussy {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("not a Fussy row")
        }
    }
    let ada = logged_in().await;
    let _ = job(&ada, 3).await.rows_as::<Fussy>().await.unwrap().next().await;
}

#[tokio::test]
async fn a_completed_job_is_not_polled_again() {
    let ada = logged_in().await;
    let job = job(&ada, 2).await;
    let status = job.wait().await.unwrap();
    let state = format!("GET /crm/bulk/v8/read/{}", job.id());
    let polls = ada.zoho.journal().count(&state);
    let mut reported = Vec::new();
    assert_eq!(job.clone().wait_with_progress(|status| reported.push(status.clone())).await.unwrap(), status);
    assert_eq!(
        (reported.as_slice(), job.rows().await.unwrap().collect_up_to(9).await.unwrap().len()),
        (&[status][..], 2)
    );
    assert_eq!(ada.zoho.journal().count(&state), polls);
}

#[tokio::test]
async fn a_job_is_found_again_by_its_id() {
    let ada = logged_in().await;
    let started = job(&ada, 2).await;
    let again = ada.crm.bulk_read_job(started.id()).with_polling(quick());
    assert_eq!(again.rows().await.unwrap().collect_up_to(10).await.unwrap().len(), 2);
    let unknown = ada.crm.bulk_read_job("17").status().await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn criteria_and_a_callback_reach_zoho() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 5);
    let criteria = Criteria::field("Last_Name").equals("Record 4");
    let read = ada.crm.bulk_read("Leads").fields(["Last_Name"]).criteria(criteria.clone()).polling(quick());
    let job = read.callback("https://example.com/done").start().await.unwrap();
    let rows = job.rows().await.unwrap().collect_up_to(10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(job.status().await.unwrap().query.unwrap()["criteria"], criteria.to_json().unwrap());
    let raw = ada.crm.bulk_read("Leads").criteria(Criteria::raw("(a:equals:b)"));
    assert!(matches!(raw.start().await, Err(Error::Request(_))));
}

#[tokio::test]
async fn the_zip_file_is_saved_unchanged() {
    let ada = logged_in().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leads.zip");
    let length = job(&ada, 10).await.save(&path).await.unwrap();
    let zip = std::fs::read(&path).unwrap();
    assert!(zip.len() as u64 == length && zip.starts_with(b"PK"));
}

#[tokio::test]
async fn further_pages_are_read_by_number_and_by_token() {
    let ada = logged_in().await;
    ada.zoho.add_records(ADA, "Leads", 4);
    for (next, expected) in [(json!(null), "page"), (json!("next-one"), "page_token")] {
        ada.zoho.clear_faults();
        ada.zoho.journal().clear();
        // The status of the first job is simulated and reports more records.
        let body = json!({ "data": [{ "id": "1", "state": "COMPLETED",
            "result": { "page": 1, "count": 4, "more_records": true, "next_page_token": next } }] });
        ada.zoho.fault(Fault::on("GET /crm/bulk/v8/read/*").respond(200, body.to_string()));
        let mut jobs = ada.crm.bulk_read("Leads").fields(["Last_Name"]).polling(quick()).all_pages();
        let first = jobs.next().await.unwrap().unwrap();
        let second = jobs.next().await.unwrap();
        assert_eq!(ada.zoho.journal().count(START), 2);
        match expected {
            "page" => {
                let second = second.unwrap();
                assert_ne!(first.id(), second.id());
                assert_eq!(second.status().await.unwrap().query.unwrap()["page"], 2);
                assert!(jobs.next().await.is_none());
            }
            _ => {
                assert_eq!(second.unwrap_err().kind(), ErrorKind::InvalidData, "Zoho rejects a made-up token")
            }
        }
    }
}

#[tokio::test]
async fn a_failed_job_is_an_error_with_the_reason() {
    let ada = logged_in().await;
    ada.zoho.fail_next_bulk_job();
    let job = job(&ada, 1).await;
    let error = job.rows().await.unwrap_err();
    assert!(matches!(&error, Error::JobFailed { job: failed, .. } if failed == job.id()), "{error:?}");
    assert!(error.to_string().contains(job.id()) && !error.is_transient(), "{error}");
}

#[tokio::test]
async fn waiting_for_a_job_times_out_and_can_be_repeated() {
    let zoho = Emulator::builder().bulk_job_duration(Duration::from_secs(3600)).start().await;
    let ada = logged_in_at(zoho).await;
    let job = job(&ada, 1).await.with_polling(quick().timeout(Duration::from_millis(200)));
    let error = job.rows().await.unwrap_err();
    assert!(
        matches!(&error, Error::JobUnfinished { state: Some(state), .. } if !state.is_final()),
        "{error:?}"
    );
    ada.zoho.advance(Duration::from_secs(3600));
    assert_eq!(job.with_polling(quick()).rows().await.unwrap().collect_up_to(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn zoho_can_be_unreachable_for_a_while_during_polling() {
    let ada = logged_in().await;
    let crm = Crm::builder(&ada.authenticator).retries(Retries::none()).build_for(ADA);
    let job = job(&ada, 1).await;
    ada.zoho.fault(Fault::on(format!("GET /crm/bulk/v8/read/{}", job.id())).times(3).status_500());
    let job = crm.bulk_read_job(job.id()).with_polling(quick());
    assert_eq!(job.wait().await.unwrap().state, JobState::Completed);
}

#[tokio::test]
async fn a_rejected_start_is_an_error_of_its_kind() {
    let ada = logged_in().await;
    let error = ada.crm.bulk_read("Nonsense").start().await.unwrap_err();
    assert_eq!(error.api().unwrap().code(), "MODULE_NOT_AVAILABLE");
    let error = ada.crm.bulk_read("Leads").fields(["Nonsense"]).start().await.unwrap_err();
    assert_eq!(error.api().unwrap().code(), "FIELD_NOT_AVAILABLE");
}

#[tokio::test]
async fn an_invalid_or_incomplete_file_is_an_error_and_never_an_early_end() {
    let ada = logged_in().await;
    let job = job(&ada, 2_000).await;
    job.wait().await.unwrap();
    let result = result_of(&job);
    ada.zoho.fault(Fault::on(&result).html());
    let error = job.rows().await.unwrap().next().await.unwrap().unwrap_err();
    assert!(error.kind() == ErrorKind::Decode && error.to_string().contains("text/html"), "{error}");

    ada.zoho.fault(Fault::on(&result).truncate_body());
    assert_eq!(job.rows().await.unwrap_err().kind(), ErrorKind::Unreachable);

    ada.zoho.fault(Fault::on(&result).crm_error(400, "RESOURCE_NOT_FOUND"));
    assert_eq!(job.rows().await.unwrap_err().kind(), ErrorKind::NotFound);

    assert_eq!(
        job.rows().await.unwrap().collect_up_to(9_999).await.unwrap().len(),
        2_000,
        "the next download succeeds"
    );
}

#[tokio::test]
async fn dropping_the_rows_stops_their_thread() {
    let ada = logged_in().await;
    let job = job(&ada, 20_000).await;
    for _ in 0..20 {
        let mut rows = job.rows().await.unwrap();
        rows.next().await.unwrap().unwrap();
    }
    let readers = || {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name.starts_with("zohocrm-rows")).count()
    };
    for _ in 0..100 {
        // Other tests can run a few threads of this name.
        if readers() < 10 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} threads still run", readers());
}
