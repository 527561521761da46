//! Installs Debian packages, for `--install`.

use std::process::Command;

use crate::python::run_quietly;

/// Debian starts a server as soon as it is installed unless `policy-rc.d` forbids it; see
/// `/usr/share/doc/init-system-helpers/README.policy-rc.d.gz`. An existing `policy-rc.d` is left alone.
const INSTALL: &str = r#"
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
apt-get --quiet --yes update
apt-get --quiet --yes install --no-install-recommends "$@"
"#;

/// Installs those of the packages that are missing, without starting their services.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    let missing: Vec<_> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("Installing {}", missing.join(", "));
    let mut command = Command::new("sh");
    command.args(["-c", INSTALL, "install"]).args(&missing).env("DEBIAN_FRONTEND", "noninteractive");
    run_quietly(&mut command)
        .map_err(|error| format!("`apt-get install {}` failed: {error}", missing.join(" ")))
}

fn is_installed(package: &str) -> bool {
    let status =
        Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]).output();
    status.is_ok_and(|status| status.stdout == b"installed")
}
