//! Runs the passes in order: from one description to the model.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::lower::Lowering;
use super::operations::{self, AreaNames, OperationNames};
use super::place::{Places, box_cycles, place, reachable};
use super::scopes::scopes;
use super::shapes::{NamedAfter, Shapes};
use super::types::{self, AreaContext, Named};
use super::wrapper::is_wrapper;
use crate::error::{Error, Result};
use crate::model::{Area, Body, Client, HANDLE, Name, Operation, Response, TypeRef};
use crate::overrides::Overrides;
use crate::schema::{Content, Description, Key, Place, RawOperation, Schema};

/// Builds the model of the client.
///
/// # Errors
/// When names collide, when an entry of `overrides.toml` matches nothing, and when an area has no entry.
pub fn assemble(description: &Description, overrides: &Overrides) -> Result<Client> {
    let mut by_area: IndexMap<&str, Vec<&RawOperation>> = IndexMap::new();
    for operation in &description.operations {
        by_area.entry(&operation.area).or_default().push(operation);
    }
    by_area.sort_keys();

    let mut lowering = Lowering::new(&description.definitions, overrides);
    let mut drafts = Vec::new();
    for (area, raw) in by_area {
        drafts.push(draft(area, &raw, &mut lowering, overrides)?);
    }
    let mut shapes = lowering.into_shapes();
    box_cycles(&mut shapes);
    name_wrappers_after_operations(&mut shapes, &drafts);

    let roots = drafts.iter().flat_map(|draft| draft.roots().map(|kind| (draft.area.as_str(), kind)));
    let places = place(&shapes, roots);
    let contexts: Vec<AreaContext> = drafts.iter().map(Draft::context).collect();
    let named = types::name(&shapes, &places, &contexts, overrides)?;
    overrides.check_all_used()?;

    let sent: HashSet<Key> = drafts
        .iter()
        .flat_map(|draft| draft.operations.iter().filter_map(|operation| operation.body.as_ref()))
        .flat_map(|body| reachable(&shapes, json(body).and_then(TypeRef::named)))
        .collect();
    let shared = named.types(&shapes, &places, None, &sent);
    let areas = drafts.into_iter().map(|draft| draft.finish(&shapes, &places, &named, &sent)).collect();
    Ok(Client { areas, shared })
}

/// An area whose types have no Rust names yet.
struct Draft {
    area: String,
    names: AreaNames,
    feature: String,
    operations: Vec<Operation<Key>>,
}

fn draft(
    area: &str,
    raw: &[&RawOperation],
    lowering: &mut Lowering<'_>,
    overrides: &Overrides,
) -> Result<Draft> {
    let Some(entry) = overrides.areas.get(area) else {
        return Err(Error::Overrides(vec![format!(
            "area `{area}` has no entry; add `[areas.{area}]` with its `feature`"
        )]));
    };
    let names = AreaNames::new(area, entry);
    let called = operations::name(&names, raw, overrides)?;
    let mut operations = Vec::with_capacity(raw.len());
    for (raw, called) in raw.iter().zip(called) {
        let of_operation = overrides.operation(raw).and_then(|entry| entry.scopes.as_deref());
        let scopes = scopes(raw, entry.scope.as_deref(), of_operation);
        operations.push(operation(raw, called, lowering, scopes)?);
    }
    Ok(Draft { area: area.to_owned(), names, feature: entry.feature.clone(), operations })
}

fn operation(
    raw: &RawOperation,
    called: OperationNames,
    lowering: &mut Lowering<'_>,
    scopes: Vec<Vec<String>>,
) -> Result<Operation<Key>> {
    let at = |end: &str| Key::new(&raw.area, format!("{}{end}", called.request));
    let mut arguments = Vec::new();
    let mut options = Vec::new();
    for parameter in in_order(raw) {
        let named_after = NamedAfter::Parameter(called.request.clone(), parameter.name.clone());
        let kind = match &parameter.schema {
            Schema::Object(_) | Schema::OneOf(_) | Schema::Named(_) | Schema::Any | Schema::File => {
                TypeRef::Text
            }
            schema => lowering.lower(schema, &at(&format!(".{}", parameter.name)), &named_after)?,
        };
        let kind = if parameter.place == Place::Path { TypeRef::Text } else { kind };
        let known = operations::parameter(&parameter.name, parameter.place, kind);
        if parameter.required { arguments.push(known) } else { options.push(known) }
    }
    let body = match &raw.body {
        None => None,
        Some(body) if body.content == Content::Form => {
            Some(Body::Form { file_field: file_field(&body.schema) })
        }
        Some(body) => {
            let named_after = NamedAfter::Body(called.request.clone());
            Some(Body::Json(lowering.lower(&body.schema, &at("Body"), &named_after)?))
        }
    };
    let response = if raw.returns_file {
        Response::Bytes
    } else {
        let named_after = NamedAfter::Response(called.request.clone());
        Response::Json(lowering.response(&raw.responses, &at("Response"), &named_after)?)
    };
    Ok(Operation {
        name: called.method,
        request: called.request,
        sentence: called.sentence,
        method: raw.method.clone(),
        path: raw.path.clone(),
        on_upload_host: raw.on_upload_host,
        is_url: raw.path == "/{download_url}",
        arguments,
        options,
        body,
        response,
        selection: raw.selection.clone(),
        scopes,
        origin: raw.origin.clone(),
        also_takes: raw.also_takes.clone(),
    })
}

