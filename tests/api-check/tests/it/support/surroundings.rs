//! Finds Zoho's descriptions and examples on this machine.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use api_check::example::{self, Example};
use api_check::registry::Entry;
use api_check::{Description, generated, openapi, sdk};

/// The registry of the client.
pub(crate) fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(generated::entries)
}

/// Zoho's OpenAPI files, or `None` if this machine has none. The test returns in that case.
pub(crate) fn specification() -> Option<&'static Description> {
    static SPECIFICATION: OnceLock<Description> = OnceLock::new();
    let folder = folder("ZOHOCRM_OPENAPI", "OpenAPI files")?;
    Some(SPECIFICATION.get_or_init(|| openapi::read(&folder).unwrap()))
}

/// Zoho's published examples, or `None` if this machine has none. The test returns in that case.
pub(crate) fn examples() -> Option<&'static [Example]> {
    static EXAMPLES: OnceLock<Vec<Example>> = OnceLock::new();
    let folder = folder("ZOHOCRM_EXAMPLES", "published examples")?;
    Some(EXAMPLES.get_or_init(|| example::read(&folder).unwrap()))
}

/// The official SDK, or `None` if this machine has none. The test returns or continues without it.
pub(crate) fn official_sdk() -> Option<&'static Description> {
    static SDK: OnceLock<Option<Description>> = OnceLock::new();
    let sdk = SDK.get_or_init(|| installed_package().map(|package| sdk::read(&package).unwrap()));
    if sdk.is_none() {
        let missing = env::var("ZOHOCRM_PYTHON_MISSING").ok().filter(|reason| !reason.is_empty());
        let reason = missing.unwrap_or_else(|| {
            "no Python with the official SDK was found; `cargo xtask test` installs one".into()
        });
        servers::skip(&reason);
    }
    sdk.as_ref()
}

/// The folder that a variable names. A variable that is not set is never a failure, because Zoho's files are not part of
/// this project. A folder that does not exist is one if nothing may be skipped.
fn folder(variable: &str, what: &str) -> Option<PathBuf> {
    let Some(folder) = env::var_os(variable).filter(|folder| !folder.is_empty()).map(PathBuf::from) else {
        servers::skip_even_if_all_is_required(&format!(
            "Zoho's {what} are not part of this project; set `{variable}` to the folder that contains them"
        ));
        return None;
    };
    if folder.is_dir() {
        return Some(folder);
    }
    servers::skip(&format!("`{variable}` is `{}`, which is not a folder", folder.display()));
    None
}

/// The folder `zohocrmsdk` of the interpreter that `ZOHOCRM_PYTHON` names. Default: the workspace's own interpreter.
fn installed_package() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let python = env::var_os("ZOHOCRM_PYTHON")
        .filter(|python| !python.is_empty())
        .map_or_else(|| workspace.join("target/official-sdks-python/bin/python"), PathBuf::from);
    let environment = python.parent()?.parent()?;
    let packages = |library: PathBuf| library.join("site-packages/zohocrmsdk");
    let versions = environment.join("lib").read_dir().ok().into_iter().flatten();
    let libraries = versions.filter_map(|entry| Some(entry.ok()?.path())).chain([environment.join("Lib")]);
    libraries.map(packages).find(|package| package.is_dir())
}
