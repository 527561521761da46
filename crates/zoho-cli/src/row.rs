//! `Row`: the ten columns of a token for printing. Secrets are masked unless `--reveal` is given.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::StoredToken;

/// Replaces a secret, whatever its length.
pub(crate) const MASK: &str = "********";

const SECRETS: [&str; 4] = ["client_secret", "refresh_token", "access_token", "grant_token"];

/// The columns of a table of tokens; `--reveal` adds [`SECRETS`].
const OVERVIEW: [&str; 4] = ["id", "user_name", "client_id", "api_domain"];

/// A token to print.
#[derive(Debug)]
pub(crate) struct Row {
    columns: Vec<(&'static str, Option<String>)>,
    expiry: Option<u64>,
}

impl Row {
    pub(crate) fn new(token: &OAuthToken, reveal: bool) -> Self {
        let stored = StoredToken::from(token);
        let shown = |name: &str, value: &str| match SECRETS.contains(&name) && !reveal {
            true => MASK.to_owned(),
            false => value.to_owned(),
        };
        let columns = StoredToken::COLUMNS.into_iter().zip(stored.values());
        let columns = columns.map(|(name, value)| {
            (name, value.filter(|value| !value.is_empty()).map(|value| shown(name, value)))
        });
        Self { columns: columns.collect(), expiry: stored.expiry_milliseconds() }
    }

    /// An object with the ten columns; a missing value is `null`.
    pub(crate) fn json(&self) -> Value {
        let columns =
            self.columns.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.clone())));
        Value::Object(columns.collect::<Map<_, _>>())
    }

    /// The ten columns, one per line.
    pub(crate) fn list(&self) -> Vec<Vec<String>> {
        let line = |(name, value): &(&'static str, Option<String>)| {
            let mut value = value.clone().unwrap_or_else(|| "-".to_owned());
            if *name == "expiry_time" && self.expiry.is_some() {
                value = format!("{value} ({})", self.expires());
            }
            vec![(*name).to_owned(), value]
        };
        self.columns.iter().map(line).collect()
    }

    /// The columns that identify the token, one per line.
    pub(crate) fn owner(&self) -> Vec<Vec<String>> {
        ["id", "user_name", "api_domain"].map(|name| vec![name.to_owned(), self.column(name)]).to_vec()
    }

    fn column(&self, wanted: &str) -> String {
        let column = self.columns.iter().find(|(name, _)| *name == wanted);
        column.and_then(|(_, value)| value.clone()).unwrap_or_else(|| "-".to_owned())
    }

    /// When the access token expires, for people.
    fn expires(&self) -> String {
        let Some(expiry) = self.expiry else { return "-".to_owned() };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let left = Duration::from_millis(expiry).saturating_sub(now).as_secs();
        match left {
            0 => "expired".to_owned(),
            1..=119 => format!("in {left} s"),
            _ => format!("in {} min", left / 60),
        }
    }
}

/// A table of tokens, one per line.
pub(crate) fn table(rows: &[Row], reveal: bool) -> Vec<Vec<String>> {
    let secrets: &[&str] = if reveal { &SECRETS } else { &[] };
    let names: Vec<&str> = OVERVIEW.iter().chain(secrets).copied().collect();
    let heading = names.iter().copied().chain(["expires"]).map(str::to_uppercase).collect();
    let line = |row: &Row| names.iter().map(|name| row.column(name)).chain([row.expires()]).collect();
    std::iter::once(heading).chain(rows.iter().map(line)).collect()
}
