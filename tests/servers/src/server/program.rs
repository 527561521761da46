//! The programs of the servers, and the account that runs them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::NoServer;

/// Debian's folders for servers, which are not on every `PATH`.
const MORE_FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// Finds a program of a Debian package.
pub(crate) fn find(program: &str, package: &str) -> Result<PathBuf, NoServer> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(MORE_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
        .ok_or_else(|| missing(program, package))
}

/// The error for a program that is not installed.
pub(crate) fn missing(program: &str, package: &str) -> NoServer {
    NoServer::Missing(format!(
        "there is no `{program}`; on Debian, run `cargo xtask test --install` or `apt-get install {package}` as root"
    ))
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command for a program that does not run as root. Root runs it as another user.
pub(crate) fn not_as_root(program: &Path, user: &str) -> Result<Command, NoServer> {
    if !is_root() {
        return Ok(Command::new(program));
    }
    let mut command = Command::new(find("setpriv", "util-linux")?);
    command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]).arg(program);
    Ok(command)
}
