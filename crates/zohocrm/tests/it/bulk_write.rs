//! `crm.bulk_write("Leads")`: uploads, jobs, and the results of rows.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use zoho_emulator::{Fault, Field};
use zohocrm::bulk::{BulkWrite, BulkWriteBatch, BulkWriteRow, JobState, Polling, RowStatus, StartBulkWrite};
use zohocrm::{Error, ErrorKind, Items, Lookup, Record};

use crate::support::{LoggedIn, logged_in};

const UPLOAD: &str = "POST /crm/v8/upload";
const START: &str = "POST /crm/bulk/v8/write";

fn write(ada: &LoggedIn) -> StartBulkWrite {
    let quick =
        Polling::new().first_interval(Duration::from_millis(20)).max_interval(Duration::from_millis(60));
    ada.crm.bulk_write("Leads").polling(quick.timeout(Duration::from_secs(30)))
}

/// Starts the job of a write with a single batch.
async fn only(mut batches: Items<BulkWriteBatch>) -> BulkWrite {
    let batch = batches.next().await.unwrap().unwrap();
    assert!(batches.next().await.is_none());
    batch.start().await.unwrap()
}

async fn rows(job: &BulkWrite) -> Vec<BulkWriteRow> {
    job.rows().await.unwrap().collect_up_to(100_000).await.unwrap()
}

#[tokio::test]
async fn records_are_written_and_each_row_has_a_result() {
    let ada = logged_in().await;
    let leads = [
        Record::new().with("Last_Name", "O'Neil, \"Ann\"\nline two").with("Email", "ann@example.com"),
        Record::new().with("Last_Name", "").with("Email", "nobody@example.com"),
        Record::new().with("Email", "grace@example.com").with("Last_Name", "Hopper"),
    ];
    let job = only(write(&ada).records(leads)).await;
    let status = job.wait().await.unwrap();
    let file = status.files().next().unwrap();
    assert_eq!((file.total_count, file.added_count, file.skipped_count), (Some(3), Some(2), Some(1)));

    let rows = rows(&job).await;
    let states: Vec<_> = rows.iter().map(|row| row.status.clone()).collect();
    assert_eq!(states, [RowStatus::Added, RowStatus::Skipped, RowStatus::Added]);
    assert_eq!(rows[1].errors[0].code, "MANDATORY_NOT_FOUND");
    assert_eq!(rows[1].errors[0].columns, ["Last_Name"]);
    assert_eq!(rows[1].columns.text("Email"), Some("nobody@example.com"));

    let id = rows[0].record_id.as_deref().unwrap();
    let lead = ada.crm.records("Leads").get(id).send().await.unwrap().into_inner().unwrap();
    assert_eq!(lead.text("Last_Name"), Some("O'Neil, \"Ann\"\nline two"));
}

#[tokio::test]
async fn records_of_the_callers_own_type_are_written() {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Lead {
        #[serde(rename = "Last_Name")]
        last_name: String,
        email: Option<String>,
    }
    let ada = logged_in().await;
    let leads = (1..=3).map(|number| Lead { last_name: format!("Lead {number}"), email: None });
    let job = only(write(&ada).records(leads.collect::<Vec<_>>())).await;
    assert!(rows(&job).await.iter().all(|row| row.status == RowStatus::Added));
}

#[tokio::test]
async fn the_upload_goes_to_the_content_host_and_the_organization_is_requested_once() {
    let ada = logged_in().await;
    let mut batches = write(&ada).rows_per_job(2).csv_text("Last_Name\nA\nB\nC\nD\nE\n");
    let mut counts = Vec::new();
    while let Some(batch) = batches.next().await {
        counts.push(rows(&batch.unwrap().start().await.unwrap()).await.len());
    }
    assert_eq!(counts, [2, 2, 1]);
    let journal = ada.zoho.journal();
    assert_eq!((journal.count("GET /crm/v8/org"), journal.count(UPLOAD), journal.count(START)), (1, 3, 3));
    let upload = journal.entries().into_iter().find(|entry| entry.path == "/crm/v8/upload").unwrap();
    assert_eq!(
        (upload.header("feature"), upload.header("x-crm-org")),
        (Some("bulk-write"), Some("60000001"))
    );

    journal.clear();
    only(write(&ada).organization("60000001").csv_text("Last_Name\nF\n")).await;
    assert_eq!(journal.count("GET /crm/v8/org"), 0, "a given zgid is not requested");
}

