//! The service files of PostgreSQL's own programs: <https://www.postgresql.org/docs/current/libpq-pgservice.html>.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::error::StoreError;

/// The name of the file in the folder for all users.
const FILE: &str = "pg_service.conf";

/// The parameters of a service, by the environment variables that stand for the same.
#[derive(Default)]
pub(super) struct Service {
    parameters: Vec<(String, String)>,
}

impl Service {
    /// Reads the service that `PGSERVICE` names; an empty one if it names none.
    pub(super) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, StoreError> {
        let Some(name) = variable("PGSERVICE") else { return Ok(Self::default()) };
        let of_user = variable("PGSERVICEFILE").map(PathBuf::from);
        let of_home = || Some(std::env::home_dir()?.join(format!(".{FILE}")));
        let of_all = variable("PGSYSCONFDIR").map(|folder| Path::new(&folder).join(FILE));
        let files: Vec<_> = of_user.or_else(of_home).into_iter().chain(of_all).collect();
        for file in &files {
            let text = match fs::read_to_string(file) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    let evidence = format!("the service file `{}` cannot be read", file.display());
                    let next_step = "check its permissions, or unset PGSERVICE";
                    return Err(StoreError::invalid_options(evidence, next_step).caused_by(error));
                }
            };
            if let Some(parameters) = section(&text, &name) {
                return Ok(Self { parameters });
            }
        }
        let files: Vec<_> = files.iter().map(|file| format!("`{}`", file.display())).collect();
        Err(StoreError::invalid_options(
            format!("the service `{name}` of PGSERVICE is not in {}", files.join(" or ")),
            format!("add a section [{name}], or name the file in PGSERVICEFILE"),
        ))
    }

    /// Returns what the service says in place of an environment variable.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let wanted = match name {
            "PGDATABASE" => "dbname".to_owned(),
            "PGAPPNAME" => "application_name".to_owned(),
            "PGTARGETSESSIONATTRS" => "target_session_attrs".to_owned(),
            _ => name.strip_prefix("PG")?.to_ascii_lowercase(),
        };
        let mut parameters = self.parameters.iter();
        parameters.find(|(parameter, _)| *parameter == wanted).map(|(_, value)| value.clone())
    }
}

/// The parameters in the section with this name, if there is one.
fn section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut lines = lines.skip_while(|line| *line != format!("[{name}]"));
    lines.next()?;
    let of_section = lines.take_while(|line| !line.starts_with('['));
    let parameters = of_section.filter_map(|line| line.split_once('='));
    Some(parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# all\n[other]\nhost=elsewhere\n\n[crm]\nhost=db.example.com\n port=6000 \n#user=bob\n\
        dbname=tokens\nsslmode=verify-full\n[last]\nuser=carol\n";

    fn service(variables: &[(&str, &str)]) -> Result<Service, StoreError> {
        Service::of_environment(|name| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_service_is_read_from_the_users_file_or_else_from_the_one_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let (of_user, of_all) = (folder.path().join("mine"), folder.path().join(super::FILE));
        fs::write(&of_user, FILE).unwrap();
        fs::write(&of_all, "[shared]\nuser=dan\n").unwrap();
        let places =
            [("PGSERVICEFILE", of_user.to_str().unwrap()), ("PGSYSCONFDIR", folder.path().to_str().unwrap())];
        let named = |name| service(&[places[0], places[1], ("PGSERVICE", name)]);
        let crm = named("crm").unwrap();
        for (variable, value) in [
            ("PGHOST", Some("db.example.com")),
            ("PGPORT", Some("6000")),
            ("PGDATABASE", Some("tokens")),
            ("PGSSLMODE", Some("verify-full")),
            ("PGUSER", None),
            ("HOST", None),
        ] {
            assert_eq!(crm.variable(variable).as_deref(), value, "{variable}");
        }
        assert_eq!(named("shared").unwrap().variable("PGUSER").as_deref(), Some("dan"));
        let error = named("missing").err().expect("no such service").to_string();
        assert!(error.contains("the service `missing`") && error.contains("mine"), "{error}");
        assert!(service(&[]).unwrap().variable("PGHOST").is_none());
    }

    #[test]
    fn a_service_file_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let error = service(&[("PGSERVICE", "crm"), ("PGSERVICEFILE", path)]).err().expect("a folder");
        assert!(error.to_string().contains(path), "{error}");
    }
}
