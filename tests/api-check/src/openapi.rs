//! Reads a folder of OpenAPI 3.0 files in JSON, as Zoho publishes them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::description::{Description, Unreadable};
use crate::operation::{Content, Operation, Parameter, Place};
use crate::schema::{SchemaId, Schemas, Shape, TextKind};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// A placeholder in the file of common shapes, not an operation.
const DUMMY: (&str, &str) = ("common", "/");

/// Reads every JSON file of the folder.
///
/// # Errors
/// When a file cannot be read, or a reference leads nowhere.
pub fn read(folder: &Path) -> Result<Description, Unreadable> {
    let files = files(folder)?;
    let mut reader = Reader { files: &files, schemas: Schemas::default(), known: HashMap::new() };
    let mut operations = Vec::new();
    for (file, content) in &files {
        for (path, item) in members(&content["paths"]) {
            for method in METHODS {
                if item.get(method).is_some() && (file.as_str(), path) != DUMMY {
                    operations.push(reader.operation(file, method, path, &item[method])?);
                }
            }
        }
    }
    Ok(Description { operations, schemas: reader.schemas })
}

fn files(folder: &Path) -> Result<BTreeMap<String, Value>, Unreadable> {
    let entries = fs::read_dir(folder).map_err(|error| Unreadable::file(folder, error))?;
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|error| Unreadable::file(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read(&path).map_err(|error| Unreadable::file(&path, error))?;
            let content = serde_json::from_slice(&text).map_err(|error| Unreadable::file(&path, error))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, content);
        }
    }
    match files.is_empty() {
        true => Err(Unreadable::file(folder, "contains no JSON file")),
        false => Ok(files),
    }
}

struct Reader<'a> {
    files: &'a BTreeMap<String, Value>,
    schemas: Schemas,
    /// The referenced schemas, by file and pointer.
    known: HashMap<String, SchemaId>,
}

/// A file name and a value in that file.
type Part<'a> = (&'a str, &'a Value);

