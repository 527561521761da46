//! A minimal model of the contract, written from its documentation.

use std::collections::BTreeSet;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::StoredToken;

/// A token or a row with all its values readable.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) id: Option<String>,
    pub(super) user: Option<String>,
    pub(super) client: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) refresh: Option<String>,
    pub(super) access: Option<String>,
    pub(super) grant: Option<String>,
    pub(super) expiry: Option<u64>,
    pub(super) redirect: Option<String>,
    pub(super) domain: Option<String>,
}

impl Row {
    /// Empty values count as missing: a token file cannot distinguish them.
    pub(super) fn without_empty_values(mut self) -> Self {
        for field in self.texts_mut() {
            if field.as_deref() == Some("") {
                *field = None;
            }
        }
        self
    }

    /// Fills missing values from `other`.
    pub(super) fn or(mut self, mut other: Self) -> Self {
        for (field, other) in self.texts_mut().into_iter().zip(other.texts_mut()) {
            if field.is_none() {
                *field = other.take();
            }
        }
        self.expiry = self.expiry.or(other.expiry);
        self
    }

    fn texts_mut(&mut self) -> [&mut Option<String>; 9] {
        [
            &mut self.id,
            &mut self.user,
            &mut self.client,
            &mut self.secret,
            &mut self.refresh,
            &mut self.access,
            &mut self.grant,
            &mut self.redirect,
            &mut self.domain,
        ]
    }

    pub(super) fn stored(&self) -> StoredToken {
        let row = self.clone();
        StoredToken {
            id: row.id,
            user_name: row.user,
            client_id: row.client,
            client_secret: row.secret,
            refresh_token: row.refresh,
            access_token: row.access,
            grant_token: row.grant,
            expiry_time: row.expiry.map(|end| end.to_string()),
            redirect_url: row.redirect,
            api_domain: row.domain,
        }
    }

    pub(super) fn token(&self) -> OAuthToken {
        self.stored().into()
    }
}

impl From<OAuthToken> for Row {
    fn from(token: OAuthToken) -> Self {
        let row = StoredToken::from(&token);
        let row = Self {
            id: row.id,
            user: row.user_name,
            client: row.client_id,
            secret: row.client_secret,
            refresh: row.refresh_token,
            access: row.access_token,
            grant: row.grant_token,
            expiry: row.expiry_time.map(|text| text.parse().expect("an expiry is a number")),
            redirect: row.redirect_url,
            domain: row.api_domain,
        };
        row.without_empty_values()
    }
}

/// The model of a store. Its tokens and rows have no empty values.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) rows: Vec<Row>,
    pub(super) ids_ever_used: BTreeSet<String>,
}

/// The columns (user, client app, API domain) in which the rows that agree differ.
pub(super) type Ambiguous = Vec<&'static str>;

impl Model {
    /// The rule by which the token is looked up: the first that it can use.
    pub(super) fn rule(token: &Row) -> Option<&'static str> {
        let has_a_client = token.client.is_some() && token.secret.is_some();
        let has_no_client = token.client.is_none() && token.secret.is_none();
        if token.id.is_some() {
            Some("id")
        } else if token.user.is_some() {
            Some("user")
        } else if has_no_client && token.access.is_some() {
            Some("access token")
        } else if has_a_client && token.grant.is_some() {
            Some("grant token")
        } else if has_a_client && token.refresh.is_some() {
            Some("refresh token")
        } else {
            None
        }
    }

    /// Every row that agrees with the token.
    pub(super) fn rows_that_agree(&self, token: &Row) -> Vec<&Row> {
        let rule = Self::rule(token);
        let agrees = |row: &&Row| match rule {
            Some("id") => row.id == token.id,
            Some("user") => {
                let client = token.client.is_none() || row.client.is_none() || row.client == token.client;
                let domain = token.domain.is_none() || row.domain.is_none() || row.domain == token.domain;
                row.user == token.user && client && domain
            }
            Some("access token") => row.access == token.access,
            Some("grant token") => row.grant == token.grant && row.client == token.client,
            Some("refresh token") => row.refresh == token.refresh && row.client == token.client,
            _ => false,
        };
        self.rows.iter().filter(agrees).collect()
    }

    /// The row that the token refers to: among duplicates, the one that expires last. If several expire last, the
    /// contract allows any of them. A row without an expiry expires before all others.
    pub(super) fn rows_meant(&self, token: &Row) -> Result<Vec<&Row>, Ambiguous> {
        let mut rows = self.rows_that_agree(token);
        let mut differing = Vec::new();
        if rows.iter().any(|row| row.user != rows[0].user) {
            differing.push("user_name");
        }
        if rows.iter().any(|row| row.client != rows[0].client) {
            differing.push("client_id");
        }
        if rows.iter().any(|row| row.domain != rows[0].domain) {
            differing.push("api_domain");
        }
        if !differing.is_empty() {
            return Err(differing);
        }
        let last = rows.iter().map(|row| row.expiry).max();
        rows.retain(|row| Some(row.expiry) == last);
        Ok(rows)
    }

    /// The rule that applies, and whether the row is one of several.
    pub(super) fn match_kind(&self, token: &Row) -> String {
        let agreeing = self.rows_that_agree(token).len();
        let among = match self.rows_meant(token).map_or(0, |meant| meant.len()) {
            1 if agreeing == 1 => "",
            1 => ", the last of duplicates",
            _ => ", one of equal duplicates",
        };
        format!("by {}{among}", Self::rule(token).unwrap_or("nothing"))
    }

    pub(super) fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id.as_deref() == Some(id))
    }

    pub(super) fn put(&mut self, row: Row) {
        self.rows.retain(|other| other.id != row.id);
        self.ids_ever_used.extend(row.id.clone());
        self.rows.push(row);
    }

    pub(super) fn delete(&mut self, id: &str) -> bool {
        let before = self.rows.len();
        self.rows.retain(|row| row.id.as_deref() != Some(id));
        self.rows.len() < before
    }

    pub(super) fn content(&self) -> Vec<Row> {
        let mut rows = self.rows.clone();
        rows.sort();
        rows
    }
}
