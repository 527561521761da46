//! `crm.files()`: files that fields of records refer to.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use zoho_emulator::{Emulator, Fault, Field, Module};
use zohocrm::{
    Authenticator, Crm, Environment, Error, ErrorKind, FileField, Method, OAuthToken, Record, Retries,
    Upload, UploadedFile,
};

use crate::support::{ADA, logged_in, logged_in_at};

#[tokio::test]
async fn a_file_is_uploaded_attached_to_a_record_and_read_again() {
    let module = Module::new("Students").field(Field::file_upload("Certificates"));
    let ada = logged_in_at(Emulator::builder().module(module).start().await).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("certificate.txt");
    let content = "passed\n".repeat(100_000);
    std::fs::write(&path, &content).unwrap();

    let file = ada.crm.files().upload(Upload::from_path(&path)).await.unwrap();
    assert_eq!(file.name, "certificate.txt");
    let student =
        Record::new().with("Name", "Grace").with("Certificates", vec![FileField::uploaded(file.id.as_str())]);
    ada.crm.records("Students").create_one(student).await.unwrap();

    let download = ada.crm.files().download(&file.id).await.unwrap();
    assert_eq!(download.file_name().as_deref(), Some("certificate.txt"));
    let copy = folder.path().join("copy.txt");
    download.save(&copy).await.unwrap();
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), content);
}

#[tokio::test]
async fn an_upload_response_without_an_id_is_an_error() {
    let ada = logged_in().await;
    let taken =
        r#"{"data":[{"code":"SUCCESS","status":"success","message":"ok","details":{"name":"a.txt"}}]}"#;
    ada.zoho.fault(Fault::on("POST /crm/v8/files").respond(200, taken));
    let error = ada.crm.files().upload(Upload::from_bytes("a.txt", "a")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Decode && error.to_string().contains("no id for the file"), "{error}");
}

