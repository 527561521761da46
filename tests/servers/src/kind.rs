//! The kinds of server that store tokens.

use std::fmt;

use crate::random_name;
use crate::testing::variable;

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// MariaDB, also in place of MySQL.
    MariaDb,
    /// PostgreSQL.
    Postgres,
    /// Redis.
    Redis,
    /// Redis in cluster mode: one node with all slots.
    RedisCluster,
    /// AWS Secrets Manager, emulated by moto.
    SecretsManager,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::MariaDb, Self::Postgres, Self::Redis, Self::RedisCluster, Self::SecretsManager];

    /// The environment variable with the shared server's URL.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::MariaDb => "ZOHOCRM_MARIADB",
            Self::Postgres => "ZOHOCRM_POSTGRES",
            Self::Redis => "ZOHOCRM_REDIS",
            Self::RedisCluster => "ZOHOCRM_REDIS_CLUSTER",
            Self::SecretsManager => "ZOHOCRM_SECRETS_MANAGER",
        }
    }

    /// The environment variable with the reason why there is no shared server.
    #[must_use]
    pub fn missing_variable(self) -> String {
        format!("{}_MISSING", self.variable())
    }

    /// The URL of the shared server, if there is one.
    #[must_use]
    pub fn shared_url(self) -> Option<String> {
        variable(self.variable())
    }

    /// A server's URL with an empty place on it that nothing else uses.
    #[must_use]
    pub fn with_fresh_place(self, url: &str) -> String {
        self.with_place(url, &random_name())
    }

    /// A server's URL with a place on it: the name of a table, or the prefix of all keys.
    #[must_use]
    pub fn with_place(self, url: &str, place: &str) -> String {
        match self {
            Self::MariaDb | Self::Postgres => with_setting(url, "table", place),
            Self::Redis | Self::RedisCluster => with_setting(url, "prefix", place),
            Self::SecretsManager => {
                let settings = url.split_once('?').map_or("", |(_, settings)| settings);
                format!("aws-secretsmanager:{place}?{settings}")
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MariaDb => "MariaDB",
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
            Self::RedisCluster => "Redis in cluster mode",
            Self::SecretsManager => "Secrets Manager",
        })
    }
}

fn with_setting(url: &str, name: &str, value: &str) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{name}={value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_part_of_the_url() {
        let placed = |kind: Kind, url| kind.with_place(url, "t1");
        assert_eq!(placed(Kind::MariaDb, "mysql://a:b@h:1/d"), "mysql://a:b@h:1/d?table=t1");
        assert_eq!(placed(Kind::Postgres, "postgres://h/d?tls=off"), "postgres://h/d?tls=off&table=t1");
        assert_eq!(placed(Kind::Redis, "redis://h:1"), "redis://h:1?prefix=t1");
        assert_eq!(
            placed(Kind::SecretsManager, "aws-secretsmanager:?region=us-east-1"),
            "aws-secretsmanager:t1?region=us-east-1"
        );
    }
}
