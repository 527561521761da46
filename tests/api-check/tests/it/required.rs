//! Checks that required parameters are arguments and all others are options.

use std::collections::BTreeSet;

use api_check::operation::Place;

use crate::support::findings::Findings;
use crate::support::pairs::{SPECIFICATION, pairs};
use crate::support::surroundings::specification;

/// Deviations from the specification: the operation, the parameter, whether the specification requires it, and the reason
/// why the client does not follow.
const DEVIATIONS: &[(&str, &str, bool, &str)] = &[
    ("attachments.list", "ids", true, NARROWS),
    ("bulk_write.upload_file", "X-CRM-ORG", false, UPLOAD),
    ("bulk_write.upload_file", "feature", false, UPLOAD),
    ("files.download", "id", false, MISSING),
    ("notes.list", "ids", true, NARROWS),
    ("record.list", "fields", false, MISSING),
    ("record.delete_many", "ids", false, MISSING),
    ("record.search", "per_page", true, NARROWS),
    ("record.get_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("record.update_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("record.delete_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("recycle_bin.list", "filters", true, NARROWS),
    ("recycle_bin.list", "ids", true, NARROWS),
    ("recycle_bin.delete_many", "filters", true, EITHER),
    ("recycle_bin.delete_many", "ids", true, EITHER),
    ("related_records.list", "fields", false, MISSING),
    ("related_records.delink_many", "ids", false, MISSING),
    ("related_records.list_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("related_records.list_by_external_id", "fields", false, MISSING),
    ("related_records.update_many_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("related_records.delink_many_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("related_records.delink_many_by_external_id", "ids", false, MISSING),
    ("related_records.get_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("related_records.update_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("related_records.delink_by_external_id", "X-EXTERNAL", false, EXTERNAL),
    ("territories.delete_many", "ids", false, EVERYTHING),
    ("user_type_users.delete", "personality_ids", false, EVERYTHING),
    ("user_type_users.transfer", "personality_ids", false, EVERYTHING),
    ("users_territories.remove_territories", "ids", false, EVERYTHING),
];
const EITHER: &str = "the call needs exactly one of the two";
const EVERYTHING: &str = "without it, the call would apply to everything";
const EXTERNAL: &str = "without it, Zoho takes the value in the path for an id";
const MISSING: &str = "without it, Zoho rejects the call with REQUIRED_PARAM_MISSING";
const NARROWS: &str = "it narrows the list, which is complete without it";
const UPLOAD: &str = "the host for uploads requires it";

#[test]
#[ignore = "needs Zoho's OpenAPI files"]
fn exactly_the_required_parameters_are_arguments() {
    let Some(specification) = specification() else { return };
    let mut findings = Findings::default();
    let (mut arguments, mut used) = (0, BTreeSet::new());
    for pair in &pairs(specification, None) {
        let key = pair.entry.key();
        let described = pair.described.iter().filter(|described| described.by == SPECIFICATION);
        let parameters = described.flat_map(|described| &described.operation.parameters);
        let required: BTreeSet<&str> = parameters
            .filter(|parameter| parameter.required && parameter.place != Place::Path)
            .map(|parameter| parameter.name.as_str())
            .collect();
        let arguments_of_call: BTreeSet<&str> = pair.entry.required.iter().copied().collect();
        arguments += arguments_of_call.len();
        for name in required.symmetric_difference(&arguments_of_call) {
            let is_required = required.contains(name);
            let excused = DEVIATIONS.iter().position(|(of, parameter, required, _)| {
                *of == key && parameter == name && *required == is_required
            });
            match excused {
                Some(at) => {
                    used.insert(at);
                }
                None => {
                    findings.add(format!("{key}: `{name}` is required in the specification: {is_required}"))
                }
            }
        }
    }
    for (at, (of, parameter, ..)) in DEVIATIONS.iter().enumerate() {
        if !used.contains(&at) {
            findings
                .add(format!("{of}: `{parameter}` is listed as a deviation, but follows the specification"));
        }
    }
    findings.conclude(format!("{arguments} arguments, {} deviations", DEVIATIONS.len()));
}
