//! Lists and single records: conditional requests, filters, and pages that stay correct while records change.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::Emulator;

use crate::{ADA, Reply, access_token, call, codes, get, http, lead, send, update, values};

async fn with_header(
    zoho: &Emulator,
    method: Method,
    path: &str,
    (name, value): (&str, &str),
    body: Option<Value>,
) -> Reply {
    let request = http()
        .request(method, zoho.base_url() + path)
        .header("Authorization", format!("Zoho-oauthtoken {}", access_token(zoho)))
        .header(name, value);
    send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

async fn modified_time(zoho: &Emulator, token: &str, id: &str) -> String {
    let read = get(zoho, token, &format!("/crm/v8/Leads/{id}")).await.json();
    read["data"][0]["Modified_Time"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_unmodified_record_is_not_sent() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let old = lead(&zoho, &token, json!({ "Last_Name": "Old" })).await;
    let since = modified_time(&zoho, &token, &old).await;
    let since = ("If-Modified-Since", since.as_str());
    let one = format!("/crm/v8/Leads/{old}");
    let list = "/crm/v8/Leads?fields=Last_Name";
    for path in [one.as_str(), list] {
        let reply = with_header(&zoho, Method::GET, path, since, None).await;
        assert_eq!((reply.status, reply.text.as_str()), (304, ""));
    }
    zoho.advance(Duration::from_secs(60));
    lead(&zoho, &token, json!({ "Last_Name": "New" })).await;
    let reply = with_header(&zoho, Method::GET, list, since, None).await;
    assert_eq!(values(&reply, "Last_Name"), ["New"]);
    update(&zoho, &token, &one, json!({ "City": "York" })).await;
    assert_eq!(with_header(&zoho, Method::GET, &one, since, None).await.status, 200);
    let odd = with_header(&zoho, Method::GET, list, ("If-Modified-Since", "yesterday"), None).await;
    assert_eq!(odd.crm_error(), (400, "INVALID_DATA".to_owned()));
}

#[tokio::test]
async fn a_moment_in_a_header_may_have_any_form_of_iso_8601() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "Last_Name": "Old" })).await;
    let modified = modified_time(&zoho, &token, &id).await;
    let utc = modified.strip_suffix("+00:00").unwrap();
    for offset in ["+00:00", "+0000", "+00", "-0000", "Z", ".000Z", ".000+0000", ".123456+00:00"] {
        for path in [format!("/crm/v8/Leads/{id}"), "/crm/v8/Leads?fields=Last_Name".to_owned()] {
            let since = format!("{utc}{offset}");
            let since = ("If-Modified-Since", since.as_str());
            assert_eq!(with_header(&zoho, Method::GET, &path, since, None).await.status, 304, "{since:?}");
        }
    }
    for (earlier, status) in [("+0530", 200), ("+01:00", 200), ("-0800", 304)] {
        let since = format!("{utc}{earlier}");
        let reply =
            with_header(&zoho, Method::GET, "/crm/v8/Leads?fields=id", ("If-Modified-Since", &since), None)
                .await;
        assert_eq!(reply.status, status, "{since}");
    }
    let body = json!({ "data": [{ "City": "York" }] });
    let path = format!("/crm/v8/Leads/{id}");
    let seen = format!("{utc}+0000");
    let seen = ("If-Unmodified-Since", seen.as_str());
    assert_eq!(with_header(&zoho, Method::PUT, &path, seen, Some(body)).await.status, 200);
}

#[tokio::test]
async fn a_record_that_was_modified_in_the_meantime_is_not_overwritten() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "Last_Name": "Byron", "Email": "ada@example.com" })).await;
    let seen = modified_time(&zoho, &token, &id).await;
    let seen = ("If-Unmodified-Since", seen.as_str());
    let path = format!("/crm/v8/Leads/{id}");
    let body = json!({ "data": [{ "Last_Name": "Byron", "Email": "ada@example.com" }] });
    let unchanged = with_header(&zoho, Method::PUT, &path, seen, Some(body.clone())).await;
    assert_eq!(unchanged.status, 200);
    zoho.advance(Duration::from_secs(60));
    update(&zoho, &token, &path, json!({ "City": "York" })).await;

    let late = with_header(&zoho, Method::PUT, &path, seen, Some(body.clone())).await;
    assert_eq!((late.status, codes(&late)), (412, vec!["RECORD_MODIFIED".to_owned()]));
    assert_eq!(late.json()["data"][0]["details"]["id"], json!(id));
    let late = with_header(&zoho, Method::POST, "/crm/v8/Leads/upsert", seen, Some(body)).await;
    assert_eq!((late.status, codes(&late)), (412, vec!["ALREADY_MODIFIED".to_owned()]));
    let late = with_header(&zoho, Method::DELETE, &path, seen, None).await;
    assert_eq!((late.status, codes(&late)), (412, vec!["RECORD_MODIFIED".to_owned()]));
    assert_eq!(get(&zoho, &token, &path).await.json()["data"][0]["City"], "York");
}

