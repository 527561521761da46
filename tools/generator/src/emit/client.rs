//! Writes the areas: the method that opens each one, its operations, and their calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{HEADER, rust, types};
use crate::model::{Area, Body, Client, HANDLE, Operation, Parameter, Response, Type, TypeRef};
use crate::passes::operations::capital;
use crate::schema::Place;

/// `mod.rs`.
pub(super) fn index(client: &Client) -> String {
    let mut text = HEADER.to_owned();
    text.push_str(
        "//! Every operation that Zoho describes, in one module per area.\n//!\n\
         //! A method of [`Api`](crate::Api) opens an area: `crm.api().roles()`. The methods of the area create calls, and `send`\n\
         //! sends them. Each area needs the Cargo feature of its group:\n//!\n//! | feature | areas |\n//! |---|---|\n",
    );
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for area in &client.areas {
        groups.entry(&area.feature).or_default().push(&area.name);
    }
    for (feature, areas) in &groups {
        let areas: Vec<String> = areas.iter().map(|area| format!("`{area}`")).collect();
        let _ = writeln!(text, "//! | `{feature}` | {} |", areas.join(", "));
    }
    text.push_str("\n#![allow(clippy::needless_pass_by_value, reason = \"calls take ownership of their bodies, as of all arguments\")]\n\n");
    for area in &client.areas {
        let _ = writeln!(text, "#[cfg(feature = {:?})]\npub mod {};", area.feature, area.name);
    }
    let _ = writeln!(text, "{}pub mod shared;", only_with(client));
    text
}

/// The condition that enables the shared types: a feature whose areas use them. Compiling these types takes longer than
/// compiling all handwritten code.
fn only_with(client: &Client) -> String {
    let features: BTreeSet<&str> = client
        .areas
        .iter()
        .filter(|area| uses_shared(&area_body(area)))
        .map(|area| area.feature.as_str())
        .collect();
    let features: Vec<String> = features.iter().map(|feature| format!("feature = {feature:?}")).collect();
    format!("#[cfg(any({}))]\n", features.join(", "))
}

fn uses_shared(body: &str) -> bool {
    body.contains("shared::")
}

/// `shared.rs`.
pub(super) fn shared(shared: &[Type]) -> String {
    let mut text =
        format!("{HEADER}//! Types that more than one area uses.\n\nuse crate::operation::prelude::*;\n\n");
    for kind in shared {
        types::write(&mut text, kind);
    }
    text
}

/// The file of an area.
pub(super) fn area(area: &Area) -> String {
    let mut text = HEADER.to_owned();
    let _ = writeln!(text, "//! {}.\n", capital(&area.words));
    let body = area_body(area);
    if uses_shared(&body) {
        text.push_str("use super::shared;\n");
    }
    text.push_str("use crate::operation::prelude::*;\n\n");
    text.push_str(&body);
    text
}

fn area_body(area: &Area) -> String {
    let mut text = String::new();
    let (name, words) = (&area.name, &area.words);
    let _ = writeln!(
        text,
        "impl crate::operation::Api {{\n    /// Opens the operations on {words}.\n    #[must_use]\n    pub fn {name}(&self) -> {HANDLE} {{\n        \
         {HANDLE} {{ caller: self.caller.clone() }}\n    }}\n}}\n\n/// Operations on {words}. Returned by [`Api::{name}`](crate::Api::{name}).\n\
         #[derive(Clone, Debug)]\npub struct {HANDLE} {{\n    caller: Caller,\n}}\n\nimpl {HANDLE} {{"
    );
    for operation in &area.operations {
        method(&mut text, operation);
    }
    text.push_str("}\n\n");
    for operation in &area.operations {
        call(&mut text, operation);
    }
    for kind in &area.types {
        types::write(&mut text, kind);
    }
    text
}

