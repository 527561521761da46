//! Reads the SDK's classes as schemas, and combines its operations with them.

use std::collections::HashMap;

use serde_json::Value;

use crate::description::Unreadable;
use crate::operation::{Content, Operation, Parameter, Place};
use crate::schema::{SchemaId, Schemas, Shape, TextKind};

use super::source::Method;

const CHOICE: &str = "zohocrmsdk.src.com.zoho.crm.api.util.Choice";
const FILE: &str = "zohocrmsdk.src.com.zoho.crm.api.util.StreamWrapper";
const RECORD: &str = "zohocrmsdk.src.com.zoho.crm.api.record.Record";
/// A member of every class that only the SDK itself uses.
const INTERNAL: &str = "key_modified";

/// The classes. Each is read on first use.
pub(super) struct Classes<'a> {
    details: &'a Value,
    schemas: Schemas,
    known: HashMap<String, SchemaId>,
}

impl<'a> Classes<'a> {
    pub(super) fn new(details: &'a Value) -> Self {
        Self { details, schemas: Schemas::default(), known: HashMap::new() }
    }

    pub(super) fn into_schemas(self) -> Schemas {
        self.schemas
    }

    pub(super) fn operation(&mut self, method: &Method) -> Result<Operation, Unreadable> {
        let class = |name: &str| format!("{}.{name}", method.package);
        let mut parameters = Vec::new();
        let camel_case = camel_case(&method.name);
        parameters.extend(self.parameters(&class(&format!("{camel_case}Param")), Place::Query)?);
        parameters.extend(self.parameters(&class(&format!("{camel_case}Header")), Place::Header)?);
        let in_path = method.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let named = in_path.map(|name| (name, Place::Path));
        let named = named.chain(method.query.iter().map(|name| (name.as_str(), Place::Query)));
        for (name, place) in named.chain(method.headers.iter().map(|name| (name.as_str(), Place::Header))) {
            if !parameters.iter().any(|known| known.place == place && known.name == name) {
                let schema =
                    self.schemas.add(Shape::Text { kind: TextKind::Plain, values: Vec::new() }, false);
                parameters.push(Parameter { name: name.to_owned(), place, schema, required: true });
            }
        }
        let body = match &method.request_type {
            Some(media_type) => {
                let schema = method.body.as_ref().map(|body| self.class(&class(body))).transpose()?;
                Some(Content { media_type: media_type.clone(), schema })
            }
            None => None,
        };
        let schema = Some(self.class(&class(&method.response))?);
        let response = Content { media_type: method.response_type.clone(), schema };
        Ok(Operation {
            file: method.package.rsplit('.').next().unwrap_or_default().to_owned(),
            name: method.name.clone(),
            method: method.verb.clone(),
            path: method.path.clone(),
            parameters,
            body,
            responses: vec![(200, Some(response))],
        })
    }

    /// Reads the parameters in a class such as `GetRolesParam`, which has a member for each. A map without a name means that
    /// others are possible.
    fn parameters(&mut self, class: &str, place: Place) -> Result<Vec<Parameter>, Unreadable> {
        let Some(members) = self.details.get(class).and_then(Value::as_object) else { return Ok(Vec::new()) };
        let own = members.iter().filter(|(name, member)| {
            *name != INTERNAL && !matches!(text(member, "type"), "" | "Map" | "HashMap")
        });
        own.map(|(_, member)| member)
            .map(|member| {
                let name = text(member, "name").to_owned();
                // The SDK does not tell which parameters are required.
                Ok(Parameter { name, place, schema: self.member(member)?, required: false })
            })
            .collect()
    }

    fn class(&mut self, class: &str) -> Result<SchemaId, Unreadable> {
        if let Some(known) = self.known.get(class) {
            return Ok(*known);
        }
        let id = self.schemas.reserve();
        self.known.insert(class.to_owned(), id);
        let Some(members) = self.details.get(class).and_then(Value::as_object) else {
            return Err(Unreadable::new(format!("class `{class}` does not exist")));
        };
        let shape = match members.get("classes").and_then(Value::as_array) {
            Some(classes) => {
                let branches = classes.iter().filter_map(Value::as_str).map(|class| self.class(class));
                Shape::OneOf(branches.collect::<Result<_, _>>()?)
            }
            None => {
                let own = members.iter().filter(|(name, member)| *name != INTERNAL && member.is_object());
                let members = own.map(|(name, member)| {
                    let wire_name = member["name"].as_str().unwrap_or(name).to_owned();
                    Ok((wire_name, self.member(member)?))
                });
                Shape::Object { members: members.collect::<Result<_, _>>()?, open: class == RECORD }
            }
        };
        self.schemas.set(id, shape, false);
        Ok(id)
    }

    fn member(&mut self, member: &Value) -> Result<SchemaId, Unreadable> {
        let values = || member["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let plain = || Shape::Text { kind: TextKind::Plain, values: values().map(str::to_owned).collect() };
        let spec_type = text(member, "spec_type").rsplit('.').next().unwrap_or_default();
        let shape = match (text(member, "type"), spec_type) {
            (FILE, _) | (_, "TFile") => Shape::File,
            (CHOICE, "TBoolean") | ("Boolean", _) => Shape::Boolean,
            (CHOICE, "TInteger") | ("Integer", _) => Shape::Integer { bits: 32 },
            // Ids are texts on the wire.
            ("Long", "TLong") => Shape::Integer { bits: 64 },
            ("String" | "Long" | "TimeZone" | "LocalTime" | CHOICE, _) => plain(),
            ("Double", _) => Shape::Number,
            ("DateTime", _) => Shape::Text { kind: TextKind::DateTime, values: Vec::new() },
            ("Date", _) => Shape::Text { kind: TextKind::Date, values: Vec::new() },
            ("List", _) => Shape::List(match member.get("sub_type") {
                Some(items) => self.member(items)?,
                None => self.schemas.add(Shape::Anything, false),
            }),
            ("Map" | "HashMap", _) => {
                let keys = member["keys"].as_array().into_iter().flatten();
                let members = keys.map(|key| Ok((text(key, "name").to_owned(), self.member(key)?)));
                Shape::Object { members: members.collect::<Result<_, _>>()?, open: true }
            }
            (class, _) if self.details.get(class).is_some() => return self.class(class),
            _ => Shape::Anything,
        };
        Ok(self.schemas.add(shape, false))
    }
}

fn text<'a>(member: &'a Value, name: &str) -> &'a str {
    member[name].as_str().unwrap_or_default()
}

fn camel_case(name: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    name.split('_').map(capitalized).collect()
}
