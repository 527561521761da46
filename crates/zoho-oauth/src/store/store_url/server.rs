//! The URL of a store on a server, taken apart.

use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::kind::StoreKind;
use super::problem::{Problem, StoreUrlError};

/// The parts of a server's URL, decoded. Backends take the settings one by one.
#[derive(Clone)]
#[allow(dead_code, reason = "a build without stores on servers reads only what `Display` shows")]
pub(in crate::store) struct ServerUrl {
    pub(in crate::store) scheme: &'static str,
    pub(in crate::store) host: Option<String>,
    pub(in crate::store) port: Option<u16>,
    /// The hosts after the first, if there are several.
    pub(in crate::store) more_hosts: Vec<(String, Option<u16>)>,
    pub(in crate::store) user: Option<String>,
    pub(in crate::store) password: Option<SecretString>,
    /// What stands between the host and the question mark, without its first slash.
    pub(in crate::store) path: Option<String>,
    settings: Vec<(String, String)>,
}

impl ServerUrl {
    pub(super) fn parse(scheme: &'static str, kind: StoreKind, text: &str) -> Result<Self, StoreUrlError> {
        let written = text.split(':').next().unwrap_or(scheme);
        let malformed = |error| Problem::Malformed { scheme: written.to_owned(), kind, error };
        let parsed = |text: &str| Url::parse(text).map_err(|error| StoreUrlError(malformed(error)));
        let (text, more_hosts) = split_hosts(text);
        let url = parsed(&text)?;
        reject_torn_password(&url)?;
        let host = |url: &Url| {
            url.host_str().filter(|host| !host.is_empty()).map(|host| decoded(host, "host")).transpose()
        };
        let more_hosts = more_hosts
            .iter()
            .map(|text| {
                let url = parsed(&format!("{scheme}://{text}"))?;
                Ok((host(&url)?.unwrap_or_default(), url.port()))
            })
            .collect::<Result<_, StoreUrlError>>()?;
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
            host: host(&url)?,
            port: url.port(),
            more_hosts,
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

    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        // Written twice, the last one counts.
        self.settings.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

#[allow(dead_code, reason = "a build may lack the stores that take these settings")]
impl ServerUrl {
    /// Returns a setting as it was written.
    pub(in crate::store) fn text(&self, name: &str) -> Option<String> {
        self.setting(name).map(str::to_owned)
    }

    /// Returns a setting that is a number or a word.
    ///
    /// # Errors
    /// When it cannot be parsed; the message says that `expected` was expected.
    pub(in crate::store) fn parsed<T: FromStr>(
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
    pub(in crate::store) fn seconds(&self, name: &'static str) -> Result<Option<Duration>, StoreUrlError> {
        Ok(self.parsed(name, "a whole number of seconds")?.map(Duration::from_secs))
    }
}

/// Splits the hosts after the first off, as in `postgres://user@one:5432,two:5432/database`.
fn split_hosts(text: &str) -> (String, Vec<&str>) {
    let Some(start) = text.find("://").map(|scheme| scheme + 3) else { return (text.to_owned(), Vec::new()) };
    let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |length| start + length);
    let start = text[start..end].rfind('@').map_or(start, |user| start + user + 1);
    let mut hosts = text[start..end].split(',');
    let first = hosts.next().unwrap_or_default();
    (format!("{}{first}{}", &text[..start], &text[end..]), hosts.collect())
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
