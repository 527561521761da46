//! No dependency needs a newer Rust than the workspace says.

use serde_json::Value;

/// Returns the packages that need a newer Rust than `minimum`.
pub(crate) fn violations(packages: &[Value], minimum: &str) -> Vec<String> {
    let minimum_numbers = numbers(minimum);
    let needs = |package: &Value| {
        let needed = package["rust_version"].as_str()?;
        let name = package["name"].as_str()?;
        (numbers(needed) > minimum_numbers)
            .then(|| format!("{name} needs Rust {needed}, but Cargo.toml says {minimum}"))
    };
    packages.iter().filter_map(needs).collect()
}

/// Reads `1.94` or `1.94.1`.
fn numbers(version: &str) -> [u32; 3] {
    let mut numbers = [0; 3];
    for (number, text) in numbers.iter_mut().zip(version.split('.')) {
        *number = text.parse().unwrap_or(u32::MAX);
    }
    numbers
}

#[test]
fn a_dependency_that_needs_a_newer_rust_is_found() {
    let package = |version| serde_json::json!({ "name": "sample", "rust_version": version });
    let packages = [package("1.9"), package("1.94.1"), package("1.95"), serde_json::json!({ "name": "any" })];
    assert_eq!(violations(&packages, "1.94.1"), ["sample needs Rust 1.95, but Cargo.toml says 1.94.1"]);
}
