//! Checks that the client knows every described member by name instead of keeping it as an unknown one.

use std::collections::BTreeSet;

use api_check::SchemaId;
use api_check::probe::{Probe, probes};
use api_check::registry::RoundTrip;
use serde_json::{Value, json};

use crate::examples::entry_of;
use crate::support::findings::Findings;
use crate::support::pairs::{Described, pairs};
use crate::support::surroundings::{examples, official_sdk, specification};
use crate::support::unknown::{RECORD, RECORDS, UNKNOWN, UNTYPED};

/// Selects shapes of an operation.
type Shapes = fn(&Described) -> Vec<SchemaId>;

#[test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
fn every_described_member_is_known_by_name() {
    let Some(specification) = specification() else { return };
    let Some(sdk) = official_sdk() else { return };
    let mut findings = Findings::default();
    let (mut types, mut known, mut unknown) = (0, 0, BTreeSet::new());
    let mut untyped = BTreeSet::new();
    for pair in &pairs(specification, Some(sdk)) {
        let kinds: [(_, Shapes); 2] = [
            (pair.entry.response, Described::responses),
            (pair.entry.body, |described| described.body().into_iter().collect()),
        ];
        for (round_trip, shapes) in kinds {
            let Some(round_trip) = round_trip else { continue };
            types += 1;
            let is_known = |probe: &Probe| {
                round_trip(probe.right.to_string().as_bytes()).is_ok()
                    && round_trip(probe.wrong.to_string().as_bytes()).is_err()
            };
            let probes = pair.described.iter().flat_map(|it| probes(it.schemas, &shapes(it)));
            let (mine, others): (Vec<_>, Vec<_>) = probes.partition(is_known);
            if mine.is_empty() {
                untyped.insert(pair.entry.key());
                continue;
            }
            known += mine.len();
            let others: BTreeSet<String> = others.into_iter().map(|probe| probe.path).collect();
            unknown.extend(outermost(&others).map(|path| (pair.entry.key(), path.to_owned())));
        }
    }
    let listed: BTreeSet<String> = UNTYPED.iter().map(|(key, _)| (*key).to_owned()).collect();
    for key in untyped.symmetric_difference(&listed) {
        findings.add(format!("{key}: has an untyped response or body: {}", untyped.contains(key)));
    }
    let mut used = BTreeSet::new();
    for (key, path) in &unknown {
        let excused = UNKNOWN.iter().enumerate().filter(|(_, (of, end, _))| is_meant(key, path, of, end));
        let excused: Vec<usize> = excused.map(|(at, _)| at).collect();
        if excused.is_empty() && !is_of_record(key, path) {
            findings.add(format!("{key} {path} is not known by name"));
        }
        used.extend(excused);
    }
    for (at, (of, end, _)) in UNKNOWN.iter().enumerate() {
        if !used.contains(&at) {
            findings.add(format!("`{of}` `{end}` is known by name, but listed as unknown"));
        }
    }
    findings.conclude(format!(
        "{types} responses and bodies, {} untyped; {known} members known by name, {} not, for {} reasons",
        untyped.len(),
        unknown.len(),
        UNKNOWN.len()
    ));
}

/// The paths that are not inside another one of them.
fn outermost(paths: &BTreeSet<String>) -> impl Iterator<Item = &String> {
    let stands_in_another = |path: &str| {
        let ends = path.char_indices().filter(|(_, letter)| matches!(letter, '.' | '[')).map(|(at, _)| at);
        ends.into_iter().any(|at| paths.contains(&path[..at]))
    };
    paths.iter().filter(move |path| !stands_in_another(path))
}

