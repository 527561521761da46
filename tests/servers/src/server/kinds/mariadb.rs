//! MariaDB: with little memory, but the durability of a real server.

use std::process::Command;

use crate::server::NoServer;
use crate::server::place::Place;
use crate::server::program;

use super::Prepared;

const PACKAGE: &str = "mariadb-server";

/// Five servers fit on a small machine. Also used while the system tables are created.
const SMALL: [&str; 7] = [
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=16M",
    "--aria-pagecache-buffer-size=8M",
    "--key-buffer-size=1M",
    // Many tests run at once with sixteen processes each.
    "--max-connections=1000",
    "--performance-schema=off",
    "--skip-log-bin",
];

pub(super) fn prepare(place: &Place, options: &[&str]) -> Result<Prepared, NoServer> {
    let install = program::find("mariadb-install-db", PACKAGE)?;
    let server = program::find("mariadbd", PACKAGE)?;
    // As root it starts only with this option.
    let user = program::is_root().then_some("--user=root");
    let Place { password, administrator_password, .. } = place;
    let port = place.port.number();

    // The table of users has to be loaded first while the system tables are created.
    let users = place.write(
        "users.sql",
        &format!(
            "FLUSH PRIVILEGES;\n\
             CREATE DATABASE zohooauth CHARACTER SET utf8mb4;\n\
             CREATE USER 'zoho'@'%' IDENTIFIED BY '{password}';\n\
             GRANT ALL ON zohooauth.* TO 'zoho'@'%';\n\
             CREATE USER 'administrator'@'%' IDENTIFIED BY '{administrator_password}';\n\
             GRANT ALL ON *.* TO 'administrator'@'%' WITH GRANT OPTION;\n"
        ),
    )?;
    let mut extra_file = std::ffi::OsString::from("--extra-file=");
    extra_file.push(users);
    place.prepare(
        Command::new(install)
            .args(["--no-defaults", "--skip-test-db", "--skip-name-resolve"])
            .arg(place.option("datadir", "data"))
            // A server that starts removes every temporary table in this folder: in /tmp also those of other servers.
            .arg(place.option("tmpdir", ""))
            .arg(extra_file)
            .args(user)
            .args(SMALL),
        "",
    )?;

    let mut command = Command::new(server);
    command
        .arg("--no-defaults")
        .arg(place.option("datadir", "data"))
        .arg(place.option("tmpdir", ""))
        .arg(place.option("socket", "socket"))
        .arg(place.option("pid-file", "pid"))
        .args(["--bind-address=127.0.0.1", &format!("--port={port}"), "--skip-name-resolve"])
        .arg("--innodb-flush-log-at-trx-commit=1")
        .args(SMALL)
        .args(user)
        .args(options);
    Ok(Prepared {
        command,
        url: format!("mysql://zoho:{password}@127.0.0.1:{port}/zohooauth"),
        administrator_url: format!(
            "mysql://administrator:{administrator_password}@127.0.0.1:{port}/zohooauth"
        ),
        question: Vec::new(),
        is_ready: has_greeted,
    })
}

/// The server sends the first packet: its length, its number, and then the protocol version 10 or an error.
/// <https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection>
fn has_greeted(answer: &[u8]) -> bool {
    answer.get(4) == Some(&10)
}
