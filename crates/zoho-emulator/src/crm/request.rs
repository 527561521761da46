//! A request to the CRM whose caller and route are known.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::bodies::{
    error, invalid_data, invalid_module, invalid_parameter, mandatory_not_found, missing_key,
    missing_parameter, no_permission, scope_mismatch, too_many, too_many_in_parameter, wrong_type,
};
use crate::digits;
use crate::http::{Call, Response};
use crate::model::identity::User;
use crate::model::metadata::{Metadata, Module};
use crate::model::records::{Person, id_of};
use crate::scope::Scopes;
use crate::timestamp::parse_iso8601;
use crate::version::Version;
use crate::world::World;

/// The maximum number of records in a request.
const MAX_RECORDS: usize = 100;

/// The authenticated caller.
pub(crate) struct Caller<'a> {
    pub(crate) user: &'a User,
    pub(crate) person: Arc<Person>,
    pub(crate) organization: String,
    pub(super) scopes: Scopes,
}

/// A request to the CRM.
pub(crate) struct Request<'a> {
    pub(crate) world: &'a World,
    pub(crate) caller: &'a Caller<'a>,
    pub(crate) call: &'a Call,
    /// The version of the API that the path names.
    pub(crate) version: Version,
    /// The path segment for each `{name}` of the route.
    parts: Vec<(&'static str, &'a str)>,
    metadata: Arc<Metadata>,
    module: Option<Arc<Module>>,
    /// Processes another request of the same caller, without charging credits for it.
    dispatch: fn(&World, &Caller<'_>, &Call) -> Response,
}

impl<'a> Request<'a> {
    pub(super) fn new(
        world: &'a World,
        caller: &'a Caller<'a>,
        call: &'a Call,
        version: Version,
        parts: Vec<(&'static str, &'a str)>,
        dispatch: fn(&World, &Caller<'_>, &Call) -> Response,
    ) -> Self {
        let metadata = world.state().metadata();
        let name = parts.iter().find(|(name, _)| *name == "module").map(|(_, part)| *part);
        let module = name.and_then(|name| metadata.module(name));
        Self { world, caller, call, version, parts, metadata, module, dispatch }
    }

    /// The path segment for a `{name}` of the route; empty if the route has no such name.
    pub(crate) fn part(&self, name: &str) -> &'a str {
        self.parts.iter().find(|(known, _)| *known == name).map_or("", |(_, part)| part)
    }

    /// Processes a request that is part of this one.
    pub(crate) fn dispatch_part(&self, call: &Call) -> Response {
        (self.dispatch)(self.world, self.caller, call)
    }

