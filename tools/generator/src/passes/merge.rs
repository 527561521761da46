//! Merges the two sources: the OpenAPI files, completed by the SDK. Then applies the overrides.

use std::collections::{HashMap, HashSet};

use crate::error::{Error, Result};
use crate::overrides::{self, Overrides};
use crate::passes::union::only_rejects;
use crate::schema::{Body, Content, Definitions, Description, Key, Place, RawOperation, Schema};
use crate::sdk::same_name;

/// One description, and the operations that were left out.
#[derive(Debug)]
pub struct Merged {
    /// The merged description.
    pub description: Description,
    /// The operations that were left out.
    pub left_out: Vec<LeftOut>,
    /// The number of operations that only the SDK has.
    pub only_in_sdk: usize,
}

/// An operation that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its area and name in the source: `record_count/Get Count`.
    pub operation: String,
    /// The reason, from `overrides.toml`.
    pub reason: String,
}

/// Merges both sources and applies the overrides.
///
/// # Errors
/// When two operations are the same call and no override resolves it.
pub fn merge(specification: Description, sdk: Description, overrides: &Overrides) -> Result<Merged> {
    let Description { mut definitions, mut operations } = specification;
    let renamed = add_definitions(&mut definitions, sdk.definitions);
    for (key, other) in overrides.same_shapes() {
        let Some(other) = definitions.get(&other).cloned() else { continue };
        if let Some(known) = definitions.get_mut(&key) {
            complete_shape(known, &other);
        }
    }
    definitions.extend(overrides.definitions());

    let from_sdk: Vec<RawOperation> =
        sdk.operations.into_iter().map(|operation| with_names(operation, &renamed)).collect();
    let (pairs, only_in_sdk) = pair(&operations, &from_sdk);
    for (index, twin) in pairs {
        complete(&mut operations[index], &from_sdk[twin], &definitions);
    }
    let count = only_in_sdk.len();
    operations.extend(only_in_sdk.into_iter().map(|index| from_sdk[index].clone()));

    let (mut operations, left_out) = leave_out(&definitions, operations, overrides)?;
    check_for_duplicates(&operations, overrides)?;
    for operation in &mut operations {
        apply_overrides(operation, overrides);
    }
    Ok(Merged { description: Description { definitions, operations }, left_out, only_in_sdk: count })
}

/// Adds the SDK's shapes, or their additional fields if the specification has a shape of the same name. Returns the new
/// key of each of the SDK's shapes.
fn add_definitions(definitions: &mut Definitions, sdk: Definitions) -> HashMap<Key, Key> {
    let mut known: HashMap<Key, Key> = HashMap::new();
    for key in definitions.keys() {
        known.entry(same_name(key)).or_insert_with(|| key.clone());
    }
    let renamed: HashMap<Key, Key> =
        sdk.keys().map(|key| (key.clone(), known.get(&same_name(key)).unwrap_or(key).clone())).collect();
    for (key, schema) in sdk {
        let schema = rename(schema, &renamed);
        match definitions.get_mut(&renamed[&key]) {
            None => {
                definitions.insert(key, schema);
            }
            Some(known) => complete_shape(known, &schema),
        }
    }
    renamed
}

/// Adds the fields that only the other shape has, or that only it describes.
fn complete_shape(known: &mut Schema, other: &Schema) {
    let (Schema::Object(fields), Schema::Object(more)) = (known, other) else { return };
    for (name, field) in more {
        let known = fields.entry(name.clone()).or_insert(Schema::Any);
        if known.is_untyped() {
            *known = field.clone();
        }
    }
}

fn with_names(mut operation: RawOperation, renamed: &HashMap<Key, Key>) -> RawOperation {
    operation.body = operation.body.map(|body| Body { schema: rename(body.schema, renamed), ..body });
    operation.responses = operation.responses.into_iter().map(|response| rename(response, renamed)).collect();
    for parameter in &mut operation.parameters {
        parameter.schema = rename(parameter.schema.clone(), renamed);
    }
    operation
}

fn rename(schema: Schema, renamed: &HashMap<Key, Key>) -> Schema {
    match schema {
        Schema::Named(key) => Schema::Named(renamed.get(&key).cloned().unwrap_or(key)),
        Schema::List { items, nullable } => {
            Schema::List { items: Box::new(rename(*items, renamed)), nullable }
        }
        Schema::Object(fields) => {
            Schema::Object(fields.into_iter().map(|(name, field)| (name, rename(field, renamed))).collect())
        }
        Schema::OneOf(branches) => {
            Schema::OneOf(branches.into_iter().map(|branch| rename(branch, renamed)).collect())
        }
        other => other,
    }
}

