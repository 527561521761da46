//! Who takes part: client apps (from Zoho's API console) and users (with their organisation).

use crate::secret;

/// A client app, as registered in Zoho's API console.
///
/// A client that is registered works in every data center of the emulator.
#[derive(Clone, Debug)]
pub struct ClientApp {
    id: String,
    secret: String,
    secrets_elsewhere: Vec<(String, String)>,
    name: String,
    redirect_urls: Vec<String>,
}

impl ClientApp {
    /// A client app with this id and secret, and no redirect URL yet.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            secrets_elsewhere: Vec::new(),
            name: "Emulated client".to_owned(),
            redirect_urls: Vec::new(),
        }
    }

    /// The client that an emulator has when the builder names none.
    pub(crate) fn random() -> Self {
        Self::new(secret::client_id(), secret::client_secret()).redirect_url("http://127.0.0.1:8484/callback")
    }

    /// Registers a redirect URL; several are allowed. Zoho compares them letter by letter.
    #[must_use]
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_urls.push(url.into());
        self
    }

    /// The name that the consent page shows.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Gives this client another secret in one data center, as Zoho does unless told to use one for all.
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

    /// The client secret, in every data center that has none of its own.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The first registered redirect URL, or an empty text.
    #[must_use]
    pub fn first_redirect_url(&self) -> &str {
        self.redirect_urls.first().map_or("", String::as_str)
    }

    /// Every registered redirect URL.
    #[must_use]
    pub fn redirect_urls(&self) -> &[String] {
        &self.redirect_urls
    }

    /// The secret that counts in the data center `location`.
    #[must_use]
    pub fn secret_of(&self, location: &str) -> &str {
        let elsewhere = self.secrets_elsewhere.iter().find(|(there, _)| there == location);
        elsewhere.map_or(self.secret.as_str(), |(_, secret)| secret.as_str())
    }

    pub(crate) fn display_name(&self) -> &str {
        &self.name
    }
}

/// A user of Zoho CRM. Users with the same `zgid` in the same data center share an organisation and its records.
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
    /// A user with this e-mail address, the password `emulator` and the organisation `60000001`.
    pub fn new(email: impl Into<String>) -> Self {
        let email = email.into();
        let first_name = capitalised(email.split(['@', '.', '+']).next().unwrap_or_default());
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

    /// The password on the login page.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }

    /// First and last name.
    #[must_use]
    pub fn named(mut self, first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        self.first_name = first_name.into();
        self.last_name = last_name.into();
        self
    }

    /// The id of the user's organisation.
    #[must_use]
    pub fn zgid(mut self, zgid: impl Into<String>) -> Self {
        self.zgid = zgid.into();
        self
    }

    /// The user's id at Zoho Accounts.
    #[must_use]
    pub fn zuid(mut self, zuid: impl Into<String>) -> Self {
        self.zuid = zuid.into();
        self
    }

    /// The user's id in the CRM, a long decimal number.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// The name of the user's organisation.
    #[must_use]
    pub fn company(mut self, company: impl Into<String>) -> Self {
        self.company = company.into();
        self
    }

    /// The data center the user lives in. Without it: the emulator's first one.
    #[must_use]
    pub fn data_center(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Takes the "CRM API access" right away: every CRM call answers 403 `NO_PERMISSION`.
    #[must_use]
    pub fn without_api_access(mut self) -> Self {
        self.api_access = false;
        self
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The same number for the same text in every run (FNV-1a), so that ids do not change between restarts.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
