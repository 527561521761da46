//! Python with Zoho's official SDK and moto, in a virtual environment of the project's own. Nothing else of the
//! system's Python is touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{debian, workspace};

/// What the environment holds, as pip reads it.
const REQUIREMENTS: &str = "tests/official-sdks/python/requirements.txt";
const ENVIRONMENT: &str = "target/official-sdks-python";
/// In the environment: the requirements that it was made for.
const STAMP: &str = "installed.txt";

const PACKAGES: [&str; 2] = ["python3", "python3-venv"];
const HOW_TO_GET_IT: &str = "on Debian, `apt-get install python3 python3-venv` gets it, and so does `cargo xtask test --install` as root";

/// The interpreter, or why there is none. Makes the environment where it is not there yet.
pub(crate) fn with_the_official_sdk(install: bool) -> Result<PathBuf, String> {
    if let Some(chosen) = std::env::var_os("ZOHOCRM_PYTHON").filter(|path| !path.is_empty()) {
        return Ok(chosen.into());
    }
    let environment = workspace().join(ENVIRONMENT);
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let wanted = fs::read_to_string(workspace().join(REQUIREMENTS))
        .map_err(|error| format!("{REQUIREMENTS} cannot be read: {error}"))?;
    let installed = fs::read_to_string(environment.join(STAMP)).unwrap_or_default();
    if installed == wanted && runs(&python, &["-c", "import zohocrmsdk, moto"]) {
        return Ok(python);
    }

    eprintln!("Making a Python environment with the official SDK and moto in {ENVIRONMENT}");
    let system = match system_python() {
        Some(system) => system,
        None if install => {
            debian::install(&PACKAGES)?;
            system_python().ok_or("there is no Python 3.10 or newer, not even after python3 was installed")?
        }
        None => return Err(format!("there is no Python 3.10 or newer on the PATH; {HOW_TO_GET_IT}")),
    };
    make_environment(system, &environment, install)?;
    install_requirements(system, &python)?;
    fs::write(environment.join(STAMP), wanted)
        .map_err(|error| format!("{ENVIRONMENT} cannot be written: {error}"))?;
    Ok(python)
}

/// The folder of an installed package.
pub(crate) fn package_folder(python: &Path, package: &str) -> Result<PathBuf, String> {
    let script = "import importlib.util, sys; print(*importlib.util.find_spec(sys.argv[1]).submodule_search_locations)";
    let output =
        Command::new(python).args(["-c", script, package]).output().map_err(|error| error.to_string())?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if folder.is_dir() { Ok(folder) } else { Err(format!("{} has no package {package}", python.display())) }
}

fn system_python() -> Option<&'static str> {
    ["python3", "python"]
        .into_iter()
        .find(|python| runs(python, &["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]))
}

/// Makes an empty environment. Debian keeps what `venv` needs for that in a package of its own, so the ways around
/// it are tried before anybody is asked to install it.
fn make_environment(system: &str, environment: &Path, install: bool) -> Result<(), String> {
    let make = |module: &[&str]| {
        // What is left of an environment that was not finished is in the way.
        let _ = fs::remove_dir_all(environment);
        said(Command::new(system).args(["-m"]).args(module).arg(environment))
    };
    let refused = match make(&["venv"]) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    if make(&["virtualenv"]).is_ok() {
        return Ok(());
    }
    // Without pip inside, the system's can still fill it.
    if runs(system, &["-m", "pip", "--version"]) && make(&["venv", "--without-pip"]).is_ok() {
        return Ok(());
    }
    if install {
        debian::install(&PACKAGES)?;
        return make(&["venv"]).map_err(|error| format!("`{system} -m venv` failed: {error}"));
    }
    Err(format!("`{system} -m venv` failed ({refused}); {HOW_TO_GET_IT}"))
}

fn install_requirements(system: &str, python: &Path) -> Result<(), String> {
    let mut pip =
        if runs(python, &["-m", "pip", "--version"]) { Command::new(python) } else { Command::new(system) };
    pip.args(["-m", "pip"]);
    if pip.get_program() == system {
        pip.arg("--python").arg(python);
    }
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    said(pip.arg(workspace().join(REQUIREMENTS)))
        .map_err(|error| format!("pip could not install the official SDK and moto: {error}"))
}

/// Whether a program can be started and succeeds.
fn runs(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    said(command.args(arguments)).is_ok()
}

/// Runs a command quietly. If it fails, hands back the last line of what it said.
pub(crate) fn said(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    let last = words.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(last.map_or_else(|| output.status.to_string(), str::to_owned))
}
