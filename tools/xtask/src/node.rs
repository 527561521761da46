//! Zoho's official SDK for Node below `target/`, installed by npm.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::python::{run_quietly, runs};
use crate::{debian, workspace};

/// What the folder contains, as npm reads it.
const REQUIREMENTS: &str = "tests/official-sdks/node/package.json";
const FOLDER: &str = "target/official-sdks-node";
/// A copy of the requirements that the folder was made for.
const STAMP: &str = "installed.json";

const PACKAGES: [&str; 2] = ["nodejs", "npm"];

/// Returns the folder that `ZOHOCRM_NODE_SDK` names, or the one in `target/`, which is made if it is missing or outdated.
///
/// # Errors
///
/// The reason why there is none.
pub(crate) fn with_the_official_sdk(install: bool) -> Result<PathBuf, String> {
    if let Some(chosen) = std::env::var_os("ZOHOCRM_NODE_SDK").filter(|path| !path.is_empty()) {
        return Ok(chosen.into());
    }
    let has_node = || runs("node", &["--version"]) && runs("npm", &["--version"]);
    if !has_node() && install {
        debian::install(&PACKAGES)?;
    }
    if !has_node() {
        let hint = "on Debian, run `apt-get install nodejs npm`, or `cargo xtask test --install` as root";
        return Err(format!("node and npm are not on the PATH; {hint}"));
    }
    let folder = workspace().join(FOLDER);
    let wanted = fs::read_to_string(workspace().join(REQUIREMENTS))
        .map_err(|error| format!("could not read {REQUIREMENTS}: {error}"))?;
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }

    eprintln!("Installing the official SDK for Node in {FOLDER}");
    let failed = |error: std::io::Error| format!("could not write to {FOLDER}: {error}");
    fs::create_dir_all(&folder).map_err(failed)?;
    fs::write(folder.join("package.json"), &wanted).map_err(failed)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"])
        .current_dir(&folder);
    run_quietly(&mut npm).map_err(|error| format!("npm could not install {REQUIREMENTS}: {error}"))?;
    fs::write(folder.join(STAMP), wanted).map_err(failed)?;
    Ok(folder)
}