/// Pairs operations of the specification with those of the SDK, and returns the rest of the SDK's. Among several with
/// the same URL, the one with the same name matches.
fn pair(operations: &[RawOperation], from_sdk: &[RawOperation]) -> (Vec<(usize, usize)>, Vec<usize>) {
    let mut by_template: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, operation) in from_sdk.iter().enumerate() {
        by_template.entry(operation.template()).or_default().push(index);
    }
    let mut pairs = Vec::new();
    let mut taken = HashSet::new();
    for (index, operation) in operations.iter().enumerate() {
        let Some(twins) = by_template.get(&operation.template()) else { continue };
        let name = same_name(&Key::new("", &operation.id));
        let same = twins.iter().find(|twin| same_name(&Key::new("", &from_sdk[**twin].id)) == name);
        let in_area = || twins.iter().find(|twin| from_sdk[**twin].area == operation.area);
        if let Some(&twin) = same.or_else(in_area).or_else(|| twins.first()) {
            pairs.push((index, twin));
            taken.insert(twin);
        }
    }
    let templates: HashSet<String> = operations.iter().map(RawOperation::template).collect();
    let left = (0..from_sdk.len()).filter(|index| !taken.contains(index)).filter(|index| {
        let operation = &from_sdk[*index];
        // An operation that shares its URL with another one is distinct only if it sends something else.
        !templates.contains(&operation.template())
            || operation.body.as_ref().is_some_and(|body| body.content == Content::Form)
    });
    (pairs, left.collect())
}

/// Adds what the SDK knows about the same operation.
fn complete(operation: &mut RawOperation, twin: &RawOperation, definitions: &Definitions) {
    for parameter in twin.parameters.iter().filter(|parameter| parameter.place != Place::Path) {
        if !operation.parameters.iter().any(|known| known.name == parameter.name) {
            let mut parameter = parameter.clone();
            parameter.required = false;
            operation.parameters.push(parameter);
        }
    }
    let is_untyped = operation.body.as_ref().is_none_or(|body| body.schema.is_untyped());
    if is_untyped && let Some(body) = &twin.body {
        operation.body = Some(body.clone());
    }
    operation.on_upload_host |= twin.on_upload_host;
    // For some operations, the specification describes rejections only.
    if operation.responses.iter().all(|response| response.is_untyped() || only_rejects(definitions, response))
    {
        operation.responses.clone_from(&twin.responses);
    }
}

/// Removes the operations that the overrides leave out. One that is the same call as another completes the other.
fn leave_out(
    definitions: &Definitions,
    operations: Vec<RawOperation>,
    overrides: &Overrides,
) -> Result<(Vec<RawOperation>, Vec<LeftOut>)> {
    let mut kept: Vec<RawOperation> = Vec::new();
    let mut twins = Vec::new();
    let mut left_out = Vec::new();
    for operation in operations {
        let entry = overrides.operation(&operation);
        let Some(entry) = entry.filter(|entry| entry.omit || entry.same_as.is_some()) else {
            kept.push(operation);
            continue;
        };
        let name = format!("{}/{}", operation.area, operation.id);
        left_out.push(LeftOut { operation: name, reason: entry.reason.clone() });
        if let Some(same_as) = &entry.same_as {
            twins.push((same_as.clone(), operation));
        }
    }
    let mut unknown = Vec::new();
    for (same_as, twin) in twins {
        let matches =
            |operation: &&mut RawOperation| format!("{}/{}", operation.area, operation.id) == same_as;
        match kept.iter_mut().find(matches) {
            Some(operation) => join(operation, twin, definitions),
            None => unknown.push(format!(
                "`{}/{}` has `same_as = \"{same_as}\"`, which does not exist",
                twin.area, twin.id
            )),
        }
    }
    if unknown.is_empty() { Ok((kept, left_out)) } else { Err(Error::Overrides(unknown)) }
}

/// Adds what another description of the same call contains.
fn join(operation: &mut RawOperation, twin: RawOperation, definitions: &Definitions) {
    complete(operation, &twin, definitions);
    // A parameter is required if either description requires it.
    for parameter in &mut operation.parameters {
        let of_twin = twin.parameters.iter().find(|other| other.name == parameter.name);
        parameter.required |= of_twin.is_some_and(|other| other.required);
    }
    operation.responses.extend(twin.responses);
    if let (Some(body), Some(other)) = (&mut operation.body, twin.body)
        && body.schema != other.schema
        && body.content == other.content
    {
        body.schema = Schema::OneOf(vec![body.schema.clone(), other.schema]);
    }
    let last =
        |path: &str| path.rsplit('{').next().and_then(|part| part.split('}').next()).map(str::to_owned);
    let (Some(own), Some(other)) = (last(&operation.path), last(&twin.path)) else { return };
    if own != other && operation.area == twin.area && !operation.also_takes.contains(&other) {
        operation.also_takes.push(other);
    }
}