#[tokio::test]
async fn a_list_describes_its_page() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.add_records(ADA, "Leads", 3);
    let info =
        get(&zoho, &token, "/crm/v8/Leads?fields=id&per_page=2&sort_by=Created_Time").await.json()["info"]
            .clone();
    assert!(info["next_page_token"].is_string() && info["page_token_expiry"].is_string());
    let names = [
        "per_page",
        "count",
        "page",
        "more_records",
        "sort_by",
        "sort_order",
        "call",
        "email",
        "previous_page_token",
    ];
    let shown: Vec<&Value> = names.iter().map(|name| &info[name]).collect();
    let expected = [
        json!(2),
        json!(2),
        json!(1),
        json!(true),
        json!("Created_Time"),
        json!("desc"),
        json!(false),
        json!(false),
        Value::Null,
    ];
    assert_eq!(shown, expected.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn pages_by_token_stay_correct_while_records_are_added_and_deleted() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.add_records(ADA, "Leads", 6);
    for (by, order) in [("id", "asc"), ("Created_Time", "asc"), ("id", "desc")] {
        let path = format!("/crm/v8/Leads?fields=Last_Name&per_page=2&sort_by={by}&sort_order={order}");
        let first = get(&zoho, &token, &path).await;
        let next = first.json()["info"]["next_page_token"].as_str().unwrap().to_owned();
        let seen = values(&first, "id");
        let gone = seen[0].as_str().unwrap();
        call(&zoho, &token, Method::DELETE, &format!("/crm/v8/Leads/{gone}"), None).await;
        let second = get(&zoho, &token, &format!("{path}&page_token={next}")).await;
        assert_eq!(second.json()["info"]["page"], 2);
        assert!(values(&second, "id").iter().all(|id| !seen.contains(id)));
        let previous = second.json()["info"]["previous_page_token"].as_str().unwrap().to_owned();
        let back = get(&zoho, &token, &format!("{path}&page_token={previous}")).await;
        assert_eq!(values(&back, "id")[0], seen[1]);
        lead(&zoho, &token, json!({ "Last_Name": "Late" })).await;
    }
}

#[tokio::test]
async fn a_page_token_belongs_to_one_order_and_excludes_a_page_number() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.add_records(ADA, "Leads", 3);
    let body = get(&zoho, &token, "/crm/v8/Leads?fields=id&per_page=2").await.json();
    let page_token = body["info"]["next_page_token"].as_str().unwrap();
    for (parameters, code) in [
        ("fields=id&per_page=2&sort_order=asc", "TOKEN_BOUND_DATA_MISMATCH"),
        ("fields=id&per_page=3", "TOKEN_BOUND_DATA_MISMATCH"),
        ("fields=id,City&per_page=2", "TOKEN_BOUND_DATA_MISMATCH"),
        ("fields=id", "TOKEN_BOUND_DATA_MISMATCH"),
        ("fields=id&per_page=2&page=2", "AMBIGUITY_DURING_PROCESSING"),
    ] {
        let path = format!("/crm/v8/Leads?{parameters}&page_token={page_token}");
        assert_eq!(get(&zoho, &token, &path).await.crm_error(), (400, code.to_owned()), "{parameters}");
    }
    for elsewhere in ["Deals?fields=id&per_page=2", "Leads?per_page=2&fields=id&page_token=odd"] {
        let path = format!("/crm/v8/{elsewhere}&page_token={page_token}");
        assert_eq!(get(&zoho, &token, &path).await.json()["details"], json!({ "param_name": "page_token" }));
    }
    let reordered = format!("/crm/v8/Leads?page_token={page_token}&per_page=2&fields=id");
    assert_eq!(values(&get(&zoho, &token, &reordered).await, "id").len(), 1);
}

