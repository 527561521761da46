//! Errors: their kinds, fields and messages.

use serde_json::json;
use zoho_emulator::Fault;
use zohocrm::{Crm, Error, ErrorKind, Record, Retries};

use crate::support::{ADA, LoggedIn, logged_in};

/// The error of a call with this response.
async fn rejected(ada: &LoggedIn, status: u16, body: &serde_json::Value) -> Error {
    ada.zoho.clear_faults();
    ada.zoho.fault(Fault::on("GET /crm/v8/Leads").forever().respond(status, body.to_string()));
    let crm = Crm::builder(&ada.authenticator).retries(Retries::none()).build_for(ADA);
    crm.records("Leads").list().fields(["id"]).send().await.unwrap_err()
}

#[tokio::test]
async fn the_error_code_decides_the_kind_whatever_the_status() {
    let ada = logged_in().await;
    for (status, code, kind) in [
        (400, "INVALID_MODULE", ErrorKind::NotFound),
        (404, "INVALID_URL_PATTERN", ErrorKind::NotFound),
        (401, "OAUTH_SCOPE_MISMATCH", ErrorKind::ScopeMissing),
        (403, "OAUTH_SCOPE_MISMATCH", ErrorKind::ScopeMissing),
        (403, "NO_PERMISSION", ErrorKind::PermissionMissing),
        (401, "AUTHORIZATION_FAILED", ErrorKind::PermissionMissing),
        (200, "NO_PERMISSION", ErrorKind::PermissionMissing),
        (401, "AUTHENTICATION_FAILURE", ErrorKind::LoginRequired),
        (400, "NOT_ALLOWED", ErrorKind::NotAllowed),
        (403, "NOT_ALLOWED", ErrorKind::PermissionMissing),
        (401, "NOT_ALLOWED", ErrorKind::PermissionMissing),
        (404, "INVALID_DATA", ErrorKind::NotFound),
        (403, "INVALID_DATA", ErrorKind::InvalidData),
        (400, "INVALID_DATA", ErrorKind::InvalidData),
        (400, "REQUIRED_PARAM_MISSING", ErrorKind::InvalidData),
        (400, "DUPLICATE_DATA", ErrorKind::Duplicate),
        (412, "RECORD_MODIFIED", ErrorKind::Conflict),
        (400, "LIMIT_EXCEEDED", ErrorKind::LimitExceeded),
        (413, "REQUEST_ENTITY_TOO_LARGE", ErrorKind::LimitExceeded),
        (429, "TOO_MANY_REQUESTS", ErrorKind::Throttled),
        (500, "INTERNAL_ERROR", ErrorKind::Server),
        (400, "SOMETHING_NEW", ErrorKind::InvalidData),
        (418, "SOMETHING_NEW", ErrorKind::InvalidData),
    ] {
        let body = json!({"code": code, "message": "no", "details": {}, "status": "error"});
        let error = rejected(&ada, status, &body).await;
        assert_eq!((error.kind(), error.api().map(|api| api.code())), (kind, Some(code)), "{status} {error}");
    }
}

