//! A login in the browser: its URL and its callback. A [`Grant`] exists only after the callback was checked.

use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::environment::Environment;
use crate::environments::Environments;
use crate::error::{Error, Invalid, OAuthErrorCode, OAuthRequest};
use crate::origin::host_of;
use crate::token::hex;

/// The code of a login. It works once and within one to three minutes, so exchange it at once.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(crate) code: SecretString,
    pub(crate) is_self_client: bool,
    pub(crate) environment: Option<Environment>,
    /// Where the code was sent, if the callback says so.
    pub(crate) redirect_url: Option<String>,
}

impl Grant {
    /// A code that Zoho's API console generated for a Self Client.
    #[must_use]
    pub fn from_self_client(code: impl Into<SecretString>) -> Self {
        Self { code: code.into(), is_self_client: true, environment: None, redirect_url: None }
    }
}

/// A login that was started: send the user to `url`, and keep `state` to check the callback.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authorization {
    /// Zoho's page, where the user logs in and consents.
    pub url: String,
    /// A random text that the callback has to repeat. Keep it where only this user's browser can present it again,
    /// such as a cookie.
    pub state: SecretString,
}

impl Authorization {
    pub(crate) fn new(
        environment: &Environment,
        client_id: &str,
        redirect_url: &str,
        scopes: &[String],
    ) -> Self {
        let random: [u8; 24] = rand::rng().random();
        let state = hex(&random);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_url)
            .append_pair("scope", &scopes.join(","))
            // Without both, only the first login of a user brings a refresh token.
            .append_pair("access_type", "offline")
            .append_pair("prompt", "consent")
            .append_pair("state", &state)
            .finish();
        let url = format!("{}/oauth/v2/auth?{query}", environment.accounts_url());
        Self { url, state: state.into() }
    }
}

/// The query that Zoho adds to the redirect URL.
#[derive(Clone, Debug, Default)]
pub struct Callback {
    code: Option<SecretString>,
    state: Option<SecretString>,
    location: Option<String>,
    accounts_server: Option<String>,
    error: Option<String>,
    /// The URL before the query.
    url: Option<String>,
}

impl Callback {
    /// Parses the query, with or without the URL before it. Unknown fields and the stray `&` that Zoho appends are
    /// ignored.
    #[must_use]
    pub fn parse(query_or_url: &str) -> Self {
        let (url, query) = match query_or_url.split_once('?') {
            Some((url, query)) => (Some(url).filter(|url| url.contains("://")), query),
            None => (None, query_or_url),
        };
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let mut callback = Self { url: url.map(str::to_owned), ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "code" => callback.code = Some(value.into_owned().into()),
                "state" => callback.state = Some(value.into_owned().into()),
                "location" => callback.location = Some(value.into_owned()),
                "accounts-server" => callback.accounts_server = Some(value.into_owned()),
                "error" => callback.error = Some(value.into_owned()),
                _ => {}
            }
        }
        callback
    }

    /// The grant, if this is the callback of the login with that `state`.
    pub(crate) fn grant(self, state: &SecretString, environments: &Environments) -> Result<Grant, Error> {
        let returned = self.state.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        if !bool::from(returned.as_bytes().ct_eq(state.expose_secret().as_bytes())) {
            return Err(Error::StateMismatch);
        }
        self.checked_grant(environments)
    }

    /// The grant, whichever login this is the callback of.
    pub(crate) fn checked_grant(self, environments: &Environments) -> Result<Grant, Error> {
        let environment = self.environment(environments);
        if let Some(code) = self.error {
            let environment = environment.ok().flatten();
            return Err(Error::Rejected {
                host: host_of(environment.as_ref().unwrap_or(&environments.primary).accounts_url()),
                request: OAuthRequest::Login,
                code: OAuthErrorCode::parse(&code),
            });
        }
        let environment = environment?;
        match self.code {
            Some(code) if !code.expose_secret().is_empty() => {
                Ok(Grant { code, is_self_client: false, environment, redirect_url: self.url })
            }
            _ => Err(Invalid::NoCode.into()),
        }
    }

    /// Where the code was issued, if the callback says so.
    ///
    /// The `accounts-server` is looked up among the known hosts: the client secret is sent there, and a callback can be
    /// forged.
    fn environment(&self, environments: &Environments) -> Result<Option<Environment>, Invalid> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        match (filled(&self.accounts_server), filled(&self.location)) {
            (Some(url), _) => match environments.of_accounts_server(&url) {
                Some(environment) => Ok(Some(environment)),
                None => Err(Invalid::UnknownAccountsServer { url }),
            },
            (None, Some(location)) => match environments.of_location(&location) {
                Some(environment) => Ok(Some(environment)),
                None => Err(Invalid::UnknownLocation { location }),
            },
            (None, None) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::DataCenter;

    fn environments() -> Environments {
        Environments { primary: DataCenter::Us.production(), others: Vec::new() }
    }

    fn grant(query: &str) -> Result<Grant, Error> {
        Callback::parse(query).grant(&SecretString::from("right"), &environments())
    }

    #[test]
    fn a_real_callback_with_a_stray_ampersand_is_read() {
        let query = "https://app/cb?state=right&code=1000.abc&location=eu&accounts-server=https%3A%2F%2Faccounts.zoho.eu&";
        let grant = grant(query).unwrap();
        assert_eq!(grant.code.expose_secret(), "1000.abc");
        assert_eq!(grant.environment, Some(DataCenter::Eu.production()));
    }

    #[test]
    fn a_callback_without_an_accounts_server_goes_to_the_data_center_of_its_location() {
        let sandbox = Environments { primary: DataCenter::Us.sandbox(), others: Vec::new() };
        for (query, expected) in [
            ("state=right&code=c&location=eu", Some(DataCenter::Eu.sandbox())),
            ("state=right&code=c&location=EU&accounts-server=", Some(DataCenter::Eu.sandbox())),
            (
                "state=right&code=c&location=eu&accounts-server=https://accounts.zoho.in",
                Some(DataCenter::In.sandbox()),
            ),
            ("state=right&code=c&location=", None),
            ("state=right&code=c", None),
        ] {
            let grant = Callback::parse(query).grant(&SecretString::from("right"), &sandbox).unwrap();
            assert_eq!(grant.environment, expected, "{query}");
        }
    }

    #[test]
    fn an_unknown_location_is_rejected_before_the_code_is_spent() {
        assert!(matches!(grant("state=right&code=c&location=sg"), Err(Error::Config(_))));
        let local =
            Environments { primary: Environment::local("http://127.0.0.1").unwrap(), others: Vec::new() };
        let grant = Callback::parse("code=c&location=sg").checked_grant(&local).unwrap();
        assert_eq!(grant.environment, Some(local.primary));
    }

    #[test]
    fn an_unknown_accounts_server_is_rejected() {
        assert!(matches!(
            grant("state=right&code=c&accounts-server=https://evil.example"),
            Err(Error::Config(_))
        ));
    }

    #[test]
    fn a_wrong_or_missing_state_is_rejected() {
        assert!(matches!(grant("state=wrong&code=c"), Err(Error::StateMismatch)));
        assert!(matches!(grant("code=c"), Err(Error::StateMismatch)));
    }

    #[test]
    fn a_user_who_declines_has_to_log_in_again() {
        assert!(grant("state=right&error=access_denied").unwrap_err().needs_login());
    }
}
