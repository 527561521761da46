//! The environment variables of PostgreSQL's own programs:
//! <https://www.postgresql.org/docs/current/libpq-envars.html>.

use std::env;
use std::iter;
use std::path::PathBuf;
use std::time::Duration;

use super::super::error::StoreError;
use super::super::password::Password;
use super::super::sql::{ServerOptions, Sessions};
use super::service::Service;
use super::{TLS_MODES, tls};

/// Returns the options with what the variables say. `PGOPTIONS` is left to the driver.
#[expect(clippy::disallowed_methods, reason = "they are part of a PostgreSQL client's interface")]
pub(super) fn with_environment(mut options: ServerOptions) -> ServerOptions {
    let variable = |name: &str| env::var(name).ok();
    if let Err(error) = read(&mut options, variable) {
        options.invalid = Some(error);
    }
    options
}

fn read(options: &mut ServerOptions, variable: impl Fn(&str) -> Option<String>) -> Result<(), StoreError> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let service = Service::of_environment(variable)?;
    let variable = |name: &str| service.variable(name).or_else(|| variable(name));
    let hosts = variable("PGHOST").or_else(|| variable("PGHOSTADDR")).unwrap_or_else(|| options.host.clone());
    let ports = variable("PGPORT").unwrap_or_else(|| options.port.to_string());
    let ports = ports.split(',').map(|port| port.trim().parse().ok()).collect::<Option<Vec<u16>>>();
    let hosts: Vec<_> = hosts.split(',').collect();
    let ports = ports.filter(|ports| ports.len() == 1 || ports.len() == hosts.len());
    let Some(ports) = ports else {
        return Err(invalid("PGPORT", "one port, or one for each host in PGHOST"));
    };
    let last_port = ports.last().copied();
    let ports = ports.into_iter().chain(iter::repeat_with(|| last_port).flatten());
    let mut places = hosts.into_iter().map(|host| host.trim().to_owned()).zip(ports);
    if let Some((host, port)) = places.next() {
        (options.host, options.port) = (host, port);
    }
    options.more_hosts = places.collect();

    if let Some(user) = variable("PGUSER") {
        options.user = user;
    }
    if let Some(password) = variable("PGPASSWORD") {
        options.password = Password::Fixed(password.into());
    }
    let at_home = || Some(env::home_dir()?.join(".pgpass"));
    options.password_file = variable("PGPASSFILE").map(PathBuf::from).or_else(at_home);
    if let Some(database) = variable("PGDATABASE") {
        options.database = database;
    }
    if let Some(seconds) = variable("PGCONNECT_TIMEOUT") {
        let seconds: i64 =
            seconds.parse().map_err(|_| invalid("PGCONNECT_TIMEOUT", "a whole number of seconds"))?;
        // PostgreSQL's programs wait without a limit then. The default is the nearest to that.
        if let Some(seconds) = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0) {
            options.connect_timeout = Duration::from_secs(seconds);
        }
    }
    if let Some(mode) = variable("PGSSLMODE") {
        options.tls = tls(&mode).ok_or_else(|| invalid("PGSSLMODE", TLS_MODES))?;
    }
    options.authority = variable("PGSSLROOTCERT").map(PathBuf::from);
    match (variable("PGSSLCERT"), variable("PGSSLKEY")) {
        (Some(certificate), Some(key)) => options.certificate = Some((certificate.into(), key.into())),
        (None, None) => {}
        _ => return Err(invalid("PGSSLCERT or PGSSLKEY", "a file in each of the two")),
    }
    options.application_name = variable("PGAPPNAME");
    if let Some(words) = variable("PGTARGETSESSIONATTRS") {
        let sessions = Sessions::parse(&words);
        options.sessions = Some(sessions.ok_or_else(|| invalid("PGTARGETSESSIONATTRS", Sessions::EXPECTED))?);
    }
    Ok(())
}

