//! Warns once if the server's settings allow it to lose saves that it has confirmed.

use std::collections::HashMap;

use redis::aio::ConnectionLike;
use redis::{RedisResult, cmd};

/// Warns if the server's settings allow it to lose tokens. Settings that the server does not show cause no warning.
pub(super) async fn warn_of_losses(store: &str, server: &mut impl ConnectionLike) {
    let mut settings = settings(server, "append*").await;
    if settings.is_empty() {
        settings = append_only_from_info(server).await;
    }
    settings.extend(self::settings(server, "maxmemory*").await);
    for loss in losses(&settings) {
        tracing::warn!("{store} may lose tokens: {loss}");
    }
}

type Settings = HashMap<String, String>;

fn losses(settings: &Settings) -> Vec<&'static str> {
    let is = |name: &str, value: &str| settings.get(name).map(|set| set == value);
    let mut losses = Vec::new();
    if is("appendonly", "no") == Some(true) {
        losses.push(
            "the server writes no append-only file, so a crash loses everything since its last snapshot; set appendonly yes and appendfsync always",
        );
    } else if is("appendfsync", "always") == Some(false) {
        losses.push(
            "the server responds before its append-only file is on disk, so a power failure loses the last saves; set appendfsync always",
        );
    }
    if is("maxmemory", "0") == Some(false) && is("maxmemory-policy", "noeviction") == Some(false) {
        losses.push("the server evicts keys when its memory is full; set maxmemory-policy noeviction");
    }
    losses
}

/// Returns the settings whose names match a pattern. Several patterns in one command would require version 7.
async fn settings(server: &mut impl ConnectionLike, pattern: &str) -> Settings {
    let settings: RedisResult<Settings> = cmd("CONFIG").arg("GET").arg(pattern).query_async(server).await;
    settings.unwrap_or_else(|error| {
        tracing::debug!(code = error.code(), "could not read the settings {pattern} of the Redis server");
        Settings::new()
    })
}

/// Returns `appendonly`, if it is off, for an account that cannot read the settings.
async fn append_only_from_info(server: &mut impl ConnectionLike) -> Settings {
    let state: RedisResult<String> = cmd("INFO").arg("persistence").query_async(server).await;
    let is_off = state.is_ok_and(|state| state.lines().any(|line| line == "aof_enabled:0"));
    if is_off { Settings::from([("appendonly".to_owned(), "no".to_owned())]) } else { Settings::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_that_can_lose_tokens_cause_a_warning() {
        let losses = |settings: &[(&str, &str)]| {
            let owned = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            losses(&owned.collect()).len()
        };
        let safe = [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory", "0")];
        assert_eq!(losses(&safe), 0);
        assert_eq!(losses(&[]), 0);
        assert_eq!(losses(&[("appendonly", "no"), ("appendfsync", "always")]), 1);
        assert_eq!(losses(&[("appendonly", "yes"), ("appendfsync", "everysec")]), 1);
        assert_eq!(losses(&[("maxmemory", "100"), ("maxmemory-policy", "volatile-lru")]), 1);
        assert_eq!(losses(&[("maxmemory", "0"), ("maxmemory-policy", "allkeys-lru")]), 0);
    }
}
