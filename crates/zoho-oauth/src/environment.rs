//! The hosts: those of Zoho's data centers for production, sandbox and developer, and custom ones. No I/O.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use url::Url;

use crate::error::{Error, Invalid};

/// A Zoho data center. A token is valid only in the data center that issued it.
///
/// These are the eight that the official SDKs know, the United Kingdom and the United Arab Emirates. Hosts:
/// <https://www.zoho.com/accounts/protocol/oauth/multi-dc.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataCenter {
    /// United States.
    Us,
    /// Europe.
    Eu,
    /// India.
    In,
    /// Australia.
    Au,
    /// Japan.
    Jp,
    /// China. Its users have to start a login here; other data centers redirect to each other.
    Cn,
    /// Canada.
    Ca,
    /// Saudi Arabia.
    Sa,
    /// United Kingdom. Zoho does not document an upload host for it; the usual pattern is assumed.
    Uk,
    /// United Arab Emirates. Zoho does not document an upload host for it; the usual pattern is assumed.
    Ae,
}

impl DataCenter {
    /// All data centers.
    pub const ALL: [Self; 10] =
        [Self::Us, Self::Eu, Self::In, Self::Au, Self::Jp, Self::Cn, Self::Ca, Self::Sa, Self::Uk, Self::Ae];

    /// The data center with this location code (`us`), accounts URL or API domain.
    ///
    /// ```
    /// use zoho_oauth::DataCenter;
    ///
    /// assert_eq!(DataCenter::get("eu"), Some(DataCenter::Eu));
    /// assert_eq!(DataCenter::get("https://accounts.zohocloud.ca"), Some(DataCenter::Ca));
    /// assert_eq!(DataCenter::get("https://sandbox.zohoapis.in/"), Some(DataCenter::In));
    /// assert_eq!(DataCenter::get("https://accounts.zoho.com.evil.example"), None);
    /// ```
    #[must_use]
    pub fn get(location_or_url: &str) -> Option<Self> {
        let text = location_or_url.trim();
        let by_location = Self::ALL.into_iter().find(|center| text.eq_ignore_ascii_case(center.location()));
        by_location.or_else(|| {
            let origin = origin_of(text)?;
            Self::ALL.into_iter().find(|center| {
                center.accounts_url() == origin
                    || Kind::OFFICIAL.into_iter().any(|kind| center.api_url(kind) == origin)
            })
        })
    }

    /// The location code, as it appears in a login's callback.
    #[must_use]
    pub fn location(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::In => "in",
            Self::Au => "au",
            Self::Jp => "jp",
            Self::Cn => "cn",
            Self::Ca => "ca",
            Self::Sa => "sa",
            Self::Uk => "uk",
            Self::Ae => "ae",
        }
    }

    /// The production organizations of this data center.
    #[must_use]
    pub fn production(self) -> Environment {
        self.environment(Kind::Production)
    }

    /// The sandboxes of this data center.
    #[must_use]
    pub fn sandbox(self) -> Environment {
        self.environment(Kind::Sandbox)
    }

    /// The developer organizations of this data center.
    #[must_use]
    pub fn developer(self) -> Environment {
        self.environment(Kind::Developer)
    }

    fn environment(self, kind: Kind) -> Environment {
        Environment {
            data_center: Some(self),
            kind,
            accounts: self.accounts_url().into(),
            api: self.api_url(kind).into(),
            upload: self.upload_url().into(),
        }
    }

    fn domain(self) -> &'static str {
        match self {
            Self::Us => "com",
            Self::Au => "com.au",
            Self::Cn => "com.cn",
            other => other.location(),
        }
    }

    fn accounts_url(self) -> String {
        match self {
            Self::Ca => "https://accounts.zohocloud.ca".to_owned(),
            other => format!("https://accounts.zoho.{}", other.domain()),
        }
    }

    fn api_url(self, kind: Kind) -> String {
        let host = match kind {
            Kind::Production | Kind::Custom => "www",
            Kind::Sandbox => "sandbox",
            Kind::Developer => "developer",
        };
        format!("https://{host}.zohoapis.{}", self.domain())
    }

    fn upload_url(self) -> String {
        match self {
            Self::Ca => "https://upload.zohocloud.ca".to_owned(),
            Self::Sa => "https://files.zoho.sa".to_owned(),
            other => format!("https://content.zohoapis.{}", other.domain()),
        }
    }
}

