//! Made-up tokens. A number always gives the same token.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, params_from_iter};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::StoredToken;

use crate::Outcome;

/// The table as the official samples create it, with no index except the primary key.
pub(crate) const OFFICIAL_TABLE: &str = "create table oauthtoken (id varchar(10) not null, \
    user_name varchar(255), client_id varchar(255), client_secret varchar(255), refresh_token varchar(255), \
    access_token varchar(255), grant_token varchar(255), expiry_time varchar(20), redirect_url varchar(255), \
    api_domain varchar(255), primary key (id))";

const CLIENT_ID: &str = "1000.BENCHMARKBENCHMARKBENCHMARKBENCH";
const CLIENT_SECRET: &str = "benchmarkbenchmarkbenchmarkbenchmarkbench1";

/// The column that a token is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Id,
    User,
    Refresh,
    Access,
    Grant,
}

impl Key {
    pub(crate) const ALL: [Self; 5] = [Self::Id, Self::User, Self::Refresh, Self::Access, Self::Grant];

    /// Returns the name for the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::User => "user name",
            Self::Refresh => "refresh token",
            Self::Access => "access token",
            Self::Grant => "grant token",
        }
    }

    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::User => "user_name",
            Self::Refresh => "refresh_token",
            Self::Access => "access_token",
            Self::Grant => "grant_token",
        }
    }

    /// Returns the value of this column in a row.
    pub(crate) fn value(self, row: &StoredToken) -> String {
        let value = match self {
            Self::Id => &row.id,
            Self::User => &row.user_name,
            Self::Refresh => &row.refresh_token,
            Self::Access => &row.access_token,
            Self::Grant => &row.grant_token,
        };
        value.clone().unwrap_or_default()
    }

    /// Returns a token with the fields that a look-up by this column needs.
    pub(crate) fn wanted(self, row: &StoredToken) -> OAuthToken {
        let (wanted, value) = (OAuthToken::new(), self.value(row));
        match self {
            Self::Id => wanted.with_id(value),
            Self::User => wanted.with_user(value),
            Self::Refresh => wanted.with_client(CLIENT_ID, CLIENT_SECRET).with_refresh_token(value),
            Self::Access => wanted.with_access_token(value),
            Self::Grant => wanted.with_client(CLIENT_ID, CLIENT_SECRET).with_grant_token(value),
        }
    }
}

/// Returns a row with every column filled, as long as Zoho's values are, that expires in a day.
pub(crate) fn row(number: u64) -> StoredToken {
    let mut random = StdRng::seed_from_u64(number);
    StoredToken {
        id: Some((number + 1).to_string()),
        user_name: Some(user_name(number)),
        client_id: Some(CLIENT_ID.to_owned()),
        client_secret: Some(CLIENT_SECRET.to_owned()),
        refresh_token: Some(secret(&mut random)),
        access_token: Some(secret(&mut random)),
        grant_token: Some(secret(&mut random)),
        expiry_time: Some(tomorrow().to_string()),
        redirect_url: Some("https://example.com/callback".to_owned()),
        api_domain: Some("https://www.zohoapis.com".to_owned()),
    }
}

/// Returns the user name of a row.
pub(crate) fn user_name(number: u64) -> String {
    format!("user{number}@example.com:{}", 600_000_000_u64 + number)
}

/// Returns what a renewal changes: the access token and its expiry.
pub(crate) fn renewed(user: &str) -> OAuthToken {
    OAuthToken::new()
        .with_user(user)
        .with_access_token(secret(&mut rand::rng()))
        .with_expires_at(UNIX_EPOCH + Duration::from_millis(tomorrow()))
}

/// Returns a token of seventy characters, as Zoho issues them.
pub(crate) fn secret(random: &mut impl RngExt) -> String {
    format!("1000.{:032x}.{:032x}", random.random::<u128>(), random.random::<u128>())
}

/// Returns the moment in 24 hours, in epoch milliseconds.
pub(crate) fn tomorrow() -> u64 {
    let day = Duration::from_secs(24 * 60 * 60);
    let moment = (SystemTime::now() + day).duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)
}

/// Writes a database file as an official SDK leaves it, without an index.
pub(crate) fn write_database(path: &Path, rows: u64) -> Outcome {
    let mut connection = Connection::open(path)?;
    let transaction = connection.transaction()?;
    transaction.execute(OFFICIAL_TABLE, [])?;
    {
        let text = "insert into oauthtoken values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let mut statement = transaction.prepare(text)?;
        for number in 0..rows {
            statement.execute(params_from_iter(row(number).values()))?;
        }
    }
    Ok(transaction.commit()?)
}

/// Writes a database file as a store leaves it, with an index for each column that look-ups use.
pub(crate) fn write_indexed_database(path: &Path, rows: u64) -> Outcome {
    write_database(path, rows)?;
    let connection = Connection::open(path)?;
    for column in ["user_name", "access_token", "grant_token", "refresh_token"] {
        connection.execute(&format!("create index oauthtoken_{column} on oauthtoken ({column})"), [])?;
    }
    Ok(())
}

/// Writes a token file as an official SDK leaves it. No value needs quotes.
pub(crate) fn write_file(path: &Path, rows: u64) -> Outcome {
    let mut text = String::from(
        "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,\
         redirect_url,api_domain\r\n",
    );
    for number in 0..rows {
        let row = row(number);
        text += &row.values().map(Option::unwrap_or_default).join(",");
        text += "\r\n";
    }
    Ok(std::fs::write(path, text)?)
}

/// Random numbers below `rows`; the same `rows` gives the same numbers.
#[derive(Debug)]
pub(crate) struct AtRandom {
    random: StdRng,
    rows: u64,
}

impl AtRandom {
    pub(crate) fn below(rows: u64) -> Self {
        Self { random: StdRng::seed_from_u64(rows), rows }
    }
}

impl Iterator for AtRandom {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        Some(self.random.random_range(0..self.rows))
    }
}
