//! Which crate depends on which: the `crates` block lists, for each published crate, those of the workspace that it uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Dependency, Package};

/// The crate that the tests of all others may use.
const EMULATOR: &str = "zoho-emulator";

/// Returns what differs from the block's lines, each a crate and the crates that it depends on.
pub(crate) fn violations(packages: &[Package], lines: &[Vec<&str>]) -> Vec<String> {
    let own: BTreeMap<_, _> =
        packages.iter().map(|package| (package.name.as_str(), package.is_published)).collect();
    let mut violations = Vec::new();
    for package in packages.iter().filter(|package| package.is_published) {
        let Some(listed) = lines.iter().find(|line| line[0] == package.name) else {
            violations.push(format!("ARCHITECTURE.md: the block of crates has no line for {}", package.name));
            continue;
        };
        let listed: BTreeSet<_> = listed[1..].iter().copied().collect();
        let is_allowed = |Dependency { name, is_for_tests }: &&Dependency| {
            let name = name.as_str();
            let is_published = own.get(name).copied();
            let is_for_tests =
                *is_for_tests && (is_published == Some(false) || name == EMULATOR || name == package.name);
            is_published.is_none() || listed.contains(name) || is_for_tests
        };
        let forbidden = package.dependencies.iter().filter(|dependency| !is_allowed(dependency));
        violations.extend(forbidden.map(|Dependency { name, .. }| {
            format!(
                "{}: {} may not depend on {name}",
                package.folder.join("Cargo.toml").display(),
                package.name
            )
        }));
        let is_used = |name: &&&str| {
            package.dependencies.iter().any(|known| known.name == ***name && !known.is_for_tests)
        };
        let unused = listed.iter().filter(|name| !is_used(name));
        violations.extend(
            unused.map(|name| format!("ARCHITECTURE.md: {} does not depend on {name}", package.name)),
        );
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, is_published: bool, dependencies: &[(&str, bool)]) -> Package {
        let dependencies = dependencies.iter();
        Package {
            name: name.to_owned(),
            is_published,
            has_library: true,
            folder: name.into(),
            metadata: serde_json::Value::Null,
            dependencies: dependencies
                .map(|(name, is_for_tests)| Dependency {
                    name: (*name).to_owned(),
                    is_for_tests: *is_for_tests,
                })
                .collect(),
        }
    }

    fn violations_of(packages: &[Package]) -> Vec<String> {
        violations(packages, &[vec!["zohocrm", "zoho-oauth"], vec!["zoho-oauth"], vec!["zoho-emulator"]])
    }

    fn with(oauth: &[(&str, bool)], emulator: &[(&str, bool)]) -> Vec<String> {
        violations_of(&[
            package("zohocrm", true, &[("zoho-oauth", false), ("serde", false), ("zoho-emulator", true)]),
            package("zoho-oauth", true, oauth),
            package("zoho-emulator", true, emulator),
            package("servers", false, &[]),
        ])
    }

    #[test]
    fn what_is_drawn_is_fine_and_tests_may_use_the_emulator() {
        assert!(with(&[("zoho-emulator", true), ("servers", true), ("zoho-oauth", true)], &[]).is_empty());
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_found() {
        assert_eq!(
            with(&[("zohocrm", false)], &[]),
            ["zoho-oauth/Cargo.toml: zoho-oauth may not depend on zohocrm"]
        );
        assert_eq!(with(&[("servers", false)], &[]).len(), 1);
        assert_eq!(with(&[], &[("zoho-oauth", true)]).len(), 1);
    }

    #[test]
    fn an_arrow_that_is_gone_is_found() {
        let found = violations_of(&[package("zohocrm", true, &[])]);
        assert_eq!(found, ["ARCHITECTURE.md: zohocrm does not depend on zoho-oauth"]);
    }
}
