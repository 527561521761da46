//! Connecting to single servers: nodes of a cluster, Sentinels, or the only server that there is.

#![expect(clippy::disallowed_types, reason = "this file speaks to Redis")]

use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, RedisResult, TlsCertificates, cmd,
};
use rustls::crypto::{CryptoProvider, ring};
use secrecy::{ExposeSecret, SecretString};

use super::fault::Fault;
use super::options::RedisOptions;

/// A host and its port.
pub(super) type Address = (String, u16);

/// What is needed to connect, read once for all servers.
pub(super) struct Connector<'o> {
    pub(super) options: &'o RedisOptions,
    /// How long connecting to one server may take.
    pub(super) timeout: Duration,
    pub(super) certificates: Option<TlsCertificates>,
    password: Option<SecretString>,
}

impl<'o> Connector<'o> {
    /// Reads the password and the certificates.
    pub(super) async fn new(options: &'o RedisOptions, timeout: Duration) -> Result<Self, Fault> {
        if options.tls {
            install_crypto_provider();
        }
        let certificates = certificates(options)?;
        Ok(Self { options, timeout, certificates, password: options.password.read().await? })
    }

    /// Returns how a cluster's client connects to one of its nodes.
    pub(super) fn node(&self, node: &Address) -> RedisResult<ConnectionInfo> {
        let mut account = RedisConnectionInfo::default().set_db(self.options.database.into());
        if let Some(user) = &self.options.user {
            account = account.set_username(user);
        }
        if let Some(password) = &self.password {
            account = account.set_password(password.expose_secret());
        }
        Ok(self.server(node)?.set_redis_settings(account))
    }

    /// Connects to a server without authenticating.
    pub(super) async fn connect(&self, address: &Address) -> RedisResult<MultiplexedConnection> {
        let server = self.server(address)?;
        let client = match self.certificates.clone() {
            Some(certificates) => Client::build_with_tls(server, certificates)?,
            None => Client::open(server)?,
        };
        // Each call has its own timeout.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(None);
        client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Connects to a server, authenticates and selects the database.
    pub(super) async fn connect_and_log_in(&self, address: &Address) -> RedisResult<MultiplexedConnection> {
        let mut connection = self.connect(address).await?;
        log_in(&mut connection, self.options.user.as_deref(), self.password.as_ref()).await?;
        if self.options.database > 0 {
            () = cmd("SELECT").arg(self.options.database).query_async(&mut connection).await?;
        }
        Ok(connection)
    }

    fn server(&self, (host, port): &Address) -> Result<ConnectionInfo, RedisError> {
        // In a URL, an IPv6 address is in brackets.
        let host = host.trim_matches(['[', ']']).to_owned();
        let address = match &self.options.socket {
            Some(path) => ConnectionAddr::Unix(path.clone()),
            None if self.options.tls => {
                ConnectionAddr::TcpTls { host, port: *port, insecure: false, tls_params: None }
            }
            None => ConnectionAddr::Tcp(host, *port),
        };
        address.into_connection_info()
    }
}

/// Authenticates, if there is a password. The client library could do it, but its error does not tell a wrong password from a
/// server with too many clients.
pub(super) async fn log_in(
    connection: &mut MultiplexedConnection,
    user: Option<&str>,
    password: Option<&SecretString>,
) -> RedisResult<()> {
    let Some(password) = password else { return Ok(()) };
    cmd("AUTH").arg((user, password.expose_secret())).query_async(connection).await
}

fn certificates(options: &RedisOptions) -> Result<Option<TlsCertificates>, Fault> {
    // The files are small and local, so a blocking read is short.
    let read =
        |path: &Path| std::fs::read(path).map_err(|error| Fault::Certificates(path.to_owned(), error.into()));
    if options.ca.is_none() && options.certificate.is_none() {
        return Ok(None);
    }
    let root_cert = options.ca.as_deref().map(read).transpose()?;
    let client_tls = match &options.certificate {
        Some((certificate, key)) => {
            Some(ClientTlsConfig { client_cert: read(certificate)?, client_key: read(key)? })
        }
        None => None,
    };
    Ok(Some(TlsCertificates { client_tls, root_cert }))
}

/// Installs ring as the process's default crypto provider, if there is none. The client library uses the default; without
/// one, rustls picks the provider that is compiled in, and panics if there are two.
fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may install one at the same time, which is equally good.
        let _ = ring::default_provider().install_default();
    }
}
