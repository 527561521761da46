//! A server's store URL: its parts, and the settings behind the question mark. No message repeats the URL itself,
//! which may hold a password.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::error::{StoreError, StoreErrorKind};

/// A store URL, taken apart. Settings are taken one by one; what nobody has taken in the end is unknown.
#[derive(Clone)]
pub(crate) struct Address {
    url: Url,
    settings: Vec<(String, String)>,
}

impl Address {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// When it is none, or when a character of the password seems to end the host.
    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        let mut url = Url::parse(text)
            .map_err(|error| unusable(format!("it is no URL: {error}"), "write it as mysql://user:password@host:port/database; characters such as / and @ in a password are written as %2F and %40"))?;
        refuse_torn_password(&url)?;
        let settings =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        url.set_query(None);
        Ok(Self { url, settings })
    }

    /// The host's name, as it was written.
    pub(crate) fn host(&self) -> Option<&str> {
        self.url.host_str().filter(|host| !host.is_empty())
    }

    /// The port, where one was written.
    pub(crate) fn port(&self) -> Option<u16> {
        self.url.port()
    }

    /// The user's name, where one was written.
    pub(crate) fn user(&self) -> Result<Option<String>, StoreError> {
        let user = self.url.username();
        if user.is_empty() { Ok(None) } else { decoded(user, "user name").map(Some) }
    }

    /// The password, where one was written.
    pub(crate) fn password(&self) -> Result<Option<SecretString>, StoreError> {
        let password = self.url.password().map(|password| decoded(password, "password"));
        Ok(password.transpose()?.map(SecretString::from))
    }

    /// What stands between the host and the question mark, without its first slash.
    pub(crate) fn path(&self) -> Result<Option<String>, StoreError> {
        let path = self.url.path();
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.is_empty() { Ok(None) } else { decoded(path, "path").map(Some) }
    }

    /// Takes a setting. Written twice, the last one counts.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let mut value = None;
        self.settings.retain_mut(|(other, text)| {
            let is_it = other == name;
            if is_it {
                value = Some(std::mem::take(text));
            }
            !is_it
        });
        value
    }

    /// Takes a setting that is a number, or another word that can be read.
    ///
    /// # Errors
    /// When it cannot be read as what it is to be; `kind` says what that is.
    pub(crate) fn take_as<T: FromStr>(
        &mut self,
        name: &str,
        kind: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let Some(text) = self.take(name) else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(unusable(
                format!("the setting {name} is not {kind}"),
                format!("write {name}= and {kind}"),
            )),
        }
    }

    /// Takes a setting that is a time in seconds.
    ///
    /// # Errors
    /// When it is no whole number of seconds.
    pub(crate) fn take_seconds(&mut self, name: &str) -> Result<Option<Duration>, StoreError> {
        Ok(self.take_as(name, "a whole number of seconds")?.map(Duration::from_secs))
    }

    /// Fails where a setting is left that nobody has taken.
    ///
    /// # Errors
    /// When there is one: its name, and those that are known.
    pub(crate) fn finish(&self, known: &str) -> Result<(), StoreError> {
        match self.settings.first() {
            None => Ok(()),
            Some((name, _)) => {
                Err(unusable(format!("it has an unknown setting, {name}"), format!("there are {known}")))
            }
        }
    }
}

/// Keeps the password to itself.
impl std::fmt::Debug for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Address").field("host", &self.host()).finish_non_exhaustive()
    }
}

/// A `/`, `?` or `#` that stands in a password as it is ends the host there: what is behind it would be taken for a
/// database or a setting, and be shown.
fn refuse_torn_password(url: &Url) -> Result<(), StoreError> {
    let is_torn = url.has_authority()
        && (url.path().contains('@') || url.query().is_some_and(|query| query.contains('@')));
    if is_torn || url.fragment().is_some() {
        return Err(unusable(
            "an @ stands behind the host, or a # somewhere",
            "write a / in a password as %2F, a ? as %3F and a # as %23; an @ that belongs there is %40",
        ));
    }
    Ok(())
}

/// What is said of a URL that cannot be used.
pub(crate) fn unusable(evidence: impl Into<String>, next_step: impl Into<Cow<'static, str>>) -> StoreError {
    StoreError::of(StoreErrorKind::Refused, "open the token store that this URL names")
        .evidence(evidence)
        .next_step(next_step)
}

fn decoded(text: &str, what: &'static str) -> Result<String, StoreError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let decoded = if byte == b'%' {
            // Two hexadecimal digits make one byte.
            digit(rest.next())
                .zip(digit(rest.next()))
                .and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
        } else {
            Some(byte)
        };
        bytes.push(decoded.ok_or_else(|| badly_encoded(what))?);
    }
    String::from_utf8(bytes).map_err(|_| badly_encoded(what))
}

fn badly_encoded(what: &'static str) -> StoreError {
    unusable(format!("its {what} is not encoded as in a URL"), "write a % itself as %25")
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_url_is_taken_apart_and_decoded() {
        let mut address =
            Address::parse("mysql://us%40er:p%2F%25w@db.example.com:3307/zoho%20oauth?table=t&time_out=7")
                .unwrap();
        assert_eq!(address.host(), Some("db.example.com"));
        assert_eq!(address.port(), Some(3307));
        assert_eq!(address.user().unwrap().as_deref(), Some("us@er"));
        assert_eq!(address.password().unwrap().unwrap().expose_secret(), "p/%w");
        assert_eq!(address.path().unwrap().as_deref(), Some("zoho oauth"));
        assert_eq!(address.take("table").as_deref(), Some("t"));
        assert_eq!(address.take_seconds("time_out").unwrap(), Some(Duration::from_secs(7)));
        address.finish("table").unwrap();
    }

    #[test]
    fn a_password_that_is_not_encoded_is_refused_and_no_part_of_it_shown() {
        for url in [
            "mysql://user:12/34-secret@host/database",
            "mysql://user:12?34-secret@host/database",
            "mysql://user:12#34-secret@host/database",
            "redis://host#?cluster=true",
        ] {
            let error = Address::parse(url).unwrap_err();
            assert!(!error.to_string().contains("34-secret"), "{error}");
        }
        assert!(Address::parse("aws-secretsmanager:my@tokens?endpoint=http://a@b").is_ok());
    }

    #[test]
    fn no_message_repeats_the_password() {
        let mut address = Address::parse("redis://:top-secret@localhost?pool=x&other=top-secret").unwrap();
        let errors = [
            address.take_as::<u32>("pool", "a number").unwrap_err(),
            address.finish("pool").unwrap_err(),
            Address::parse("mysql://user:top-secret@ho st/").unwrap_err(),
            Address::parse("mysql://user:top-secret%zz@host/").unwrap().password().unwrap_err(),
        ];
        for error in errors {
            assert!(!error.to_string().contains("top-secret"), "{error}");
        }
        assert!(!format!("{address:?}").contains("top-secret"));
    }
}
