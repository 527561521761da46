//! Checks that a deletion is not sent without the ids of what it deletes.

use api_check::operation::Place;
use api_check::registry::Samples;
use serde_json::json;
use zohocrm::Error;

use crate::support::findings::Findings;
use crate::support::pairs::pairs;
use crate::support::recorder::Recorder;
use crate::support::surroundings::specification;

/// Parameters that select what a call deletes have this name, or end with it.
const IDS: &str = "ids";
/// Deletions that can be selected in another way, which the samples do.
const OTHERWISE: [&str; 1] = ["recycle_bin.delete_many"];
/// The minimum number of deletions with ids.
const MIN_DELETIONS: usize = 15;

#[tokio::test]
#[ignore = "needs Zoho's OpenAPI files"]
async fn a_deletion_with_an_empty_list_of_ids_is_not_sent() {
    let Some(specification) = specification() else { return };
    let recorder = Recorder::start().await;
    recorder.respond(200, &json!({}));
    let mut findings = Findings::default();
    let mut deletions = 0;
    for pair in &pairs(specification, None) {
        let has_ids = pair.described.iter().flat_map(|it| &it.operation.parameters).any(|parameter| {
            parameter.place == Place::Query
                && (parameter.name == IDS || parameter.name.ends_with(&format!("_{IDS}")))
        });
        let key = pair.entry.key();
        if pair.entry.method != "DELETE" || !has_ids || OTHERWISE.contains(&key.as_str()) {
            continue;
        }
        deletions += 1;
        let sent = recorder.send(pair.entry, &Samples::default().with_empty_lists()).await;
        if let Some(recorded) = recorder.last() {
            findings.add(format!("{key}: sent as {} {}", recorded.method, recorded.path));
        }
        if !matches!(sent, Err(Error::Request(_))) {
            findings.add(format!("{key}: became {sent:?}"));
        }
        let sent = recorder.send(pair.entry, &Samples::default()).await;
        if recorder.last().is_none() {
            findings.add(format!("{key}: not sent with ids: {sent:?}"));
        }
    }
    assert!(deletions >= MIN_DELETIONS, "only {deletions} deletions have ids");
    findings.conclude(format!("{deletions} deletions"));
}
