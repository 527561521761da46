//! The accounts server and the CRM's user look-up: tokens, codes, Zoho's quota.

use std::collections::BTreeMap;
use std::time::Duration;

use zoho_oauth::machine::{Content, Request};
use zoho_oauth::store::coordination::LeaseKey;
use zoho_oauth::{ExposeSecret, SecretString};

use crate::secret::{ACCESS, CODE, REFRESH, number};

/// The client app: its id and its secret.
pub(crate) const CLIENT: (&str, &str) = ("1000.CLIENT", "secret");

/// Zoho's quota: so many access tokens for one refresh token in the window.
pub(crate) const QUOTA: usize = 10;

/// The window of Zoho's quota.
pub(crate) const WINDOW: Duration = Duration::from_secs(600);

/// Everything that was ever issued, by number.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) credentials: Vec<Credential>,
    pub(crate) issued: Vec<Issued>,
    codes: Vec<Code>,
    keys: BTreeMap<LeaseKey, usize>,
}

/// A refresh token.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) user: usize,
    pub(crate) issued_at: Duration,
    pub(crate) is_revoked: bool,
    /// When requests with it left a machine, or may have left it.
    pub(crate) sent: Vec<Duration>,
    /// When it was last throttled.
    pub(crate) throttled_at: Option<Duration>,
    /// The token that was issued last.
    pub(crate) latest: Option<usize>,
    served: Vec<Duration>,
    throttled_until: Duration,
}

/// An access token.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) credential: usize,
    pub(crate) expires_at: Duration,
    /// When it expires as far as its holder knows, who counts from the request.
    pub(crate) holder_expects: Duration,
    pub(crate) revoked_at: Option<Duration>,
}

#[derive(Debug)]
struct Code {
    user: usize,
    is_spent: bool,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Refresh(usize),
    Exchange(usize),
    Revoke(usize),
    User(usize),
    Organization(usize),
    Nonsense,
}

/// What the server did with a request, and its response.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The access token in it.
    pub(crate) access: Option<usize>,
}

impl Accounts {
    pub(crate) fn new_credential(&mut self, user: usize, now: Duration) -> usize {
        let credential = self.credentials.len();
        let secret = SecretString::from(format!("{REFRESH}{credential}"));
        self.keys.insert(LeaseKey::refresh(&secret), credential);
        self.credentials.push(Credential {
            user,
            issued_at: now,
            is_revoked: false,
            sent: Vec::new(),
            throttled_at: None,
            latest: None,
            served: Vec::new(),
            throttled_until: Duration::ZERO,
        });
        credential
    }

    pub(crate) fn new_code(&mut self, user: usize) -> String {
        self.codes.push(Code { user, is_spent: false });
        format!("{CODE}{}", self.codes.len() - 1)
    }

    pub(crate) fn issue(&mut self, credential: usize, now: Duration, life: Duration) -> usize {
        let end = now + life;
        self.issued.push(Issued { credential, expires_at: end, holder_expects: end, revoked_at: None });
        let number = self.issued.len() - 1;
        self.credentials[credential].latest = Some(number);
        number
    }

    /// The refresh token that a lease is on.
    pub(crate) fn of_key(&self, key: &LeaseKey) -> Option<usize> {
        self.keys.get(key).copied()
    }

