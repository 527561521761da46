//! `records.notes(…)` and `crm.notes()`.

use zohocrm::{ErrorKind, Note, Record};

use crate::support::{LoggedIn, logged_in};

async fn with_a_lead() -> (LoggedIn, String) {
    let ada = logged_in().await;
    let lead = Record::new().with("Last_Name", "Hopper").with("Company", "Navy");
    let id = ada.crm.records("Leads").create_one(lead).await.unwrap().id().unwrap().to_owned();
    (ada, id)
}

#[tokio::test]
async fn notes_on_a_record_are_created_listed_changed_and_deleted() {
    let (ada, lead) = with_a_lead().await;
    let notes = ada.crm.records("Leads").notes(&lead);
    let written = notes.create_one(Note::new("Called").content("Wants an offer.")).await.unwrap();
    let id = written.id().unwrap();

    let listed = notes.list().send_as::<Note>().await.unwrap();
    let note = &listed.records[0];
    assert_eq!(note.id.as_deref(), Some(id));
    assert_eq!((note.title.as_deref(), note.content.as_deref()), (Some("Called"), Some("Wants an offer.")));
    assert_eq!(note.parent.get().and_then(Record::id), Some(lead.as_str()));
    assert!(note.created_time.get().is_some());

    ada.crm.notes().update_one(id, Note::default().content("Has it.")).await.unwrap();
    let changed = ada
        .crm
        .notes()
        .get(id)
        .fields(["Note_Title", "Note_Content"])
        .send_as::<Note>()
        .await
        .unwrap()
        .into_inner()
        .unwrap();
    assert_eq!((changed.title.as_deref(), changed.content.as_deref()), (Some("Called"), Some("Has it.")));

    ada.crm.notes().delete([id]).await.unwrap().remove(0).unwrap();
    assert!(notes.list().send().await.unwrap().records.is_empty());
}

#[tokio::test]
async fn a_note_can_name_its_own_record() {
    let (ada, lead) = with_a_lead().await;
    let note = Note::new("Later").content("Call again.").on("Leads", &lead);
    ada.crm.notes().create_one(note).await.unwrap();
    let notes =
        ada.crm.records("Leads").notes(&lead).list().stream_as::<Note>().collect_up_to(10).await.unwrap();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].content.as_deref(), Some("Call again."));
}

#[tokio::test]
async fn each_note_has_its_own_result() {
    let (ada, lead) = with_a_lead().await;
    let notes = ada.crm.records("Leads").notes(&lead);
    let written = notes.create([Note::new("Good").content("x"), Note::default()]).await.unwrap();
    assert!(written[0].is_ok());
    assert_eq!(written[1].as_ref().unwrap_err().kind(), ErrorKind::InvalidData, "{written:?}");
}