/// Whether an entry of the list applies to this member of this operation.
fn is_meant(key: &str, path: &str, of: &str, end: &str) -> bool {
    key.starts_with(of) && path.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a member is a field of a record. The type for records accepts any field.
fn is_of_record(key: &str, path: &str) -> bool {
    let Some((record, field)) = path.rsplit_once('.') else { return false };
    RECORD.contains(&field) && RECORDS.iter().any(|(of, end)| is_meant(key, record, of, end))
}

/// The exact number of members in the published examples that the client does not know by name.
const UNKNOWN_IN_EXAMPLES: usize = 232;

#[test]
#[ignore = "needs Zoho's examples"]
fn published_members_are_known_by_name() {
    let Some(examples) = examples() else { return };
    let mut findings = Findings::default();
    let (mut members, mut unknown) = (0, BTreeSet::new());
    for example in examples {
        let is_body = example.status.is_none();
        if !is_body && (!example.is_success() || example.body.get("status") == Some(&json!("error"))) {
            continue;
        }
        let Some(entry) = entry_of(example) else { continue };
        let Some(round_trip) = (if is_body { entry.body } else { entry.response }) else { continue };
        let mut probed = example.body.clone();
        let mut paths = BTreeSet::new();
        members += probe(round_trip, &mut probed, &[], "$", &mut paths);
        unknown.extend(outermost(&paths).map(|path| format!("{} {path}", entry.key())));
    }
    println!("not known by name:\n{}", unknown.iter().cloned().collect::<Vec<_>>().join("\n"));
    if unknown.len() != UNKNOWN_IN_EXAMPLES {
        findings
            .add(format!("{} members are not known by name, expected {UNKNOWN_IN_EXAMPLES}", unknown.len()));
    }
    findings.conclude(format!("{members} members, {} not known by name", unknown.len()));
}

/// Replaces each member in turn with a value of the wrong kind. A type that accepts it does not know the member.
fn probe(
    round_trip: RoundTrip,
    body: &mut Value,
    at: &[String],
    path: &str,
    unknown: &mut BTreeSet<String>,
) -> usize {
    let pointer: String = at.iter().map(|step| format!("/{step}")).collect();
    let Some(here) = body.pointer(&pointer).cloned() else { return 0 };
    let steps: Vec<(String, String, Value)> = match here {
        Value::Object(members) => {
            let step = |(name, member): (String, Value)| {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                (escaped, format!("{path}.{name}"), member)
            };
            members.into_iter().map(step).collect()
        }
        Value::Array(items) => {
            let step = |(number, item): (usize, Value)| (number.to_string(), format!("{path}[]"), item);
            items.into_iter().enumerate().map(step).collect()
        }
        _ => return 0,
    };
    let mut count = 0;
    for (step, path, value) in steps {
        let at = [at, &[step]].concat();
        let pointer: String = at.iter().map(|step| format!("/{step}")).collect();
        let wrong = match &value {
            Value::Null => continue,
            Value::String(_) => json!({}),
            _ => json!("x"),
        };
        count += 1;
        if let Some(place) = body.pointer_mut(&pointer) {
            *place = wrong;
        }
        if !path.ends_with("[]") && round_trip(body.to_string().as_bytes()).is_ok() {
            unknown.insert(path.clone());
        }
        if let Some(place) = body.pointer_mut(&pointer) {
            *place = value;
        }
        count += probe(round_trip, body, &at, &path, unknown);
    }
    count
}

#[test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
fn an_operation_that_returns_a_file_has_no_json_response() {
    let Some(specification) = specification() else { return };
    let mut findings = Findings::default();
    let mut files = 0;
    for pair in pairs(specification, official_sdk()).iter().filter(|pair| pair.entry.response.is_none()) {
        files += 1;
        for described in &pair.described {
            let is_json = |schema: &SchemaId| {
                let branches = described.schemas.branches(*schema);
                branches.iter().any(|branch| {
                    !described.schemas.is_file(*branch) && !described.schemas.is_rejection(*branch)
                })
            };
            if described.responses().iter().any(is_json) {
                findings.add(format!("{}: {} has a JSON response", pair.title(), described.by));
            }
        }
    }
    findings.conclude(format!("{files} files"));
}
