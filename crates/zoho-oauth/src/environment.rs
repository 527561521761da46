//! The hosts: those of Zoho's data centers for production, sandbox and developer, and custom ones. No I/O.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, Invalid};
use crate::origin::origin_of;

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
        Self::of_location(text).or_else(|| {
            let origin = origin_of(text)?;
            Self::ALL.into_iter().find(|center| {
                center.accounts_url() == origin
                    || center.generic_url() == origin
                    || Kind::OFFICIAL.into_iter().any(|kind| center.api_url(kind) == origin)
            })
        })
    }

    /// The data center with this location code, in any case.
    pub(crate) fn of_location(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|center| code.eq_ignore_ascii_case(center.location()))
    }

    /// The data center whose generic domain this is: the one of all its products, which does not say whether a token is
    /// of production, a sandbox or a developer organization.
    pub(crate) fn of_generic_domain(domain: &str) -> Option<Self> {
        let origin = origin_of(domain)?;
        Self::ALL.into_iter().find(|center| center.generic_url() == origin)
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

    /// Zoho sends it instead of the API domain in some responses
    /// (<https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token.html>).
    fn generic_url(self) -> String {
        match self {
            Self::Ca => "https://api.zohocloud.ca".to_owned(),
            other => format!("https://api.zoho.{}", other.domain()),
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
/// As text: a location code, optionally followed by `:sandbox` or `:developer`, in any case.
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

    /// Returns Zoho's environment with this API domain, or `None` if there is none.
    ///
    /// ```
    /// use zoho_oauth::{DataCenter, Environment};
    ///
    /// let environment = Environment::of_api_domain("https://sandbox.zohoapis.in");
    /// assert_eq!(environment, Some(DataCenter::In.sandbox()));
    /// ```
    #[must_use]
    pub fn of_api_domain(domain: &str) -> Option<Self> {
        let origin = origin_of(domain)?;
        let of_center = |center: DataCenter| Kind::OFFICIAL.map(|kind| center.environment(kind));
        DataCenter::ALL.into_iter().flat_map(of_center).find(|environment| *environment.api == origin)
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

    /// The API: scheme and host, without a trailing slash. The rows of its tokens have it as their `api_domain`.
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

    /// The environment of the same kind in another data center.
    pub(crate) fn in_data_center(&self, center: DataCenter) -> Self {
        center.environment(self.kind)
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
        let center = DataCenter::of_location(location.trim());
        match (center, &*kind.trim().to_ascii_lowercase()) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_environment_is_read_in_capitals_and_with_blanks_around_it() {
        for text in ["EU:Sandbox", " eu:sandbox ", "Eu : SANDBOX\n"] {
            assert_eq!(text.parse::<Environment>().unwrap(), DataCenter::Eu.sandbox(), "{text:?}");
        }
        for text in ["", " ", "e u", "eu:", "eu:test", ":sandbox", "eu:sandbox:sandbox"] {
            assert!(text.parse::<Environment>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_api_domain_says_its_environment_and_a_generic_one_only_its_data_center() {
        for center in DataCenter::ALL {
            for environment in [center.production(), center.sandbox(), center.developer()] {
                let domain = format!("{}/", environment.api_url());
                assert_eq!(Environment::of_api_domain(&domain), Some(environment));
            }
            assert_eq!(DataCenter::of_generic_domain(&center.generic_url()), Some(center));
            assert_eq!(Environment::of_api_domain(&center.generic_url()), None);
        }
        assert_eq!(Environment::of_api_domain("https://www.zohoapis.kr"), None);
    }

    #[test]
    fn a_custom_host_is_an_http_url_without_credentials() {
        let local = Environment::local("http://127.0.0.1:8080/").unwrap();
        assert_eq!(local.api_url(), "http://127.0.0.1:8080");
        assert!(Environment::local("ftp://host").is_err());
        assert!(Environment::local("https://user:password@host").is_err());
    }
}
