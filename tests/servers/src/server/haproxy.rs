//! HAProxy, in front of servers of one kind.

use std::process::Command;

use super::kinds::Prepared;
use super::place::Place;
use super::program;
use super::{NoServer, Server};

/// Timeouts as in HAProxy's examples, and checks that notice an outage soon.
const SETTINGS: &str = "\
defaults
    mode tcp
    timeout connect 5s
    timeout client 1m
    timeout server 1m
    timeout check 300ms
    default-server inter 100ms fastinter 100ms fall 2 rise 2 on-marked-down shutdown-sessions
";

pub(super) fn prepare(
    place: &Place,
    server: &Server,
    backups: &[&Server],
    settings: &[&str],
) -> Result<Prepared, NoServer> {
    let program = program::find("haproxy", "haproxy")?;
    let (port, server_port) = (place.port.number(), server.port());
    let mut text = format!("{SETTINGS}listen all\n    bind 127.0.0.1:{port}\n");
    for setting in settings {
        text += &format!("    {setting}\n");
    }
    text += &format!("    server first 127.0.0.1:{server_port} check\n");
    for (number, backup) in backups.iter().enumerate() {
        text += &format!("    server backup{number} 127.0.0.1:{} check backup\n", backup.port());
    }
    let mut command = Command::new(program);
    command.arg("-db").arg("-f").arg(place.write("haproxy.cfg", &text)?);
    Ok(server.behind(command, port))
}
