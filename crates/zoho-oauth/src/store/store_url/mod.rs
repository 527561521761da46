//! The URL of a token store, parsed once. No message repeats the URL itself, which may hold a password.

mod kind;
mod problem;
mod server;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use kind::StoreKind;
use problem::Problem;
pub use problem::StoreUrlError;
pub(super) use server::ServerUrl;

/// Where a token store is: what [`connect`](super::connect) takes, parsed.
///
/// `Display` and `Debug` show no password, and of the settings behind the question mark only the table or prefix.
///
/// ```
/// use zoho_oauth::store::{StoreKind, StoreUrl};
///
/// let url: StoreUrl = "mysql://zoho:hunter2@db.example.com/crm?table=tokens".parse()?;
/// assert_eq!(url.kind(), StoreKind::MySql);
/// assert_eq!(url.to_string(), "mysql://zoho@db.example.com/crm?table=tokens");
/// # Ok::<_, zoho_oauth::store::StoreUrlError>(())
/// ```
#[derive(Clone)]
pub struct StoreUrl {
    kind: StoreKind,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Memory,
    /// A file, and the table in it if it is a database.
    Path(PathBuf, Option<String>),
    Server(Box<ServerUrl>),
}

impl StoreUrl {
    /// Returns the kind of the store.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        self.kind
    }

    /// Returns the path of a store that is a file: `file:PATH` and `sqlite:PATH`.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Path(path, _) => Some(path),
            Place::Memory | Place::Server(_) => None,
        }
    }

    /// Returns the table of an SQLite file, if the URL names one.
    #[allow(dead_code, reason = "a build may have no SQLite")]
    pub(super) fn table(&self) -> Option<&str> {
        match &self.place {
            Place::Path(_, table) => table.as_deref(),
            Place::Memory | Place::Server(_) => None,
        }
    }

    /// Returns the parts of the URL of a server of this kind.
    #[allow(dead_code, reason = "a build may have no stores on servers")]
    pub(super) fn server(&self, kind: StoreKind) -> Result<ServerUrl, StoreUrlError> {
        match &self.place {
            Place::Server(server) if self.kind == kind => Ok((**server).clone()),
            _ => Err(StoreUrlError::wrong_kind(kind)),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        let (scheme, place) = text.split_once(':').unwrap_or((text, ""));
        // Some libraries write sqlite:///folder/file for sqlite:/folder/file.
        let path = place.strip_prefix("//").unwrap_or(place);
        // A path may contain a question mark.
        let (database, table) = match path.rsplit_once("?table=") {
            Some((database, table)) => (database, Some(table.to_owned())),
            None => (path, None),
        };
        let file = |scheme, path: &str, table| match path {
            "" => Err(StoreUrlError(Problem::MissingPath(scheme))),
            path => Ok(Place::Path(path.into(), table)),
        };
        let server =
            |scheme, kind, text: &str| Ok(Place::Server(Box::new(ServerUrl::parse(scheme, kind, text)?)));
        let (kind, place) = match scheme {
            "memory" if path.is_empty() => (StoreKind::Memory, Place::Memory),
            "memory" => return Err(StoreUrlError(Problem::UnexpectedPath)),
            "file" => (StoreKind::File, file("file", path, None)?),
            "sqlite" if path == ":memory:" => (StoreKind::Sqlite, Place::Memory),
            "sqlite" => (StoreKind::Sqlite, file("sqlite", database, table)?),
            "mysql" | "mariadb" => (StoreKind::MySql, server("mysql", StoreKind::MySql, text)?),
            "postgres" | "postgresql" => {
                (StoreKind::Postgres, server("postgres", StoreKind::Postgres, text)?)
            }
            "redis" | "valkey" => (StoreKind::Redis, server("redis", StoreKind::Redis, text)?),
            "rediss" | "valkeys" => (StoreKind::Redis, server("rediss", StoreKind::Redis, text)?),
            "redis+sentinel" | "valkey+sentinel" => {
                (StoreKind::Redis, server("redis+sentinel", StoreKind::Redis, text)?)
            }
            "rediss+sentinel" | "valkeys+sentinel" => {
                (StoreKind::Redis, server("rediss+sentinel", StoreKind::Redis, text)?)
            }
            "aws-secretsmanager" => {
                // aws-secretsmanager://zohooauth means aws-secretsmanager:zohooauth.
                let text = format!("{scheme}:{path}");
                (StoreKind::SecretsManager, server("aws-secretsmanager", StoreKind::SecretsManager, &text)?)
            }
            // Only what looks like a scheme is repeated in a message: the text may hold a password.
            _ if text.contains(':')
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) =>
            {
                return Err(StoreUrlError(Problem::UnknownScheme(scheme.to_owned())));
            }
            _ => return Err(StoreUrlError(Problem::MissingScheme)),
        };
        Ok(Self { kind, place })
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = match (&self.place, self.kind) {
            (Place::Memory, StoreKind::Sqlite) => return formatter.write_str("sqlite::memory:"),
            (Place::Memory, _) => return formatter.write_str("memory:"),
            (Place::Path(path, table), StoreKind::Sqlite) => {
                write!(formatter, "sqlite:{}", path.display())?;
                return table.as_ref().map_or(Ok(()), |table| write!(formatter, "?table={table}"));
            }
            (Place::Path(path, _), _) => return write!(formatter, "file:{}", path.display()),
            (Place::Server(server), _) => server,
        };
        let ServerUrl { scheme, host, port, more_hosts, user, path, .. } = &**server;
        if self.kind == StoreKind::SecretsManager {
            return write!(formatter, "{scheme}:{}", path.as_deref().unwrap_or_default());
        }
        write!(formatter, "{scheme}://")?;
        if let Some(user) = user {
            write!(formatter, "{user}@")?;
        }
        formatter.write_str(host.as_deref().unwrap_or_default())?;
        if let Some(port) = port {
            write!(formatter, ":{port}")?;
        }
        for (host, port) in more_hosts {
            write!(formatter, ",{host}")?;
            if let Some(port) = port {
                write!(formatter, ":{port}")?;
            }
        }
        if let Some(path) = path {
            write!(formatter, "/{path}")?;
        }
        for name in ["table", "prefix"] {
            if let Some(value) = server.setting(name) {
                write!(formatter, "?{name}={value}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoreUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::ExposeSecret;

    use super::super::error::StoreError;
    use super::*;

    fn parsed(text: &str) -> StoreUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_server_url_is_taken_apart_and_decoded() {
        let url = parsed("mysql://us%40er:p%2F%25w@db.example.com:3307/zoho%20oauth?table=t&timeout=7");
        let server = url.server(StoreKind::MySql).unwrap();
        assert_eq!(server.host.as_deref(), Some("db.example.com"));
        assert_eq!(server.port, Some(3307));
        assert_eq!(server.user.as_deref(), Some("us@er"));
        assert_eq!(server.password.as_ref().unwrap().expose_secret(), "p/%w");
        assert_eq!(server.path.as_deref(), Some("zoho oauth"));
        assert_eq!(server.text("table").as_deref(), Some("t"));
        assert_eq!(server.seconds("timeout").unwrap(), Some(Duration::from_secs(7)));
    }

    #[test]
    fn every_kind_is_recognized_and_shown_without_its_password() {
        for (text, kind, shown) in [
            ("memory:", StoreKind::Memory, "memory:"),
            ("file:///srv/tokens.txt", StoreKind::File, "file:/srv/tokens.txt"),
            ("sqlite:zohooauth.db", StoreKind::Sqlite, "sqlite:zohooauth.db"),
            ("sqlite:a?b.db?table=t", StoreKind::Sqlite, "sqlite:a?b.db?table=t"),
            ("sqlite::memory:", StoreKind::Sqlite, "sqlite::memory:"),
            ("mariadb://u:p4ss@h/d?timeout=9", StoreKind::MySql, "mysql://u@h/d"),
            ("postgresql://h?table=a.b", StoreKind::Postgres, "postgres://h?table=a.b"),
            ("postgres://u:p4ss@a:1,b,[::1]:3/d", StoreKind::Postgres, "postgres://u@a:1,b,[::1]:3/d"),
            ("postgres://%2Frun%2Fpg/d?host=x", StoreKind::Postgres, "postgres:///run/pg/d"),
            ("rediss://:p4ss@h:6380/3?prefix=crm", StoreKind::Redis, "rediss://h:6380/3?prefix=crm"),
            ("valkey://a:1,b?cluster=true", StoreKind::Redis, "redis://a:1,b"),
            ("valkeys://:p4ss@h", StoreKind::Redis, "rediss://h"),
            (
                "redis+sentinel://u:p4ss@a,b:2/main/3?sentinel_password=p4ss",
                StoreKind::Redis,
                "redis+sentinel://u@a,b:2/main/3",
            ),
            ("valkeys+sentinel://a/main", StoreKind::Redis, "rediss+sentinel://a/main"),
            ("aws-secretsmanager://a/b?region=r", StoreKind::SecretsManager, "aws-secretsmanager:a/b"),
        ] {
            let url = parsed(text);
            assert_eq!((url.kind(), url.to_string().as_str()), (kind, shown), "{text}");
            assert_eq!(format!("{url:?}"), format!("StoreUrl({shown})"));
        }
        assert_eq!(parsed("sqlite:a/b.db").path(), Some(Path::new("a/b.db")));
        assert_eq!(parsed("sqlite::memory:").path(), None);
    }

    #[test]
    fn a_password_that_is_not_encoded_is_rejected_and_not_shown() {
        for url in [
            "mysql://user:12/34-secret@host/database",
            "mysql://user:12?34-secret@host/database",
            "mysql://user:12#34-secret@host/database",
            "mysql://user:34-secret@ho st/",
            "mysql://user:34-secret%zz@host/",
            "redis://:34-secret@host?other=34-secret",
            "redis://host#?cluster=true",
        ] {
            let error = url.parse::<StoreUrl>().unwrap_err();
            assert!(!error.to_string().contains("34-secret"), "{error}");
            assert!(!StoreError::from(error).to_string().contains("34-secret"));
        }
        assert!("aws-secretsmanager:my@tokens?endpoint=http://a@b".parse::<StoreUrl>().is_ok());
    }

    #[test]
    fn an_error_says_what_was_expected() {
        let error = |text: &str| text.parse::<StoreUrl>().unwrap_err();
        assert!(error("oracle:x").is_unknown_scheme());
        assert!(error("redis://host?color=red").is_about_a_setting());
        for text in ["", "memory:x", "oracle:x", "sqlite:", "file:", "redis://host?color=red"] {
            assert!(error(text).to_string().contains("; expected "), "{text}");
        }
        for (text, expected) in [
            ("mariadb://ho st/crm", "`mariadb://user:password@host:3306/database`"),
            ("postgres://host:many/crm", "`postgres://user:password@host:5432/database`"),
            ("postgresql://one,two:many/crm", "`postgresql://user:password@host:5432/database`"),
            ("valkeys://host:many", "`valkeys://user:password@host:6379/0`"),
            ("redis+sentinel://one:many/main", "`redis+sentinel://user:password@host:26379/main/0`"),
        ] {
            assert!(error(text).to_string().contains(expected), "{}", error(text));
        }
        let url = parsed("redis://:top-secret@localhost?timeout=top-secret");
        let error = url.server(StoreKind::Redis).unwrap().seconds("timeout").unwrap_err();
        assert!(error.is_about_a_setting());
        assert!(!error.to_string().contains("top-secret"), "{error}");
    }
}
