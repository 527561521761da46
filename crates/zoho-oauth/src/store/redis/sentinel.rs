//! Finds the primary server that Sentinels name.

#![expect(clippy::disallowed_types, reason = "this file speaks to Redis")]

use std::io;

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind, Value, cmd};

use super::connector::{Address, Connector, log_in};

/// Connects to the primary server of a service. Asks one Sentinel after the other, because some may be away, and one that was
/// away itself may name a server that is a replica now.
pub(super) async fn connect_to_primary(
    connector: &Connector<'_>,
    service: &str,
) -> RedisResult<MultiplexedConnection> {
    let sentinels = connector.options.addresses();
    let share = connector.timeout / u32::try_from(sentinels.len()).unwrap_or(u32::MAX);
    let mut failure: Option<RedisError> = None;
    for sentinel in &sentinels {
        let attempt = tokio::time::timeout(share, primary_by(connector, service, sentinel)).await;
        match attempt.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into())) {
            Ok(connection) => return Ok(connection),
            // What a server answers says more than that another one is away.
            Err(error) if failure.as_ref().is_none_or(RedisError::is_io_error) => failure = Some(error),
            Err(_) => {}
        }
    }
    Err(failure.unwrap_or_else(|| unknown(service)))
}

async fn primary_by(
    connector: &Connector<'_>,
    service: &str,
    sentinel: &Address,
) -> RedisResult<MultiplexedConnection> {
    let options = connector.options;
    let mut sentinel = connector.connect(sentinel).await?;
    log_in(&mut sentinel, options.sentinel_user.as_deref(), options.sentinel_password.as_ref()).await?;
    let primary: Option<Address> =
        cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(service).query_async(&mut sentinel).await?;
    let primary = primary.ok_or_else(|| unknown(service))?;
    let mut connection = connector.connect_and_log_in(&primary).await?;
    let role: Vec<Value> = cmd("ROLE").query_async(&mut connection).await?;
    if matches!(role.first(), Some(Value::BulkString(role)) if role == b"master") {
        return Ok(connection);
    }
    let is_replica = ErrorKind::Server(ServerErrorKind::ReadOnly);
    Err((is_replica, "replica", "the server that the Sentinel names is a replica".to_owned()).into())
}

fn unknown(service: &str) -> RedisError {
    let detail = format!("the Sentinels do not know the service `{service}`");
    (ErrorKind::MasterNameNotFoundBySentinel, "unknown service", detail).into()
}
