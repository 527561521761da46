//! The passes one after the other: from one description to what is emitted.

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
use crate::model::{Answer, Area, Body, Client, HANDLE, Operation, Parameter, TypeRef};
use crate::overrides::Overrides;
use crate::schema::{Content, Description, Key, Place, RawOperation, Schema};

/// Makes the model of the client.
///
/// # Errors
/// When names collide, and when `overrides.toml` names what is not there, or does not name the feature of an area.
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
    call_wrappers_after_operations(&mut shapes, &drafts);

    let roots = drafts.iter().flat_map(|draft| draft.roots().map(|kind| (draft.area.as_str(), kind)));
    let places = place(&shapes, roots);
    let contexts: Vec<AreaContext> = drafts.iter().map(Draft::context).collect();
    let named = types::name(&shapes, &places, &contexts, overrides)?;
    overrides.all_were_used()?;

    let sent: HashSet<Key> = drafts
        .iter()
        .flat_map(|draft| draft.operations.iter().filter_map(|operation| operation.body.as_ref()))
        .flat_map(|body| reachable(&shapes, body.kind.shape()))
        .collect();
    let shared = named.types(&shapes, &places, None, &sent);
    let areas = drafts.into_iter().map(|draft| draft.finish(&shapes, &places, &named, &sent)).collect();
    Ok(Client { areas, shared })
}

/// An area whose types have no names yet.
struct Draft {
    area: String,
    names: AreaNames,
    feature: String,
    operations: Vec<Operation>,
}

fn draft(
    area: &str,
    raw: &[&RawOperation],
    lowering: &mut Lowering<'_>,
    overrides: &Overrides,
) -> Result<Draft> {
    let Some(said) = overrides.areas.get(area) else {
        return Err(Error::Overrides(vec![format!(
            "area `{area}` has no entry: say `[areas.{area}]` and its `feature`"
        )]));
    };
    let names = AreaNames::new(area, said);
    let called = operations::name(&names, raw, overrides)?;
    let mut operations = Vec::with_capacity(raw.len());
    for (raw, called) in raw.iter().zip(called) {
        let of_operation = overrides.operation(raw).and_then(|said| said.scopes.as_deref());
        let scopes = scopes(raw, said.scope.as_deref(), of_operation);
        operations.push(operation(raw, called, lowering, scopes)?);
    }
    Ok(Draft { area: area.to_owned(), names, feature: said.feature.clone(), operations })
}

fn operation(
    raw: &RawOperation,
    called: OperationNames,
    lowering: &mut Lowering<'_>,
    scopes: Vec<Vec<String>>,
) -> Result<Operation> {
    let at = |end: &str| Key::new(&raw.area, format!("{}{end}", called.request));
    let mut arguments: Vec<Parameter> = Vec::new();
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
            Some(Body { content: Content::Form, kind: TypeRef::Value, file_field: file_field(&body.schema) })
        }
        Some(body) => Some(Body {
            content: Content::Json,
            kind: lowering.lower(&body.schema, &at("Body"), &NamedAfter::Body(called.request.clone()))?,
            file_field: String::new(),
        }),
    };
    let answer = if raw.answers_bytes {
        Answer::Bytes
    } else {
        let named_after = NamedAfter::Answer(called.request.clone());
        Answer::Json(lowering.answer(&raw.answers, &at("Answer"), &named_after)?)
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
        answer,
        scopes,
        origin: raw.origin.clone(),
        also_takes: raw.also_takes.clone(),
    })
}

/// The parameters: those of the path first, as they stand there.
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

/// The field of a form that the file goes into.
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

/// A wrapper's own name says nothing: it is called after the first operation that uses it.
fn call_wrappers_after_operations(shapes: &mut Shapes, drafts: &[Draft]) {
    let mut done = HashSet::new();
    for draft in drafts {
        for operation in &draft.operations {
            let answer = match &operation.answer {
                Answer::Json(TypeRef::Shape(key)) => {
                    Some((key, NamedAfter::Answer(operation.request.clone())))
                }
                _ => None,
            };
            let body = operation.body.as_ref().and_then(|body| match &body.kind {
                TypeRef::Shape(key) => Some((key, NamedAfter::Body(operation.request.clone()))),
                _ => None,
            });
            for (key, named_after) in body.into_iter().chain(answer) {
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

impl Draft {
    fn roots(&self) -> impl Iterator<Item = &TypeRef> {
        self.operations.iter().flat_map(|operation| {
            let body = operation.body.as_ref().map(|body| &body.kind);
            let answer = match &operation.answer {
                Answer::Json(kind) => Some(kind),
                Answer::Bytes => None,
            };
            let parameters =
                operation.arguments.iter().chain(&operation.options).map(|parameter| &parameter.kind);
            body.into_iter().chain(answer).chain(parameters)
        })
    }

    fn context(&self) -> AreaContext {
        let mut taken: HashSet<String> =
            self.operations.iter().map(|operation| operation.request.clone()).collect();
        taken.insert(HANDLE.to_owned());
        AreaContext { area: self.area.clone(), taken }
    }

    fn finish(mut self, shapes: &Shapes, places: &Places, named: &Named, sent: &HashSet<Key>) -> Area {
        let inside = Some(self.area.as_str());
        let written = |kind: &mut TypeRef| *kind = named.written(kind, places, inside);
        for operation in &mut self.operations {
            if let Some(body) = &mut operation.body {
                written(&mut body.kind);
            }
            if let Answer::Json(kind) = &mut operation.answer {
                written(kind);
            }
            for parameter in operation.arguments.iter_mut().chain(&mut operation.options) {
                written(&mut parameter.kind);
            }
        }
        Area {
            types: named.types(shapes, places, inside, sent),
            name: self.names.name,
            words: self.names.words,
            feature: self.feature,
            operations: self.operations,
        }
    }
}
