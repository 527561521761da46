//! Whether the server may lose what it has said was saved: asked once, told once.

use std::collections::HashMap;

use redis::aio::ConnectionLike;
use redis::{RedisResult, cmd};

/// Warns if the server's settings allow it to lose tokens. A server that does not show its settings is believed.
pub(super) async fn warn_of_losses(store: &str, server: &mut impl ConnectionLike) {
    let mut settings = settings(server, "append*").await;
    if settings.is_empty() {
        settings = log_of(server).await;
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
            "the server keeps no log, so a crash takes everything since its last snapshot; set appendonly yes and appendfsync always",
        );
    } else if is("appendfsync", "always") == Some(false) {
        losses.push(
            "the server answers before its log is on the disk, so a power cut takes the last saves; set appendfsync always",
        );
    }
    if is("maxmemory", "0") == Some(false) && is("maxmemory-policy", "noeviction") == Some(false) {
        losses.push("the server throws keys away when its memory is full; set maxmemory-policy noeviction");
    }
    losses
}

/// The settings whose names have that form. Several forms at once would take version 7.
async fn settings(server: &mut impl ConnectionLike, pattern: &str) -> Settings {
    let settings: RedisResult<Settings> = cmd("CONFIG").arg("GET").arg(pattern).query_async(server).await;
    settings.unwrap_or_else(|error| {
        tracing::debug!(code = error.code(), "the Redis server does not show its settings {pattern}");
        Settings::new()
    })
}

/// Whether there is a log, from a server that hides its settings.
async fn log_of(server: &mut impl ConnectionLike) -> Settings {
    let state: RedisResult<String> = cmd("INFO").arg("persistence").query_async(server).await;
    let is_without = state.is_ok_and(|state| state.lines().any(|line| line == "aof_enabled:0"));
    if is_without { Settings::from([("appendonly".to_owned(), "no".to_owned())]) } else { Settings::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_lose_tokens_are_told_and_others_are_not() {
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
