//! PgBouncer, in front of a PostgreSQL server.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::process::Command;

use super::kinds::{Prepared, postgres};
use super::place::Place;
use super::program;
use super::{NoServer, Server};

pub(super) fn prepare(place: &Place, server: &Server, settings: &[&str]) -> Result<Prepared, NoServer> {
    let program = program::find("pgbouncer", "pgbouncer")?;
    let Place { password, administrator_password, .. } = &server.place;
    let (port, server_port) = (place.port.number(), server.port());
    let users = format!("\"zoho\" \"{password}\"\n\"postgres\" \"{administrator_password}\"\n");
    let settings = format!(
        "[databases]\n\
         * = host=127.0.0.1 port={server_port}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = scram-sha-256\n\
         auth_file = users.txt\n\
         max_client_conn = 500\n\
         {}\n",
        settings.join("\n")
    );
    let files = [place.write("users.txt", &users)?, place.write("pgbouncer.ini", &settings)?];
    if program::is_root() {
        // As root it does not start.
        place.prepare(Command::new("chown").arg(postgres::USER).arg(&place.folder).args(files), "")?;
        let owner = fs::metadata(&place.folder)?;
        chown(place.folder.join("log"), Some(owner.uid()), None)?;
    }
    let mut command = program::not_as_root(&program, postgres::USER)?;
    command.arg("pgbouncer.ini");
    Ok(server.behind(command, port))
}
