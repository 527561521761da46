//! Sends statements to a server with its own tools.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use servers::Kind;

/// No response takes this long, on however busy a machine.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a statement or a command. Returns the response or the error.
pub(crate) fn say(kind: Kind, url: &str, words: &str) -> String {
    let address = Address::of(url);
    match kind {
        Kind::MariaDb => run(Command::new("mariadb")
            .args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--batch", "--skip-column-names"])
            .args(["--connect-timeout=5", "--database=zohooauth"])
            .args([format!("--user={}", address.user), format!("--port={}", address.port)])
            .env("MYSQL_PWD", address.password)
            .args(["--execute", words])),
        Kind::Postgres => run(Command::new("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--host=127.0.0.1", "--dbname=zohooauth"])
            .args([format!("--username={}", address.user), format!("--port={}", address.port)])
            .envs([("PGPASSWORD", address.password), ("PGCONNECT_TIMEOUT", "5")])
            .args(["--command", words])),
        Kind::Redis | Kind::RedisCluster => exchange(address.port, &format!("{words}\r\nQUIT\r\n")),
        Kind::SecretsManager => exchange(
            address.port,
            &format!(
                "POST / HTTP/1.0\r\nX-Amz-Target: secretsmanager.{words}\r\n\
                 Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/secretsmanager/aws4_request\r\n\
                 Content-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n{{}}"
            ),
        ),
    }
}

/// The parts of a server's URL.
struct Address<'u> {
    user: &'u str,
    password: &'u str,
    port: u16,
}

impl<'u> Address<'u> {
    fn of(url: &'u str) -> Self {
        let port = servers::port_of(url).unwrap();
        let user = url.split_once("://").unwrap().1.split_once('@').map_or("", |(user, _)| user);
        let (user, password) = user.split_once(':').unwrap_or_default();
        Self { user, password, port }
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap().trim().to_owned()
}

/// Sends words on a new connection, and reads until the server closes it.
fn exchange(port: u16, words: &str) -> String {
    let answer = || {
        let mut connection = TcpStream::connect(("127.0.0.1", port))?;
        connection.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
        connection.write_all(words.as_bytes())?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    answer().unwrap_or_else(|error| error.to_string())
}