#[tokio::test]
async fn nothing_is_sent_without_rows_or_before_a_batch_is_requested() {
    let ada = logged_in().await;
    let none: [Record; 0] = [];
    assert!(write(&ada).records(none).next().await.is_none());
    assert!(write(&ada).csv_text("Last_Name\n").next().await.is_none());
    drop(write(&ada).csv_text("Last_Name\nA\n"));
    assert!(ada.zoho.journal().entries().is_empty());
}

#[tokio::test]
async fn records_are_updated_and_upserted_by_a_field() {
    let ada = logged_in().await;
    let first = only(write(&ada).csv_text("Last_Name,Email,Company\nA,a@example.com,One\n")).await;
    let id = rows(&first).await[0].record_id.clone().unwrap();

    let text = "E-mail,Last_Name\na@example.com,A2\nb@example.com,B\n";
    let upsert = only(write(&ada).upsert("Email").column("E-mail", "Email").csv_text(text)).await;
    let states: Vec<_> = rows(&upsert).await.into_iter().map(|row| row.status).collect();
    assert_eq!(states, [RowStatus::Updated, RowStatus::Added]);

    let change = Record::with_id(id.as_str()).with("Last_Name", "A3").with("Company", "");
    let update = only(write(&ada).update("id").ignore_empty().records([change])).await;
    assert_eq!(rows(&update).await[0].status, RowStatus::Updated);
    let lead = ada.crm.records("Leads").get(&id).send().await.unwrap().into_inner().unwrap();
    assert_eq!((lead.text("Last_Name"), lead.text("Company")), (Some("A3"), Some("One")));
}

#[tokio::test]
async fn a_lookup_is_written_as_its_id_and_a_default_value_needs_no_column() {
    let ada = logged_in().await;
    let account = Record::new().with("Account_Name", "Navy");
    let account = ada.crm.records("Accounts").create_one(account).await.unwrap().id().unwrap().to_owned();
    let contact =
        Record::new().with("Last_Name", "Hopper").with("Account_Name", Lookup::new(account.as_str()));
    let write = ada.crm.bulk_write("Contacts").default_value("Lead_Source", "Advertisement");
    let job = only(write.records([contact])).await;
    let row = rows(&job).await.remove(0);
    assert_eq!(row.status, RowStatus::Added, "{row:?}");
    let contacts = ada.crm.records("Contacts");
    let contact = contacts.get(row.record_id.unwrap()).send().await.unwrap().into_inner().unwrap();
    assert_eq!(contact.lookup("Account_Name").unwrap().id(), account);
    assert_eq!(contact.text("Lead_Source"), Some("Advertisement"));
}

#[tokio::test]
async fn a_file_is_streamed_from_disk() {
    let ada = logged_in().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leads.csv");
    std::fs::write(&path, "\u{feff}Last_Name\r\nÄ\r\nß\r\n").unwrap();
    let job = only(write(&ada).csv_file(&path)).await;
    assert_eq!(rows(&job).await.len(), 2);
    let error = write(&ada).csv_file(folder.path().join("none.csv")).next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::File { kind: std::io::ErrorKind::NotFound, .. }), "{error:?}");
}

#[tokio::test]
async fn an_invalid_row_ends_the_stream_after_the_batches_before_it() {
    let ada = logged_in().await;
    let mut batches = write(&ada).rows_per_job(2).records([
        Record::new().with("Last_Name", "A"),
        Record::new().with("Last_Name", "B"),
        Record::new().with("Last_Name", "C").with("First_Name", "has no column"),
    ]);
    assert!(batches.next().await.unwrap().is_ok());
    let error = batches.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("First_Name"), "{error}");
    assert!(batches.next().await.is_none());
    let fields = write(&ada).fields(["Last_Name", "First_Name"]);
    assert_eq!(rows(&only(fields.records([Record::new().with("Last_Name", "D")])).await).await.len(), 1);
}

