//! Reads the second source: the official Python SDK, which completes the OpenAPI files.

mod details;

use std::fs;
use std::path::Path;
use std::process::Command;

use heck::{ToTitleCase, ToUpperCamelCase};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::schema::{Body, Content, Description, Key, Origin, Parameter, Place, RawOperation, Schema};
use details::Details;

/// The script that prints the operations classes as JSON.
const SCRIPT: &str = include_str!("operations.py");

/// Reads the SDK's package folder, `zohocrmsdk`. The interpreter parses its classes and imports none of them.
///
/// # Errors
/// When the folder is not that of the SDK, or the interpreter fails.
pub fn load(package: &Path, python: &Path) -> Result<Description> {
    let path = package.join("src/json_details.json");
    let details = fs::read_to_string(&path).map_err(|error| Error::file(&path, error))?;
    let output = Command::new(python).arg("-c").arg(SCRIPT).arg(package).output();
    let program = python.display().to_string();
    let output =
        output.map_err(|error| Error::Program { program: program.clone(), reason: error.to_string() })?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::Program { program, reason });
    }
    describe(&details, &String::from_utf8_lossy(&output.stdout))
}

/// Reads the text of `json_details.json` and the output of the script.
///
/// # Errors
/// When one of them does not have the expected format.
pub fn describe(details: &str, operations: &str) -> Result<Description> {
    let details = Details::read(details)?;
    let methods: Vec<Method> =
        serde_json::from_str(operations).map_err(|error| Error::source("the SDK's operations", error))?;
    let operations = methods.iter().map(|method| operation(method, &details)).collect();
    Ok(Description { definitions: details.definitions(), operations })
}

/// A method of an operations class.
#[derive(Debug, Deserialize)]
struct Method {
    module: String,
    name: String,
    path: Vec<Piece>,
    method: String,
    content_type: Option<String>,
    body: Option<String>,
    response: String,
    accept: String,
    /// The parameters that the method always sends.
    parameters: Vec<String>,
    headers: Vec<String>,
}

/// A part of a path.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Piece {
    Text(String),
    Variable { name: String },
}

fn operation(method: &Method, details: &Details) -> RawOperation {
    let mut path = String::new();
    let mut parameters = Vec::new();
    for piece in &method.path {
        match piece {
            Piece::Text(text) => path.push_str(text),
            Piece::Variable { name } => {
                path.push_str(&format!("{{{name}}}"));
                parameters.push(Parameter {
                    name: name.clone(),
                    place: Place::Path,
                    required: true,
                    schema: Schema::text(),
                });
            }
        }
    }
    let on_upload_host = path.starts_with("https://content.");
    if let Some(start) = path.find("/crm/") {
        path.drain(..start);
    }
    for (suffix, place, sent) in
        [("Param", Place::Query, &method.parameters), ("Header", Place::Header, &method.headers)]
    {
        let class = format!("{}{suffix}", method.name.to_upper_camel_case());
        for (name, required, schema) in details.parameters(&method.module, &class) {
            parameters.push(Parameter { required: required || sent.contains(&name), name, place, schema });
        }
    }
    let is_form = method.content_type.as_deref().is_some_and(|content| content.starts_with("multipart/"));
    let body = method.body.as_deref().and_then(details::key).map(|key| Body {
        content: if is_form { Content::Form } else { Content::Json },
        schema: Schema::Named(key),
    });
    let returns_file = method.accept != "application/json";
    let response = details::key(&method.response).filter(|_| !returns_file);
    RawOperation {
        area: method.module.clone(),
        id: method.name.to_title_case(),
        method: method.method.clone(),
        path,
        on_upload_host,
        parameters,
        body,
        responses: response.map(Schema::Named).into_iter().collect(),
        returns_file,
        selection: Vec::new(),
        scopes: Vec::new(),
        origin: Origin::PythonSdk { module: method.module.clone(), function: method.name.clone() },
        also_takes: Vec::new(),
    }
}

/// The key of a shape in the spelling that both sources share, to compare them.
pub(crate) fn same_name(key: &Key) -> Key {
    Key::new(&key.area, key.name.to_upper_camel_case())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DETAILS: &str = r#"{
        "zohocrmsdk.src.com.zoho.crm.api.paint.Color": {
            "id": {"name": "id", "type": "Long", "spec_type": "x.TLongString"},
            "shade": {"name": "shade", "type": "x.util.Choice", "spec_type": "x.TString", "values": ["dark", "light"]},
            "tins": {"name": "tins", "type": "List", "sub_type": {"type": "zohocrmsdk.src.com.zoho.crm.api.paint.Tin"}},
            "key_modified": {"name": "keyModified", "type": "HashMap"}
        },
        "zohocrmsdk.src.com.zoho.crm.api.paint.GetColorParam": {
            "page": {"name": "page", "type": "Integer", "required_for": "true"}
        },
        "zohocrmsdk.src.com.zoho.crm.api.paint.ResponseHandler": {
            "interface": true, "classes": ["zohocrmsdk.src.com.zoho.crm.api.paint.Color"]
        }
    }"#;
    const OPERATIONS: &str = r#"[{
        "module": "paint", "name": "get_color", "method": "GET",
        "path": ["https://content.example.org/crm/v8/colors/", {"name": "id"}],
        "response": "zohocrmsdk.src.com.zoho.crm.api.paint.ResponseHandler",
        "accept": "application/json", "parameters": [], "headers": []
    }]"#;

    #[test]
    fn a_method_becomes_an_operation_with_the_parameters_of_its_class() {
        let description = describe(DETAILS, OPERATIONS).unwrap();
        let operation = &description.operations[0];
        assert_eq!((operation.path.as_str(), operation.on_upload_host), ("/crm/v8/colors/{id}", true));
        let parameters: Vec<_> = operation.parameters.iter().map(|p| (p.name.as_str(), p.required)).collect();
        assert_eq!(parameters, [("id", true), ("page", true)]);
        assert_eq!(operation.id, "Get Color");
    }

    #[test]
    fn an_id_is_text_and_the_sdks_internal_fields_are_left_out() {
        let description = describe(DETAILS, OPERATIONS).unwrap();
        let Schema::Object(fields) = &description.definitions[&Key::new("paint", "Color")] else { panic!() };
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["id", "shade", "tins"]);
        assert_eq!(fields["id"], Schema::text());
        assert_eq!(fields["tins"], Schema::list(Schema::Named(Key::new("paint", "Tin"))));
    }
}