/// Writes the method of an area that creates a call.
fn method(text: &mut String, operation: &Operation) {
    let _ = writeln!(text, "    /// {}.\n    ///", operation.sentence);
    let scopes = scopes(operation);
    if operation.is_url {
        let _ = writeln!(text, "    /// `GET` on a URL from an earlier response. Scope: {scopes}.");
    } else {
        let _ = writeln!(text, "    /// `{} {}`. Scope: {scopes}.", operation.method, operation.path);
    }
    if let Some(last) = operation.arguments.iter().rfind(|argument| argument.place == Place::Path)
        && !operation.also_takes.is_empty()
    {
        let others: Vec<String> = operation.also_takes.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(
            text,
            "    ///\n    /// Also accepts {} instead of `{}`.",
            others.join(" or "),
            last.wire
        );
    }
    let mut parameters: Vec<String> = operation
        .arguments
        .iter()
        .map(|argument| format!("{}: {}", argument.name, argument_type(argument)))
        .collect();
    match &operation.body {
        Some(Body::Form { .. }) => parameters.push("file: Upload".to_owned()),
        Some(Body::Json(kind)) => parameters.push(format!("body: {}", rust(kind))),
        None => {}
    }
    let parameters: String = parameters.iter().map(|parameter| format!(", {parameter}")).collect();
    let _ = writeln!(text, "    pub fn {}(&self{parameters}) -> {} {{", operation.name, operation.request);
    let _ = writeln!(text, "        {}::new({})", operation.request, request(operation));
    for argument in operation.arguments.iter().filter(|argument| argument.place != Place::Path) {
        let _ = writeln!(text, "        {}", with(argument));
    }
    text.push_str("    }\n\n");
}

/// The scopes of an operation, in words.
fn scopes(operation: &Operation) -> String {
    let all =
        |list: &Vec<String>| list.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(" and ");
    operation.scopes.iter().map(all).collect::<Vec<_>>().join(" or ")
}

fn request(operation: &Operation) -> String {
    let method = capital(&operation.method.to_lowercase());
    let in_path = || operation.arguments.iter().filter(|argument| argument.place == Place::Path);
    let mut text = if operation.is_url {
        let url = in_path().next().map_or("path", |argument| argument.name.as_str());
        format!("Request::new(&self.caller, Method::{method}, {url})")
    } else {
        let values: Vec<String> =
            in_path().map(|argument| format!("({:?}, {}.into())", argument.wire, argument.name)).collect();
        format!(
            "Request::operation(&self.caller, Method::{method}, {:?}, [{}])",
            operation.path,
            values.join(", ")
        )
    };
    let scopes: Vec<String> = operation.scopes.iter().flatten().map(|scope| format!("{scope:?}")).collect();
    let _ = write!(text, ".scopes(&[{}])", scopes.join(", "));
    if !operation.selection.is_empty() {
        let _ = write!(text, ".selected_by(&{:?})", operation.selection);
    }
    if operation.on_upload_host {
        text.push_str(".on_upload_host()");
    }
    match &operation.body {
        Some(Body::Form { file_field }) => {
            let _ = write!(text, ".upload({file_field:?}, file)");
        }
        Some(Body::Json(_)) => text.push_str(".body(&body)"),
        None => {}
    }
    text
}

/// Writes the type of a call and its optional parameters.
fn call(text: &mut String, operation: &Operation) {
    let (request, name) = (&operation.request, &operation.name);
    let response = match &operation.response {
        Response::Json(kind) => rust(kind),
        Response::Bytes => "Download".to_owned(),
    };
    let _ = writeln!(
        text,
        "operation! {{\n    /// A call that {}. Created by [`{}::{name}`].\n    {request} -> {response}\n}}\n",
        small(&operation.sentence),
        HANDLE,
    );
    if operation.options.is_empty() {
        return;
    }
    let _ = writeln!(text, "impl {request} {{");
    for option in &operation.options {
        let what = if option.place == Place::Header { "the header " } else { "" };
        let more =
            if matches!(option.kind, TypeRef::List(_)) { ", sent as a comma-separated list" } else { "" };
        let _ = writeln!(text, "    /// Sets {what}`{}`{more}.", option.wire);
        let _ = writeln!(
            text,
            "    pub fn {}(self, {}: {}) -> Self {{\n        self{}\n    }}\n",
            option.name,
            option.name,
            argument_type(option),
            with(option)
        );
    }
    text.push_str("}\n\n");
}

fn small(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn argument_type(parameter: &Parameter) -> String {
    match &parameter.kind {
        TypeRef::Text => "impl Into<String>".to_owned(),
        TypeRef::List(_) => "impl IntoIterator<Item = impl Into<String>>".to_owned(),
        kind => rust(kind),
    }
}

fn with(parameter: &Parameter) -> String {
    let (wire, name) = (&parameter.wire, &parameter.name);
    match (&parameter.kind, parameter.place) {
        (TypeRef::Text, Place::Header) => format!(".with_header({wire:?}, {name}.into() as String)"),
        (_, Place::Header) => format!(".with_header({wire:?}, {name})"),
        (TypeRef::List(_), _) => format!(".with_query_list({wire:?}, {name})"),
        (TypeRef::Text, _) => format!(".with_query({wire:?}, {name}.into() as String)"),
        _ => format!(".with_query({wire:?}, {name})"),
    }
}
