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
    assert_eq!(photo.download().await.unwrap().status(), 204, "no photo yet");

    let picture = b"\x89PNG\r\n\x1a\n and so on".to_vec();
    let written = photo.upload(Upload::from_bytes("hopper.png", picture.clone())).await.unwrap();
    assert_eq!(written.code(), "SUCCESS");
    assert_eq!(photo.download().await.unwrap().bytes().await.unwrap(), picture);

    photo.delete().await.unwrap();
    assert!(photo.download().await.unwrap().bytes().await.unwrap().is_empty());
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
