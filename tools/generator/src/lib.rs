//! Makes the generated client, `crates/zohocrm/src/generated/`, from what Zoho publishes.
//!
//! ```text
//!  OpenAPI files ── spec ──┐                                                        ┌── emit ── client, registry
//!                          ├─► schema ── merge ── lower ── place ── name ── model ──┤
//!  official SDK ─── sdk ───┘      ▲                                                 └── coverage
//!                          overrides.toml
//! ```
//!
//! Both sources are read into one language, [`schema`]. [`passes`] turn that into [`model`], which is named as it is in
//! Rust. [`overrides`] say by hand what neither source says.

pub mod coverage;
pub mod emit;
pub mod error;
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

/// What to read.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The folder with Zoho's OpenAPI files.
    pub specification: PathBuf,
    /// The package folder of the official Python SDK.
    pub sdk: PathBuf,
    /// A Python that can read its classes.
    pub python: PathBuf,
}

/// What was understood.
#[derive(Debug)]
pub struct Understood {
    /// The client.
    pub client: Client,
    /// How much of the API it is.
    pub coverage: Coverage,
}

/// Reads the sources and makes the model of the client.
///
/// # Errors
/// When a source cannot be read, names collide, or `overrides.toml` is out of date.
pub fn understand(sources: &Sources) -> Result<Understood> {
    let overrides = Overrides::of_the_project()?;
    let specification = spec::load(&sources.specification)?;
    let sdk = sdk::load(&sources.sdk, &sources.python)?;
    let merged = passes::merge::merge(specification, sdk, &overrides)?;
    let client = passes::assemble::assemble(&merged.description, &overrides)?;
    let count = spec::count_operations(&sources.specification)?;
    let coverage = Coverage::of(&client, count, merged.only_in_sdk, merged.left_out);
    Ok(Understood { client, coverage })
}

/// A folder of generated files.
#[derive(Debug)]
pub struct Output {
    /// Where.
    pub folder: PathBuf,
    /// What.
    pub files: Files,
}

impl Output {
    /// The client and the registry, formatted, for this workspace.
    ///
    /// # Errors
    /// When `rustfmt` fails.
    pub fn of(client: &Client, workspace: &Path) -> Result<[Self; 2]> {
        let configuration = workspace.join("rustfmt.toml");
        let in_folder = |folder: &str, files: &Files| {
            Ok(Self { folder: workspace.join(folder), files: emit::format(files, &configuration)? })
        };
        Ok([
            in_folder("crates/zohocrm/src/generated", &emit::client(client))?,
            in_folder("tests/api-check/src/generated", &emit::registry(client))?,
        ])
    }

    /// Writes the files, and removes those that are no longer generated.
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

    /// # Errors
    /// When a file differs from what would be written, is missing, or would not be there.
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
        if differing.is_empty() { Ok(()) } else { Err(Error::Differs(differing)) }
    }

    /// The files that are there.
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
    fn a_check_names_what_differs_is_missing_and_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let files = [("a.rs", "a"), ("b.rs", "b")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let output = Output { folder: folder.path().to_owned(), files: files.into_iter().collect() };
        fs::write(folder.path().join("old.rs"), "old").unwrap();
        fs::write(folder.path().join("a.rs"), "changed").unwrap();
        let said = output.check().unwrap_err().to_string();
        assert!(["a.rs", "b.rs", "old.rs"].iter().all(|name| said.contains(name)), "{said}");
        output.write().unwrap();
        output.check().unwrap();
    }
}
