//! Sentinel, which watches a Redis server and promotes a replica in its place.

use std::process::Command;

use super::kinds::Prepared;
use super::place::Place;
use super::program;
use super::{NoServer, Server};

pub(super) fn prepare(place: &Place, primary: &Server, more: &[&str]) -> Result<Prepared, NoServer> {
    let port = place.port.number();
    let mut settings = format!(
        "bind 127.0.0.1\n\
         port {port}\n\
         sentinel monitor main 127.0.0.1 {} 1\n\
         sentinel down-after-milliseconds main 500\n\
         sentinel failover-timeout main 5000\n",
        primary.port()
    );
    settings.extend(more.iter().map(|line| format!("{line}\n")));
    let mut command = Command::new(program::find("redis-server", "redis-server")?);
    command.arg(place.write("sentinel.conf", &settings)?).arg("--sentinel");
    let url = format!("redis+sentinel://127.0.0.1:{port}/main");
    Ok(Prepared {
        command,
        administrator_url: url.clone(),
        url,
        question: "PING\r\n".into(),
        is_ready: |answer| answer.ends_with(b"+PONG\r\n"),
    })
}
