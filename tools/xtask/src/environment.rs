//! What tests and benchmarks need besides the code: the official SDKs for Python and Node, servers, and Zoho's own files.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::{node, python, workspace};

/// Zoho's own files, which are not part of this project: the variable that names their folder, and where the folder is
/// looked for, in the checkout and in a folder `shared` beside it.
const FILES_OF_ZOHO: [(&str, [&str; 2]); 2] = [
    ("ZOHOCRM_OPENAPI", ["openapi", "../shared/openapi/v8.0"]),
    ("ZOHOCRM_EXAMPLES", ["examples-of-zoho", "../shared/examples"]),
];

/// Returns the folder with files of Zoho that a variable names, or that is in or beside the checkout.
pub(crate) fn files_of_zoho(variable: &str) -> Option<PathBuf> {
    if let Some(chosen) = env::var_os(variable).filter(|chosen| !chosen.is_empty()) {
        return Some(chosen.into());
    }
    let (_, folders) = FILES_OF_ZOHO.iter().find(|(known, _)| *known == variable)?;
    folders.iter().map(|folder| workspace().join(folder)).find(|folder| folder.is_dir())
}

/// The environment variables for tests and benchmarks, and the servers that they name. The servers stop when this is
/// dropped.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// A variable without a value is removed.
    variables: Vec<(String, Option<String>)>,
    #[cfg(unix)]
    servers: Vec<servers::Server>,
}

impl Environment {
    /// Finds, makes and starts what it can on this machine, and reports what is missing.
    pub(crate) fn prepare(install: bool) -> Self {
        let mut environment = Self::default();
        for (variable, sdk) in [
            ("ZOHOCRM_PYTHON", python::with_the_official_sdk(install)),
            ("ZOHOCRM_NODE_SDK", node::with_the_official_sdk(install)),
        ] {
            match sdk {
                Ok(path) => environment.set(variable, path.to_string_lossy()),
                Err(reason) => {
                    eprintln!("An official SDK is missing: {reason}");
                    environment.variables.push((variable.to_owned(), None));
                    environment.set(&format!("{variable}_MISSING"), reason);
                }
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

    /// Sets the variables for a command.
    pub(crate) fn apply_to(&self, command: &mut Command) {
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
                        // moto accepts any credentials.
                        self.set("AWS_ACCESS_KEY_ID", "test");
                        self.set("AWS_SECRET_ACCESS_KEY", "test");
                    }
                    // On moto the kit would take half an hour.
                    if kind != servers::Kind::SecretsManager && kind != servers::Kind::RedisCluster {
                        tortured.push(format!("{kind}={}", kind.with_place(server.url(), "{name}")));
                    }
                    self.servers.push(server);
                }
                Err(reason) => self.set(&kind.missing_variable(), reason.to_string()),
            }
        }
        // The servers that token-store-torture tests in addition to the stores of this machine.
        self.set("TORTURED_STORES", tortured.join(" "));
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), Some(value.into())));
    }
}
