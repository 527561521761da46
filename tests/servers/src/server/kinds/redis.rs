//! Redis, alone or in cluster mode. A write reaches the disk before the response.

use std::process::Command;

use crate::server::NoServer;
use crate::server::place::Place;
use crate::server::program;

use super::Prepared;

/// Reads a key that does not exist. A server that still loads its data or misses slots responds with an error.
const QUESTION: &str = "GET ready?\r\n";

pub(super) fn prepare(place: &Place, options: &[&str]) -> Result<Prepared, NoServer> {
    let mut command = Command::new(program::find("redis-server", "redis-server")?);
    // The tests ask the server with it.
    program::find("redis-cli", "redis-tools")?;
    std::fs::create_dir(place.data())?;
    command
        .args(["--bind", "127.0.0.1", "--port", &place.port.number().to_string(), "--dir"])
        .arg(place.data())
        .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""]);
    add(&mut command, options);
    let url = format!("redis://127.0.0.1:{}", place.port.number());
    Ok(Prepared {
        command,
        administrator_url: url.clone(),
        url,
        question: QUESTION.into(),
        is_ready: |answer| answer.ends_with(b"$-1\r\n"),
    })
}

/// A single node with all slots.
pub(super) fn prepare_cluster(place: &Place, options: &[&str]) -> Result<Prepared, NoServer> {
    let mut prepared = prepare(place, &[])?;
    let bus = format!("--cluster-port={}", place.cluster_port.number());
    add(&mut prepared.command, &["--cluster-enabled=yes", "--cluster-announce-ip=127.0.0.1", &bus]);
    add(&mut prepared.command, options);
    // Once the slots are assigned, the first line only gets an error.
    prepared.question = format!("CLUSTER ADDSLOTSRANGE 0 16383\r\n{QUESTION}").into();
    Ok(prepared)
}

/// Adds options that are written as for the other servers, `--name=value`. Several values are separated by blanks.
fn add(command: &mut Command, options: &[&str]) {
    for option in options {
        let (name, values) = option.split_once('=').unwrap_or((option, ""));
        command.arg(name).args(values.split(' '));
    }
}
