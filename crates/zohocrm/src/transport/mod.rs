//! The way out and back: how many calls at once, how often a call is tried, and the one file that names the HTTP client.
//!
//! ```text
//! Request -> Transport: gate (how many at once, are there credits) -> retries -> http
//! ```

mod gate;
mod http;
mod incoming;
mod retries;

use std::time::Duration;

use secrecy::SecretString;
use url::Url;
use zoho_oauth::AccessToken;

use crate::error::Error;
use crate::request::{Body, Method};

use gate::Gate;
use http::Http;
pub(crate) use incoming::Incoming;
pub use retries::Retries;
use retries::Verdict;

/// How calls leave this program. The calls of one organisation share one.
#[derive(Debug)]
pub(crate) struct Transport {
    http: Http,
    gate: Gate,
    retries: Retries,
}

/// How a [`Transport`] behaves.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    /// It may hold a password.
    pub(crate) proxy: Option<SecretString>,
    pub(crate) concurrency: usize,
    pub(crate) credits_floor: u64,
    pub(crate) max_bytes: usize,
    pub(crate) retries: Retries,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            proxy: None,
            concurrency: 10,
            credits_floor: 0,
            max_bytes: 64 * 1024 * 1024,
            retries: Retries::default(),
        }
    }
}

/// A request that is ready to leave: its URL is on one of the token's own hosts.
#[derive(Clone)]
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: &'a Body,
    pub(crate) token: &'a AccessToken,
    pub(crate) timeout: Option<Duration>,
    pub(crate) repeatable: bool,
    pub(crate) reading: Reading,
}

/// Whether an answer's body is wanted as a whole. A whole one whose end is lost can be asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Whole,
    Stream,
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            gate: Gate::new(settings.concurrency, settings.credits_floor),
            retries: settings.retries.clone(),
            http: Http::new(settings),
        }
    }

    /// Sends the request until there is an answer that is worth having, or no more attempts. The place among the calls at
    /// once is given back when the body has been read, or when it is dropped.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Incoming, Error> {
        let mut attempt = 1;
        loop {
            let pass = self.gate.enter().await?;
            let outcome = self.attempt(&outgoing).await;
            match self.retries.verdict(attempt, outgoing.repeatable, &outcome) {
                Verdict::Enough => return outcome.map(|incoming| incoming.holding(pass)),
                Verdict::After { pause, everybody } => {
                    tracing::debug!(attempt, ?pause, "asking Zoho again");
                    if everybody {
                        self.gate.close_for(pause);
                    }
                    // Whoever waits does not keep others out.
                    drop((pass, outcome));
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
            }
        }
    }
    async fn attempt(&self, outgoing: &Outgoing<'_>) -> Result<Incoming, Error> {
        let incoming = self.http.send(outgoing).await?;
        self.gate.saw(incoming.status, &incoming.headers);
        match outgoing.reading {
            Reading::Whole => incoming.read().await.map(Incoming::from),
            Reading::Stream => Ok(incoming),
        }
    }
}
