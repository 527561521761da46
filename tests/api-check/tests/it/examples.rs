//! Checks that the client reads every leaf of the published examples, and turns rejections into errors.

use api_check::compare::{leaves, shortest};
use api_check::example::Example;
use api_check::operation::without_names;
use api_check::registry::{Entry, RoundTrip, Samples};
use serde_json::{Value, json};
use zohocrm::{Error, Record};

use crate::errors::{code, harmless};
use crate::round_trips::loss;
use crate::support::findings::Findings;
use crate::support::kinds::kind_of;
use crate::support::pairs::entries_at;
use crate::support::recorder::Recorder;
use crate::support::surroundings::{entries, examples};

/// Published operations of later editions, which neither the OpenAPI files nor the official SDK have.
const LATER: [(&str, &str); 12] = [
    ("POST", "/crm/v8/Appointments__s"),
    ("POST", "/crm/v8/{}/{}/Notes"),
    ("POST", "/crm/v8/Contacts/{}/Emails/actions/link_record"),
    ("GET", "/crm/v8/settings/automation/field_updates/{}"),
    ("POST", "/crm/v8/settings/recycle_bin/actions/restore"),
    ("GET", "/crm/v8/settings/automation/webhooks/{}"),
    ("GET", "/crm/v8/settings/automation/webhooks/actions/usage_reports"),
    ("GET", "/crm/v8/workflow_configurations"),
    ("GET", "/crm/v8/settings/automation/workflow_rules/{}"),
    ("PUT", "/crm/v8/settings/automation/workflow_rules/actions/reorder"),
    ("DELETE", "/crm/v8/settings/automation/tasks"),
    ("GET", "/crm/v8/settings/automation/tasks/{}"),
];

/// Paths of examples, with the paths of the same operations.
const ALIASES: [(&str, &str); 2] =
    [("/crm/v7/Leads/{}", "/crm/v8/{}/{}"), ("/crm/v7/Leads/search", "/crm/v8/{}/search")];

#[test]
#[ignore = "needs Zoho's examples"]
fn every_published_response_is_read_with_every_leaf() {
    let response = |entry: &Entry| entry.response;
    read_all(|example| example.is_success() && example.body.get("status") != Some(&json!("error")), response);
}

#[test]
#[ignore = "needs Zoho's examples"]
fn every_published_body_is_read_with_every_leaf() {
    read_all(|example| example.status.is_none(), |entry| entry.body);
}

fn read_all(is_meant: impl Fn(&Example) -> bool, type_of: impl Fn(&Entry) -> Option<RoundTrip>) {
    let Some(examples) = examples() else { return };
    let mut findings = Findings::default();
    let (mut read, mut all_leaves, mut later) = (0, 0, Vec::new());
    for example in examples.iter().filter(|example| is_meant(example)) {
        let Some(entry) = entry_of(example) else {
            match LATER.contains(&(example.method.as_str(), without_names(&example.path).as_str())) {
                true => later.push(&*example.file),
                false => {
                    findings.add(format!("{}: {} {} is missing", example.file, example.method, example.path))
                }
            }
            continue;
        };
        let Some(round_trip) = type_of(entry) else {
            findings.add(format!("{}: {}.{} has no type for it", example.file, entry.area, entry.operation));
            continue;
        };
        read += 1;
        all_leaves += leaves(&example.body);
        if loss(round_trip, &example.body).is_some() {
            let shortest = shortest(&example.body, |body| loss(round_trip, body).is_some());
            let loss = loss(round_trip, &shortest).unwrap_or_default();
            findings.add(format!(
                "{}: {}.{}: {loss}; shortest: {shortest}",
                example.file, entry.area, entry.operation
            ));
        }
    }
    findings.conclude(format!("{read} examples, {all_leaves} leaves; of later editions: {later:?}"));
}

/// The entry of an example.
pub(crate) fn entry_of(example: &Example) -> Option<&'static Entry> {
    let path = without_names(&example.path);
    let path = ALIASES.iter().find(|(alias, _)| *alias == path).map_or(path.as_str(), |(_, path)| path);
    entries_at(&example.method, path).next()
}

#[tokio::test]
#[ignore = "needs Zoho's examples"]
async fn every_published_rejection_is_an_error_with_its_code_and_kind() {
    let Some(examples) = examples() else { return };
    let recorder = Recorder::start().await;
    let entry = harmless(entries());
    let mut findings = Findings::default();
    let mut rejections = 0;
    for example in examples {
        let Some(status) = example.status.filter(|status| *status >= 300) else { continue };
        rejections += 1;
        recorder.respond(status, &example.body);
        let Err(error) = recorder.send(entry, &Samples::default()).await else {
            findings.add(format!("{}: is not an error", example.file));
            continue;
        };
        let code = code(&example.body).unwrap_or_default();
        let expected = kind_of(first_code(&example.body, code), status);
        if Some(error.kind()) != expected {
            findings.add(format!("{}: {code} is {:?} instead of {expected:?}", example.file, error.kind()));
        }
        let rejects_the_token = code == "INVALID_TOKEN";
        if !rejects_the_token && error.api().map(|api| api.code()) != Some(code) {
            findings.add(format!("{}: {code} became {error}", example.file));
        }
    }
    findings.conclude(format!("{rejections} rejections"));
}

#[tokio::test]
#[ignore = "needs Zoho's examples"]
async fn every_published_rejection_of_a_record_is_the_error_of_that_record() {
    let Some(examples) = examples() else { return };
    let recorder = Recorder::start().await;
    let mut findings = Findings::default();
    let (mut responses, mut rejected, mut written) = (0, 0, 0);
    for example in examples {
        let Some(status) = example.status else { continue };
        let Some(results) = results(&example.body) else { continue };
        responses += 1;
        recorder.respond(status, &json!({ "data": results }));
        let records: Vec<_> = results.iter().map(|_| Record::new().with("Last_Name", "Hopper")).collect();
        let outcomes = match recorder.crm.records("Leads").create(records).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                findings.add(format!("{}: {error}", example.file));
                continue;
            }
        };
        for (result, outcome) in results.iter().zip(outcomes) {
            let code = result["code"].as_str().unwrap_or_default();
            match (result["status"].as_str(), outcome) {
                (Some("error"), Err(Error::Record(error))) => {
                    rejected += 1;
                    let expected = kind_of(first_code(result, code), status);
                    if error.code() != code || Some(error.kind()) != expected {
                        let is = (error.code(), error.kind());
                        findings.add(format!("{}: {is:?} instead of {code}, {expected:?}", example.file));
                    }
                }
                (Some("success"), Ok(_)) => written += 1,
                (status, outcome) => findings.add(format!("{}: {status:?} became {outcome:?}", example.file)),
            }
        }
    }
    findings
        .conclude(format!("{responses} responses to writes, {rejected} records rejected, {written} written"));
}

/// The results of the records, if the example is the response to a write of records.
fn results(body: &Value) -> Option<&Vec<Value>> {
    let results = body.get("data")?.as_array().filter(|results| !results.is_empty())?;
    let is_result = |result: &Value| result.get("code").is_some() && result.get("status").is_some();
    results.iter().all(is_result).then_some(results)
}

/// The code that decides the kind. Among several errors about one record, it is that of the first.
fn first_code<'a>(body: &'a Value, code: &'a str) -> &'a str {
    let errors = ["/details/errors/0/code", "/data/0/details/errors/0/code"];
    errors.iter().find_map(|path| body.pointer(path)).and_then(Value::as_str).unwrap_or(code)
}
