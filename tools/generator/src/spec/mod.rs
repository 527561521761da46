//! Reads the first source: Zoho's OpenAPI files.

mod references;

use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::schema::{
    Body, Content, Description, Key, Origin, Parameter, Place, RawOperation, Schema, TextFormat,
};
pub use references::Files;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Reads every `*.json` file of a folder.
///
/// # Errors
/// When a file is not JSON, or a reference leads nowhere.
pub fn load(folder: &Path) -> Result<Description> {
    let mut files = Files::default();
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Error::file(folder, error))? {
        let path = entry.map_err(|error| Error::file(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    for path in paths {
        let text = fs::read(&path).map_err(|error| Error::file(&path, error))?;
        let document = serde_json::from_slice(&text).map_err(|error| Error::file(&path, error))?;
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.insert(name, document);
    }
    describe(&files)
}

/// Reads files in memory.
///
/// # Errors
/// When a reference leads nowhere.
pub fn describe(files: &Files) -> Result<Description> {
    let mut description = Description::default();
    for (file, document) in files.iter() {
        let reader = Reader { files, file };
        for (name, schema) in object(&document["components"]["schemas"]) {
            description.definitions.insert(Key::new(file, name), reader.schema(schema)?);
        }
        for (path, item) in object(&document["paths"]) {
            for (method, operation) in object(item) {
                if METHODS.contains(&method.as_str()) {
                    description.operations.push(reader.operation(path, method, operation, document)?);
                }
            }
        }
    }
    Ok(description)
}

/// Counts the operations in the files of a folder, without reading anything else in them.
///
/// # Errors
/// When a file is not JSON.
pub fn count_operations(folder: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder).map_err(|error| Error::file(folder, error))? {
        let path = entry.map_err(|error| Error::file(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read(&path).map_err(|error| Error::file(&path, error))?;
            let document: Value = serde_json::from_slice(&text).map_err(|error| Error::file(&path, error))?;
            let operations = object(&document["paths"]).flat_map(|(_, item)| object(item));
            count += operations.filter(|(_, operation)| operation.get("responses").is_some()).count();
        }
    }
    Ok(count)
}

/// Reads one file.
struct Reader<'a> {
    files: &'a Files,
    file: &'a str,
}

impl Reader<'_> {
    fn operation(
        &self,
        path: &str,
        method: &str,
        operation: &Value,
        document: &Value,
    ) -> Result<RawOperation> {
        let mut parameters = Vec::new();
        for parameter in list(&operation["parameters"]) {
            parameters.extend(self.parameter(parameter)?);
        }
        let mut responses = Vec::new();
        let mut returns_file = false;
        for (status, response) in object(&operation["responses"]) {
            if !status.starts_with('2') {
                continue;
            }
            let (file, response) = self.files.resolve(self.file, response)?;
            for (content_type, media) in object(&response["content"]) {
                if content_type == "application/json" {
                    responses.push(Reader { files: self.files, file }.schema(&media["schema"])?);
                } else {
                    returns_file = true;
                }
            }
        }
        let security = if operation["security"].is_array() { operation } else { document };
        let server = operation["servers"][0]["url"].as_str().unwrap_or_default();
        Ok(RawOperation {
            area: self.file.to_owned(),
            id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            on_upload_host: server.contains("content."),
            parameters,
            body: self.body(&operation["requestBody"])?,
            responses,
            returns_file,
            selection: Vec::new(),
            scopes: scopes(&security["security"]),
            origin: Origin::OpenApi { file: self.file.to_owned() },
            also_takes: Vec::new(),
        })
    }

    /// Reads a parameter. Returns `None` for one that is not in the path, the query or a header.
    fn parameter(&self, parameter: &Value) -> Result<Option<Parameter>> {
        let (file, resolved) = match self.files.resolve(self.file, parameter) {
            Ok(resolved) => resolved,
            Err(error) => {
                // The specification refers to the parameter of this name and does not define it.
                let reference = parameter["$ref"].as_str().unwrap_or_default();
                let name = reference.rsplit('/').next().unwrap_or_default();
                if name != "If-Modified-Since" {
                    return Err(error);
                }
                let schema = Schema::Text { format: TextFormat::DateTime, values: Vec::new() };
                let name = name.to_owned();
                return Ok(Some(Parameter { name, place: Place::Header, required: false, schema }));
            }
        };
        let place = match resolved["in"].as_str() {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some("header") => Place::Header,
            _ => return Ok(None),
        };
        Ok(Some(Parameter {
            name: resolved["name"].as_str().unwrap_or_default().to_owned(),
            place,
            required: resolved["required"].as_bool().unwrap_or(place == Place::Path),
            schema: Reader { files: self.files, file }.schema(&resolved["schema"])?,
        }))
    }

    fn body(&self, body: &Value) -> Result<Option<Body>> {
        if body.is_null() {
            return Ok(None);
        }
        let (file, body) = self.files.resolve(self.file, body)?;
        let Some((content_type, media)) = object(&body["content"]).next() else { return Ok(None) };
        let content = if content_type.starts_with("multipart/") { Content::Form } else { Content::Json };
        Ok(Some(Body { content, schema: Reader { files: self.files, file }.schema(&media["schema"])? }))
    }

    fn schema(&self, schema: &Value) -> Result<Schema> {
        if let Some(reference) = schema["$ref"].as_str() {
            return match references::definition(self.file, reference) {
                Some(key) => Ok(Schema::Named(key)),
                None => {
                    let (file, schema) = self.files.resolve(self.file, schema)?;
                    Reader { files: self.files, file }.schema(schema)
                }
            };
        }
        for several in ["oneOf", "anyOf", "allOf"] {
            if schema[several].is_array() {
                let branches = list(&schema[several]).map(|branch| self.schema(branch));
                let mut branches = branches.collect::<Result<Vec<_>>>()?;
                return Ok(if branches.len() == 1 { branches.remove(0) } else { Schema::OneOf(branches) });
            }
        }
        Ok(match schema["type"].as_str() {
            Some("string") => text(schema),
            Some("integer") => Schema::Integer,
            Some("number") => Schema::Number,
            Some("boolean") => Schema::Boolean,
            Some("array") => Schema::List {
                items: Box::new(self.schema(&schema["items"])?),
                nullable: schema["items"]["nullable"].as_bool().unwrap_or(false),
            },
            Some("object") => self.fields(schema)?,
            _ if schema["properties"].is_object() => self.fields(schema)?,
            _ => Schema::Any,
        })
    }

    fn fields(&self, schema: &Value) -> Result<Schema> {
        let fields =
            object(&schema["properties"]).map(|(name, field)| Ok((name.clone(), self.schema(field)?)));
        fields.collect::<Result<IndexMap<_, _>>>().map(Schema::Object)
    }
}

