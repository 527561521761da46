//! Checks once whether the server's settings allow it to lose what it has confirmed.

use std::collections::HashMap;

use redis::{Cmd, RedisResult, cmd};

use super::connection::Connection;
use super::fault::Fault;

/// Warns if the settings of the server that has `key` allow it to lose tokens. Settings that the server does not show cause no
/// warning.
///
/// # Errors
/// If it deletes rows when its memory is full, unless that is allowed.
pub(super) async fn check(
    store: &str,
    allow_eviction: bool,
    connection: &mut Connection,
    key: &str,
) -> Result<(), Fault> {
    let settings = settings(connection, key).await;
    if let Some(policy) = eviction_of_rows(&settings).filter(|_| !allow_eviction) {
        return Err(Fault::Evicts(policy.to_owned()));
    }
    for loss in losses(&settings) {
        tracing::warn!("{store} may lose tokens: {loss}");
    }
    Ok(())
}

type Settings = HashMap<String, String>;

/// Returns the eviction policy, if it can take keys that have no time to live. Of the store's keys, only leases have one.
fn eviction_of_rows(settings: &Settings) -> Option<&str> {
    eviction(settings).filter(|policy| policy.starts_with("allkeys-"))
}

/// Returns the policy by which the server evicts keys, if it does.
fn eviction(settings: &Settings) -> Option<&str> {
    settings.get("maxmemory").filter(|bytes| *bytes != "0")?;
    settings.get("maxmemory-policy").map(String::as_str).filter(|policy| *policy != "noeviction")
}

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
    if eviction_of_rows(settings).is_some() {
        losses.push("the server deletes tokens when its memory is full; set maxmemory-policy noeviction");
    } else if eviction(settings).is_some() {
        losses.push("the server deletes leases when its memory is full, so that two programs may renew a token at the same time; set maxmemory-policy noeviction");
    }
    losses
}

/// Reads the settings, or what the server says about them to an account that cannot read them.
async fn settings(connection: &mut Connection, key: &str) -> Settings {
    let mut settings = Settings::new();
    // Several patterns in one command would require version 7.
    for (pattern, section) in [("append*", "persistence"), ("maxmemory*", "memory")] {
        let configured: RedisResult<Settings> =
            connection.query_at(key, &command("CONFIG", &["GET", pattern])).await;
        match configured {
            Ok(configured) => settings.extend(configured),
            Err(error) => {
                tracing::debug!(code = error.code(), "could not read the settings {pattern} of the server");
                let state: RedisResult<String> = connection.query_at(key, &command("INFO", &[section])).await;
                settings.extend(settings_in(&state.unwrap_or_default()));
            }
        }
    }
    settings
}

/// Returns the settings that the response to `INFO` shows. Whether the append-only file is synced is not among them.
fn settings_in(state: &str) -> Settings {
    let setting = |line: &str| {
        let (name, value) = match line.split_once(':')? {
            ("aof_enabled", "0") => ("appendonly", "no"),
            ("maxmemory", bytes) => ("maxmemory", bytes),
            ("maxmemory_policy", policy) => ("maxmemory-policy", policy),
            _ => return None,
        };
        Some((name.to_owned(), value.to_owned()))
    };
    state.lines().filter_map(setting).collect()
}

fn command(name: &str, arguments: &[&str]) -> Cmd {
    let mut command = cmd(name);
    command.arg(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(settings: &[(&str, &str)]) -> Settings {
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_settings_that_can_lose_tokens_cause_a_warning() {
        let losses = |given: &[(&str, &str)]| losses(&settings(given)).len();
        let safe = [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory", "0")];
        assert_eq!(losses(&safe), 0);
        assert_eq!(losses(&[]), 0);
        assert_eq!(losses(&[("appendonly", "no"), ("appendfsync", "always")]), 1);
        assert_eq!(losses(&[("appendonly", "yes"), ("appendfsync", "everysec")]), 1);
        assert_eq!(losses(&[("maxmemory", "100"), ("maxmemory-policy", "volatile-lru")]), 1);
        assert_eq!(losses(&[("maxmemory", "100"), ("maxmemory-policy", "allkeys-lfu")]), 1);
        assert_eq!(losses(&[("maxmemory", "0"), ("maxmemory-policy", "allkeys-lru")]), 0);
    }

    #[test]
    fn only_a_policy_for_all_keys_deletes_rows() {
        for (bytes, policy, is_one) in [
            ("100", "allkeys-lru", true),
            ("100", "allkeys-random", true),
            ("0", "allkeys-lru", false),
            ("100", "volatile-lru", false),
            ("100", "noeviction", false),
        ] {
            let settings = settings(&[("maxmemory", bytes), ("maxmemory-policy", policy)]);
            assert_eq!(eviction_of_rows(&settings).is_some(), is_one, "{bytes} {policy}");
        }
    }

    #[test]
    fn what_info_shows_counts_as_settings() {
        let state = "# Memory\r\nmaxmemory:100\r\nmaxmemory_human:100B\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n";
        let expected = [("maxmemory", "100"), ("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")];
        assert_eq!(settings_in(state), settings(&expected));
        assert_eq!(settings_in("aof_enabled:1\r\n"), Settings::new());
    }
}
