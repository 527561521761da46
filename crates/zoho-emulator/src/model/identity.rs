//! Client apps, as registered in Zoho's API console, and users with their organization.

use crate::secret;

/// A client app, as registered in Zoho's API console. It works in every data center of the emulator.
#[derive(Clone, Debug)]
pub struct ClientApp {
    id: String,
    secret: String,
    secrets_elsewhere: Vec<(String, String)>,
    name: String,
    redirect_urls: Vec<String>,
}

impl ClientApp {
    /// A client app with this id and secret, without a redirect URL.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            secrets_elsewhere: Vec::new(),
            name: "Emulated client".to_owned(),
            redirect_urls: Vec::new(),
        }
    }

    /// A client app with a random id and secret and the redirect URL `http://127.0.0.1:8484/callback`: the one of an
    /// emulator whose builder names none.
    #[must_use]
    pub fn random() -> Self {
        Self::new(secret::client_id(), secret::client_secret()).redirect_url("http://127.0.0.1:8484/callback")
    }

    /// Registers a redirect URL; there may be several. Zoho compares them character by character.
    #[must_use]
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_urls.push(url.into());
        self
    }

    /// Sets the name that the consent page shows.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets a different secret for one data center. Zoho has one secret per data center, unless the client is configured
    /// to use the same one everywhere.
    #[must_use]
    pub fn secret_in(mut self, location: impl Into<String>, secret: impl Into<String>) -> Self {
        self.secrets_elsewhere.push((location.into(), secret.into()));
        self
    }

    /// The client id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client secret, valid in every data center without a different one.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The first registered redirect URL, or an empty string.
    #[must_use]
    pub fn first_redirect_url(&self) -> &str {
        self.redirect_urls.first().map_or("", String::as_str)
    }

    /// Every registered redirect URL.
    #[must_use]
    pub fn redirect_urls(&self) -> &[String] {
        &self.redirect_urls
    }

    /// The secret that is valid in the data center `location`.
    #[must_use]
    pub fn secret_of(&self, location: &str) -> &str {
        let elsewhere = self.secrets_elsewhere.iter().find(|(there, _)| there == location);
        elsewhere.map_or(self.secret.as_str(), |(_, secret)| secret.as_str())
    }

    pub(crate) fn display_name(&self) -> &str {
        &self.name
    }
}

/// A user of Zoho CRM. Users with the same `zgid` in the same data center share an organization and its records.
#[derive(Clone, Debug)]
pub struct User {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) zgid: String,
    pub(crate) zuid: String,
    pub(crate) id: String,
    pub(crate) company: String,
    pub(crate) location: Option<String>,
    pub(crate) api_access: bool,
}

impl User {
    /// A user with this email address, the password `emulator` and the organization `60000001`.
    pub fn new(email: impl Into<String>) -> Self {
        let email = email.into();
        let first_name = capitalized(email.split(['@', '.', '+']).next().unwrap_or_default());
        let number = fingerprint(&email) % 1_000_000;
        Self {
            password: "emulator".to_owned(),
            first_name,
            last_name: "Example".to_owned(),
            zgid: "60000001".to_owned(),
            zuid: format!("70{number:06}"),
            id: format!("5545974000000{number:06}"),
            company: "Zylker Academy".to_owned(),
            location: None,
            api_access: true,
            email,
        }
    }

    /// Sets the password for the login page.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }

    /// Sets first and last name.
    #[must_use]
    pub fn named(mut self, first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        self.first_name = first_name.into();
        self.last_name = last_name.into();
        self
    }

    /// Sets the id of the user's organization.
    #[must_use]
    pub fn zgid(mut self, zgid: impl Into<String>) -> Self {
        self.zgid = zgid.into();
        self
    }

    /// Sets the user's id at Zoho Accounts.
    #[must_use]
    pub fn zuid(mut self, zuid: impl Into<String>) -> Self {
        self.zuid = zuid.into();
        self
    }

    /// Sets the user's id in the CRM, a long decimal number.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the name of the user's organization.
    #[must_use]
    pub fn company(mut self, company: impl Into<String>) -> Self {
        self.company = company.into();
        self
    }

    /// Sets the location code of the user's data center. Default: the emulator's first one.
    #[must_use]
    pub fn data_center(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Removes the permission "CRM API access": every CRM call gets 403 `NO_PERMISSION`.
    #[must_use]
    pub fn without_api_access(mut self) -> Self {
        self.api_access = false;
        self
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// FNV-1a: the same number for the same text in every run, so that ids survive restarts.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