    /// Serves a request that has arrived. Tokens live for `life`.
    pub(crate) fn serve(&mut self, asked: &Asked, now: Duration, life: Duration) -> Served {
        match *asked {
            Asked::Refresh(number) => match self.credentials.get_mut(number) {
                Some(credential) if !credential.is_revoked => {
                    if !credential.admits(now) {
                        return Served::throttled();
                    }
                    let access = self.issue(number, now, life);
                    Served::token(access, None, life)
                }
                _ => Served::rejection("invalid_code"),
            },
            Asked::Exchange(number) => match self.codes.get_mut(number) {
                Some(code) if !code.is_spent => {
                    code.is_spent = true;
                    let user = code.user;
                    let credential = self.new_credential(user, now);
                    let access = self.issue(credential, now, life);
                    Served::token(access, Some(credential), life)
                }
                _ => Served::rejection("invalid_code"),
            },
            Asked::Revoke(number) => {
                if let Some(credential) = self.credentials.get_mut(number) {
                    credential.is_revoked = true;
                }
                let of_credential = self.issued.iter_mut().filter(|issued| issued.credential == number);
                of_credential.for_each(|issued| issued.revoked_at = issued.revoked_at.or(Some(now)));
                Served { status: 200, body: r#"{"status":"success"}"#.to_owned(), access: None }
            }
            Asked::User(access) | Asked::Organization(access) => {
                let is_valid = self
                    .issued
                    .get(access)
                    .is_some_and(|issued| issued.revoked_at.is_none() && issued.expires_at > now);
                let Some(user) = self.user_of(asked).filter(|_| is_valid) else {
                    return Served {
                        status: 401,
                        body: r#"{"code":"INVALID_TOKEN"}"#.to_owned(),
                        access: None,
                    };
                };
                let body = match asked {
                    Asked::Organization(_) => r#"{"org":[{"zgid":"7000"}]}"#.to_owned(),
                    _ => format!(r#"{{"users":[{{"email":"{}"}}]}}"#, email(user)),
                };
                Served { status: 200, body, access: None }
            }
            Asked::Nonsense => Served::rejection("invalid_client"),
        }
    }

    pub(crate) fn user_of(&self, asked: &Asked) -> Option<usize> {
        match *asked {
            Asked::Refresh(credential) | Asked::Revoke(credential) => {
                self.credentials.get(credential).map(|credential| credential.user)
            }
            Asked::Exchange(code) => self.codes.get(code).map(|code| code.user),
            Asked::User(access) | Asked::Organization(access) => {
                self.issued.get(access).map(|issued| self.credentials[issued.credential].user)
            }
            Asked::Nonsense => None,
        }
    }
}

impl Credential {
    /// How many requests may have reached Zoho since `moment`.
    pub(crate) fn sent_since(&self, moment: Duration) -> usize {
        self.sent.iter().rev().take_while(|at| **at >= moment).count()
    }
}

impl Asked {
    pub(crate) fn parse(request: &Request) -> Self {
        let parsed = match &request.content {
            Content::Form(fields) => {
                let field = |name: &str| {
                    let found = fields.iter().find(|(field, _)| *field == name);
                    found.map(|(_, value)| value.expose_secret())
                };
                match (field("refresh_token"), field("code"), field("token")) {
                    (Some(secret), ..) => number(REFRESH, secret).map(Self::Refresh),
                    (_, Some(secret), _) => number(CODE, secret).map(Self::Exchange),
                    (.., Some(secret)) => number(REFRESH, secret).map(Self::Revoke),
                    _ => None,
                }
            }
            Content::AccessToken(secret) => number(ACCESS, secret.expose_secret())
                .map(if request.url.contains("/org") { Self::Organization } else { Self::User }),
            _ => None,
        };
        parsed.unwrap_or(Self::Nonsense)
    }
}

/// The email of a user.
fn email(user: usize) -> String {
    format!("user{user}@example.com")
}

/// The name of a user's row.
pub(crate) fn name(user: usize) -> String {
    format!("{}:7000", email(user))
}

impl Credential {
    /// Whether the quota allows another token, which is then counted.
    fn admits(&mut self, now: Duration) -> bool {
        self.served.retain(|at| *at + WINDOW > now);
        if now < self.throttled_until || self.served.len() >= QUOTA {
            let oldest = self.served.first().copied().unwrap_or(now);
            self.throttled_until = self.throttled_until.max(oldest + WINDOW);
            self.throttled_at = Some(now);
            return false;
        }
        self.served.push(now);
        true
    }
}

impl Served {
    fn token(access: usize, refresh: Option<usize>, life: Duration) -> Self {
        let refresh =
            refresh.map_or_else(String::new, |refresh| format!(r#","refresh_token":"{REFRESH}{refresh}""#));
        let life = life.as_secs();
        let body = format!(
            r#"{{"access_token":"{ACCESS}{access}"{refresh},"expires_in":{life},"api_domain":"https://www.zohoapis.eu"}}"#
        );
        Self { status: 200, body, access: Some(access) }
    }

    fn rejection(code: &str) -> Self {
        Self { status: 200, body: format!(r#"{{"error":"{code}"}}"#), access: None }
    }

    fn throttled() -> Self {
        let body = r#"{"error":"Access Denied","error_description":"too many requests","status":"failure"}"#;
        Self { status: 400, body: body.to_owned(), access: None }
    }

    pub(crate) fn error_page() -> Self {
        Self { status: 502, body: "<html></html>".to_owned(), access: None }
    }
}
