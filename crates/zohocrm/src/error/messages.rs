//! The messages of all errors, in one snapshot, so that their language can be read in one place.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use zoho_oauth::CertificateProblem;

use super::*;
use crate::message::{Head, Headers, Method, OperationName};
use crate::record::Record;
use crate::value::{Date, DateTime};

const MESSAGE: &str = "what Zoho says";

fn response(status: u16, body: &str) -> RawResponse {
    RawResponse { status, headers: Headers::default(), body: body.as_bytes().to_vec() }
}

fn rejection(status: u16, code: &str) -> Error {
    rejection_with(status, code, &json!({}))
}

fn rejection_with(status: u16, code: &str, details: &Value) -> Error {
    rejected(status, &json!({ "code": code, "message": MESSAGE, "details": details, "status": "error" }))
}

fn rejected(status: u16, body: &Value) -> Error {
    let RawResponse { status, headers, body } = response(status, &body.to_string());
    let operation = OperationName::new(Method::Get, "/crm/v8/Leads");
    let scopes = &["ZohoCRM.modules.READ", "ZohoCRM.modules.ALL"];
    ApiError::in_response(status, &headers, &body, operation, scopes).unwrap().into()
}

fn record_error(code: &str, details: Value) -> Error {
    RecordError::new(code.to_owned(), MESSAGE.to_owned(), details.into(), Arc::new(Head::default())).into()
}

/// What Zoho says about records and calls, by its published examples.
fn rejections_with_details() -> Vec<Error> {
    let field = |name: &str| json!({ "api_name": name, "json_path": format!("$.data[0].{name}") });
    let duplicate = json!({ "id": "4881139000000428295", "module": { "api_name": "Leads" } });
    let item = |code: &str, details: Value| json!({ "code": code, "message": MESSAGE, "details": details, "status": "error" });
    let several = json!({ "errors": [
        item("DUPLICATE_DATA", json!({ "api_name": "Email", "duplicate_record": duplicate })),
        item("MANDATORY_NOT_FOUND", field("Last_Name")),
    ]});
    vec![
        rejection_with(400, "NOT_ALLOWED", &json!({ "resource_path_index": 2 })),
        rejection(403, "NOT_ALLOWED"),
        rejection(403, "FEATURE_NOT_ENABLED"),
        rejection(404, "INVALID_DATA"),
        rejection_with(404, "INVALID_DATA", &json!({ "resource_path_index": 1 })),
        rejection_with(400, "ASSOCIATIONS_EXIST", &json!({ "id": "1000000118778" })),
        rejection(400, "NOT_APPROVED"),
        rejection(400, "NOT_REVIEWED"),
        rejection(400, "RECORD_IN_BLUEPRINT"),
        rejection(400, "ALREADY_SCHEDULED"),
        rejection(207, "ALREADY_SHARED"),
        rejection(400, "EXPIRED_VALUE"),
        rejection(412, "ALREADY_MODIFIED"),
        rejection_with(400, "EXPECTED_PARAM_MISSING", &json!({ "param_names": ["ids", "filters"] })),
        rejection_with(400, "PATTERN_NOT_MATCHED", &json!({ "param_name": "sort_by" })),
        rejection_with(400, "LIMIT_EXCEEDED", &json!({ "limit": 50, "limit_due_to": [field("ids")] })),
        rejection_with(400, "LIMIT_EXCEEDED", &json!({ "limit_due_to": field("ids") })),
        rejection_with(400, "RECORD_LIMIT_EXCEEDED", &json!({ "limit": 50_000 })),
        rejected(
            400,
            &json!({ "data": [item("INVALID_DATA", field("Email")), item("RECORD_LOCKED", json!({}))] }),
        ),
        rejected(400, &json!({ "data": vec![item("INVALID_DATA", json!({})); 12] })),
        record_error("MANDATORY_NOT_FOUND", json!({})),
        record_error("MANDATORY_NOT_FOUND", field("Last_Name")),
        record_error(
            "INVALID_DATA",
            json!({ "json_path": "$.data[0].Company", "expected_data_type": "text", "maximum_length": 120 }),
        ),
        record_error(
            "INVALID_DATA",
            json!({ "api_name": "type", "supported_values": ["public", "private"] }),
        ),
        record_error("INVALID_DATA", json!({ "api_name": "share_type", "regex": "private|public" })),
        record_error("INVALID_DATA", json!({ "expected_data_type": "jsonarray" })),
        record_error("DUPLICATE_DATA", json!({ "api_name": "Email", "duplicate_record": duplicate })),
        record_error("DUPLICATE_DATA", json!({ "api_name": "name", "id": "111111000000116258" })),
        record_error("DUPLICATE_DATA", field("name")),
        record_error(
            "AMBIGUITY_DURING_PROCESSING",
            json!({ "ambiguity_due_to": [field("id"), field("api_name")] }),
        ),
        record_error(
            "EXPECTED_FIELD_MISSING",
            json!({ "expected_fields": [field("Note_Content"), field("Note_Title")] }),
        ),
        record_error("MULTIPLE_OR_MULTI_ERRORS", several),
    ]
}

