//! The packages of the workspace, as cargo lists them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::source::Crate;

pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) is_published: bool,
    pub(crate) has_library: bool,
    /// Relative to the workspace.
    pub(crate) folder: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    /// All that cargo says about it.
    pub(crate) metadata: Value,
}

pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) is_for_tests: bool,
}

/// Returns the workspace's folder.
pub(crate) fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.ancestors().nth(2).unwrap_or(folder).to_owned()
}

/// Lists the packages.
pub(crate) fn packages() -> Result<Vec<Package>, String> {
    metadata(&["--no-deps"])?
        .iter()
        .map(|package| read(package).ok_or_else(|| format!("unexpected package: {package}")))
        .collect()
}

/// Lists what cargo says about the packages and their dependencies on this system.
pub(crate) fn packages_and_dependencies() -> Result<Vec<Value>, String> {
    let version = output_of(Command::new("rustc").arg("-vV"))?;
    let version = String::from_utf8_lossy(&version);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    metadata(&["--locked", "--filter-platform", host.ok_or("rustc does not say its host")?])
}

fn metadata(arguments: &[&str]) -> Result<Vec<Value>, String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--offline", "--format-version", "1"]).args(arguments).current_dir(folder());
    let metadata: Value =
        serde_json::from_slice(&output_of(&mut command)?).map_err(|error| error.to_string())?;
    Ok(metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?.clone())
}

fn output_of(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|error| format!("could not run {command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

fn read(package: &Value) -> Option<Package> {
    let manifest = Path::new(package["manifest_path"].as_str()?);
    let dependency = |dependency: &Value| {
        let name = dependency["name"].as_str()?.to_owned();
        Some(Dependency { name, is_for_tests: dependency["kind"] == "dev" })
    };
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        is_published: package["publish"].is_null(),
        has_library: package["targets"].as_array()?.iter().any(|target| target["kind"][0] == "lib"),
        folder: manifest.parent()?.strip_prefix(folder()).ok()?.to_owned(),
        dependencies: package["dependencies"].as_array()?.iter().map(dependency).collect::<Option<_>>()?,
        metadata: package.clone(),
    })
}

impl Package {
    /// Reads the package's code.
    pub(crate) fn source(&self) -> Result<Crate, String> {
        let identifiers: BTreeSet<_> =
            self.dependencies.iter().map(|dependency| dependency.name.replace('-', "_")).collect();
        let read = |file: &Path| fs::read_to_string(folder().join(file)).ok();
        Crate::read(&self.name, &self.folder.join("src"), identifiers, &read)
    }
}
