//! The URL of a token store, parsed once. No message repeats the URL itself, which may hold a password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::error::{StoreError, StoreErrorKind};

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
    /// `redis://…` or `rediss://…`
    Redis,
    /// `aws-secretsmanager:PREFIX`
    SecretsManager,
}

#[derive(Clone)]
enum Place {
    Memory,
    Path(PathBuf),
    Server(Box<ServerUrl>),
}

/// The parts of a server's URL, decoded. Backends take the settings one by one.
#[derive(Clone)]
#[allow(dead_code, reason = "a build without stores on servers reads only what `Display` shows")]
pub(super) struct ServerUrl {
    pub(super) scheme: &'static str,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    /// What stands between the host and the question mark, without its first slash.
    pub(super) path: Option<String>,
    settings: Vec<(String, String)>,
}

/// Why a text is not the URL of a token store: what is wrong, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreUrlError(Problem);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    MissingScheme,
    UnknownScheme(String),
    MissingPath(&'static str),
    UnexpectedPath,
    Malformed(url::ParseError),
    UnescapedCharacter,
    BadEncoding(&'static str),
    UnknownSetting {
        name: String,
        known: &'static [&'static str],
    },
    InvalidSetting {
        name: &'static str,
        expected: &'static str,
    },
    #[allow(dead_code, reason = "a build may lack the store that names databases by numbers")]
    InvalidPath {
        expected: &'static str,
    },
    #[allow(dead_code, reason = "every store but these takes a URL in its `open`")]
    WrongKind {
        expected: &'static str,
    },
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
            Place::Path(path) => Some(path),
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
        let file = |scheme| match path {
            "" => Err(StoreUrlError(Problem::MissingPath(scheme))),
            path => Ok(Place::Path(path.into())),
        };
        let server =
            |scheme, kind, text: &str| Ok(Place::Server(Box::new(ServerUrl::parse(scheme, kind, text)?)));
        let (kind, place) = match scheme {
            "memory" if path.is_empty() => (StoreKind::Memory, Place::Memory),
            "memory" => return Err(StoreUrlError(Problem::UnexpectedPath)),
            "file" => (StoreKind::File, file("file")?),
            "sqlite" if path == ":memory:" => (StoreKind::Sqlite, Place::Memory),
            "sqlite" => (StoreKind::Sqlite, file("sqlite")?),
            "mysql" | "mariadb" => (StoreKind::MySql, server("mysql", StoreKind::MySql, text)?),
            "postgres" | "postgresql" => {
                (StoreKind::Postgres, server("postgres", StoreKind::Postgres, text)?)
            }
            "redis" => (StoreKind::Redis, server("redis", StoreKind::Redis, text)?),
            "rediss" => (StoreKind::Redis, server("rediss", StoreKind::Redis, text)?),
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

impl StoreKind {
    /// The settings that may stand behind the question mark.
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Memory | Self::File | Self::Sqlite => &[],
            Self::MySql => &["table", "max_connections", "connect_timeout", "timeout", "ssl-mode", "ssl-ca"],
            Self::Postgres => {
                &["table", "max_connections", "connect_timeout", "timeout", "sslmode", "sslrootcert"]
            }
            Self::Redis => &["prefix", "cluster", "ca", "connect_timeout", "timeout"],
            Self::SecretsManager => &["region", "endpoint", "connect_timeout", "timeout"],
        }
    }

    /// A URL of this kind, for messages.
    fn example(self) -> &'static str {
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
}