    /// The `{id}` of the path.
    pub(crate) fn id(&self) -> &'a str {
        self.part("id")
    }

    /// The `{module}` of the path, or 400 `INVALID_MODULE`.
    pub(crate) fn module(&self) -> Result<&Arc<Module>, Response> {
        self.module.as_ref().ok_or_else(|| invalid_module(&json!({ "resource_path_index": 0 })))
    }

    /// The module that the parameter `module` names.
    pub(crate) fn module_parameter(&self) -> Result<Arc<Module>, Response> {
        let name = self.call.query_value("module").ok_or_else(|| missing_parameter("module"))?;
        self.metadata.module(name).ok_or_else(|| invalid_module(&json!({ "param_name": "module" })))
    }

    /// Responds with 401 or 403 unless the caller may do this with the records of a module that is not in the path.
    pub(crate) fn needs_module(&self, module: &Module, operation: &str) -> Result<(), Response> {
        if !self.caller.scopes.allow(&format!("modules.{}.{operation}", module.api_name)) {
            return Err(scope_mismatch());
        }
        match self.world.settings.forbidden_modules.contains(&module.api_name) {
            true => Err(no_permission(&format!("Crm_Implied_View_{}", module.api_name))),
            false => Ok(()),
        }
    }

    /// Modules and fields, as of the arrival of the request.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The organization of the caller, as the key of its records.
    pub(crate) fn organization(&self) -> &str {
        &self.caller.organization
    }

    /// The caller, as records refer to a user.
    pub(crate) fn person(&self) -> &Arc<Person> {
        &self.caller.person
    }

    /// The comma-separated names or ids in a parameter.
    pub(crate) fn list_parameter(&self, name: &str) -> Option<Vec<&'a str>> {
        let text = self.call.query_value(name)?;
        Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
    }

    /// The 1 to 100 ids in the parameter `ids`.
    pub(crate) fn ids(&self) -> Result<Vec<&'a str>, Response> {
        let ids = self.ids_parameter()?.filter(|ids| !ids.is_empty());
        ids.ok_or_else(|| missing_parameter("ids"))
    }

    /// The up to 100 ids in the parameter `ids`, if the request has it.
    pub(crate) fn ids_parameter(&self) -> Result<Option<Vec<&'a str>>, Response> {
        let ids = self.list_parameter("ids");
        if ids.as_ref().is_some_and(|ids| ids.len() > MAX_RECORDS) {
            let message = "Limit Exceeded, You cannot give more than 100 record ids";
            return Err(too_many_in_parameter(MAX_RECORDS, "ids", message));
        }
        Ok(ids)
    }

    /// A parsed parameter; `default` if it is missing.
    pub(crate) fn parameter<T: FromStr>(&self, name: &str, default: T) -> Result<T, Response> {
        match self.call.query_value(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| invalid_parameter(name)),
        }
    }

    /// A timestamp in a header, in milliseconds since 1970.
    pub(crate) fn timestamp_header(&self, name: &str) -> Result<Option<u64>, Response> {
        let Some(text) = self.call.header(name) else { return Ok(None) };
        parse_iso8601(text).map(Some).ok_or_else(|| invalid_parameter(name))
    }

    /// The body, which must be a JSON object.
    pub(crate) fn body(&self) -> Result<Map<String, Value>, Response> {
        digits::parse(self.call.text())
            .map_err(|_| error(400, "INVALID_DATA", &json!({ "expected_data_type": "jsonobject" }), "body"))
    }

    /// The list `key` of the body, with 1 to 100 items.
    pub(crate) fn list_in_body(&self, key: &str) -> Result<Vec<Value>, Response> {
        list_in(&mut self.body()?, key)
    }
}

/// Removes the list `key`, with 1 to 100 items, from a body.
pub(crate) fn list_in(body: &mut Map<String, Value>, key: &str) -> Result<Vec<Value>, Response> {
    list_up_to(MAX_RECORDS, body, key)
}

/// Removes the list `ids`, with 1 to 100 ids, from a body.
pub(crate) fn ids_in(body: &mut Map<String, Value>) -> Result<Vec<String>, Response> {
    ids_up_to(MAX_RECORDS, body)
}

/// Removes the list `ids`, with at least one id, from a body.
pub(crate) fn ids_up_to(maximum: usize, body: &mut Map<String, Value>) -> Result<Vec<String>, Response> {
    let ids = list_up_to(maximum, body, "ids")?;
    let ids = ids.iter().enumerate().map(|(index, id)| {
        let id = id_of(id).ok_or_else(|| wrong_type("ids", "bigint", &format!("$.ids[{index}]")))?;
        Ok(id.into_owned())
    });
    ids.collect()
}

/// The id under `key` in a part of a body; `path` locates the part.
pub(crate) fn id_in(part: &Map<String, Value>, key: &str, path: &str) -> Result<String, Value> {
    let path = format!("{path}.{key}");
    match part.get(key) {
        None | Some(Value::Null) => Err(mandatory_not_found(key, &path)),
        Some(id) => id_of(id).map(Cow::into_owned).ok_or_else(|| invalid_data(key, "bigint", &path)),
    }
}

fn list_up_to(maximum: usize, body: &mut Map<String, Value>, key: &str) -> Result<Vec<Value>, Response> {
    let path = format!("$.{key}");
    match body.remove(key) {
        Some(Value::Array(list)) if list.len() > maximum => Err(too_many(maximum, key)),
        Some(Value::Array(list)) if !list.is_empty() => Ok(list),
        None => Err(missing_key(key, &path)),
        Some(_) => Err(wrong_type(key, "jsonarray", &path)),
    }
}