fn errors() -> Vec<Error> {
    let problem =
        |kind, expected: &str| FieldProblem { field: "City".to_owned(), kind, expected: expected.to_owned() };
    let job = || "5725767000000412001".to_owned();
    let failures = [
        ConnectionFailure::NotConnected,
        ConnectionFailure::TimedOut,
        ConnectionFailure::Interrupted,
        ConnectionFailure::Undecodable,
        ConnectionFailure::Certificate(CertificateProblem::UnknownAuthority),
        ConnectionFailure::ProxyCredentials,
    ];
    let mut errors = vec![
        rejection(401, "INVALID_TOKEN"),
        rejection(401, "AUTHENTICATION_FAILURE"),
        rejection(401, "OAUTH_SCOPE_MISMATCH"),
        rejection(403, "NO_PERMISSION"),
        rejection(404, "INVALID_MODULE"),
        rejection(404, "NOT_FOUND"),
        rejection(429, "TOO_MANY_REQUESTS"),
        rejection(409, "RECORD_LOCKED"),
        rejection(500, "INTERNAL_ERROR"),
        ApiError::in_response(
            502,
            &Headers::default(),
            b"<html>",
            OperationName::new(Method::Post, "/crm/v8/Leads"),
            &[],
        )
        .unwrap()
        .into(),
        Error::unusable(
            &response(200, ""),
            ResponseProblem::Unexpected,
            "expected a list of records or an empty response",
        ),
        Error::unusable(
            &response(200, ""),
            ResponseProblem::NotJson,
            "the body is not JSON (line 1, column 1)",
        ),
        Error::unusable(
            &response(200, ""),
            ResponseProblem::Incomplete,
            "the JSON ends too early (line 1, column 9)",
        ),
        Error::unusable_at(
            Some("roles[3].name".to_owned()),
            &response(200, ""),
            ResponseProblem::Mistyped,
            "the JSON has an unexpected shape (line 1, column 90)",
        ),
        Error::unusable(&response(200, ""), ResponseProblem::Unconfirmed, "it has 1 results for 2 records"),
        Error::unusable(
            &response(200, ""),
            ResponseProblem::DamagedFile,
            "its ZIP file contains 2 files instead of one CSV file",
        ),
        Error::TooLarge { status: 200, max_bytes: 1_000_000 },
        Error::NoFile { status: 204 },
        Error::PaginationStalled,
        Error::NotSent(Arc::new(Error::TooLarge { status: 200, max_bytes: 1_000_000 })),
        Error::InvalidRecord {
            module: "Leads".to_owned(),
            problems: [
                problem(FieldProblemKind::Unknown, "its API name is `Mailing_City`"),
                problem(FieldProblemKind::Missing, "give a text of up to 100 characters"),
                problem(FieldProblemKind::WrongType, "give a number"),
                problem(FieldProblemKind::NotInPickList, "give one of \"Delft\", \"Leiden\""),
                problem(FieldProblemKind::TooLong, "give a text of up to 100 characters"),
                problem(FieldProblemKind::ReadOnly, "leave it out"),
            ]
            .into(),
        },
        Error::JobFailed { job: job(), state: JobState::Failed, reason: Some("Zoho's reason".to_owned()) },
        Error::JobFailed { job: job(), state: JobState::Failure, reason: None },
        Error::JobResultMissing { job: job() },
        Error::JobUnfinished {
            job: job(),
            state: Some(JobState::InProgress),
            waited: Duration::from_secs(60),
        },
        Error::JobUnfinished { job: job(), state: None, waited: Duration::from_secs(60) },
        Error::JobInDoubt { rows: 0..200, source: Arc::new(Error::PaginationStalled) },
        Error::CreditsShort { remaining: 99, floor: 100, retry_at: SystemTime::UNIX_EPOCH },
        Error::ForeignHost { host: "evil.example".to_owned(), own: "https://www.zohoapis.eu".to_owned() },
        Error::File {
            path: "contract.pdf".into(),
            kind: std::io::ErrorKind::NotFound,
            evidence: "No such file or directory (os error 2)".to_owned(),
        },
    ];
    errors.extend(csv_problems().map(|(line, column, problem)| {
        let heading = column.filter(|column| *column == 2).map(|_| "City".to_owned());
        CsvError { file: "`leads.csv`".to_owned(), line, column, heading, problem }.into()
    }));
    errors.extend(rejections_with_details());
    errors.extend(failures.map(|failure| Error::Unreachable {
        host: "www.zohoapis.eu".to_owned(),
        failure,
        sent: true,
        source: Arc::new(std::io::Error::other("the cause")),
    }));
    errors.extend(Invalid::examples().into_iter().map(Error::from));
    errors
}

