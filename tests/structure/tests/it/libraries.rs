//! A library that the `libraries` block lists is named nowhere but in the folders beside it.

use std::collections::BTreeSet;

use crate::source::{Crate, Target};

/// A library and where it may be named.
pub(crate) struct Library<'a> {
    pub(crate) name: &'a str,
    /// Files and folders, relative to the workspace.
    pub(crate) places: Vec<&'a str>,
}

/// Reads the lines of the block.
pub(crate) fn libraries<'a>(lines: &[Vec<&'a str>]) -> Result<Vec<Library<'a>>, String> {
    let read = |line: &Vec<&'a str>| match line.split_first() {
        Some((name, places)) if !places.is_empty() => Ok(Library { name, places: places.to_vec() }),
        _ => Err(format!("ARCHITECTURE.md: `{}` says no place for the library", line.join(" "))),
    };
    lines.iter().map(read).collect()
}

/// Returns what breaks the rule in these crates, once for each file.
pub(crate) fn violations(crates: &[Crate], libraries: &[Library<'_>]) -> Vec<String> {
    let mut violations = Vec::new();
    let (mut used, mut misplaced) = (BTreeSet::new(), BTreeSet::new());
    let modules = crates.iter().flat_map(|source| source.modules.iter().map(move |module| (source, module)));
    for (source, module) in modules {
        for reference in &module.references {
            let Target::External(path) = source.resolve(module, &reference.path) else { continue };
            let Some(library) = libraries.iter().find(|library| path[0] == library.name) else { continue };
            let places: Vec<_> =
                library.places.iter().filter(|place| module.file.starts_with(place)).copied().collect();
            if places.is_empty() && misplaced.insert((&module.file, library.name)) {
                violations.push(format!(
                    "{}:{}: `{}` names {}, which may be named in {} only",
                    module.file.display(),
                    reference.line,
                    reference.path.join("::"),
                    library.name,
                    library.places.join(", ")
                ));
            }
            used.extend(places.into_iter().map(|place| (library.name, place)));
        }
    }
    let places =
        libraries.iter().flat_map(|library| library.places.iter().map(|place| (library.name, *place)));
    let unused = places.filter(|place| !used.contains(place));
    violations.extend(unused.map(|(name, place)| format!("ARCHITECTURE.md: {place} does not name {name}")));
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::source;

    fn violations_of(files: &[(&str, &str)]) -> Vec<String> {
        let library = Library { name: "reqwest", places: vec!["src/http.rs"] };
        violations(&[source(files)], &[library])
    }

    const HTTP: (&str, &str) = ("src/http.rs", "use reqwest::Client;");

    #[test]
    fn a_library_may_be_named_in_its_place() {
        assert!(violations_of(&[("src/lib.rs", "mod http;"), HTTP]).is_empty());
    }

    #[test]
    fn a_library_that_is_named_elsewhere_is_found_however_it_is_named() {
        let elsewhere = |code: &str| {
            violations_of(&[("src/lib.rs", "mod http; mod client;"), HTTP, ("src/client.rs", code)]).len()
        };
        assert_eq!(elsewhere("pub struct Client(reqwest::Client);"), 1);
        assert_eq!(elsewhere("use reqwest as other;"), 1);
        assert_eq!(elsewhere("use ::reqwest::Client;"), 1);
        assert_eq!(elsewhere("fn get() { assert!(reqwest::get().is_ok()); }"), 1);
        assert_eq!(elsewhere("use crate::http::Client;"), 1);
        assert_eq!(elsewhere("mod reqwest { pub struct Client; } use reqwest::Client;"), 0);
        assert_eq!(elsewhere("#[cfg(test)] mod tests { use reqwest::Client; }"), 0);
    }

    #[test]
    fn a_place_that_does_not_name_its_library_is_found() {
        let found = violations_of(&[("src/lib.rs", "")]);
        assert_eq!(found, ["ARCHITECTURE.md: src/http.rs does not name reqwest"]);
    }
}
