//! Checks that the client has every operation of Zoho and no other.

use api_check::operation::without_names;
use api_check::registry::Source;

use crate::left_out::{LEFT_OUT, Reason};
use crate::support::findings::Findings;
use crate::support::pairs::{entries_at, source};
use crate::support::surroundings::{entries, official_sdk, specification};

#[test]
#[ignore = "needs Zoho's OpenAPI files"]
fn every_operation_of_the_specification_exists_or_is_left_out_for_a_reason() {
    let Some(specification) = specification() else { return };
    let mut findings = Findings::default();
    for operation in &specification.operations {
        let exists = entries().iter().any(|entry| match entry.source {
            Source::OpenApi { file, method, path } => {
                operation.file == file && operation.method == method && operation.path == path
            }
            Source::PythonSdk { .. } => false,
        });
        let left_out = LEFT_OUT.iter().find(|(file, method, path, _)| {
            operation.file == *file && operation.method == *method && operation.path == *path
        });
        match (exists, left_out) {
            (false, None) => findings.add(format!("{} is missing", operation.title())),
            (true, Some(_)) => {
                findings.add(format!("{} exists, but is listed as left out", operation.title()))
            }
            (false, Some((_, method, path, Reason::SameCall)))
                if entries_at(method, path).next().is_none() =>
            {
                findings.add(format!(
                    "{} is listed as the same call as another one, which does not exist",
                    operation.title()
                ));
            }
            _ => {}
        }
    }
    for (file, method, path, _) in LEFT_OUT {
        if specification.find(file, method, path).is_none() {
            findings.add(format!(
                "{file}: {method} {path} is listed as left out, but is not in the specification"
            ));
        }
    }
    findings.conclude(format!(
        "{} operations in the specification, {} left out",
        specification.operations.len(),
        LEFT_OUT.len()
    ));
}

#[test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
fn every_operation_that_only_the_official_sdk_has_exists() {
    let Some(specification) = specification() else { return };
    let Some(sdk) = official_sdk() else { return };
    let mut findings = Findings::default();
    let only = sdk.operations.iter().filter(|it| specification.at(&it.method, &it.path).next().is_none());
    let only: Vec<_> = only.collect();
    for operation in &only {
        if entries_at(&operation.method, &operation.path).next().is_none() {
            findings.add(format!("{} of the SDK is missing", operation.title()));
        }
    }
    let mut calls: Vec<_> = only.iter().map(|it| (&it.method, without_names(&it.path))).collect();
    calls.sort();
    calls.dedup();
    findings.conclude(format!("{} operations only in the SDK, {} calls", only.len(), calls.len()));
}

#[test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
fn every_entry_has_an_operation() {
    let Some(specification) = specification() else { return };
    let sdk = official_sdk();
    let mut findings = Findings::default();
    for entry in entries() {
        if sdk.is_none() && matches!(entry.source, Source::PythonSdk { .. }) {
            continue;
        }
        match source(entry, specification, sdk) {
            None => findings
                .add(format!("{}.{} has no operation: {:?}", entry.area, entry.operation, entry.source)),
            Some(own) => {
                let (method, path) = (&own.operation.method, &own.operation.path);
                if entry.method != method || without_names(entry.path) != without_names(path) {
                    findings.add(format!(
                        "{}.{} is not {}",
                        entry.area,
                        entry.operation,
                        own.operation.title()
                    ));
                }
            }
        }
    }
    findings.conclude(format!("{} entries", entries().len()));
}