/// One of each, with its line and column.
fn csv_problems() -> impl Iterator<Item = (Option<u64>, Option<usize>, CsvProblem)> {
    let kind = std::io::ErrorKind::Other;
    [
        (Some(3), None, CsvProblem::Unreadable { kind, evidence: "the cause".to_owned() }),
        (None, None, CsvProblem::Binary),
        (Some(3), Some(2), CsvProblem::Encoding { encoding: "UTF-8" }),
        (Some(1), None, CsvProblem::AmbiguousDelimiter { first: ',', second: ';' }),
        (Some(1), Some(2), CsvProblem::DuplicateColumn { other: 1 }),
        (Some(3), Some(2), CsvProblem::UnclosedQuote),
        (Some(4), Some(2), CsvProblem::TextAfterQuote { begin: 3 }),
        (Some(3), Some(2), CsvProblem::BlankBeforeQuote),
        (Some(3), None, CsvProblem::MissingCells { cells: 1, columns: 2 }),
        (Some(3), Some(3), CsvProblem::NoHeading),
        (Some(3), Some(2), CsvProblem::Cell { evidence: "what the program says".to_owned() }),
        (Some(3), Some(2), CsvProblem::LongRow { max_bytes: 16_777_216 }),
    ]
    .into_iter()
}

#[test]
fn every_message_is_in_the_snapshot() {
    let mut messages = String::new();
    for error in errors() {
        writeln!(messages, "{error}").unwrap();
    }
    for error in [
        "GOT".parse::<Method>().unwrap_err().to_string(),
        "yesterday".parse::<Date>().unwrap_err().to_string(),
        "yesterday".parse::<DateTime>().unwrap_err().to_string(),
        Record::new().with("City", "Delft").get::<i64>("City").unwrap_err().to_string(),
        Record::new().with("City", 1).deserialize::<Vec<i64>>().unwrap_err().to_string(),
        crate::notifications::Notification::read(b"[]").unwrap_err().to_string(),
    ] {
        writeln!(messages, "{error}").unwrap();
    }
    insta::with_settings!({ snapshot_path => "../../tests/it/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("messages", messages);
    });
}
