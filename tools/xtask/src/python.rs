//! Python with Zoho's official SDK and moto in a virtual environment below `target/`. The system's Python is only used to
//! make it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{debian, workspace};

/// What the environment contains, as pip reads it.
const REQUIREMENTS: &str = "tests/official-sdks/python/requirements.txt";
/// What `cargo xtask ci` needs in addition.
const CI_REQUIREMENTS: &str = "tools/xtask/requirements.txt";
const ENVIRONMENT: &str = "target/official-sdks-python";
/// A copy of the requirements that the environment was made for.
const STAMP: &str = "installed.txt";

const PACKAGES: [&str; 2] = ["python3", "python3-venv"];
const HINT: &str =
    "on Debian, run `apt-get install python3 python3-venv`, or `cargo xtask test --install` as root";

/// Returns the interpreter that `ZOHOCRM_PYTHON` names, or that of the environment, which is made if it is missing or
/// outdated.
///
/// # Errors
///
/// The reason why there is none.
pub(crate) fn with_the_official_sdk(install: bool) -> Result<PathBuf, String> {
    if let Some(chosen) = chosen() {
        return Ok(chosen);
    }
    let environment = workspace().join(ENVIRONMENT);
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let wanted = fs::read_to_string(workspace().join(REQUIREMENTS))
        .map_err(|error| format!("could not read {REQUIREMENTS}: {error}"))?;
    let installed = fs::read_to_string(environment.join(STAMP)).unwrap_or_default();
    if installed == wanted && runs(&python, &["-c", "import zohocrmsdk, moto"]) {
        return Ok(python);
    }

    eprintln!("Making a Python environment with the official SDK and moto in {ENVIRONMENT}");
    let system = match system_python() {
        Some(system) => system,
        None if install => {
            debian::install(&PACKAGES)?;
            system_python().ok_or("python3 is installed, but it is older than Python 3.10")?
        }
        None => return Err(format!("Python 3.10 or newer is not on the PATH; {HINT}")),
    };
    make_environment(system, &environment, install)?;
    install_requirements(system, &python, REQUIREMENTS)?;
    fs::write(environment.join(STAMP), wanted)
        .map_err(|error| format!("could not write to {ENVIRONMENT}: {error}"))?;
    Ok(python)
}

/// Returns a program of [`CI_REQUIREMENTS`], from the environment if it can be installed there, else from the PATH.
pub(crate) fn ci_program(name: &str, install: bool) -> PathBuf {
    let found = with_the_official_sdk(install).ok().and_then(|python| {
        let program = python.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if !program.exists()
            && chosen().is_none()
            && let Err(reason) = install_requirements(system_python()?, &python, CI_REQUIREMENTS)
        {
            eprintln!("{reason}");
        }
        program.exists().then_some(program)
    });
    found.unwrap_or_else(|| name.into())
}

/// Returns the folder of an installed package.
pub(crate) fn package_folder(python: &Path, package: &str) -> Result<PathBuf, String> {
    let script = "import importlib.util, sys; print(*importlib.util.find_spec(sys.argv[1]).submodule_search_locations)";
    let output =
        Command::new(python).args(["-c", script, package]).output().map_err(|error| error.to_string())?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if folder.is_dir() { Ok(folder) } else { Err(format!("{} has no package {package}", python.display())) }
}

fn chosen() -> Option<PathBuf> {
    std::env::var_os("ZOHOCRM_PYTHON").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn system_python() -> Option<&'static str> {
    ["python3", "python"]
        .into_iter()
        .find(|python| runs(python, &["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]))
}

/// Makes an empty environment. Debian packs a part of `venv` separately, so this tries what works without that part
/// before it installs the package or asks the user to.
fn make_environment(system: &str, environment: &Path, install: bool) -> Result<(), String> {
    let make = |module: &[&str]| {
        // The remains of an interrupted run would be in the way.
        let _ = fs::remove_dir_all(environment);
        run_quietly(Command::new(system).args(["-m"]).args(module).arg(environment))
    };
    let reason = match make(&["venv"]) {
        Ok(()) => return Ok(()),
        Err(reason) => reason,
    };
    if make(&["virtualenv"]).is_ok() {
        return Ok(());
    }
    // The system's pip can fill an environment that has no pip.
    if runs(system, &["-m", "pip", "--version"]) && make(&["venv", "--without-pip"]).is_ok() {
        return Ok(());
    }
    if install {
        debian::install(&PACKAGES)?;
        return make(&["venv"]).map_err(|error| format!("`{system} -m venv` failed: {error}"));
    }
    Err(format!("`{system} -m venv` failed: {reason}; {HINT}"))
}

fn install_requirements(system: &str, python: &Path, requirements: &str) -> Result<(), String> {
    let mut pip =
        if runs(python, &["-m", "pip", "--version"]) { Command::new(python) } else { Command::new(system) };
    pip.args(["-m", "pip"]);
    if pip.get_program() == system {
        pip.arg("--python").arg(python);
    }
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run_quietly(pip.arg(workspace().join(requirements)))
        .map_err(|error| format!("pip could not install {requirements}: {error}"))
}

/// Whether a program can be started and succeeds.
pub(crate) fn runs(program: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    run_quietly(Command::new(program).args(arguments)).is_ok()
}

/// Runs a command without showing its output.
///
/// # Errors
///
/// The last line of its output.
pub(crate) fn run_quietly(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(last.map_or_else(|| output.status.to_string(), str::to_owned))
}
