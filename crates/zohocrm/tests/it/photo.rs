//! `records.photo(…)`.

use zoho_emulator::Fault;
use zohocrm::{Error, ErrorKind, Record, Upload};

use crate::support::logged_in;

#[tokio::test]
async fn a_photo_is_uploaded_downloaded_and_deleted() {
    let ada = logged_in().await;
    let contact =
        ada.crm.records("Contacts").create_one(Record::new().with("Last_Name", "Hopper")).await.unwrap();
    let photo = ada.crm.records("Contacts").photo(contact.id().unwrap());
    let picture = b"\x89PNG\r\n\x1a\n and so on".to_vec();
    let written = photo.upload(Upload::from_bytes("hopper.png", picture.clone())).await.unwrap();
    assert_eq!(written.code(), "SUCCESS");
    assert_eq!(photo.download().await.unwrap().bytes().await.unwrap(), picture);

    photo.delete().await.unwrap();
    let error = photo.download().await.unwrap_err();
    assert!(matches!(error, Error::NoFile { status: 204, .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn without_a_photo_nothing_is_replaced() {
    let ada = logged_in().await;
    let contacts = ada.crm.records("Contacts");
    let contact = contacts.create_one(Record::new().with("Last_Name", "Hopper")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hopper.png");
    std::fs::write(&path, "the only copy").unwrap();
    let photo = contacts.photo(contact.id().unwrap());
    let saved = async { photo.download().await?.save(&path).await };
    assert!(matches!(saved.await, Err(Error::NoFile { status: 204, .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the only copy");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_rejected_photo_is_an_error_whatever_shape_the_rejection_has() {
    let ada = logged_in().await;
    let photo = ada.crm.records("Contacts").photo("7");
    let rejection =
        r#"{"code":"NOT_REVIEWED","details":{"id":"7"},"message":"not reviewed yet","status":"error"}"#;
    for (status, body) in [
        (400, rejection.to_owned()),
        (200, rejection.to_owned()),
        (200, format!(r#"{{"data":[{rejection}]}}"#)),
    ] {
        ada.zoho.fault(Fault::on("POST /crm/v8/Contacts/7/photo").respond(status, body));
        let error = photo.upload(Upload::from_bytes("x.png", "x")).await.unwrap_err();
        let code = error.api().map(|error| error.code()).or(error.record().map(|error| error.code()));
        assert_eq!(code, Some("NOT_REVIEWED"), "{error:?}");
    }
    for body in ["[]", r#"{"data":[]}"#, "{}", ""] {
        ada.zoho.fault(Fault::on("POST /crm/v8/Contacts/7/photo").respond(200, body));
        let error = photo.upload(Upload::from_bytes("x.png", "x")).await.unwrap_err();
        assert!(matches!(error, Error::InvalidResponse { .. }), "{body}: {error:?}");
    }
    let error = ada.crm.records("Contacts").photo("..").delete().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
}