#[tokio::test]
async fn several_files_are_sent_in_one_call_and_in_order() {
    let ada = logged_in().await;
    let files = ["a.txt", "b.txt", "c.txt"].map(|name| Upload::from_bytes(name, name));
    let uploaded = ada.crm.files().upload_several(files).await.unwrap();
    let names: Vec<_> = uploaded.iter().map(|file| file.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(names, ["a.txt", "b.txt", "c.txt"]);
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/files"), 1);
    let second = ada.crm.files().download(&uploaded[1].as_ref().unwrap().id).await.unwrap();
    assert_eq!(second.bytes().await.unwrap(), b"b.txt");
}

#[tokio::test]
async fn a_file_name_cannot_inject_headers() {
    let ada = logged_in().await;
    for name in [r#"a "b" c;d & e.txt"#, "Größe 🦊.txt"] {
        let file = ada.crm.files().upload(Upload::from_bytes(name, "x")).await.unwrap();
        assert_eq!(file.name, name);
        let download = ada.crm.files().download(&file.id).await.unwrap();
        assert_eq!(
            download.file_name(),
            Some(name.replace('"', "_")),
            "the emulator replaces quotes in this header"
        );
    }
    for name in ["a\"\r\nContent-Type: text/html\r\n\r\nx", "a\nb"] {
        let error = ada.crm.files().upload(Upload::from_bytes(name, "x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error:?}");
    }
}

#[tokio::test]
async fn the_timeout_of_an_upload_grows_with_its_size() {
    let ada = logged_in().await;
    let crm = Crm::builder(&ada.authenticator)
        .timeout(Duration::from_millis(200))
        .retries(Retries::none())
        .build_for(ADA);
    let slow = Fault::on("POST /crm/v8/files").delay(Duration::from_millis(600));
    ada.zoho.fault(slow.clone());
    crm.files().upload(Upload::from_bytes("large.bin", vec![7; 200_000])).await.unwrap();
    ada.zoho.fault(slow);
    let error = crm.files().upload(Upload::from_bytes("small.bin", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:?}");
}

#[tokio::test]
async fn no_files_send_no_call_and_too_many_are_rejected_before_one() {
    let ada = logged_in().await;
    assert!(ada.crm.files().upload_several([]).await.unwrap().is_empty());
    let many = (0..11).map(|number| Upload::from_bytes(number.to_string(), "x"));
    assert!(matches!(ada.crm.files().upload_several(many).await, Err(Error::Request(_))));
    assert!(ada.zoho.journal().entries().is_empty());
}

#[tokio::test]
async fn errors_of_zoho_and_of_the_disk_have_their_own_kinds() {
    let ada = logged_in().await;
    let files = ada.crm.files();
    let large = Upload::from_bytes("large.bin", vec![0; (20 << 20) + 1]);
    assert_eq!(files.upload(large).await.unwrap_err().kind(), ErrorKind::LimitExceeded);
    ada.zoho.fault(Fault::on("POST /crm/v8/files").crm_error(400, "VIRUS_DETECTED"));
    let error = files.upload(Upload::from_bytes("x", "x")).await.unwrap_err();
    assert_eq!(error.api().unwrap().code(), "VIRUS_DETECTED");
    let error = files.upload(Upload::from_path("/nowhere/at/all.txt")).await.unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error:?}");
    let error = files.download("none").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_compressed_error_response_is_not_a_file() {
    let ada = logged_in().await;
    let words = "the file is not to be had ".repeat(100);
    let rejection =
        format!(r#"{{"code":"INTERNAL_ERROR","details":{{}},"message":"{words}","status":"error"}}"#);
    ada.zoho.fault(Fault::on("GET /crm/v8/files").respond_as(200, "application/json", rejection));
    let error = ada.crm.files().download("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error:?}");
}

#[tokio::test]
async fn a_json_file_of_any_length_is_returned_unchanged() {
    let ada = logged_in().await;
    for length in [1, 20, 16 * 1024, 100_000] {
        let content = format!("[{}1]", "1,".repeat(length));
        ada.zoho.fault(Fault::on("GET /crm/v8/files").respond_as(200, "application/json", content.as_str()));
        let file = ada.crm.files().download("a").await.unwrap();
        assert!(!format!("{file:?}").contains("[49"), "the content is not shown");
        assert!(file.bytes().await.unwrap() == content.as_bytes(), "{length}");
    }
}

#[tokio::test]
async fn an_interrupted_download_is_an_error_and_replaces_no_file() {
    let ada = logged_in().await;
    let file = ada.crm.files().upload(Upload::from_bytes("a.bin", vec![7; 100_000])).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.bin");
    std::fs::write(&old, "old").unwrap();
    for path in [folder.path().join("new.bin"), old.clone()] {
        ada.zoho.fault(Fault::on("GET /crm/v8/files").truncate_body());
        let download = ada.crm.files().download(&file.id).await.unwrap();
        assert_eq!(download.save(path).await.unwrap_err().kind(), ErrorKind::Unreachable);
    }
    assert_eq!(std::fs::read_to_string(&old).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_response_that_is_no_file_is_not_downloaded() {
    let ada = logged_in().await;
    for (status, body) in [(204, ""), (304, ""), (202, r#"{"state":"IN PROGRESS"}"#), (201, "a file?")] {
        ada.zoho.fault(Fault::on("GET /crm/v8/files").respond(status, body));
        let error = ada.crm.files().download("a").await.unwrap_err();
        assert!(matches!(error, Error::NoFile { status: seen, .. } if seen == status), "{status}: {error:?}");
        assert!(!error.is_transient() && !error.is_in_doubt());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_download_replaces_files_only() {
    let ada = logged_in().await;
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("device");
    std::os::unix::fs::symlink("/dev/null", &link).unwrap();
    for path in [folder.path(), &link] {
        ada.zoho.fault(Fault::on("GET /crm/v8/files").respond_as(200, "text/plain", "a file"));
        let error = ada.crm.files().download("a").await.unwrap().save(path).await.unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error:?}");
    }
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_a_pipe_and_a_device_are_rejected_before_the_upload_begins() {
    use std::os::fd::AsRawFd;

    let ada = logged_in().await;
    let folder = tempfile::tempdir().unwrap();
    // Its writer stays open, so reading it would never end.
    let (pipe, _writer) = std::io::pipe().unwrap();
    let pipe = PathBuf::from(format!("/dev/fd/{}", pipe.as_raw_fd()));
    for path in [folder.path(), &pipe, Path::new("/dev/zero")] {
        let upload = || Upload::from_path(path);
        let contacts = ada.crm.records("Contacts");
        let files = [Upload::from_bytes("a.txt", "a"), upload()];
        let request = ada.crm.request(Method::Post, "/crm/v8/anything").upload("file", upload());
        for error in [
            ada.crm.files().upload(upload()).await.unwrap_err(),
            ada.crm.files().upload_several(files).await.unwrap_err(),
            contacts.attachments("1").upload(upload()).await.unwrap_err(),
            contacts.photo("1").upload(upload()).await.unwrap_err(),
            request.send().await.unwrap_err(),
        ] {
            assert!(matches!(&error, Error::File { path: named, .. } if named == path), "{error:?}");
            assert_eq!(error.kind(), ErrorKind::Request);
        }
    }
    let posts = ["POST /crm/v8/files", "POST /crm/v8/anything", "POST /crm/v8/Contacts/1/photo"];
    assert!(posts.iter().all(|post| ada.zoho.journal().count(post) == 0));
}

/// A file that is too large for the buffers between a client and a server that does not read.
const LARGE: u64 = 64 << 20;

#[tokio::test]
async fn a_file_that_grows_during_its_upload_is_sent_as_it_was_announced() {
    let (sent, body) = uploaded_while(|file| file.set_len(2 * LARGE).unwrap()).await;
    // The stub of Zoho responds with an empty body.
    assert_eq!(sent.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(body.received, body.announced);
    assert!(body.end.ends_with(b"--\r\n"), "the end of the form is its boundary");
}

#[tokio::test]
async fn a_file_that_shrinks_during_its_upload_is_an_error_that_names_it() {
    let (sent, body) = uploaded_while(|file| file.set_len(1).unwrap()).await;
    let error = sent.unwrap_err();
    let Error::File { path, evidence, .. } = &error else { panic!("{error:?}") };
    assert!(path.ends_with("growing.log") && evidence.contains("shorter"), "{error}");
    assert!(!error.is_transient() && body.received < body.announced);
}

/// The body of a request, as a server received it.
struct Received {
    announced: u64,
    received: u64,
    end: Vec<u8>,
}

/// Uploads a file to a server that changes it when the upload has begun.
async fn uploaded_while(
    change: impl FnOnce(&File) + Send + 'static,
) -> (Result<UploadedFile, Error>, Received) {
    let ada = logged_in().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("growing.log");
    let file = File::create(&path).unwrap();
    file.set_len(LARGE).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let announced = head.split_once("content-length: ").unwrap().1.split_once('\r').unwrap().0;
        let mut body = Received { announced: announced.parse().unwrap(), received: 0, end: Vec::new() };
        change(&file);
        while body.received < body.announced {
            let mut piece = Vec::new();
            if client.read_buf(&mut piece).await.unwrap_or(0) == 0 {
                break;
            }
            body.received += piece.len() as u64;
            body.end = piece;
        }
        let _ = client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        body
    });
    let environment = Environment::new(&ada.zoho.base_url(), &url, &url).unwrap();
    let authenticator = Authenticator::builder(environment).build().unwrap();
    let token = OAuthToken::new().with_access_token(ada.access_token().await);
    let crm = Crm::builder(&authenticator).retries(Retries::none()).build_for_token(token);
    (crm.files().upload(Upload::from_path(&path)).await, server.await.unwrap())
}
