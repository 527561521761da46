//! A connection to one server or to the nodes of a cluster.

#![expect(clippy::disallowed_types, reason = "this file speaks to Redis")]

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{Cmd, FromRedisValue, Pipeline, RedisError, RedisFuture, RedisResult, Value, cmd};

use super::connector::Connector;
use super::fault::Fault;
use super::options::RedisOptions;
use super::sentinel;

/// A connection to one server or to the nodes of a cluster. Many tasks can use it at the same time.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(Box<ClusterConnection>),
}

impl Connection {
    /// Connects and authenticates.
    pub(super) async fn open(options: &RedisOptions, timeout: Duration) -> Result<Self, Fault> {
        let connector = Connector::new(options, timeout).await?;
        Self::open_with(&connector).await.map_err(Fault::Unconnected)
    }

    async fn open_with(connector: &Connector<'_>) -> Result<Self, RedisError> {
        let options = connector.options;
        if options.cluster {
            let nodes = options.addresses();
            let nodes: Vec<_> = nodes.iter().map(|node| connector.node(node)).collect::<Result<_, _>>()?;
            let mut builder = ClusterClient::builder(nodes)
                .connection_timeout(connector.timeout)
                .response_timeout(options.timeout);
            if let Some(certificates) = connector.certificates.clone() {
                builder = builder.certs(certificates);
            }
            let connection = builder.build()?.get_async_connection().await?;
            return Ok(Self::Cluster(Box::new(connection)));
        }
        let connection = match &options.service {
            Some(service) => sentinel::connect_to_primary(connector, service).await?,
            None => connector.connect_and_log_in(&options.addresses()[0]).await?,
        };
        Ok(Self::Single(connection))
    }

    /// Runs a command on the node that has a key.
    pub(super) async fn query_at<T: FromRedisValue>(&mut self, key: &str, command: &Cmd) -> RedisResult<T> {
        let Self::Cluster(connection) = self else { return command.query_async(self).await };
        let slot: u16 = cmd("CLUSTER").arg("KEYSLOT").arg(key).query_async(&mut **connection).await?;
        let node = SingleNodeRoutingInfo::SpecificNode(Route::new(slot, SlotAddr::Master));
        let value = connection.route_command(command.clone(), RoutingInfo::SingleNode(node)).await?;
        Ok(redis::from_redis_value(value)?)
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
