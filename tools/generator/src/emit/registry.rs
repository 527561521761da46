//! Writes the registry for `api-check`: every operation, built from samples with all its parameters.

use std::fmt::Write as _;

use super::{HEADER, rust};
use crate::model::{Area, Body, Client, Name, Operation, Parameter, Response, TypeRef};
use crate::schema::{Origin, Place};

/// `mod.rs`.
pub(super) fn index(client: &Client) -> String {
    let mut text = format!("{HEADER}//! Every operation of the client.\n\nuse crate::registry::Entry;\n\n");
    for area in &client.areas {
        let _ = writeln!(text, "mod {};", area.name);
    }
    text.push_str("\n/// Every operation, by area.\n#[must_use]\npub fn entries() -> Vec<Entry> {\n    let areas: &[&[Entry]] = &[\n");
    for area in &client.areas {
        let _ = writeln!(text, "        {}::ENTRIES,", area.name);
    }
    text.push_str("    ];\n    areas.concat()\n}\n");
    text
}

/// The entries of an area.
pub(super) fn area(area: &Area) -> String {
    let mut entries = String::new();
    for operation in &area.operations {
        entry(&mut entries, area, operation);
    }
    let round_trip = if entries.contains("round_trip") { ", round_trip" } else { "" };
    let mut text = format!(
        "{HEADER}use zohocrm::{{Crm, Request}};\n\nuse crate::registry::{{Entry, Samples, Source{round_trip}}};\n\n\
         pub(super) const ENTRIES: &[Entry] = &[\n{entries}];\n\n"
    );
    for operation in &area.operations {
        build(&mut text, area, operation);
    }
    text
}

fn entry(text: &mut String, area: &Area, operation: &Operation) {
    let source = match &operation.origin {
        Origin::OpenApi { file } => format!(
            "Source::OpenApi {{ file: {file:?}, method: {:?}, path: {:?} }}",
            operation.method, operation.path
        ),
        Origin::PythonSdk { module, function } => {
            format!("Source::PythonSdk {{ module: {module:?}, function: {function:?} }}")
        }
    };
    let response = match &operation.response {
        Response::Json(kind) => format!("Some(round_trip::<{}>)", public(kind, &area.name)),
        Response::Bytes => "None".to_owned(),
    };
    let body = match &operation.body {
        Some(Body::Json(kind)) => {
            format!("Some(round_trip::<{}>)", public(kind, &area.name))
        }
        _ => "None".to_owned(),
    };
    let scopes: Vec<String> = operation.scopes.iter().map(|list| format!("&{list:?}")).collect();
    let required = operation.arguments.iter().filter(|argument| argument.place != Place::Path);
    let required: Vec<&str> = required.map(|argument| argument.wire.as_str()).collect();
    let _ = writeln!(
        text,
        "    Entry {{ area: {:?}, operation: {:?}, method: {:?}, path: {:?}, source: {source}, scopes: &[{}], required: &{required:?}, \
         build: {}, response: {response}, body: {body} }},",
        area.name,
        operation.name.trim_start_matches("r#"),
        operation.method,
        operation.path,
        scopes.join(", "),
        operation.name,
    );
}

fn build(text: &mut String, area: &Area, operation: &Operation) {
    let mut arguments: Vec<String> =
        operation.arguments.iter().map(|argument| sample(argument, &area.name)).collect();
    match &operation.body {
        Some(Body::Form { .. }) => arguments.push("samples.upload()".to_owned()),
        Some(Body::Json(_)) => {
            let key = format!("{}.{}", area.name, operation.name.trim_start_matches("r#"));
            arguments.push(format!("samples.body({key:?})"));
        }
        None => {}
    }
    let uses_samples = !arguments.is_empty() || !operation.options.is_empty();
    let samples = if uses_samples { "samples" } else { "_samples" };
    let _ = write!(
        text,
        "fn {}(crm: &Crm, {samples}: &Samples) -> Request {{\n    crm.api().{}().{}({})",
        operation.name,
        area.name,
        operation.name,
        arguments.join(", ")
    );
    for option in &operation.options {
        let _ = write!(text, ".{}({})", option.name, sample(option, &area.name));
    }
    text.push_str(".into()\n}\n\n");
}

fn sample(parameter: &Parameter, area: &str) -> String {
    let wire = &parameter.wire;
    match &parameter.kind {
        TypeRef::Integer => format!("samples.integer({wire:?})"),
        TypeRef::Float => format!("samples.number({wire:?})"),
        TypeRef::Boolean => format!("samples.boolean({wire:?})"),
        TypeRef::List(_) => format!("samples.list({wire:?})"),
        TypeRef::DateTime => format!("samples.date_time({wire:?})"),
        TypeRef::Date => format!("samples.date({wire:?})"),
        kind @ TypeRef::Named(_) => {
            format!("{}::from(samples.text({wire:?}))", public(kind, area))
        }
        _ => format!("samples.text({wire:?})"),
    }
}

/// A type as a user of the `zohocrm` crate writes it.
fn public(kind: &TypeRef, area: &str) -> String {
    match kind {
        TypeRef::Named(Name::Own(name)) => format!("zohocrm::api::{area}::{name}"),
        TypeRef::Named(Name::Shared(name)) => format!("zohocrm::api::shared::{name}"),
        TypeRef::List(of) => format!("Vec<{}>", public(of, area)),
        TypeRef::Optional(of) => format!("Option<{}>", public(of, area)),
        TypeRef::Float
        | TypeRef::Value
        | TypeRef::Record
        | TypeRef::ActionResult
        | TypeRef::Date
        | TypeRef::DateTime => format!("zohocrm::{}", rust(kind)),
        _ => rust(kind),
    }
}