/// The hosts that a token's requests go to: the accounts server, the API and the upload host.
///
/// As text: a location code, optionally followed by `:sandbox` or `:developer`.
///
/// ```
/// use zoho_oauth::{DataCenter, Environment};
///
/// let environment: Environment = "eu:sandbox".parse()?;
/// assert_eq!(environment, DataCenter::Eu.sandbox());
/// assert_eq!(environment.api_url(), "https://sandbox.zohoapis.eu");
/// # Ok::<(), zoho_oauth::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    data_center: Option<DataCenter>,
    kind: Kind,
    accounts: Arc<str>,
    api: Arc<str>,
    upload: Arc<str>,
}

/// Production, sandbox and developer never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Production,
    Sandbox,
    Developer,
    Custom,
}

impl Kind {
    const OFFICIAL: [Self; 3] = [Self::Production, Self::Sandbox, Self::Developer];
}

impl Environment {
    /// Custom hosts: a data center that this crate does not know, a proxy, or an emulator for tests. All requests of
    /// an [`Authenticator`](crate::Authenticator) for this environment go there, including those for rows of Zoho's
    /// own data centers.
    ///
    /// # Errors
    /// [`Error::Config`] for a text that is not an `http` or `https` URL of a host.
    pub fn new(accounts: &str, api: &str, upload: &str) -> Result<Self, Error> {
        let origin = |text: &str| {
            origin_of(text).map(Arc::from).ok_or_else(|| Invalid::NotAHost { text: text.to_owned() })
        };
        Ok(Self {
            data_center: None,
            kind: Kind::Custom,
            accounts: origin(accounts)?,
            api: origin(api)?,
            upload: origin(upload)?,
        })
    }

    /// One host for all requests, such as an emulator's.
    ///
    /// # Errors
    /// As [`Environment::new`].
    pub fn local(url: &str) -> Result<Self, Error> {
        Self::new(url, url, url)
    }

    /// The accounts server: scheme and host, without a trailing slash.
    #[must_use]
    pub fn accounts_url(&self) -> &str {
        &self.accounts
    }

    /// The API: scheme and host, without a trailing slash. A row's `api_domain` has the same value.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.api
    }

    /// The host for bulk uploads: scheme and host, without a trailing slash.
    #[must_use]
    pub fn upload_url(&self) -> &str {
        &self.upload
    }

    /// Zoho's data center; `None` for custom hosts.
    #[must_use]
    pub fn data_center(&self) -> Option<DataCenter> {
        self.data_center
    }

    pub(crate) fn is_custom(&self) -> bool {
        self.kind == Kind::Custom
    }

    /// The environment of the same kind that an API domain belongs to.
    fn sibling(&self, origin: &str) -> Option<Self> {
        let siblings = DataCenter::ALL.into_iter().map(|center| center.environment(self.kind));
        siblings.filter(|_| !self.is_custom()).find(|other| *other.api == *origin)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(center) = self.data_center else { return formatter.write_str(&self.api) };
        formatter.write_str(center.location())?;
        match self.kind {
            Kind::Production | Kind::Custom => Ok(()),
            Kind::Sandbox => formatter.write_str(":sandbox"),
            Kind::Developer => formatter.write_str(":developer"),
        }
    }
}

impl FromStr for Environment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (location, kind) = text.split_once(':').unwrap_or((text, "production"));
        let center = DataCenter::ALL.into_iter().find(|center| center.location() == location);
        match (center, kind) {
            (Some(center), "production") => Ok(center.production()),
            (Some(center), "sandbox") => Ok(center.sandbox()),
            (Some(center), "developer") => Ok(center.developer()),
            _ => {
                let known = DataCenter::ALL.map(DataCenter::location).join(", ");
                Err(Invalid::UnknownEnvironment { text: text.to_owned(), known }.into())
            }
        }
    }
}