fn check_for_duplicates(operations: &[RawOperation], overrides: &Overrides) -> Result<()> {
    let mut seen: HashMap<String, &RawOperation> = HashMap::new();
    let mut collisions = Vec::new();
    for operation in operations {
        if overrides.operation(operation).is_some_and(|entry| entry.distinct) {
            continue;
        }
        if let Some(first) = seen.insert(operation.template(), operation) {
            collisions.push(format!(
                "`{}/{}` and `{}/{}` are both `{}`; add an [[operation]] entry with `same_as` or `distinct` for one of them",
                first.area,
                first.id,
                operation.area,
                operation.id,
                operation.template()
            ));
        }
    }
    if collisions.is_empty() { Ok(()) } else { Err(Error::Collisions(collisions)) }
}

fn apply_overrides(operation: &mut RawOperation, overrides: &Overrides) {
    let mut parameters = std::mem::take(&mut operation.parameters);
    for parameter in &mut parameters {
        let (schema, required) = overrides.parameter(operation, &parameter.name);
        parameter.schema = schema.unwrap_or_else(|| parameter.schema.clone());
        parameter.required = required.unwrap_or(parameter.required);
    }
    operation.parameters = parameters;
    require_selection(operation, overrides);
    let Some(entry) = overrides.operation(operation) else { return };
    if let Some(body) = &entry.body {
        let schema = overrides::schema(body);
        let content = if schema == Schema::File { Content::Form } else { Content::Json };
        operation.body = (body != "none").then_some(Body { content, schema });
    }
    if let Some(response) = &entry.response {
        let schema = overrides::schema(response);
        operation.returns_file = schema == Schema::File;
        operation.responses = if operation.returns_file { Vec::new() } else { vec![schema] };
    }
    if let Some(path) = &entry.path {
        operation.path.clone_from(path);
    }
}