#[tokio::test]
async fn zohos_message_is_shown_unchanged_on_one_line() {
    let ada = logged_in().await;
    let body = json!({"code": "NO", "message": "it doesn't \"exist\"\nat all\u{1b}[31m", "status": "error", "details": {}});
    let error = rejected(&ada, 400, &body).await.to_string();
    assert!(error.contains(r#"it doesn't "exist"\nat all\u{1b}[31m"#), "{error}");
}

#[tokio::test]
async fn a_status_without_a_body_has_a_kind() {
    let ada = logged_in().await;
    for (status, kind) in [
        (403, ErrorKind::PermissionMissing),
        (404, ErrorKind::NotFound),
        (429, ErrorKind::Throttled),
        (502, ErrorKind::Server),
    ] {
        let error = rejected(&ada, status, &json!("a proxy's page")).await;
        assert_eq!((error.kind(), error.api().map(|api| api.code())), (kind, Some("")), "{status} {error}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let ada = logged_in().await;
    let body = json!({"code": "OAUTH_SCOPE_MISMATCH", "message": "invalid oauth scope", "details": {}, "status": "error"});
    let error = rejected(&ada, 401, &body).await;
    assert_eq!(error.missing_scopes(), ["ZohoCRM.modules.READ", "ZohoCRM.modules.ALL"]);
    assert!(
        error.to_string().ends_with("this call needs: ZohoCRM.modules.READ or ZohoCRM.modules.ALL"),
        "{error}"
    );
    assert!(!error.needs_login());
}

#[tokio::test]
async fn missing_permissions_are_named_in_both_spellings() {
    let ada = logged_in().await;
    for permissions in [json!("Crm_Implied_Api_Access"), json!(["Crm_Implied_Api_Access"])] {
        let details = json!({ "permissions": permissions });
        let body = json!({"code": "NO_PERMISSION", "message": "no", "details": details, "status": "error"});
        assert_eq!(rejected(&ada, 403, &body).await.missing_permissions(), ["Crm_Implied_Api_Access"]);
    }
}

#[tokio::test]
async fn an_invalid_field_is_named_by_its_path() {
    let ada = logged_in().await;
    for (details, field) in [
        (json!({"api_name": "Email", "json_path": "$.data[0].Email"}), "$.data[0].Email"),
        (json!({"api_name": "Email"}), "Email"),
        (json!({"param_name": "fields"}), "fields"),
    ] {
        let body = json!({"code": "INVALID_DATA", "message": "no", "details": details, "status": "error"});
        assert_eq!(rejected(&ada, 400, &body).await.field(), Some(field));
    }
}

#[tokio::test]
async fn every_field_that_the_details_name_is_named() {
    let ada = logged_in().await;
    let field = |name: &str| json!({"api_name": name, "json_path": format!("$.{name}")});
    for (details, fields) in [
        (json!({"limit": 50, "limit_due_to": [field("ids")]}), &["$.ids"][..]),
        (json!({"limit_due_to": field("_delete")}), &["$._delete"]),
        (json!({"ambiguity_due_to": [field("api_name"), field("id")]}), &["$.api_name", "$.id"]),
        (json!({"expected_fields": [field("title"), {"api_name": "content"}]}), &["$.title", "content"]),
        (json!({"expected_data": [field("transfer")]}), &["$.transfer"]),
        (json!({"param_names": ["ids", "filters"]}), &["ids", "filters"]),
        (json!({"api_name": "id", "json_path": "$.id", "dependee": field("type")}), &["$.id", "$.type"]),
        (json!({"linking_fields": ["Bugs", "Lines"], "id": "1"}), &["Bugs", "Lines"]),
        (json!({"column_name": "Participants"}), &["Participants"]),
        (json!({"id": "1"}), &[]),
    ] {
        let body = json!({"code": "INVALID_DATA", "message": "no", "details": details, "status": "error"});
        let error = rejected(&ada, 400, &body).await;
        assert_eq!(error.fields(), fields, "{details}");
        assert_eq!(error.field(), fields.first().copied(), "{details}");
    }
}

#[tokio::test]
async fn all_errors_of_a_call_are_kept_in_order() {
    let ada = logged_in().await;
    let item = |code: &str, field: &str| json!({"code": code, "message": "no", "details": {"api_name": field}, "status": "error"});
    let several = json!({"code": "MULTIPLE_OR_MULTI_ERRORS", "message": "several", "status": "error",
                         "details": {"errors": [item("DUPLICATE_DATA", "b"), item("INVALID_DATA", "c")]}});
    let success = json!({"code": "SUCCESS", "message": "ok", "details": {"id": "1"}, "status": "success"});
    let items = json!([item("MANDATORY_NOT_FOUND", "a"), success, several, item("RECORD_LOCKED", "d")]);
    for body in [json!({"users": items}), json!({"data": items, "info": {}}), json!([{"users": items}])] {
        let error = rejected(&ada, 400, &body).await;
        let api = error.api().unwrap();
        let all: Vec<_> = api.all().iter().map(|error| (error.code().to_owned(), error.kind())).collect();
        let expected = [
            ("MANDATORY_NOT_FOUND", ErrorKind::InvalidData),
            ("DUPLICATE_DATA", ErrorKind::Duplicate),
            ("INVALID_DATA", ErrorKind::InvalidData),
            ("RECORD_LOCKED", ErrorKind::Conflict),
        ];
        assert_eq!(all, expected.map(|(code, kind)| (code.to_owned(), kind)), "{body}");
        assert_eq!((api.code(), error.fields()), ("MANDATORY_NOT_FOUND", vec!["a", "b", "c", "d"]));
        assert!(api.all().iter().all(|error| error.status() == 400 && error.all().len() == 1));
        let message = error.to_string();
        assert!(message.contains("3 errors: (1) MANDATORY_NOT_FOUND"), "{message}");
        assert!(message.contains("(2) MULTIPLE_OR_MULTI_ERRORS, several: (1) DUPLICATE_DATA"), "{message}");
        assert!(message.contains("(3) RECORD_LOCKED"), "{message}");
    }
}

#[tokio::test]
async fn a_record_of_a_later_batch_is_named_by_its_overall_position() {
    let ada = logged_in().await;
    let leads: Vec<Record> = (1..=250)
        .map(|number| match number {
            21 | 121 | 250 => Record::new(),
            _ => Record::new().with("Last_Name", "Hopper"),
        })
        .collect();
    let results = ada.crm.records("Leads").create(leads).await.unwrap();
    let fields: Vec<_> =
        results.iter().filter_map(|result| result.as_ref().err()?.field().map(str::to_owned)).collect();
    assert_eq!(fields, ["$.data[20].Last_Name", "$.data[120].Last_Name", "$.data[249].Last_Name"]);
    let rejected = results[120].as_ref().unwrap_err().record().unwrap();
    assert_eq!(rejected.moved_by(5).field(), Some("$.data[125].Last_Name"));
}

#[tokio::test]
async fn all_errors_of_one_record_are_reported() {
    let ada = logged_in().await;
    let duplicate = |field: &str, id: &str| {
        json!({"code": "DUPLICATE_DATA", "message": "duplicate data", "status": "error",
               "details": {"api_name": field, "duplicate_record": {"id": id}}})
    };
    let errors = json!([duplicate("Email", "11"), duplicate("Mobile", "12")]);
    let entry = json!({"code": "MULTIPLE_OR_MULTI_ERRORS", "details": {"errors": errors},
                       "message": "Multiple errors in the request", "status": "error"});
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads").respond(400, json!({"data": [entry]}).to_string()));
    let error = ada.crm.records("Leads").create_one(Record::new().with("Last_Name", "H")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Duplicate);
    assert_eq!((error.fields(), error.duplicate_of()), (vec!["Email", "Mobile"], Some("11")));
    let message = error.to_string();
    assert!(message.contains("(1) DUPLICATE_DATA, duplicate data; it duplicates `11`;"), "{message}");
    assert!(message.contains("(2) DUPLICATE_DATA, duplicate data; it duplicates `12`;"), "{message}");
    let all = error.record().unwrap().all();
    let reported: Vec<_> = all.iter().map(|error| (error.field(), error.duplicate_of())).collect();
    assert_eq!(reported, [(Some("Email"), Some("11")), (Some("Mobile"), Some("12"))]);
}

#[tokio::test]
async fn a_failed_call_reports_the_error_of_its_first_record() {
    let ada = logged_in().await;
    let entry = json!({"code": "MANDATORY_NOT_FOUND", "details": {"api_name": "Last_Name"}, "message": "required field not found", "status": "error"});
    for member in ["data", "roles", "tags"] {
        let error = rejected(&ada, 400, &json!({ member: [entry] })).await;
        assert_eq!(error.field(), Some("Last_Name"), "{member}");
    }
}
