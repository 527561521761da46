//! `records.attachments(…)`.

use zohocrm::{Attachment, ErrorKind, Record, Upload};

use crate::support::{LoggedIn, logged_in};

async fn with_a_lead() -> (LoggedIn, String) {
    let ada = logged_in().await;
    let lead = Record::new().with("Last_Name", "Hopper").with("Company", "Navy");
    let id = ada.crm.records("Leads").create_one(lead).await.unwrap().id().unwrap().to_owned();
    (ada, id)
}

#[tokio::test]
async fn a_file_is_attached_listed_read_back_and_deleted() {
    let (ada, lead) = with_a_lead().await;
    let attachments = ada.crm.records("Leads").attachments(&lead);
    let content: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("offer (1).bin");
    std::fs::write(&path, &content).unwrap();
    let written = attachments.upload(Upload::from_path(&path)).await.unwrap();
    let id = written.id().unwrap();

    let listed = attachments.list().send_as::<Attachment>().await.unwrap();
    let attachment = &listed.records[0];
    assert_eq!((attachment.id.as_str(), attachment.file_name.as_deref()), (id, Some("offer (1).bin")));
    assert_eq!(attachment.size.as_deref(), Some("200000"));
    assert_eq!(attachment.parent.get().and_then(Record::id), Some(lead.as_str()));

    let download = attachments.download(id).await.unwrap();
    assert_eq!(download.file_name().as_deref(), Some("offer (1).bin"));
    assert!(download.bytes().await.unwrap() == content);

    attachments.delete([id]).await.unwrap().remove(0).unwrap();
    assert!(attachments.list().send().await.unwrap().records.is_empty());
    let gone = attachments.download(id).await.unwrap_err();
    assert!(matches!(gone.kind(), ErrorKind::InvalidData | ErrorKind::NotFound), "{gone:?}");
}

#[tokio::test]
async fn a_link_is_attached_under_its_title() {
    let (ada, lead) = with_a_lead().await;
    let attachments = ada.crm.records("Leads").attachments(&lead);
    attachments.link("https://example.com/a?b=c&d", "The offer").await.unwrap();
    let listed = attachments.list().send_as::<Attachment>().await.unwrap();
    assert_eq!(listed.records[0].file_name.as_deref(), Some("The offer"));
}

#[tokio::test]
async fn a_missing_file_is_an_error_that_names_it() {
    let (ada, lead) = with_a_lead().await;
    let attachments = ada.crm.records("Leads").attachments(&lead);
    let error = attachments.upload(Upload::from_path("/nowhere/offer.pdf")).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/offer.pdf"), "{error}");
    let error =
        ada.crm.records("Leads").attachments("1").upload(Upload::from_bytes("a.txt", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "there is no such record: {error}");
}