#[tokio::test]
async fn an_update_with_a_missing_field_is_rejected_unless_empty_cells_are_ignored() {
    let ada = logged_in().await;
    let leads = || [Record::with_id("1").with("City", "Rome").with_null("Company"), Record::with_id("2")];
    for write in [write(&ada).update("id"), write(&ada).upsert("id")] {
        let error = write.records(leads()).next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("lacks the field `City`"), "{error}");
    }
    assert_eq!(ada.zoho.journal().count(UPLOAD), 0);
    assert!(write(&ada).update("id").ignore_empty().records(leads()).next().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_batch_has_the_positions_of_its_rows_including_skipped_ones() {
    let ada = logged_in().await;
    let mut batches = write(&ada).rows_per_job(2).skip_rows(2).csv_text("Last_Name\nA\nB\nC\nD\nE\n");
    let batch = batches.next().await.unwrap().unwrap();
    assert_eq!(batch.rows(), 2..4);
    assert_eq!(rows(&batch.start().await.unwrap()).await[0].columns.text("Last_Name"), Some("C"));
    assert_eq!(batches.next().await.unwrap().unwrap().rows(), 4..5);
    assert!(batches.next().await.is_none());
}

#[tokio::test]
async fn a_start_that_zoho_may_have_carried_out_is_an_error_with_the_rows() {
    let ada = logged_in().await;
    let start = Fault::on(START);
    for fault in [start.clone().drop_after(), start.clone().html(), start.clone().status_500()] {
        let batch = write(&ada).skip_rows(1).csv_text("Last_Name\nA\nB\nC\n").next().await.unwrap().unwrap();
        ada.zoho.fault(fault);
        let error = batch.start().await.unwrap_err();
        assert!(matches!(&error, Error::JobInDoubt { rows, .. } if *rows == (1..3)), "{error:?}");
        assert!(error.is_in_doubt() && !error.is_transient(), "{error:?}");
        assert!(error.to_string().contains("rows 2 to 3"), "{error}");
    }
    let batch = write(&ada).csv_text("Last_Name\nA\n").next().await.unwrap().unwrap();
    ada.zoho.fault(start.crm_error(400, "INVALID_DATA"));
    let error = batch.start().await.unwrap_err();
    assert!(error.api().is_some() && !error.is_in_doubt(), "{error:?}");
    assert_eq!(rows(&batch.start().await.unwrap()).await.len(), 1, "a rejected batch can be started again");
}

#[tokio::test]
async fn a_job_declares_the_format_of_dates() {
    let ada = logged_in().await;
    let lead = |day: &str, text: &str| {
        let lead = Record::new().with("Last_Name", "Hopper").with("Birthday", day);
        lead.with("Called", "2026-11-22T09:30:00+01:00").with("Note", text)
    };
    let write = || {
        let write = write(&ada).column("Birthday", "Date_of_Birth").column("Called", "Last_Call");
        write.column("Note", "Description")
    };
    let formats = |job: BulkWrite| async move {
        let status = job.status().await.unwrap();
        let mappings = status.resource[0].extra["field_mappings"].as_array().unwrap().clone();
        mappings.iter().map(|mapping| mapping["format"].clone()).collect::<Vec<_>>()
    };
    ada.zoho.add_field("Leads", Field::date("Date_of_Birth"));
    ada.zoho.add_field("Leads", Field::date_time("Last_Call"));
    let leads = [lead("2026-11-22", "2026-11-22"), lead("", "soon")];
    let iso = [Value::Null, json!("yyyy-MM-dd"), json!("yyyy-MM-dd'T'HH:mm:ssXXX"), Value::Null];
    assert_eq!(formats(only(write().records(leads.clone())).await).await, iso);
    let set = write().format("Birthday", "dd.MM.yyyy").format("Note", "MM/dd/yyyy");
    let [_, _, called, _] = iso;
    let iso = [Value::Null, json!("dd.MM.yyyy"), called, json!("MM/dd/yyyy")];
    assert_eq!(formats(only(set.records(leads)).await).await, iso);
    let set = write().format("Birthday", "").fields(["Last_Name", "Birthday"]);
    let lead = Record::new().with("Last_Name", "Hopper").with("Birthday", "2026-11-22");
    assert_eq!(formats(only(set.records([lead])).await).await, [Value::Null, Value::Null]);
    let text = "Last_Name,Birthday\nHopper,2026-11-22\n";
    assert_eq!(formats(only(write().csv_text(text)).await).await, [Value::Null, Value::Null]);
}

#[tokio::test]
async fn a_failed_job_is_an_error_with_the_reason() {
    let ada = logged_in().await;
    ada.zoho.fail_next_bulk_job();
    let job = only(write(&ada).csv_text("Last_Name\nA\n")).await;
    let error = job.wait().await.unwrap_err();
    let Error::JobFailed { job: failed, state, reason, .. } = &error else { panic!("{error:?}") };
    assert_eq!((failed.as_str(), state), (job.id(), &JobState::Failed));
    assert!(reason.as_deref().is_some_and(|reason| reason.starts_with("INTERNAL_ERROR")), "{error}");
    assert_eq!(job.status().await.unwrap().state, JobState::Failed);
}

#[tokio::test]
async fn a_rejected_upload_is_an_error_and_starts_no_job() {
    let ada = logged_in().await;
    let error = write(&ada).organization("17").csv_text("Last_Name\nA\n").next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("X-CRM-ORG"), "{error}");
    ada.zoho.fault(Fault::on(UPLOAD).crm_error(200, "INVALID_FILE_FORMAT"));
    let error = write(&ada).csv_text("Last_Name\nA\n").next().await.unwrap().unwrap_err();
    assert_eq!(error.api().unwrap().code(), "INVALID_FILE_FORMAT");
    ada.zoho.fault(Fault::on(UPLOAD).html());
    let error = write(&ada).csv_text("Last_Name\nA\n").next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(ada.zoho.journal().count(START), 0);
}