impl<'a> Reader<'a> {
    fn operation(
        &mut self,
        file: &'a str,
        method: &str,
        path: &str,
        operation: &'a Value,
    ) -> Result<Operation, Unreadable> {
        let mut parameters = Vec::new();
        for parameter in items(&operation["parameters"]) {
            parameters.extend(self.parameter(file, parameter)?);
        }
        let body = match operation.get("requestBody") {
            Some(body) => self.content((file, body))?,
            None => None,
        };
        let mut responses = Vec::new();
        for (status, response) in members(&operation["responses"]) {
            let status =
                status.parse().map_err(|_| Unreadable::new(format!("{file}: invalid status `{status}`")))?;
            responses.push((status, self.content((file, response))?));
        }
        Ok(Operation {
            file: file.to_owned(),
            name: operation["operationId"].as_str().unwrap_or_default().to_owned(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            parameters,
            body,
            responses,
        })
    }

    fn parameter(&mut self, file: &'a str, parameter: &'a Value) -> Result<Option<Parameter>, Unreadable> {
        let (file, parameter) = self.followed((file, parameter))?;
        let place = match parameter["in"].as_str() {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some("header") => Place::Header,
            _ => return Ok(None),
        };
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let schema = self.schema((file, &parameter["schema"]))?;
        let required = parameter["required"] == true;
        Ok(Some(Parameter { name, place, schema, required }))
    }

    /// Reads the first media type of a request or response body. No body has two.
    fn content(&mut self, part: Part<'a>) -> Result<Option<Content>, Unreadable> {
        let (file, body) = self.followed(part)?;
        let Some((media_type, content)) = members(&body["content"]).next() else { return Ok(None) };
        let schema = content.get("schema").map(|schema| self.schema((file, schema))).transpose()?;
        Ok(Some(Content { media_type: media_type.to_owned(), schema }))
    }

    fn schema(&mut self, part: Part<'a>) -> Result<SchemaId, Unreadable> {
        let Some(reference) = part.1["$ref"].as_str() else {
            let id = self.schemas.reserve();
            return self.fill(id, part).map(|()| id);
        };
        let (file, pointer) = split(part.0, reference);
        let key = format!("{file}#{pointer}");
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let id = self.schemas.reserve();
        self.known.insert(key, id);
        let target = self.followed(part)?;
        self.fill(id, target).map(|()| id)
    }

    fn fill(&mut self, id: SchemaId, part: Part<'a>) -> Result<(), Unreadable> {
        let (file, schema) = part;
        let texts = || items(&schema["enum"]).filter_map(Value::as_str).map(str::to_owned).collect();
        let text = |kind| Shape::Text { kind, values: texts() };
        let shape = match (schema["type"].as_str(), schema["format"].as_str()) {
            _ if schema.get("oneOf").is_some() => {
                let branches = items(&schema["oneOf"]).map(|branch| self.schema((file, branch)));
                Shape::OneOf(branches.collect::<Result<_, _>>()?)
            }
            _ if schema.get("allOf").is_some() => self.merged(file, &schema["allOf"])?,
            (Some("object"), _) | (None, _) if schema.get("properties").is_some() => {
                let members = members(&schema["properties"]).map(|(name, member)| {
                    self.schema((file, member)).map(|member| (name.to_owned(), member))
                });
                let open = schema.get("additionalProperties").is_some_and(|others| *others != false);
                Shape::Object { members: members.collect::<Result<_, _>>()?, open }
            }
            (Some("object"), _) => Shape::Object { members: Vec::new(), open: true },
            (Some("array"), _) => match schema.get("items") {
                Some(items) => Shape::List(self.schema((file, items))?),
                None => Shape::List(self.schemas.add(Shape::Anything, false)),
            },
            (Some("string"), Some("binary")) => Shape::File,
            (Some("string"), Some("date")) => text(TextKind::Date),
            (Some("string"), Some("date-time")) => text(TextKind::DateTime),
            (Some("string"), _) => text(TextKind::Plain),
            (Some("integer"), Some("int32")) => Shape::Integer { bits: 32 },
            (Some("integer"), _) => Shape::Integer { bits: 64 },
            (Some("number"), _) => Shape::Number,
            (Some("boolean"), _) => Shape::Boolean,
            (None, _) => Shape::Anything,
            (Some(other), _) => {
                return Err(Unreadable::new(format!("{file}: unsupported schema type `{other}`")));
            }
        };
        self.schemas.set(id, shape, schema["nullable"] == true);
        Ok(())
    }

    /// Merges the parts of `allOf` into one object.
    fn merged(&mut self, file: &'a str, parts: &'a Value) -> Result<Shape, Unreadable> {
        let mut members = Vec::new();
        for part in items(parts) {
            let part = self.schema((file, part))?;
            match self.schemas.shape(part) {
                Shape::Object { members: some, .. } => members.extend(some.clone()),
                other => return Err(Unreadable::new(format!("{file}: unsupported allOf with {other:?}"))),
            }
        }
        Ok(Shape::Object { members, open: false })
    }

    /// Follows a reference. Returns the part itself if it is not one. References name files by URL, whose last segment is the
    /// file name.
    fn followed(&self, part: Part<'a>) -> Result<Part<'a>, Unreadable> {
        let (file, value) = part;
        let Some(reference) = value["$ref"].as_str() else { return Ok(part) };
        let (name, pointer) = split(file, reference);
        let found = self.files.get_key_value(name);
        let target = found.and_then(|(name, content)| Some((name.as_str(), content.pointer(pointer)?)));
        match target.or_else(|| self.namesake(pointer)) {
            Some(target) => self.followed(target),
            None => Err(Unreadable::new(format!("{file}: the reference `{reference}` leads nowhere"))),
        }
    }

    /// Finds a parameter in any file, for a reference that should name a file and does not. `notes` has one.
    fn namesake(&self, pointer: &str) -> Option<Part<'a>> {
        pointer.starts_with("/components/parameters/").then_some(())?;
        self.files.iter().find_map(|(file, content)| Some((file.as_str(), content.pointer(pointer)?)))
    }
}

/// Splits a reference into file name and pointer.
fn split<'a>(file: &'a str, reference: &'a str) -> (&'a str, &'a str) {
    let (url, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    match url.rsplit('/').next() {
        Some(name) if !name.is_empty() => (name.trim_end_matches(".json"), pointer),
        _ => (file, pointer),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one_file(content: &Value) -> Description {
        let files = BTreeMap::from([("pets".to_owned(), content.clone())]);
        let mut reader = Reader { files: &files, schemas: Schemas::default(), known: HashMap::new() };
        let operation = &files["pets"]["paths"]["/pets"]["get"];
        let operation = reader.operation("pets", "get", "/pets", operation).unwrap();
        Description { operations: vec![operation], schemas: reader.schemas }
    }

    #[test]
    fn a_schema_that_contains_itself_is_read_once() {
        let description = one_file(&json!({
            "paths": {"/pets": {"get": {"responses": {"200": {"content": {"application/json": {
                "schema": {"$ref": "https://example.com/v8.0/pets.json#/components/schemas/Pet"}}}}}}}},
            "components": {"schemas": {"Pet": {"type": "object", "properties": {
                "name": {"type": "string", "nullable": true, "enum": ["Rex"]},
                "young": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}}}},
        }));
        let (status, content) = description.operations[0].successes().next().unwrap();
        let pet = content.schema.unwrap();
        assert_eq!(status, 200);
        assert_eq!(description.schemas.values_of(pet, "name"), ["Rex"]);
        let young = description.schemas.member(pet, "young").unwrap();
        assert_eq!(*description.schemas.shape(young), Shape::List(pet));
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_an_error() {
        let files = BTreeMap::from([("pets".to_owned(), json!({}))]);
        let reader = Reader { files: &files, schemas: Schemas::default(), known: HashMap::new() };
        let reference = json!({"$ref": "#/components/schemas/Pet"});
        let error = reader.followed(("pets", &reference)).unwrap_err();
        assert!(error.to_string().contains("leads nowhere"), "{error}");
    }
}
