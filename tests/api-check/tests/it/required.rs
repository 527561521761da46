//! What a call is nothing without is an argument, and everything else is an option.

use std::collections::BTreeSet;

use api_check::operation::Place;

use crate::support::findings::Findings;
use crate::support::pairs::{SPECIFICATION, pairs};
use crate::support::surroundings::specification;

/// Where the client does not do as the specification says: the operation, the parameter, whether it is required there, and
/// why it is the other way round.
const OTHERWISE: &[(&str, &str, bool, &str)] = &[
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
];
const EITHER: &str = "one of the two is enough, and both are too much";
const EXTERNAL: &str = "without it the value in the path is taken for an id";
const MISSING: &str = "Zoho answers REQUIRED_PARAM_MISSING without it";
const NARROWS: &str = "all of a list is there without it";
const UPLOAD: &str = "the host for uploads does nothing without it";

#[test]
#[ignore = "needs Zoho's OpenAPI files"]
fn what_zoho_requires_is_an_argument_and_nothing_else_is() {
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
        let made: BTreeSet<&str> = pair.entry.required.iter().copied().collect();
        arguments += made.len();
        for name in required.symmetric_difference(&made) {
            let is_required = required.contains(name);
            let excused = OTHERWISE.iter().position(|(of, parameter, required, _)| {
                *of == key && parameter == name && *required == is_required
            });
            match excused {
                Some(at) => {
                    used.insert(at);
                }
                None => findings.add(format!("{key}: `{name}` is required there: {is_required}")),
            }
        }
    }
    for (at, (of, parameter, ..)) in OTHERWISE.iter().enumerate() {
        if !used.contains(&at) {
            findings.add(format!("{of}: `{parameter}` is as the specification says"));
        }
    }
    findings.conclude(format!("{arguments} arguments, {} otherwise", OTHERWISE.len()));
}