#[tokio::test]
async fn an_unknown_field_is_rejected_before_any_row_is_written() {
    let ada = logged_in().await;
    let batch = write(&ada).csv_text("Last_Name,Nonsense\nA,B\n").next().await.unwrap().unwrap();
    let error = batch.start().await.unwrap_err();
    assert_eq!(error.api().unwrap().code(), "INVALID_FIELD_NAME");
}

#[tokio::test]
async fn the_token_does_not_go_to_a_foreign_download_url() {
    let ada = logged_in().await;
    let foreign = zoho_emulator::Emulator::start().await;
    let job = only(write(&ada).csv_text("Last_Name\nA\n")).await;
    let url = format!("{}/v2/crm/60000001/bulk-write/1/1.zip", foreign.base_url());
    let body = json!({ "id": job.id(), "status": "COMPLETED", "result": { "download_url": url } });
    let status = format!("GET /crm/bulk/v8/write/{}", job.id());
    ada.zoho.fault(Fault::on(&status).respond(200, body.to_string()));
    let error = job.rows().await.unwrap_err();
    assert!(matches!(error, Error::ForeignHost { .. }), "{error:?}");
    assert!(foreign.journal().entries().is_empty());

    let body = json!({ "id": job.id(), "status": "COMPLETED", "resource": Value::Null });
    ada.zoho.fault(Fault::on(&status).respond(200, body.to_string()));
    let error = ada.crm.bulk_write_job(job.id()).rows().await.unwrap_err();
    assert!(matches!(error, Error::JobResultMissing { .. }), "{error:?}");
}

#[tokio::test]
async fn a_job_is_found_again_by_its_id_and_its_result_saved() {
    let ada = logged_in().await;
    let started = only(write(&ada).csv_text("Last_Name\nA\n")).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.zip");
    ada.crm.bulk_write_job(started.id()).save(&path).await.unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(b"PK"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_read_to_its_end_and_a_folder_is_an_error_before_anything_is_uploaded() {
    use std::io::Write;
    use std::os::fd::AsRawFd;

    let ada = logged_in().await;
    let folder = tempfile::tempdir().unwrap();
    let error = write(&ada).insert().csv_file(folder.path()).next().await.unwrap().unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains(&*folder.path().to_string_lossy()) && message.contains("directory"),
        "{message}"
    );
    assert_eq!((error.kind(), ada.zoho.journal().count(UPLOAD)), (ErrorKind::Request, 0));

    let (pipe, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"Last_Name\nHopper\nLovelace\n").unwrap();
    drop(writer);
    let job = only(write(&ada).insert().csv_file(format!("/dev/fd/{}", pipe.as_raw_fd()))).await;
    assert_eq!(rows(&job).await.len(), 2);
}

#[tokio::test]
async fn a_saved_result_replaces_no_file_by_an_empty_one() {
    let ada = logged_in().await;
    let job = only(write(&ada).insert().records([Record::new().with("Last_Name", "Hopper")])).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.zip");
    std::fs::write(&path, "the only copy").unwrap();
    let url = job.wait().await.unwrap().result.unwrap().download_url.unwrap();
    let result = url.split_once("/v2/").unwrap().1;
    ada.zoho.fault(Fault::on(format!("GET /v2/{result}")).respond(204, ""));
    let error = job.save(&path).await.unwrap_err();
    assert!(matches!(error, Error::NoFile { status: 204, .. }), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the only copy");
    assert!(job.save(&path).await.unwrap() > 0);
}