impl ServerUrl {
    fn parse(scheme: &'static str, kind: StoreKind, text: &str) -> Result<Self, StoreUrlError> {
        let url = Url::parse(text).map_err(|error| StoreUrlError(Problem::Malformed(error)))?;
        reject_torn_password(&url)?;
        let settings: Vec<(String, String)> =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        if let Some((name, _)) = settings.iter().find(|(name, _)| !kind.settings().contains(&&**name)) {
            return Err(StoreUrlError(Problem::UnknownSetting {
                name: name.clone(),
                known: kind.settings(),
            }));
        }
        let part = |text: &str, what| if text.is_empty() { Ok(None) } else { decoded(text, what).map(Some) };
        let path = url.path();
        Ok(Self {
            scheme,
            host: url.host_str().filter(|host| !host.is_empty()).map(str::to_owned),
            port: url.port(),
            user: part(url.username(), "user name")?,
            password: url
                .password()
                .map(|text| decoded(text, "password"))
                .transpose()?
                .map(SecretString::from),
            path: part(path.strip_prefix('/').unwrap_or(path), "path")?,
            settings,
        })
    }

    fn setting(&self, name: &str) -> Option<&str> {
        // Written twice, the last one counts.
        self.settings.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

#[allow(dead_code, reason = "a build may lack the stores that take these settings")]
impl ServerUrl {
    /// Returns a setting as it was written.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.setting(name).map(str::to_owned)
    }

    /// Returns a setting that is a number or a word.
    ///
    /// # Errors
    /// When it cannot be parsed; the message says that `expected` was expected.
    pub(super) fn parsed<T: FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, StoreUrlError> {
        let parse = |text: &str| text.parse().map_err(|_| StoreUrlError::invalid_setting(name, expected));
        self.setting(name).map(parse).transpose()
    }

    /// Returns a setting that is a duration in seconds.
    ///
    /// # Errors
    /// When it is not a whole number of seconds.
    pub(super) fn seconds(&self, name: &'static str) -> Result<Option<Duration>, StoreUrlError> {
        Ok(self.parsed(name, "a whole number of seconds")?.map(Duration::from_secs))
    }
}

#[allow(dead_code, reason = "a build may lack the stores that take these settings")]
impl StoreUrlError {
    pub(super) fn invalid_setting(name: &'static str, expected: &'static str) -> Self {
        Self(Problem::InvalidSetting { name, expected })
    }

    pub(super) fn wrong_kind(expected: StoreKind) -> Self {
        Self(Problem::WrongKind { expected: expected.example() })
    }

    pub(super) fn invalid_path(expected: &'static str) -> Self {
        Self(Problem::InvalidPath { expected })
    }
}

impl StoreUrlError {
    /// Whether the URL has no scheme, or one that no store has.
    #[must_use]
    pub fn is_unknown_scheme(&self) -> bool {
        matches!(self.0, Problem::MissingScheme | Problem::UnknownScheme(_))
    }

    /// Whether the scheme is known and a setting behind the question mark is unknown or has an invalid value.
    #[must_use]
    pub fn is_about_a_setting(&self) -> bool {
        matches!(self.0, Problem::UnknownSetting { .. } | Problem::InvalidSetting { .. })
    }

    fn evidence(&self) -> String {
        match &self.0 {
            Problem::MissingScheme => "no scheme".to_owned(),
            Problem::UnknownScheme(scheme) => format!("unknown scheme `{scheme}`"),
            Problem::MissingPath(scheme) => format!("`{scheme}:` without a path"),
            Problem::UnexpectedPath => "`memory:` with a path".to_owned(),
            Problem::Malformed(error) => error.to_string(),
            Problem::UnescapedCharacter => "an `@` after the host, or a `#`".to_owned(),
            Problem::BadEncoding(part) => format!("the {part} is not percent-encoded correctly"),
            Problem::UnknownSetting { name, .. } => format!("unknown setting `{}`", name.escape_debug()),
            Problem::InvalidSetting { name, .. } => format!("invalid value for the setting `{name}`"),
            Problem::InvalidPath { .. } => "invalid path".to_owned(),
            Problem::WrongKind { .. } => "the URL is for another kind of store".to_owned(),
        }
    }

