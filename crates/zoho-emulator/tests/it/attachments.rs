//! Attachments and the images of records.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::Emulator;

use crate::{Reply, access_token, call, codes, get, http, lead, record, upload, values};

async fn download(zoho: &Emulator, token: &str, path: &str) -> (u16, String, Vec<u8>) {
    let request =
        http().get(zoho.base_url() + path).header("Authorization", format!("Zoho-oauthtoken {token}"));
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let name = response.headers().get("content-disposition").map(|value| value.to_str().unwrap().to_owned());
    (status, name.unwrap_or_default(), response.bytes().await.unwrap().to_vec())
}

fn id_of(reply: &Reply) -> String {
    reply.json()["data"][0]["details"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_is_attached_listed_downloaded_and_deleted() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "Last_Name": "Byron" })).await;
    let path = format!("/crm/v8/Leads/{id}/Attachments");
    let content: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let made = upload(&zoho, &token, &path, "Überblick 1.pdf", &content).await;
    assert_eq!((made.status, codes(&made)), (200, vec!["SUCCESS".to_owned()]));
    assert_eq!(made.json()["data"][0]["message"], "attachment uploaded successfully");
    let file = id_of(&made);

    let listed = get(&zoho, &token, &format!("{path}?fields=File_Name,Size,$type,$file_id,Parent_Id")).await;
    let body = listed.json()["data"][0].clone();
    assert_eq!((&body["File_Name"], &body["Size"]), (&json!("Überblick 1.pdf"), &json!("100000")));
    assert_eq!((&body["$type"], &body["Parent_Id"]["id"]), (&json!("Attachment"), &json!(id)));
    assert!(body["$file_id"].is_string());
    let (status, name, bytes) = download(&zoho, &token, &format!("{path}/{file}")).await;
    assert_eq!((status, name.as_str()), (200, "attachment;filename*=UTF-8''%C3%9Cberblick%201.pdf"));
    assert_eq!(bytes, content);

    let gone = call(&zoho, &token, Method::DELETE, &format!("{path}/{file}"), None).await;
    assert_eq!((gone.status, codes(&gone)), (200, vec!["SUCCESS".to_owned()]));
    assert_eq!(get(&zoho, &token, &format!("{path}?fields=id")).await.status, 204);
    let again = get(&zoho, &token, &format!("{path}/{file}")).await;
    assert_eq!(again.crm_error(), (400, "INVALID_DATA".to_owned()));
}

#[tokio::test]
async fn a_url_is_attached_as_a_link() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "Last_Name": "Byron" })).await;
    let path = format!("/crm/v8/Leads/{id}/Attachments");
    let link = format!("{path}?attachmentUrl=https%3A%2F%2Fexample.com&title=Home");
    let link = id_of(&call(&zoho, &token, Method::POST, &link, None).await);
    let file = id_of(&upload(&zoho, &token, &path, "a.txt", b"a").await);
    let listed = get(&zoho, &token, &format!("{path}?fields=File_Name,$link_url,$type&sort_order=asc")).await;
    assert_eq!(values(&listed, "File_Name"), ["Home", "a.txt"]);
    assert_eq!(values(&listed, "$link_url"), [json!("https://example.com"), Value::Null]);
    assert_eq!(values(&listed, "$type"), ["Link URL", "Attachment"]);
    let chosen = get(&zoho, &token, &format!("{path}?fields=id&ids={link}")).await;
    assert_eq!(values(&chosen, "id"), [json!(link)]);
    let gone = call(&zoho, &token, Method::DELETE, &format!("{path}?ids={link},{file},1"), None).await;
    assert_eq!((gone.status, codes(&gone).len()), (207, 3));
}

#[tokio::test]
async fn an_invalid_attachment_is_rejected() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "Last_Name": "Byron" })).await;
    let path = format!("/crm/v8/Leads/{id}/Attachments");
    let limit = 20 << 20;
    assert_eq!(upload(&zoho, &token, &path, "fits", &vec![0; limit]).await.status, 200);
    let large = upload(&zoho, &token, &path, "large", &vec![0; limit + 1]).await;
    assert_eq!(large.crm_error(), (413, "REQUEST_ENTITY_TOO_LARGE".to_owned()));
    let nothing = call(&zoho, &token, Method::POST, &path, None).await;
    assert_eq!(nothing.crm_error(), (400, "MANDATORY_NOT_FOUND".to_owned()));
    let nowhere = upload(&zoho, &token, "/crm/v8/Leads/1/Attachments", "a", b"a").await;
    assert_eq!(nowhere.crm_error(), (404, "INVALID_DATA".to_owned()));
}

#[tokio::test]
async fn a_record_has_one_image() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = record(&zoho, &token, "Contacts", json!({ "Last_Name": "Byron" })).await;
    let path = format!("/crm/v8/Contacts/{id}/photo");
    assert_eq!(get(&zoho, &token, &path).await.status, 204);
    for image in [b"\x89PNG one", b"\x89PNG two"] {
        let uploaded = upload(&zoho, &token, &path, "ada.png", image).await;
        assert_eq!(uploaded.crm_error(), (200, "SUCCESS".to_owned()));
        assert_eq!(download(&zoho, &token, &path).await.2, image);
    }
    let read = async || get(&zoho, &token, &format!("/crm/v8/Contacts/{id}")).await.json()["data"][0].clone();
    assert!(read().await["Record_Image"].is_string());
    assert_eq!(call(&zoho, &token, Method::DELETE, &path, None).await.status, 200);
    assert_eq!(
        (get(&zoho, &token, &path).await.status, read().await["Record_Image"].clone()),
        (204, Value::Null)
    );

    let unknown = upload(&zoho, &token, "/crm/v8/Contacts/1/photo", "ada.png", b"a").await;
    assert_eq!(unknown.crm_error(), (400, "INVALID_DATA".to_owned()));
    let fields = json!({ "Deal_Name": "Desks", "Stage": "Qualification" });
    let deal = record(&zoho, &token, "Deals", fields).await;
    let without = get(&zoho, &token, &format!("/crm/v8/Deals/{deal}/photo")).await;
    assert_eq!(without.crm_error(), (400, "INVALID_MODULE".to_owned()));
}