/// Requires the ids of what a call deletes. Sources that call them optional would let it delete everything.
fn require_selection(operation: &mut RawOperation, overrides: &Overrides) {
    let known = overrides.operation(operation).and_then(|entry| entry.selected_by.clone());
    if known.is_some() || operation.method != "DELETE" {
        operation.selection = known.unwrap_or_default();
        return;
    }
    for parameter in &mut operation.parameters {
        let is_selection = parameter.name == "ids" || parameter.name.ends_with("_ids");
        if parameter.place == Place::Query && is_selection {
            parameter.required = true;
            operation.selection.push(parameter.name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Parameter, TextFormat};

    fn operation(area: &str, id: &str, path: &str) -> RawOperation {
        RawOperation { responses: vec![Schema::text()], ..RawOperation::for_tests(area, id, "GET", path) }
    }

    fn with_query(mut operation: RawOperation, name: &str) -> RawOperation {
        let parameter =
            Parameter { name: name.into(), place: Place::Query, required: true, schema: Schema::text() };
        operation.parameters.push(parameter);
        operation
    }

    fn of(operations: Vec<RawOperation>) -> Description {
        Description { operations, ..Description::default() }
    }

    #[test]
    fn a_parameter_that_only_the_sdk_has_is_optional() {
        let specification = of(vec![operation("paint", "Get Color", "/v1/{id}")]);
        let sdk = of(vec![with_query(operation("paint", "Get Color", "/v1/{color}"), "shade")]);
        let merged = merge(specification, sdk, &Overrides::default()).unwrap();
        let parameters = &merged.description.operations[0].parameters;
        assert_eq!((parameters[0].name.as_str(), parameters[0].required), ("shade", false));
        assert_eq!(merged.only_in_sdk, 0);
    }

    #[test]
    fn a_parameter_that_one_of_two_descriptions_requires_is_required() {
        let mut first = with_query(operation("paint", "Get Color", "/v1/{id}"), "shade");
        first.parameters[0].required = false;
        let twin = with_query(with_query(operation("tins", "Get Color", "/v1/{tin}"), "shade"), "lid");
        let text = "[[operation]]\narea = \"tins\"\nid = \"Get Color\"\nsame_as = \"paint/Get Color\"\nreason = \"one call\"";
        let overrides = Overrides::read(text).unwrap();
        let merged = merge(of(vec![first, twin]), Description::default(), &overrides).unwrap();
        let parameters = &merged.description.operations[0].parameters;
        let required: Vec<_> = parameters.iter().map(|it| (it.name.as_str(), it.required)).collect();
        assert_eq!(required, [("shade", true), ("lid", true)]);
    }

    #[test]
    fn a_deletion_requires_the_ids_of_what_it_deletes() {
        let deletion = |id: &str| {
            let mut operation = with_query(operation("paint", id, &format!("/v1/{id}")), "tin_ids");
            operation.method = "DELETE".into();
            operation.parameters[0].required = false;
            operation
        };
        let text = "[[operation]]\narea = \"paint\"\nid = \"Empty\"\nselected_by = [\"tin_ids\", \"age\"]\nreason = \"either\"";
        let overrides = Overrides::read(text).unwrap();
        let described = of(vec![deletion("Delete Tins"), deletion("Empty")]);
        let merged = merge(described, Description::default(), &overrides).unwrap();
        let selections: Vec<_> = merged.description.operations.iter().map(|it| &it.selection).collect();
        assert_eq!(selections, [&["tin_ids"][..], &["tin_ids", "age"]]);
        let required = merged.description.operations.iter().map(|it| it.parameters[0].required);
        assert_eq!(required.collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn an_operation_that_only_the_sdk_has_is_added() {
        let specification = of(vec![operation("paint", "Get Color", "/v1/{id}")]);
        let sdk = of(vec![operation("paint", "Get Tin", "/v1/{id}/tin")]);
        let merged = merge(specification, sdk, &Overrides::default()).unwrap();
        assert_eq!((merged.description.operations.len(), merged.only_in_sdk), (2, 1));
    }

    #[test]
    fn an_operation_with_only_rejections_gets_the_response_of_the_sdk() {
        let rejection = |status: &str| {
            let text = |values| Schema::Text { format: TextFormat::Plain, values };
            let fields = [("code", text(Vec::new())), ("status", text(vec![status.to_owned()]))];
            Schema::Object(fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect())
        };
        for (status, expected) in [("error", Schema::text()), ("success", rejection("success"))] {
            let specified =
                RawOperation { responses: vec![rejection(status)], ..operation("paint", "Get Color", "/v1") };
            let sdk = of(vec![operation("paint", "Get Color", "/v1")]);
            let merged = merge(of(vec![specified]), sdk, &Overrides::default()).unwrap();
            assert_eq!(merged.description.operations[0].responses, [expected]);
        }
    }

    #[test]
    fn a_field_that_only_the_sdk_has_is_added_to_the_shape_of_the_same_name() {
        let shape = |name: &str, field: &str| {
            let fields = [(field.to_owned(), Schema::text())].into_iter().collect();
            [(Key::new("paint", name), Schema::Object(fields))].into_iter().collect()
        };
        let specification = Description { definitions: shape("paint_tin", "size"), ..Description::default() };
        let sdk = Description { definitions: shape("PaintTin", "lid"), ..Description::default() };
        let merged = merge(specification, sdk, &Overrides::default()).unwrap();
        let Schema::Object(fields) = &merged.description.definitions[&Key::new("paint", "paint_tin")] else {
            panic!()
        };
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["size", "lid"]);
    }

    #[test]
    fn a_field_that_only_the_sdk_describes_gets_its_shape() {
        let shape = |schema: Schema| {
            let fields = [("size".to_owned(), schema)].into_iter().collect();
            [(Key::new("paint", "Tin"), Schema::Object(fields))].into_iter().collect()
        };
        let nothing = Schema::Object(indexmap::IndexMap::new());
        let specification = Description { definitions: shape(nothing), ..Description::default() };
        let sdk = Description { definitions: shape(Schema::Integer), ..Description::default() };
        let merged = merge(specification, sdk, &Overrides::default()).unwrap();
        let size = [("size".to_owned(), Schema::Integer)].into_iter().collect();
        assert_eq!(merged.description.definitions[&Key::new("paint", "Tin")], Schema::Object(size));
    }

    #[test]
    fn two_operations_that_are_the_same_call_are_an_error() {
        let twice = || of(vec![operation("a", "Get A", "/v1/{id}"), operation("b", "Get B", "/v1/{name}")]);
        let error = merge(twice(), Description::default(), &Overrides::default()).unwrap_err();
        assert!(error.to_string().contains("`a/Get A` and `b/Get B` are both `GET /v1/{}`"), "{error}");

        let text =
            "[[operation]]\narea = \"b\"\nid = \"Get B\"\nsame_as = \"a/Get A\"\nreason = \"one call\"";
        let merged = merge(twice(), Description::default(), &Overrides::read(text).unwrap()).unwrap();
        assert_eq!(merged.left_out, [LeftOut { operation: "b/Get B".into(), reason: "one call".into() }]);
    }
}