    fn next_step(&self) -> String {
        match &self.0 {
            Problem::MissingScheme | Problem::UnknownScheme(_) => "expected `memory:`, `file:PATH`, `sqlite:PATH`, `sqlite::memory:`, `mysql://`, `postgres://`, `redis://`, `rediss://` or `aws-secretsmanager:PREFIX`".to_owned(),
            Problem::MissingPath("file") => "expected a path, as in `file:sdk_tokens.txt`".to_owned(),
            Problem::MissingPath(_) => "expected a path, as in `sqlite:zohooauth.db`".to_owned(),
            Problem::UnexpectedPath => "expected `memory:` alone".to_owned(),
            Problem::Malformed(_) => "expected `mysql://user:password@host:port/database`; in a password, write `/` as `%2F` and `@` as `%40`".to_owned(),
            Problem::UnescapedCharacter => "in a password, write `/` as `%2F`, `?` as `%3F`, `#` as `%23` and `@` as `%40`".to_owned(),
            Problem::BadEncoding(_) => "write `%` itself as `%25`".to_owned(),
            Problem::UnknownSetting { known, .. } => format!("expected one of {}", known.join(", ")),
            Problem::InvalidSetting { expected, .. } | Problem::InvalidPath { expected } => format!("expected {expected}"),
            Problem::WrongKind { expected } => format!("expected {expected}"),
        }
    }
}

impl fmt::Display for StoreUrlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "invalid store URL: {}; {}", self.evidence(), self.next_step())
    }
}

impl std::error::Error for StoreUrlError {}

impl From<StoreUrlError> for StoreError {
    fn from(error: StoreUrlError) -> Self {
        Self::of(StoreErrorKind::Rejected, "open the token store at this URL")
            .evidence(error.evidence())
            .next_step(error.next_step())
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = match (&self.place, self.kind) {
            (Place::Memory, StoreKind::Sqlite) => return formatter.write_str("sqlite::memory:"),
            (Place::Memory, _) => return formatter.write_str("memory:"),
            (Place::Path(path), StoreKind::Sqlite) => return write!(formatter, "sqlite:{}", path.display()),
            (Place::Path(path), _) => return write!(formatter, "file:{}", path.display()),
            (Place::Server(server), _) => server,
        };
        let ServerUrl { scheme, host, port, user, path, .. } = &**server;
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

/// Rejects a password with a plain `/`, `?` or `#`. It ends the host there, and the rest of it would be taken for a database or
/// a setting, and be shown.
fn reject_torn_password(url: &Url) -> Result<(), StoreUrlError> {
    let is_torn = url.has_authority()
        && (url.path().contains('@') || url.query().is_some_and(|query| query.contains('@')));
    if is_torn || url.fragment().is_some() { Err(StoreUrlError(Problem::UnescapedCharacter)) } else { Ok(()) }
}

fn decoded(text: &str, part: &'static str) -> Result<String, StoreUrlError> {
    let failed = || StoreUrlError(Problem::BadEncoding(part));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        bytes.push(match byte {
            b'%' => {
                let (high, low) = digit().zip(digit()).ok_or_else(failed)?;
                u8::try_from(high * 16 + low).map_err(|_| failed())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| failed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

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
            ("sqlite::memory:", StoreKind::Sqlite, "sqlite::memory:"),
            ("mariadb://u:p4ss@h/d?timeout=9", StoreKind::MySql, "mysql://u@h/d"),
            ("postgresql://h?table=a.b", StoreKind::Postgres, "postgres://h?table=a.b"),
            ("rediss://:p4ss@h:6380/3?prefix=crm", StoreKind::Redis, "rediss://h:6380/3?prefix=crm"),
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
        let url = parsed("redis://:top-secret@localhost?timeout=top-secret");
        let error = url.server(StoreKind::Redis).unwrap().seconds("timeout").unwrap_err();
        assert!(error.is_about_a_setting());
        assert!(!error.to_string().contains("top-secret"), "{error}");
    }
}