fn invalid(name: &str, expected: &str) -> StoreError {
    StoreError::invalid_options(
        format!("the environment variable {name} is invalid"),
        format!("set it to {expected}"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::sql::Tls;
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<ServerOptions, StoreError> {
        let mut options = ServerOptions::new(5432, "postgres");
        let value = |name: &str| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        };
        read(&mut options, value).map(|()| options)
    }

    #[test]
    fn every_variable_sets_its_option() {
        let options = with(&[
            ("PGHOST", "one,two"),
            ("PGPORT", "6000,6001"),
            ("PGUSER", "ada"),
            ("PGDATABASE", "crm"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/ca.pem"),
            ("PGSSLCERT", "/me.pem"),
            ("PGSSLKEY", "/me.key"),
            ("PGAPPNAME", "billing"),
            ("PGCONNECT_TIMEOUT", "3"),
            ("PGTARGETSESSIONATTRS", "primary"),
        ])
        .unwrap();
        assert_eq!((options.host.as_str(), options.port), ("one", 6000));
        assert_eq!(options.more_hosts, [("two".to_owned(), 6001)]);
        assert_eq!((options.user.as_str(), options.database.as_str()), ("ada", "crm"));
        assert_eq!(options.tls, Tls::VerifyHost);
        assert_eq!(options.authority, Some("/ca.pem".into()));
        assert_eq!(options.certificate, Some(("/me.pem".into(), "/me.key".into())));
        assert_eq!(options.application_name.as_deref(), Some("billing"));
        assert_eq!(options.connect_timeout, Duration::from_secs(3));
        assert_eq!(options.sessions, Some(Sessions::Primary));
        let options = with(&[("PGHOSTADDR", "192.0.2.1,2001:db8::1"), ("PGPASSFILE", "/passwords")]).unwrap();
        assert_eq!(options.host, "192.0.2.1");
        assert_eq!(options.more_hosts, [("2001:db8::1".to_owned(), 5432)]);
        assert_eq!(options.password_file, Some("/passwords".into()));
    }

    #[test]
    fn a_service_takes_precedence_over_other_variables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        std::fs::write(&file, "[crm]\nhost=one\npassfile=/of/crm\nconnect_timeout=soon\n").unwrap();
        let service = [("PGSERVICE", "crm"), ("PGSERVICEFILE", file.to_str().unwrap()), ("PGHOST", "two")];
        let error = with(&service).unwrap_err().to_string();
        assert!(error.contains("PGCONNECT_TIMEOUT"), "{error}");
        std::fs::write(&file, "[crm]\nhost=one\npassfile=/of/crm\n").unwrap();
        let options = with(&[&service[..], &[("PGUSER", "ada")]].concat()).unwrap();
        assert_eq!((options.host.as_str(), options.user.as_str()), ("one", "ada"));
        assert_eq!(options.password_file, Some("/of/crm".into()));
    }

    #[test]
    fn one_port_is_for_every_host_and_an_empty_variable_is_not_set() {
        let options = with(&[("PGHOST", "one,two"), ("PGPORT", "6000"), ("PGUSER", "")]).unwrap();
        assert_eq!(options.port, 6000);
        assert_eq!(options.more_hosts, [("two".to_owned(), 6000)]);
        assert_eq!(options.user, "postgres");
    }

    #[test]
    fn a_connect_timeout_that_means_no_limit_leaves_the_default() {
        let default = with(&[]).unwrap().connect_timeout;
        for seconds in ["0", "-1"] {
            assert_eq!(with(&[("PGCONNECT_TIMEOUT", seconds)]).unwrap().connect_timeout, default);
        }
    }

    #[test]
    fn an_invalid_variable_is_named() {
        for (name, value) in [
            ("PGPORT", "many"),
            ("PGPORT", "1,2"),
            ("PGSSLMODE", "perhaps"),
            ("PGSSLCERT", "/me.pem"),
            ("PGCONNECT_TIMEOUT", "soon"),
            ("PGTARGETSESSIONATTRS", "best"),
        ] {
            let error = with(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
