//! What crates.io and docs.rs show of a published crate: its manifest, its README and its license texts.

use std::fs;

use serde_json::Value;

use crate::workspace::{self, Package};

/// What crates.io takes: <https://doc.rust-lang.org/cargo/reference/manifest.html#the-keywords-field>
const MAX_KEYWORDS: usize = 5;

/// Returns what a package lacks.
pub(crate) fn violations(package: &Package) -> Vec<String> {
    let manifest = &package.metadata;
    let mut missing = Vec::new();
    for field in ["description", "documentation", "license", "readme", "repository", "rust_version"] {
        if manifest[field].as_str().is_none_or(str::is_empty) {
            missing.push(format!("`{field}`"));
        }
    }
    let length = |field: &str| manifest[field].as_array().map_or(0, Vec::len);
    if !(1..=MAX_KEYWORDS).contains(&length("keywords")) {
        missing.push(format!("1 to {MAX_KEYWORDS} `keywords`"));
    }
    if length("categories") == 0 {
        missing.push("`categories`".to_owned());
    }
    if manifest["metadata"]["docs"]["rs"]["all-features"] != Value::Bool(true) {
        missing.push("`all-features` for docs.rs".to_owned());
    }
    let read = |file: &str| fs::read_to_string(workspace::folder().join(&package.folder).join(file));
    for text in ["LICENSE-APACHE", "LICENSE-MIT"] {
        if !read(text).is_ok_and(|text| text.len() > 1_000) {
            missing.push(format!("the text {text}"));
        }
    }
    let readme = read("README.md").unwrap_or_default();
    missing
        .extend(relative_links(&readme).map(|link| format!("a README link that works on crates.io: {link}")));
    missing.iter().map(|what| format!("{} lacks {what}", package.name)).collect()
}

/// Lists the links that mean a file beside the README.
fn relative_links(readme: &str) -> impl Iterator<Item = &str> {
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    links.map(|(link, _)| link).filter(|link| !link.starts_with("https://") && !link.starts_with('#'))
}

#[test]
fn a_link_to_a_file_of_the_repository_is_found() {
    let readme = "[a](https://docs.rs/a), [b](#usage) and [c](src/guide.md)";
    assert_eq!(relative_links(readme).collect::<Vec<_>>(), ["src/guide.md"]);
}

#[test]
fn a_bare_manifest_lacks_everything() {
    let package = Package {
        name: "bare".to_owned(),
        is_published: true,
        has_library: true,
        folder: "nowhere".into(),
        dependencies: Vec::new(),
        metadata: Value::Null,
    };
    assert_eq!(violations(&package).len(), 11);
}
