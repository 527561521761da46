//! What tests and benchmarks find beside themselves: a Python with the official SDK, servers, and files of Zoho's.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::{python, workspace};

/// Files of Zoho's, which are no part of this project: the variable that names their folder, and where it may be: in a
/// checkout, or in a folder `shared` beside it.
const FILES_OF_ZOHO: [(&str, [&str; 2]); 2] = [
    ("ZOHOCRM_OPENAPI", ["openapi", "../shared/openapi/v8.0"]),
    ("ZOHOCRM_EXAMPLES", ["examples-of-zoho", "../shared/examples"]),
];

/// The folder with files of Zoho's that a variable names, or that is in or beside the checkout.
pub(crate) fn files_of_zoho(variable: &str) -> Option<PathBuf> {
    if let Some(chosen) = env::var_os(variable).filter(|chosen| !chosen.is_empty()) {
        return Some(chosen.into());
    }
    let (_, folders) = FILES_OF_ZOHO.iter().find(|(known, _)| *known == variable)?;
    folders.iter().map(|folder| workspace().join(folder)).find(|folder| folder.is_dir())
}

/// Environment variables that say where everything is, and the servers that they name. Those end with this.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    variables: Vec<(String, Option<String>)>,
    #[cfg(unix)]
    servers: Vec<servers::Server>,
}

impl Environment {
    /// Finds, makes and starts what can be had on this machine, and says what cannot.
    pub(crate) fn prepare(install: bool) -> Self {
        let mut environment = Self::default();
        match python::with_the_official_sdk(install) {
            Ok(python) => environment.set("ZOHOCRM_PYTHON", python.to_string_lossy()),
            Err(reason) => {
                eprintln!("The official SDK is not there: {reason}");
                environment.variables.push(("ZOHOCRM_PYTHON".to_owned(), None));
                environment.set("ZOHOCRM_PYTHON_MISSING", reason);
            }
        }
        for (variable, _) in FILES_OF_ZOHO {
            if let Some(folder) = files_of_zoho(variable) {
                environment.set(variable, folder.to_string_lossy());
            }
        }
        #[cfg(unix)]
        environment.start_servers(install);
        environment
    }

    /// Tells a command where everything is.
    pub(crate) fn tell(&self, command: &mut Command) {
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }

    #[cfg(unix)]
    fn start_servers(&mut self, install: bool) {
        let mut tortured = Vec::new();
        for (kind, outcome) in crate::shared_servers::start(install) {
            match outcome {
                Ok(server) => {
                    self.set(kind.variable(), server.url());
                    if kind == servers::Kind::SecretsManager {
                        // moto takes any.
                        self.set("AWS_ACCESS_KEY_ID", "test");
                        self.set("AWS_SECRET_ACCESS_KEY", "test");
                    }
                    // The stand-in for Secrets Manager would take half an hour.
                    if kind != servers::Kind::SecretsManager && kind != servers::Kind::RedisCluster {
                        tortured.push(format!("{kind}={}", kind.with_place(server.url(), "{name}")));
                    }
                    self.servers.push(server);
                }
                Err(reason) => self.set(&kind.missing_variable(), reason.to_string()),
            }
        }
        // What the torture kit is tried on besides the stores of this machine.
        self.set("TORTURED_STORES", tortured.join(" "));
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), Some(value.into())));
    }
}
