//! Where the servers' programs are, and as whom they run.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::NoServer;

/// Where Debian keeps servers that are not on everybody's `PATH`.
const MORE_FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// A program of a Debian package.
pub(crate) fn find(program: &str, package: &str) -> Result<PathBuf, NoServer> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(MORE_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
        .ok_or_else(|| missing(program, package))
}

/// There is no such program: what gets it?
pub(crate) fn missing(program: &str, package: &str) -> NoServer {
    NoServer::Missing(format!(
        "there is no {program}; on Debian, `apt-get install {package}` gets it, and so does `cargo xtask test --install` as root"
    ))
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program that refuses to run as root: then it runs as another user.
pub(crate) fn not_as_root(program: &Path, user: &str) -> Result<Command, NoServer> {
    if !is_root() {
        return Ok(Command::new(program));
    }
    let mut command = Command::new(find("setpriv", "util-linux")?);
    command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]).arg(program);
    Ok(command)
}