/// The environments that one authenticator serves.
#[derive(Clone, Debug)]
pub(crate) struct Environments {
    pub(crate) primary: Environment,
    pub(crate) others: Vec<Environment>,
}

impl Environments {
    /// The environment of a row with this API domain, to which its calls and renewals go. `None` for unknown hosts, and
    /// for an environment of another kind (production, sandbox, developer) than the primary one.
    pub(crate) fn of(&self, api_domain: Option<&str>) -> Option<Environment> {
        let Some(domain) = api_domain else { return Some(self.primary.clone()) };
        let origin = origin_of(domain).unwrap_or_default();
        let named = std::iter::once(&self.primary).chain(&self.others).find(|one| *one.api == origin);
        if let Some(environment) = named {
            return Some(environment.clone());
        }
        if self.primary.is_custom() {
            return Some(self.primary.clone());
        }
        self.primary.sibling(&origin)
    }

    /// Whether rows may have this API domain: that of a served environment, or of one of Zoho's of the same kind.
    pub(crate) fn names(&self, api_domain: &str) -> bool {
        let origin = origin_of(api_domain).unwrap_or_default();
        let ours = std::iter::once(&self.primary).chain(&self.others).any(|one| *one.api == origin);
        ours || self.primary.sibling(&origin).is_some()
    }

    /// The environment with this accounts server, for a callback's `accounts-server`.
    pub(crate) fn of_accounts_server(&self, url: &str) -> Option<Environment> {
        let origin = origin_of(url)?;
        let named = std::iter::once(&self.primary).chain(&self.others).find(|one| *one.accounts == origin);
        named.cloned().or_else(|| {
            let kind = self.primary.kind;
            let official = DataCenter::ALL.into_iter().map(|center| center.environment(kind));
            official.filter(|_| kind != Kind::Custom).find(|one| *one.accounts == origin)
        })
    }
}

/// The host of a URL, and its port if it has one, as messages name it.
#[must_use]
pub fn host_of(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    match parsed.as_ref().and_then(|url| Some((url.host_str()?, url.port()))) {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => "the host".to_owned(),
    }
}

/// Scheme, host and port of a URL, normalized.
fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let usable =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    usable.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environments(primary: Environment) -> Environments {
        Environments { primary, others: Vec::new() }
    }

    #[test]
    fn every_environment_is_found_by_its_own_text_and_hosts() {
        for center in DataCenter::ALL {
            for environment in [center.production(), center.sandbox(), center.developer()] {
                assert_eq!(environment.to_string().parse::<Environment>().unwrap(), environment);
                assert_eq!(DataCenter::get(environment.api_url()), Some(center));
                assert_eq!(DataCenter::get(environment.accounts_url()), Some(center));
            }
        }
    }

    #[test]
    fn a_row_of_another_data_center_goes_to_its_own_hosts() {
        let found = environments(DataCenter::Eu.production()).of(Some("https://www.zohoapis.in/"));
        assert_eq!(found, Some(DataCenter::In.production()));
    }

    #[test]
    fn production_sandbox_and_foreign_hosts_never_mix() {
        let production = environments(DataCenter::Eu.production());
        assert_eq!(production.of(Some("https://sandbox.zohoapis.eu")), None);
        assert_eq!(production.of(Some("https://www.zohoapis.eu.evil.example")), None);
        assert_eq!(production.of(Some("not a url")), None);
        assert_eq!(production.of_accounts_server("https://evil.example"), None);
        assert_eq!(
            production.of_accounts_server("https://accounts.zoho.in"),
            Some(DataCenter::In.production())
        );
    }

    #[test]
    fn custom_hosts_serve_every_row() {
        let local = Environment::local("http://127.0.0.1:8080/").unwrap();
        assert_eq!(local.api_url(), "http://127.0.0.1:8080");
        assert_eq!(environments(local.clone()).of(Some("https://www.zohoapis.eu")), Some(local));
        assert!(Environment::local("ftp://host").is_err());
        assert!(Environment::local("https://user:password@host").is_err());
    }
}
