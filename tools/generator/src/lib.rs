//! Generates the typed client, `crates/zohocrm/src/api/`, from what Zoho publishes.
//!
//! ```text
//!  OpenAPI files ── spec ──┐                                                        ┌── emit ── client, registry
//!                          ├─► schema ── merge ── lower ── place ── name ── model ──┤
//!  official SDK ─── sdk ───┘      ▲                                                 └── coverage
//!                          overrides.toml
//! ```
//!
//! Both sources are read into one representation, [`schema`]. The [`passes`] turn it into the [`model`], which has Rust
//! names. The [`overrides`] are written by hand and add what both sources lack. The OpenAPI files and the published [`examples`]
//! show which members are text in one place and a number in another.

pub mod coverage;
pub mod emit;
pub mod error;
pub mod examples;
pub mod model;
pub mod overrides;
pub mod passes;
pub mod schema;
pub mod sdk;
pub mod spec;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use coverage::Coverage;
use emit::Files;
use error::{Error, Result};
use model::Client;
use overrides::Overrides;
use passes::contradictions::Kinds;

/// Where the sources are.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The folder with Zoho's OpenAPI files.
    pub specification: PathBuf,
    /// The folder with the example bodies that Zoho publishes.
    pub examples: PathBuf,
    /// The `zohocrmsdk` package folder of the official Python SDK.
    pub sdk: PathBuf,
    /// A Python interpreter. It parses the SDK's classes and imports none of them.
    pub python: PathBuf,
}

/// The model of the client, and how much of the API it covers.
#[derive(Debug)]
pub struct Loaded {
    /// The model of the client.
    pub client: Client,
    /// How much of the API it covers.
    pub coverage: Coverage,
}

/// Reads the sources and builds the model of the client.
///
/// # Errors
/// When a source cannot be read, names collide, or `overrides.toml` is out of date.
pub fn load(sources: &Sources) -> Result<Loaded> {
    let overrides = Overrides::of_the_project()?;
    let specification = spec::load(&sources.specification)?;
    let mut kinds = Kinds::default();
    kinds.add_description(&specification);
    examples::load(&sources.examples)?.iter().for_each(|example| kinds.add_example(example));
    let sdk = sdk::load(&sources.sdk, &sources.python)?;
    let merged = passes::merge::merge(specification, sdk, &overrides)?;
    let mut client = passes::assemble::assemble(&merged.description, &overrides)?;
    kinds.mark(&mut client);
    let count = spec::count_operations(&sources.specification)?;
    let mut coverage = Coverage::of(&client, count, merged.only_in_sdk, merged.left_out);
    coverage.text_or_number = kinds.contradictions().into_iter().map(str::to_owned).collect();
    Ok(Loaded { client, coverage })
}

/// A folder of generated files.
#[derive(Debug)]
pub struct Output {
    /// The folder.
    pub folder: PathBuf,
    /// The content of each file, by file name.
    pub files: Files,
}

impl Output {
    /// Returns the formatted client and the formatted registry for `api-check`.
    ///
    /// # Errors
    /// When `rustfmt` fails.
    pub fn of(client: &Client, workspace: &Path) -> Result<[Self; 2]> {
        let configuration = workspace.join("rustfmt.toml");
        let in_folder = |folder: &str, files: &Files| {
            Ok(Self { folder: workspace.join(folder), files: emit::format(files, &configuration)? })
        };
        Ok([
            in_folder("crates/zohocrm/src/api", &emit::client(client))?,
            in_folder("tests/api-check/src/generated", &emit::registry(client))?,
        ])
    }

    /// Writes the files, and removes files that are no longer generated.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self) -> Result<()> {
        fs::create_dir_all(&self.folder).map_err(|error| Error::file(&self.folder, error))?;
        for name in self.present()?.difference(&self.files.keys().cloned().collect()) {
            let path = self.folder.join(name);
            fs::remove_file(&path).map_err(|error| Error::file(&path, error))?;
        }
        for (name, text) in &self.files {
            let path = self.folder.join(name);
            fs::write(&path, text).map_err(|error| Error::file(&path, error))?;
        }
        Ok(())
    }

    /// Compares the folder with the files, and writes nothing.
    ///
    /// # Errors
    /// When a file in the folder differs, is missing, or is not generated.
    pub fn check(&self) -> Result<()> {
        let mut names = self.present()?;
        names.extend(self.files.keys().cloned());
        let differs = |name: &String| {
            let text = fs::read_to_string(self.folder.join(name)).ok();
            text.as_ref() != self.files.get(name)
        };
        let differing: Vec<String> = names
            .iter()
            .filter(|name| differs(name))
            .map(|name| self.folder.join(name).display().to_string())
            .collect();
        if differing.is_empty() { Ok(()) } else { Err(Error::OutOfDate(differing)) }
    }

    /// The names of the files in the folder.
    fn present(&self) -> Result<BTreeSet<String>> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Ok(BTreeSet::new()) };
        entries
            .map(|entry| {
                let entry = entry.map_err(|error| Error::file(&self.folder, error))?;
                Ok(entry.file_name().to_string_lossy().into_owned())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_lists_files_that_differ_are_missing_or_are_not_generated() {
        let folder = tempfile::tempdir().unwrap();
        let files = [("a.rs", "a"), ("b.rs", "b")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let output = Output { folder: folder.path().to_owned(), files: files.into_iter().collect() };
        fs::write(folder.path().join("old.rs"), "old").unwrap();
        fs::write(folder.path().join("a.rs"), "changed").unwrap();
        let message = output.check().unwrap_err().to_string();
        assert!(["a.rs", "b.rs", "old.rs"].iter().all(|name| message.contains(name)), "{message}");
        output.write().unwrap();
        output.check().unwrap();
    }
}