fn text(schema: &Value) -> Schema {
    let format = match schema["format"].as_str() {
        Some("binary") => return Schema::File,
        Some("date") => TextFormat::Date,
        Some("date-time") => TextFormat::DateTime,
        _ => TextFormat::Plain,
    };
    let mut values: Vec<String> = Vec::new();
    for value in list(&schema["enum"]).filter_map(Value::as_str) {
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    }
    Schema::Text { format, values }
}

/// The scopes of each requirement.
fn scopes(security: &Value) -> Vec<Vec<String>> {
    let of = |requirement: &Value| {
        let scopes = object(requirement).flat_map(|(_, scopes)| list(scopes)).filter_map(Value::as_str);
        scopes.filter(|scope| !scope.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    list(security).map(of).filter(|scopes| !scopes.is_empty()).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn files(documents: [(&str, Value); 2]) -> Files {
        let mut files = Files::default();
        for (name, document) in documents {
            files.insert(name.to_owned(), document);
        }
        files
    }

    fn two_files() -> Files {
        let colors = json!({
            "security": [{"iam": ["App.colors.ALL"]}],
            "paths": {"/v1/colors/{id}": {"get": {
                "operationId": "Get Color",
                "parameters": [
                    {"$ref": "#/components/parameters/id"},
                    {"name": "shade", "in": "query", "schema": {"type": "string", "enum": ["dark", "dark"]}},
                ],
                "responses": {
                    "200": {"$ref": "#/components/responses/Color"},
                    "400": {"content": {"application/json": {"schema": {}}}},
                },
            }}},
            "components": {
                "parameters": {"id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}},
                "responses": {"Color": {"content": {"application/json": {"schema": {
                    "oneOf": [{"$ref": "https://example.org/v1/paint.json#/components/schemas/Color"}],
                }}}}},
            },
        });
        let paint = json!({"components": {"schemas": {"Color": {
            "type": "object",
            "properties": {"name": {"type": "string", "pattern": "[a-z]", "nullable": true}},
            "required": ["name"],
        }}}});
        files([("colors", colors), ("paint", paint)])
    }

    #[test]
    fn a_reference_to_another_file_becomes_its_name() {
        let description = describe(&two_files()).unwrap();
        assert_eq!(description.operations[0].responses, [Schema::Named(Key::new("paint", "Color"))]);
    }

    #[test]
    fn an_error_response_is_left_out_and_the_scopes_of_the_file_apply_to_its_operations() {
        let description = describe(&two_files()).unwrap();
        let operation = &description.operations[0];
        assert_eq!(operation.responses.len(), 1);
        assert_eq!(operation.scopes, [["App.colors.ALL"]]);
    }

    #[test]
    fn patterns_and_required_fields_are_left_out() {
        let description = describe(&two_files()).unwrap();
        let color = &description.definitions[&Key::new("paint", "Color")];
        assert_eq!(color, &Schema::Object([("name".to_owned(), Schema::text())].into_iter().collect()));
    }

    #[test]
    fn a_value_that_is_listed_twice_is_read_once() {
        let description = describe(&two_files()).unwrap();
        let shade = &description.operations[0].parameters[1];
        assert_eq!(shade.schema, Schema::Text { format: TextFormat::Plain, values: vec!["dark".into()] });
        assert!(!shade.required);
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_an_error() {
        let broken = json!({"paths": {"/v1/x": {"get": {
            "responses": {}, "parameters": [{"$ref": "#/components/parameters/lost"}],
        }}}});
        let error = describe(&files([("broken", broken), ("other", json!({}))])).unwrap_err();
        assert!(error.to_string().contains("lost"), "{error}");
    }
}
