//! Imports point downwards: a `floors` block lists the modules of a folder from the top floor to the ground.

use crate::architecture::Block;
use crate::references::Reference;
use crate::source::{Crate, Module, Names, Target};

/// The floors of one folder.
struct Floors<'a> {
    source: &'a Crate,
    /// The folder as a module path.
    base: Names,
    /// Module paths below the folder, with their floors; the top one is 1.
    entries: Vec<(Names, usize)>,
}

/// Returns what breaks the rule in the folder of a block. `base` is that folder as a module path.
pub(crate) fn violations(source: &Crate, base: &[String], block: &Block<'_>) -> Vec<String> {
    let mut violations = Vec::new();
    let mut entries = Vec::<(Names, usize)>::new();
    for (index, floor) in block.lines.iter().enumerate() {
        for word in floor {
            let below = entry(source, base, word);
            if source.module(&[base, &below].concat()).is_none() {
                violations.push(format!("ARCHITECTURE.md: `{word}` is not a module of {}", source.name));
            }
            if entries.iter().any(|(known, _)| *known == below) {
                violations.push(format!("ARCHITECTURE.md: `{word}` is listed twice for {}", source.name));
            }
            entries.push((below, index + 1));
        }
    }
    let floors = Floors { source, base: base.to_vec(), entries };
    for module in source.modules.iter().filter(|module| module.path.starts_with(base)) {
        match floors.entry_of(&module.path) {
            Some(entry) => {
                let references = &module.references;
                violations
                    .extend(references.iter().filter_map(|reference| floors.check(module, entry, reference)));
            }
            None => violations.push(format!("{}: no floor covers this file", module.file.display())),
        }
    }
    violations
}

/// Reads an entry of a block; the root file of the folder is written `lib`, `main` or `mod`.
fn entry(source: &Crate, base: &[String], word: &str) -> Names {
    let path: Names = word.split('/').map(ToOwned::to_owned).collect();
    let is_root = matches!(word, "lib" | "main" | "mod");
    if is_root && source.module(&[base, &path].concat()).is_none() { Vec::new() } else { path }
}

impl Floors<'_> {
    fn check(&self, module: &Module, entry: &(Names, usize), reference: &Reference) -> Option<String> {
        let Target::Local { named, defined } = self.source.resolve(module, &reference.path) else {
            return None;
        };
        // A module may show what is beneath it as its own.
        let is_facade = reference.is_reexport && defined.starts_with(&module.path);
        if is_facade || self.is_allowed(entry, &named) && self.is_allowed(entry, &defined) {
            return None;
        }
        let place = format!("{}:{}", module.file.display(), reference.line);
        let path = reference.path.join("::");
        if named != defined && self.is_allowed(entry, &defined) {
            let defined = defined.join("::");
            return Some(format!(
                "{place}: `{path}` is a re-export; name the module that defines it, `crate::{defined}`"
            ));
        }
        let broken = if self.is_allowed(entry, &named) { defined } else { named };
        let target = self.entry_of(&broken)?;
        let direction = if target.1 == entry.1 { "sideways" } else { "upwards" };
        Some(format!(
            "{place}: `{path}` points {direction}, from `{}` on floor {} to `{}` on floor {}",
            written(&entry.0),
            entry.1,
            written(&target.0),
            target.1
        ))
    }

    /// Whether a module with this entry may import from that module.
    fn is_allowed(&self, entry: &(Names, usize), target: &[String]) -> bool {
        self.entry_of(target).is_none_or(|target| target.0 == entry.0 || target.1 > entry.1)
    }

    /// Finds the longest entry that covers a module; `None` for modules of other folders.
    fn entry_of(&self, module: &[String]) -> Option<&(Names, usize)> {
        let below = self.source.file_module(module).strip_prefix(self.base.as_slice())?;
        let covers = |entry: &[String]| match entry {
            [] => below.is_empty(),
            entry => below.starts_with(entry),
        };
        self.entries.iter().filter(|(entry, _)| covers(entry)).max_by_key(|(entry, _)| entry.len())
    }
}

