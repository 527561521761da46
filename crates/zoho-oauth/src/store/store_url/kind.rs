//! The kinds of stores, and what their URLs may contain.

/// The kinds of stores that a URL can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreKind {
    /// `memory:`
    Memory,
    /// `file:PATH`
    File,
    /// `sqlite:PATH` or `sqlite::memory:`
    Sqlite,
    /// `mysql://…` or `mariadb://…`
    MySql,
    /// `postgres://…` or `postgresql://…`
    Postgres,
    /// `redis://…`, `rediss://…`, `redis+sentinel://…` or `rediss+sentinel://…`, also with `valkey` in place of `redis`
    Redis,
    /// `aws-secretsmanager:PREFIX`
    SecretsManager,
}

impl StoreKind {
    /// The settings that may stand behind the question mark.
    pub(super) fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Memory | Self::File | Self::Sqlite => &[],
            Self::MySql => &[
                "table",
                "max_connections",
                "connect_timeout",
                "timeout",
                "socket",
                "password_file",
                "password_command",
                "ssl-mode",
                "ssl-ca",
                "ssl-cert",
                "ssl-key",
            ],
            Self::Postgres => &[
                "table",
                "max_connections",
                "connect_timeout",
                "timeout",
                "host",
                "target_session_attrs",
                "application_name",
                "password_file",
                "password_command",
                "sslmode",
                "sslrootcert",
                "sslcert",
                "sslkey",
            ],
            Self::Redis => &[
                "prefix",
                "cluster",
                "allow_eviction",
                "connect_timeout",
                "timeout",
                "socket",
                "password_file",
                "password_command",
                "sentinel_user",
                "sentinel_password",
                "ca",
                "cert",
                "key",
            ],
            Self::SecretsManager => &["region", "endpoint", "connect_timeout", "timeout"],
        }
    }

    /// A URL of this kind, for messages.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Memory => "memory:",
            Self::File => "file:PATH",
            Self::Sqlite => "sqlite:PATH",
            Self::MySql => "mysql://user:password@host:3306/database",
            Self::Postgres => "postgres://user:password@host:5432/database",
            Self::Redis => "redis://user:password@host:6379/0, or rediss:// for TLS",
            Self::SecretsManager => "aws-secretsmanager:PREFIX?region=eu-west-1",
        }
    }

    /// What follows `SCHEME://user:password@host` in a URL of this kind, for messages.
    pub(super) fn example_place(self, scheme: &str) -> &'static str {
        match self {
            Self::MySql => ":3306/database",
            Self::Postgres => ":5432/database",
            Self::Redis if scheme.ends_with("sentinel") => ":26379/main/0",
            Self::Redis => ":6379/0",
            Self::Memory | Self::File | Self::Sqlite | Self::SecretsManager => "",
        }
    }
}
