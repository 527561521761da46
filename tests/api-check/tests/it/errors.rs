//! Checks that every rejection becomes an error with Zoho's code, whatever the status is.

use api_check::compare::shortened;
use api_check::registry::{Entry, Samples};
use api_check::sample::plain;
use api_check::schema::{SchemaId, Schemas, Shape};
use serde_json::{Value, json};
use zohocrm::{Error, ErrorKind};

use crate::support::findings::Findings;
use crate::support::pairs::pairs;
use crate::support::recorder::Recorder;
use crate::support::surroundings::{official_sdk, specification};

/// A call without parameters and body, for tests that only look at the response.
pub(crate) fn harmless(entries: &'static [Entry]) -> &'static Entry {
    entries.iter().find(|entry| entry.method == "GET" && !entry.path.contains('{')).unwrap()
}

#[tokio::test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
async fn every_described_rejection_becomes_an_error_with_its_code() {
    let Some(specification) = specification() else { return };
    let recorder = Recorder::start().await;
    let mut findings = Findings::default();
    let (mut rejections, mut operations) = (0, 0);
    for pair in pairs(specification, official_sdk()) {
        let own = pair.own();
        let samples = Samples::default().with_text("download_url", recorder.file_url());
        let mut seen = Vec::new();
        for (status, content) in own.operation.successes().chain(own.operation.failures()) {
            for shape in content.schema.into_iter().flat_map(|schema| own.schemas.branches(schema)) {
                if (200..300).contains(&status) && !own.schemas.is_rejection(shape) {
                    continue;
                }
                for body in bodies(own.schemas, shape) {
                    let Some(code) = code(&body).map(str::to_owned) else { continue };
                    if seen.contains(&(status, code.clone())) {
                        continue;
                    }
                    recorder.respond(status, &body);
                    rejections += 1;
                    match recorder.send(pair.entry, &samples).await {
                        Ok(_) => findings.add(format!(
                            "{}: HTTP {status} {} is not an error",
                            pair.title(),
                            short(&body)
                        )),
                        Err(error) => {
                            if let Some(problem) = problem(&error, status, &code) {
                                findings.add(format!(
                                    "{}: HTTP {status} {}: {problem}",
                                    pair.title(),
                                    short(&body)
                                ));
                            }
                        }
                    }
                    seen.push((status, code));
                }
            }
        }
        operations += usize::from(!seen.is_empty());
    }
    findings.conclude(format!("{rejections} rejections of {operations} operations"));
}

/// The minimum number of operations with a result for each item.
const MIN_OPERATIONS_WITH_RESULTS: usize = 50;

#[tokio::test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
async fn every_rejection_of_an_item_is_kept_in_order() {
    let Some(specification) = specification() else { return };
    let recorder = Recorder::start().await;
    let mut findings = Findings::default();
    let codes = ["INVALID_DATA", "DUPLICATE_DATA", "MANDATORY_NOT_FOUND"];
    let items = codes.map(|code| json!({"code": code, "message": "no", "details": {}, "status": "error"}));
    let mut operations = 0;
    for pair in pairs(specification, official_sdk()) {
        let own = pair.own();
        let responses = own.responses();
        let bodies = responses.iter().flat_map(|response| own.schemas.branches(*response));
        let Some(name) = bodies.into_iter().find_map(|body| name_of_results(own.schemas, body)) else {
            continue;
        };
        operations += 1;
        recorder.respond(400, &json!({ name: items }));
        let error = recorder.send(pair.entry, &Samples::default()).await.err();
        let all = error.as_ref().and_then(Error::api).map(|error| error.all()).unwrap_or_default();
        let kept: Vec<_> = all.iter().map(|error| error.code()).collect();
        if kept != codes {
            findings.add(format!("{}: kept {kept:?}", pair.title()));
        }
    }
    assert!(operations >= MIN_OPERATIONS_WITH_RESULTS, "only {operations} operations have results");
    findings.conclude(format!("{operations} operations with a result for each item"));
}

/// The name of the list with a result for each item, if the response has one.
fn name_of_results(schemas: &Schemas, response: SchemaId) -> Option<&str> {
    let has_results = |list: SchemaId| match schemas.shape(list) {
        Shape::List(items) => schemas.branches(*items).iter().any(|item| schemas.is_rejection(*item)),
        _ => false,
    };
    let list = schemas.members(response).iter().find(|(_, member)| has_results(*member));
    list.map(|(name, _)| name.as_str())
}

fn short(body: &Value) -> String {
    shortened(&body.to_string(), 120)
}

/// What is wrong with the error that a rejection became.
fn problem(error: &Error, status: u16, code: &str) -> Option<String> {
    // The client has only an access token, so it cannot get another one.
    let rejects_the_token = matches!(code, "INVALID_TOKEN" | "INVALID_OAUTHTOKEN");
    if rejects_the_token && error.kind() == ErrorKind::LoginRequired {
        return None;
    }
    match error.api() {
        Some(api) if api.code() == code && api.status() == status => None,
        Some(api) => Some(format!("became {} with HTTP {}", api.code(), api.status())),
        None => Some(format!("became {error}")),
    }
}

/// A body for each code that a rejection can have. One body if the rejections are items of a list.
fn bodies(schemas: &Schemas, shape: SchemaId) -> Vec<Value> {
    let body = plain(schemas, shape);
    match schemas.shape(shape) {
        Shape::Object { .. } if !schemas.values_of(shape, "code").is_empty() => {
            let with_code = |code: &String| {
                let mut body = body.clone();
                body["code"] = json!(code);
                body
            };
            schemas.values_of(shape, "code").iter().map(with_code).collect()
        }
        _ => vec![body],
    }
}

/// The code of a rejection: its own, or that of the first item with one.
pub(crate) fn code(body: &Value) -> Option<&str> {
    match body {
        Value::Object(members) => match body.get("code") {
            Some(code) => code.as_str(),
            None => members.values().find_map(code),
        },
        Value::Array(items) => items.iter().find_map(code),
        _ => None,
    }
}