fn written(entry: &[String]) -> String {
    if entry.is_empty() { "the root".to_owned() } else { entry.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::blocks;
    use crate::fixture::source;

    fn violations_of(document: &str, files: &[(&str, &str)]) -> Vec<String> {
        let source = source(files);
        let blocks = blocks(document, "floors");
        blocks.iter().flat_map(|block| violations(&source, &[], block)).collect()
    }

    const FLOORS: &str = "```floors src\nlib\nclient\nrecords files\ntransport\n```\n";
    const LIB: (&str, &str) = (
        "src/lib.rs",
        "mod client; mod records; mod files; mod transport; pub use client::Crm; pub use transport::send;",
    );

    fn with_transport(transport: &str) -> Vec<String> {
        violations_of(
            FLOORS,
            &[
                LIB,
                ("src/client.rs", "use crate::records::Page; use crate::transport; pub struct Crm(Page);"),
                (
                    "src/records.rs",
                    "use crate::transport::send; pub struct Page; #[cfg(test)] use crate::Crm;",
                ),
                ("src/files.rs", "pub struct File;"),
                ("src/transport.rs", transport),
            ],
        )
    }

    #[test]
    fn imports_that_point_downwards_are_fine() {
        assert_eq!(with_transport("pub fn send() {}"), Vec::<String>::new());
    }

    #[test]
    fn an_import_that_points_upwards_is_named_with_its_line_and_floors() {
        assert_eq!(
            with_transport("\nuse crate::client::Crm;"),
            [
                "src/transport.rs:2: `crate::client::Crm` points upwards, from `transport` on floor 4 to `client` on floor 2"
            ]
        );
    }

    #[test]
    fn a_path_in_code_or_in_a_macro_call_points_upwards_like_an_import() {
        assert_eq!(with_transport("fn send() { super::records::page(); }").len(), 1);
        assert_eq!(with_transport("fn send() { vec![crate::records::page()]; }").len(), 1);
        assert_eq!(with_transport("#[derive(crate::records::Page)] struct Send;").len(), 1);
        assert_eq!(
            with_transport("use crate::{records as r, files::File}; fn send() { r::page(); }").len(),
            3
        );
    }

    #[test]
    fn only_dollar_crate_points_anywhere_in_the_definition_of_a_macro() {
        assert!(with_transport("macro_rules! m { () => { super::client::new() } }").is_empty());
        assert_eq!(with_transport("macro_rules! m { () => { $crate::client::new() } }").len(), 1);
    }

    #[test]
    fn a_module_inside_a_file_is_on_the_floor_of_the_file() {
        assert!(with_transport("mod inner { use super::send; } fn send() {}").is_empty());
        assert_eq!(with_transport("mod inner { use crate::client::Crm; }").len(), 1);
        let root = ("src/lib.rs", "mod a; pub mod inner { pub use crate::a::A; }");
        assert!(
            violations_of("```floors src\nlib\na\n```\n", &[root, ("src/a.rs", "pub struct A;")]).is_empty()
        );
    }

    #[test]
    fn what_is_compiled_for_tests_only_may_point_upwards() {
        assert!(with_transport("#[cfg(test)] mod tests { use crate::client::Crm; }").is_empty());
        assert!(with_transport("#[cfg(all(test, unix))] mod tests;").is_empty());
        assert!(with_transport("#[test] fn sends() { crate::client::new(); }").is_empty());
    }

    #[test]
    fn modules_on_one_floor_do_not_import_each_other() {
        let found = violations_of(
            "```floors src\nlib\na b\n```\n",
            &[
                ("src/lib.rs", "mod a; mod b;"),
                ("src/a.rs", "use crate::b::B;"),
                ("src/b.rs", "pub struct B;"),
            ],
        );
        assert_eq!(
            found,
            ["src/a.rs:1: `crate::b::B` points sideways, from `a` on floor 2 to `b` on floor 2"]
        );
    }

    #[test]
    fn an_import_names_the_module_that_defines_the_item() {
        let found = violations_of(
            "```floors src\nlib\na\nb\n```\n",
            &[
                ("src/lib.rs", "mod a; mod b; pub use b::B;"),
                ("src/a.rs", "use crate::B;"),
                ("src/b.rs", "pub struct B;"),
            ],
        );
        assert_eq!(
            found,
            ["src/a.rs:1: `crate::B` is a re-export; name the module that defines it, `crate::b`"]
        );
    }

    #[test]
    fn a_re_export_does_not_hide_where_an_import_points() {
        let found = violations_of(
            "```floors src\nlib\na/high\nb\na\n```\n",
            &[
                ("src/lib.rs", "mod a; mod b;"),
                ("src/a/mod.rs", "mod high; pub(crate) use high::High;"),
                ("src/a/high.rs", "pub(crate) struct High;"),
                ("src/b.rs", "use crate::a::High;"),
            ],
        );
        assert_eq!(
            found,
            ["src/b.rs:1: `crate::a::High` points upwards, from `b` on floor 3 to `a/high` on floor 2"]
        );
    }

    #[test]
    fn a_file_without_a_floor_and_a_floor_without_a_file_are_found() {
        let found = violations_of(
            "```floors src\nlib\ngone\n```\n",
            &[("src/lib.rs", "mod a;"), ("src/a/mod.rs", "")],
        );
        assert_eq!(
            found,
            ["ARCHITECTURE.md: `gone` is not a module of sample", "src/a/mod.rs: no floor covers this file"]
        );
    }
}
