//! PostgreSQL, with its default durability.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::NoServer;
use crate::server::place::Place;
use crate::server::program;

use super::Prepared;

/// Debian has one folder for the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const PACKAGE: &str = "postgresql";
/// The user who runs it in place of root, as whom it does not start. Debian's package creates this user.
pub(crate) const USER: &str = "postgres";

pub(super) fn prepare(place: &Place, options: &[&str]) -> Result<Prepared, NoServer> {
    let programs = programs()?;
    let run = |program: &str| program::not_as_root(&programs.join(program), USER);
    let Place { password, administrator_password, .. } = place;
    let port = place.port.number();
    if program::is_root() {
        place.prepare(Command::new("chown").arg(USER).arg(&place.folder), "")?;
        // The log exists already, and belongs to root.
        let owner = fs::metadata(&place.folder)?;
        chown(place.folder.join("log"), Some(owner.uid()), None)?;
    }

    // A locale as on most servers, under which text does not sort by its bytes.
    place.prepare(
        run("initdb")?
            .arg("--pgdata")
            .arg(place.data())
            .args(["--username=postgres", "--auth-local=reject", "--auth-host=scram-sha-256"])
            .args(["--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"]),
        "",
    )?;
    place.prepare(
        run("postgres")?.args(["--single", "-D"]).arg(place.data()).arg("postgres"),
        &format!(
            "ALTER ROLE postgres PASSWORD '{administrator_password}'\n\
             CREATE ROLE zoho LOGIN PASSWORD '{password}'\n\
             CREATE DATABASE zohooauth OWNER zoho\n"
        ),
    )?;

    let mut command = run("postgres")?;
    command
        .arg("-D")
        .arg(place.data())
        .args(["--listen_addresses=127.0.0.1", &format!("--port={port}"), "--shared_buffers=16MB"])
        // Many tests run at once with sixteen processes each.
        .arg("--max_connections=500")
        .arg(place.option("unix_socket_directories", ""))
        .args(options);
    Ok(Prepared {
        command,
        url: format!("postgres://zoho:{password}@127.0.0.1:{port}/zohooauth"),
        administrator_url: format!("postgres://postgres:{administrator_password}@127.0.0.1:{port}/zohooauth"),
        question: startup_message("zoho", "zohooauth"),
        is_ready: asks_for_a_password,
    })
}

/// The folder of the newest version's programs.
fn programs() -> Result<PathBuf, NoServer> {
    let has_a_server = |folder: &PathBuf| folder.join("postgres").is_file();
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = fs::read_dir(VERSIONS)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| has_a_server(&folder.join("bin")))
        .max_by_key(|folder| version(folder));
    if let Some(newest) = newest {
        return Ok(newest.join("bin"));
    }
    let server = program::find("postgres", PACKAGE)?.canonicalize()?;
    server.parent().map(Path::to_path_buf).ok_or_else(|| program::missing("postgres", PACKAGE))
}

/// The first message of a client: its length, the protocol's version 3.0, names and values.
/// <https://www.postgresql.org/docs/15/protocol-message-formats.html>
fn startup_message(user: &str, database: &str) -> Vec<u8> {
    let body = format!("\0\x03\0\0user\0{user}\0database\0{database}\0\0");
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], body.as_bytes()].concat()
}

/// A server that is still recovering responds with an error, `E`.
fn asks_for_a_password(answer: &[u8]) -> bool {
    answer.first() == Some(&b'R')
}