/// The parameters: those of the path first, in the order of the path.
fn in_order(raw: &RawOperation) -> Vec<&crate::schema::Parameter> {
    let mut parameters: Vec<_> = raw.parameters.iter().collect();
    parameters.retain(|parameter| {
        parameter.place != Place::Path || raw.path.contains(&format!("{{{}}}", parameter.name))
    });
    parameters.sort_by_key(|parameter| match parameter.place {
        Place::Path => raw.path.find(&format!("{{{}}}", parameter.name)).unwrap_or_default(),
        Place::Query | Place::Header => usize::MAX,
    });
    parameters
}

/// The form field that holds the file.
fn file_field(schema: &Schema) -> String {
    let first = match schema {
        Schema::Object(fields) => fields.keys().next().cloned(),
        Schema::Named(key) if key.name == "FileBodyWrapper" && key.area == "functions" => {
            Some("inputFile".to_owned())
        }
        _ => None,
    };
    first.unwrap_or_else(|| "file".to_owned())
}

/// Names each wrapper after the first operation that uses it, because its own name means nothing.
fn name_wrappers_after_operations(shapes: &mut Shapes, drafts: &[Draft]) {
    let mut done = HashSet::new();
    for draft in drafts {
        for operation in &draft.operations {
            let response = match &operation.response {
                Response::Json(TypeRef::Named(key)) => {
                    Some((key, NamedAfter::Response(operation.request.clone())))
                }
                _ => None,
            };
            let body = match &operation.body {
                Some(Body::Json(TypeRef::Named(key))) => {
                    Some((key, NamedAfter::Body(operation.request.clone())))
                }
                _ => None,
            };
            for (key, named_after) in body.into_iter().chain(response) {
                let Some(shape) = shapes.get_mut(key) else { continue };
                if matches!(&shape.named_after, NamedAfter::Definition(name) if is_wrapper(name))
                    && done.insert(key.clone())
                {
                    shape.named_after = named_after;
                }
            }
        }
    }
}

/// The type of a JSON body.
fn json(body: &Body<Key>) -> Option<&TypeRef<Key>> {
    match body {
        Body::Json(kind) => Some(kind),
        Body::Form { .. } => None,
    }
}

impl Draft {
    /// The types that the operations name.
    fn roots(&self) -> impl Iterator<Item = &TypeRef<Key>> {
        self.operations.iter().flat_map(|operation| {
            let body = operation.body.as_ref().and_then(json);
            let response = match &operation.response {
                Response::Json(kind) => Some(kind),
                Response::Bytes => None,
            };
            let parameters =
                operation.arguments.iter().chain(&operation.options).map(|parameter| &parameter.kind);
            body.into_iter().chain(response).chain(parameters)
        })
    }

    fn context(&self) -> AreaContext {
        let mut taken: HashSet<String> =
            self.operations.iter().map(|operation| operation.request.clone()).collect();
        taken.insert(HANDLE.to_owned());
        AreaContext { area: self.area.clone(), taken }
    }

    fn finish(self, shapes: &Shapes, places: &Places, named: &Named, sent: &HashSet<Key>) -> Area {
        let inside = Some(self.area.as_str());
        let name = |key: &Key| -> Name { named.name(key, places, inside) };
        Area {
            types: named.types(shapes, places, inside, sent),
            name: self.names.name,
            words: self.names.words,
            feature: self.feature,
            operations: self.operations.into_iter().map(|operation| operation.named(&name)).collect(),
        }
    }
}