#[tokio::test]
async fn page_tokens_end_at_record_100_000() {
    let zoho = Emulator::builder().concurrent_calls(10).start().await;
    zoho.add_records(ADA, "Leads", 100_001);
    let token = access_token(&zoho);
    let list = "/crm/v8/Leads?fields=id&per_page=200&sort_order=asc";
    let mut page = get(&zoho, &token, list).await;
    for number in 2..=500 {
        let next = page.json()["info"]["next_page_token"].as_str().unwrap().to_owned();
        page = get(&zoho, &token, &format!("{list}&page_token={next}")).await;
        assert_eq!(page.json()["info"]["page"], number);
    }
    let info = &page.json()["info"];
    assert_eq!((&info["count"], &info["more_records"]), (&json!(200), &json!(true)));
    let next = info["next_page_token"].as_str().unwrap();
    let beyond = get(&zoho, &token, &format!("{list}&page_token={next}")).await;
    assert_eq!(beyond.crm_error(), (400, "PAGINATION_LIMIT_EXCEEDED".to_owned()));
    assert_eq!(beyond.json()["details"], json!({ "param_name": "page_token" }));
}

#[tokio::test]
async fn a_list_takes_up_to_a_hundred_ids() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    let ids = |count: usize| vec![id.as_str(); count].join(",");
    let bin = "/crm/v8/settings/recycle_bin";
    for (method, path) in [
        (Method::GET, "/crm/v8/Leads?fields=id&ids=".to_owned()),
        (Method::GET, format!("/crm/v8/Leads/{id}/Attachments?fields=id&ids=")),
        (Method::GET, "/crm/v8/users?ids=".to_owned()),
        (Method::GET, format!("{bin}?ids=")),
        (Method::DELETE, format!("{bin}?ids=")),
        (Method::DELETE, format!("/crm/v8/Leads/{id}/Attachments?ids=")),
        (Method::DELETE, format!("/crm/v8/Leads/{id}/Products?ids=")),
        (Method::DELETE, "/crm/v8/Leads?ids=".to_owned()),
    ] {
        let many = call(&zoho, &token, method.clone(), &format!("{path}{}", ids(101)), None).await;
        assert_eq!(many.crm_error(), (400, "LIMIT_EXCEEDED".to_owned()), "{path}");
        assert_eq!(many.json()["details"], json!({ "limit": 100, "param_name": "ids" }));
        let fine = call(&zoho, &token, method, &format!("{path}{}", ids(100)), None).await;
        assert!(!fine.text.contains("LIMIT_EXCEEDED"), "{path}: {}", fine.text);
    }
}

#[tokio::test]
async fn a_list_contains_only_the_requested_ids() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    lead(&zoho, &token, json!({ "Last_Name": "Two" })).await;
    let three = lead(&zoho, &token, json!({ "Last_Name": "Three" })).await;
    let reply =
        get(&zoho, &token, &format!("/crm/v8/Leads?fields=Last_Name&ids={one},1,{three},{one}")).await;
    assert_eq!(values(&reply, "Last_Name"), ["Three", "One"]);
}

#[tokio::test]
async fn filters_are_applied_and_invalid_ones_are_rejected() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.add_records(ADA, "Leads", 1);
    let status = async |parameters: &str| {
        get(&zoho, &token, &format!("/crm/v8/Leads?fields=id&{parameters}")).await.status
    };
    for fine in ["include_child=true", "converted=both", "converted=false", "approved=both", "approved=true"]
    {
        assert_eq!(status(fine).await, 200, "{fine}");
    }
    assert_eq!((status("converted=true").await, status("approved=false").await), (204, 204));
    for wrong in ["include_child=maybe", "converted=maybe", "approved=maybe", "cvid=5545974000000087501"] {
        assert_eq!(status(wrong).await, 400, "{wrong}");
    }
}

#[tokio::test]
async fn unknown_fields_are_omitted() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    lead(&zoho, &token, json!({ "First_Name": "Ada", "Last_Name": "Byron" })).await;
    let body = get(&zoho, &token, "/crm/v8/Leads?fields=Full_Name,Shoe_Size,Owner,Owner,id,$approval_state")
        .await
        .json();
    let record = body["data"][0].as_object().unwrap();
    assert_eq!(record.keys().collect::<Vec<_>>(), ["id", "Full_Name", "Owner", "$approval_state"]);
    assert_eq!((&record["Full_Name"], &record["$approval_state"]), (&json!("Ada Byron"), &json!("approved")));
}
