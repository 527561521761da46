//! The password file of PostgreSQL's own programs: <https://www.postgresql.org/docs/current/libpq-pgpass.html>.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::super::error::{StoreError, StoreErrorKind};

/// The folders of sockets that count as `localhost` in a password file.
const SOCKET_FOLDERS: [&str; 3] = ["/tmp", "/run/postgresql", "/var/run/postgresql"];

/// The content of a password file.
pub(super) struct PasswordFile(SecretString);

/// What a password is for.
pub(super) struct Wanted<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

impl PasswordFile {
    /// Reads the file at `path`. As to PostgreSQL's own programs, a missing one is empty, and so is one that others can read.
    pub(super) async fn read(path: PathBuf) -> Result<Self, StoreError> {
        let read = tokio::task::spawn_blocking(move || match read_private(&path) {
            Ok(text) => Ok(Self(text.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(SecretString::default())),
            Err(error) => {
                let evidence = format!("the password file `{}` cannot be read", path.display());
                Err(failed(&evidence, "check its permissions").caused_by(error))
            }
        });
        read.await.unwrap_or_else(|error| Err(failed("reading it failed", "try again").caused_by(error)))
    }

    /// Returns the password in the first line that fits.
    pub(super) fn password(&self, wanted: &Wanted<'_>) -> Option<SecretString> {
        let lines = self.0.expose_secret().lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| wanted.password_in(line))
            .find(|password| !password.is_empty())
            .map(Into::into)
    }
}

impl Wanted<'_> {
    /// The password in a line `host:port:database:user:password`, if it fits. A `*` fits everything.
    fn password_in(&self, line: &str) -> Option<String> {
        let port = self.port.to_string();
        let is_local = SOCKET_FOLDERS.contains(&self.host);
        let hosts = [self.host, if is_local { "localhost" } else { self.host }];
        let mut rest = line;
        for wanted in [&hosts[..], &[&*port], &[self.database], &[self.user]] {
            let (field, after) = rest.split_at_checked(end_of_field(rest)?)?;
            if field != "*" && !wanted.contains(&&*unescaped(field)) {
                return None;
            }
            rest = after.strip_prefix(':')?;
        }
        Some(unescaped(rest))
    }
}

/// Where the first colon is that has no backslash before it.
fn end_of_field(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    while let Some((position, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b':' => return Some(position),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut unescaped = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        unescaped.push(if character == '\\' { characters.next().unwrap_or(character) } else { character });
    }
    unescaped
}

fn read_private(path: &Path) -> io::Result<String> {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&fs::metadata(path)?) & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "ignoring a password file that others can read; run: chmod 600");
        return Ok(String::new());
    }
    fs::read_to_string(path)
}

fn failed(evidence: &str, next_step: &'static str) -> StoreError {
    StoreError::of(StoreErrorKind::Permission, "connect").evidence(evidence).next_step(next_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a comment\nnonsense\ndb.example.com:5432:crm:ada:of ada\n\
        db.example.com:*:*:bob:with\\:colon and \\\\ and:more\n\
        localhost:5432:*:*:by socket\nc\\:d:5432:*:*:escaped\n*:*:*:*:\n*:*:*:*:for all";

    fn password(host: &str, port: u16, user: &str) -> Option<String> {
        let wanted = Wanted { host, port, database: "crm", user };
        let found = PasswordFile(TEXT.into()).password(&wanted);
        found.map(|password| password.expose_secret().to_owned())
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        for (host, port, user, expected) in [
            ("db.example.com", 5432, "ada", "of ada"),
            ("db.example.com", 5433, "ada", "for all"),
            ("db.example.com", 5433, "bob", r"with:colon and \ and:more"),
            ("localhost", 5432, "zoe", "by socket"),
            ("/run/postgresql", 5432, "zoe", "by socket"),
            ("/elsewhere", 5432, "zoe", "for all"),
            ("c:d", 5432, "zoe", "escaped"),
        ] {
            assert_eq!(password(host, port, user).as_deref(), Some(expected), "{host}:{port} {user}");
        }
        let nobody = Wanted { host: "h", port: 1, database: "d", user: "u" };
        for text in ["", "h:1:d:u", "h:1:d:u:", "h:1:d:other:x", r"h:1:d:u\:x"] {
            assert!(PasswordFile(text.into()).password(&nobody).is_none(), "{text}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_others_can_read_and_a_missing_one_are_empty() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        let read = async |path: &Path| PasswordFile::read(path.to_owned()).await.map(|file| file.0);
        assert!(read(&path).await.unwrap().expose_secret().is_empty());
        fs::write(&path, TEXT).unwrap();
        for (mode, is_read) in [(0o600, true), (0o640, false), (0o604, false), (0o400, true)] {
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(!read(&path).await.unwrap().expose_secret().is_empty(), is_read, "{mode:o}");
        }
    }
}
