//! Checks the code against the rules of ARCHITECTURE.md: floors, places of libraries, crates, public signatures.

mod architecture;
mod arrows;
mod fixture;
mod floors;
mod libraries;
mod manifests;
mod minimum_rust;
mod references;
mod signatures;
mod source;
mod workspace;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use source::Crate;
use workspace::Package;

type Outcome = Result<(), String>;

/// The code of the published crates, and the rules.
struct Project {
    packages: Vec<Package>,
    crates: Vec<Crate>,
    architecture: String,
}

impl Project {
    fn read() -> Result<Self, String> {
        let file = workspace::folder().join("ARCHITECTURE.md");
        let architecture =
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let packages = workspace::packages()?;
        let published = packages.iter().filter(|package| package.is_published);
        let crates = published.map(Package::source).collect::<Result<_, _>>()?;
        Ok(Self { packages, crates, architecture })
    }

    /// Pairs each published package with its code.
    fn published(&self) -> impl Iterator<Item = (&Package, &Crate)> {
        self.packages.iter().filter(|package| package.is_published).zip(&self.crates)
    }
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn imports_point_downwards() -> Outcome {
    let project = Project::read()?;
    let blocks = architecture::blocks(&project.architecture, "floors");
    let mut violations = Vec::new();
    let mut missing: BTreeSet<_> = project.published().map(|(package, _)| package.name.as_str()).collect();
    for block in &blocks {
        let [folder] = block.arguments[..] else {
            return Err("a block of floors names one folder".to_owned());
        };
        let found = project.packages.iter().find_map(|package| {
            let below = Path::new(folder).strip_prefix(package.folder.join("src")).ok()?;
            Some((package, below))
        });
        let Some((package, below)) = found else {
            return Err(format!("ARCHITECTURE.md: {folder} is not in a crate"));
        };
        let unpublished;
        let source = match project.published().find(|(published, _)| published.name == package.name) {
            Some((_, source)) => source,
            None => {
                unpublished = package.source()?;
                &unpublished
            }
        };
        let base: Vec<_> = below.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        if base.is_empty() {
            missing.remove(package.name.as_str());
        }
        violations.extend(floors::violations(source, &base, block));
    }
    violations.extend(missing.iter().map(|name| format!("ARCHITECTURE.md has no floors for {name}")));
    assert_none(&violations);
    Ok(())
}

#[test]
fn a_library_is_named_in_its_place_only() -> Outcome {
    let project = Project::read()?;
    let lines = architecture::block(&project.architecture, "libraries")?;
    assert_none(&libraries::violations(&project.crates, &libraries::libraries(&lines)?));
    Ok(())
}

#[test]
fn crates_depend_on_each_other_as_drawn() -> Outcome {
    let project = Project::read()?;
    let lines = architecture::block(&project.architecture, "crates")?;
    assert_none(&arrows::violations(&project.packages, &lines));
    Ok(())
}

#[test]
fn public_signatures_name_listed_foreign_types_only() -> Outcome {
    let project = Project::read()?;
    let lines = architecture::block(&project.architecture, "public")?;
    let own = project.crates.iter().map(|source| source.name.clone()).collect();
    let libraries = project.published().filter(|(package, _)| package.has_library);
    let found: Vec<_> = libraries.flat_map(|(_, source)| signatures::foreign(source, &own)).collect();
    assert_none(&signatures::violations(&found, &lines.concat()));
    Ok(())
}

#[test]
fn published_crates_are_ready_for_crates_io() -> Outcome {
    let packages = workspace::packages()?;
    let published = packages.iter().filter(|package| package.is_published);
    assert_none(&published.flat_map(manifests::violations).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn every_dependency_builds_with_the_minimum_rust_version() -> Outcome {
    let minimum = env!("CARGO_PKG_RUST_VERSION");
    assert_none(&minimum_rust::violations(&workspace::packages_and_dependencies()?, minimum));
    Ok(())
}
