//! Names of fields and modules that the user may have misspelled. Zoho leaves out a field that does not exist, without an
//! error.

use zohocrm::metadata::{Fields, nearest_module};
use zohocrm::{Crm, Record};

use super::whose;
use crate::args::Target;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{NextStep, Note, Problem, UnknownName};
use crate::output::{Output, field_of};

/// The fields that a list of records is asked for.
pub(super) struct Requested<'a> {
    output: &'a Output,
    crm: Crm,
    pub(super) module: String,
    pub(super) fields: &'a [String],
}

impl<'a> Requested<'a> {
    pub(super) fn new(config: &'a Config, crm: Crm, module: String, fields: &'a [String]) -> Self {
        Self { output: &config.output, crm, module, fields }
    }

    /// The names of the fields as Zoho knows them.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.fields.iter().map(|name| field_of(name)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Rejects fields that neither a record nor the module has.
    pub(super) async fn check(&self, records: &[Record]) -> Result<(), Failure> {
        let is_missing = |name: &&String| {
            let name = field_of(name);
            !is_in_every_module(name) && !records.iter().any(|record| record.fields().contains_key(name))
        };
        let missing: Vec<String> = self.fields.iter().filter(is_missing).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        match self.crm.metadata().fields(&self.module).await {
            Ok(fields) => check(&fields, &self.module, &missing),
            // The token may lack the scope for reading fields. The records were read, so the user only gets a note.
            Err(_) if records.is_empty() => Ok(()),
            Err(_) => {
                self.output.note(&Note::FieldsMissing { fields: missing });
                Ok(())
            }
        }
    }
}

/// Rejects names that are not fields of a module. If its fields cannot be read, no name is rejected here.
pub(super) async fn check_fields(crm: &Crm, module: &str, names: &[String]) -> Result<(), Failure> {
    if names.is_empty() {
        return Ok(());
    }
    match crm.metadata().fields(module).await {
        Ok(fields) => check(&fields, module, names),
        Err(_) => Ok(()),
    }
}

/// Rejects names that are not fields.
pub(super) fn check(fields: &Fields, module: &str, names: &[String]) -> Result<(), Failure> {
    let is_unknown = |name: &&String| {
        let name = field_of(name);
        !is_in_every_module(name) && fields.field(name).is_none()
    };
    let unknown: Vec<_> = names.iter().filter(is_unknown).map(|name| unknown_field(fields, name)).collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(Problem::UnknownFields { module: module.to_owned(), fields: unknown }.into()),
    }
}

/// Whether a field needs no check: those of Zoho's own, and the default of `--fields`.
fn is_in_every_module(name: &str) -> bool {
    name.starts_with('$') || matches!(name, "id" | "Created_Time" | "Modified_Time")
}

/// A name that is not a field, and the field that it probably means.
pub(super) fn unknown_field(fields: &Fields, name: &str) -> UnknownName {
    let meant = fields.meant(name).into_iter().next().or_else(|| fields.nearest(name));
    UnknownName { name: name.to_owned(), nearest: meant.map(|field| field.api_name.clone()) }
}

/// Adds to a failure the field or module that was probably meant, if Zoho rejected one that does not exist.
pub(super) async fn explained(
    config: &Config,
    Target { module, whose }: Target,
    failure: Failure,
) -> Failure {
    let is_about_module = failure.exit() == Exit::NotFound;
    if !is_about_module && failure.field().is_none() {
        return failure;
    }
    let Ok(crm) = whose::crm(config, whose).await else { return failure };
    let meant = match failure.field() {
        Some(name) if !is_about_module => field_meant(&crm, &module, name).await,
        _ => module_meant(&crm, &module).await,
    };
    failure.next_step(meant)
}

async fn field_meant(crm: &Crm, module: &str, name: &str) -> Option<NextStep> {
    let fields = crm.metadata().fields(module).await.ok()?;
    match fields.field(name) {
        Some(_) => None,
        None => Some(NextStep::UseField { field: unknown_field(&fields, name).nearest? }),
    }
}

async fn module_meant(crm: &Crm, name: &str) -> Option<NextStep> {
    let modules = crm.metadata().modules().await.ok()?;
    match modules.iter().any(|module| module.api_name == name) {
        true => None,
        false => Some(NextStep::UseModule { module: nearest_module(&modules, name)?.api_name.clone() }),
    }
}
