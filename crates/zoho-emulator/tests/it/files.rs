//! Files: upload, download, deletion.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use zoho_emulator::{Emulator, User};

use crate::{ADA, Reply, access_token, call, get, http, send};

async fn upload(zoho: &Emulator, token: &str, files: &[(&'static str, Vec<u8>)]) -> Reply {
    let part = |name: &'static str, content: &Vec<u8>| Part::bytes(content.clone()).file_name(name);
    let form = files.iter().fold(Form::new(), |form, (name, content)| form.part("file", part(name, content)));
    let request = http().post(zoho.base_url() + "/crm/v8/files").multipart(form);
    send(request.header("Authorization", format!("Zoho-oauthtoken {token}"))).await
}

fn id(reply: &Reply, index: usize) -> String {
    reply.json()["data"][index]["details"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn several_files_can_be_uploaded_together_and_are_downloaded_unchanged() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let reply =
        upload(&zoho, &token, &[("contract.pdf", bytes.clone()), ("ünï \"code\".txt", b"hello".to_vec())])
            .await;
    assert_eq!(reply.status, 200);
    let first = &reply.json()["data"][0];
    assert_eq!(
        (&first["code"], &first["details"]["name"]),
        (&Value::from("SUCCESS"), &Value::from("contract.pdf"))
    );
    assert_eq!(first["message"], "contract.pdf uploaded successfully");

    let url = format!("{}/crm/v8/files?id={}", zoho.base_url(), id(&reply, 0));
    let request = http().get(url).header("Authorization", format!("Zoho-oauthtoken {token}"));
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-download");
    assert_eq!(response.headers()["content-disposition"], "attachment;filename=\"contract.pdf\"");
    assert_eq!(response.bytes().await.unwrap().to_vec(), bytes);
    let other = get(&zoho, &token, &format!("/crm/v8/files?id={}", id(&reply, 1))).await;
    assert_eq!((other.status, other.text.as_str()), (200, "hello"));
}

#[tokio::test]
async fn a_deleted_file_is_missing_and_files_belong_to_one_organization() {
    let bob = "bob@example.com";
    let zoho = Emulator::builder().user(User::new(ADA)).user(User::new(bob).zgid("60000002")).start().await;
    let token = access_token(&zoho);
    let path =
        format!("/crm/v8/files?id={}", id(&upload(&zoho, &token, &[("a.txt", b"x".to_vec())]).await, 0));
    let bobs = zoho.issue_access_token(&zoho.grant_refresh_token(zoho.default_client().id(), bob));
    assert_eq!(get(&zoho, &bobs, &path).await.crm_error(), (400, "INVALID_DATA".to_owned()));
    assert_eq!(call(&zoho, &token, Method::DELETE, &path, None).await.status, 200);
    assert_eq!(get(&zoho, &token, &path).await.status, 400);
    assert_eq!(
        get(&zoho, &token, "/crm/v8/files").await.crm_error(),
        (400, "REQUIRED_PARAM_MISSING".to_owned())
    );
}

#[tokio::test]
async fn one_file_that_is_too_large_causes_all_of_them_to_be_rejected() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let files = [("small.txt", b"x".to_vec()), ("large.bin", vec![0; (20 << 20) + 1])];
    assert_eq!(upload(&zoho, &token, &files).await.crm_error(), (413, "REQUEST_ENTITY_TOO_LARGE".to_owned()));
    let many: Vec<_> = (0..11).map(|_| ("a.txt", b"x".to_vec())).collect();
    assert_eq!(upload(&zoho, &token, &many).await.crm_error(), (400, "LIMIT_EXCEEDED".to_owned()));
    let none = upload(&zoho, &token, &[]).await;
    assert_eq!(none.crm_error(), (400, "failure_in_attachment_handling".to_owned()));
}
