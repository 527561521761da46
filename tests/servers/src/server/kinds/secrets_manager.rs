//! AWS Secrets Manager, emulated by moto: in memory, so its data ends with the process.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::server::NoServer;
use crate::server::place::Place;

use super::Prepared;

/// The project's Python, unless the environment names one.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/official-sdks-python/bin/python");
const HAS_MOTO: &str =
    "import sys; from importlib.util import find_spec as f; sys.exit(not (f('moto') and f('flask_cors')))";
/// A conditional write is not atomic in moto. It is practically atomic if its threads switch only once in a second.
const RUN: &str = "import sys; from moto.server import main; sys.setswitchinterval(1); main()";

pub(super) fn prepare(place: &Place, options: &[&str]) -> Result<Prepared, NoServer> {
    let python = env::var_os("ZOHOCRM_PYTHON")
        .filter(|path| !path.is_empty())
        .map_or_else(|| PathBuf::from(PYTHON), PathBuf::from);
    if !has_moto(&python) {
        return Err(NoServer::Missing(
            "there is no Python with moto; `cargo xtask test` creates one, and `--install` installs Python first"
                .to_owned(),
        ));
    }
    let port = place.port.number();
    let mut command = Command::new(python);
    command.args(["-c", RUN, "--host", "127.0.0.1", "--port", &port.to_string()]).args(options);
    let url = format!("aws-secretsmanager:?endpoint=http://127.0.0.1:{port}&region=us-east-1");
    Ok(Prepared {
        command,
        administrator_url: url.clone(),
        url,
        question: b"GET / HTTP/1.0\r\n\r\n".to_vec(),
        is_ready: |answer| answer.starts_with(b"HTTP/"),
    })
}

fn has_moto(python: &Path) -> bool {
    let status =
        Command::new(python).args(["-c", HAS_MOTO]).stdin(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
