//! `Transport`: sends requests. It limits concurrent calls, keeps credits in reserve and retries.
//!
//! ```text
//! Request -> Transport: gate (concurrent calls, credits) -> retries -> http
//! ```

mod gate;
mod http;
mod incoming;
mod retries;

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use tracing::info;
use url::Url;
use zoho_oauth::AccessToken;

use crate::error::Error;
use crate::message::{Body, Method, OperationName};

use gate::Gate;
use http::Http;
pub(crate) use incoming::Incoming;
pub use retries::Retries;
use retries::{Attempts, Verdict};

/// Sends requests. All calls of an organization share one.
#[derive(Debug)]
pub(crate) struct Transport {
    http: Http,
    gate: Gate,
    retries: Retries,
}

/// The settings of a [`Transport`].
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    /// Can contain a password.
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

/// A request that is ready to be sent: its URL is on one of the token's own hosts.
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

/// Whether to read the whole body at once. If its end is lost, the call can be retried.
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

    /// Sends the request, with retries. The slot among the concurrent calls is released when the body has been received or
    /// the response is dropped.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Incoming, Error> {
        let operation = OperationName::new(outgoing.method, outgoing.url.path());
        let (mut count, mut started) = (1, None);
        loop {
            let pass = self.gate.enter().await?;
            let started = *started.get_or_insert_with(Instant::now);
            let outcome = self.send_once(&outgoing).await;
            let status = outcome.as_ref().map(|incoming| incoming.status);
            let attempts = Attempts { count, elapsed: started.elapsed() };
            match self.retries.verdict(attempts, outgoing.repeatable, status) {
                Verdict::Final => return outcome.map(|incoming| incoming.holding(pass)),
                Verdict::RetryAfter { delay, all_calls } => {
                    let reason = match &outcome {
                        Ok(incoming) => format!("HTTP {}", incoming.status),
                        Err(error) => error.to_string(),
                    };
                    if all_calls {
                        info!(%operation, reason, attempt = count, duration = ?delay, "pausing all calls");
                        self.gate.close_for(delay);
                    } else {
                        info!(%operation, reason, attempt = count, duration = ?delay, "retrying the call");
                    }
                    // A waiting call gives up its slot so that others can proceed.
                    drop((pass, outcome));
                    tokio::time::sleep(delay).await;
                    count += 1;
                }
            }
        }
    }

    async fn send_once(&self, outgoing: &Outgoing<'_>) -> Result<Incoming, Error> {
        let mut incoming = self.http.send(outgoing).await?;
        self.gate.saw(incoming.status, &incoming.headers);
        if outgoing.reading == Reading::Whole {
            incoming.read_ahead().await?;
        }
        Ok(incoming)
    }
}
