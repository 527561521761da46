//! A request to the CRM whose caller and route are known.

use std::str::FromStr;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::bodies::{
    error, invalid_module, invalid_parameter, missing_key, missing_parameter, no_permission, scope_mismatch,
    too_many, wrong_type,
};
use crate::http::{Answer, Call};
use crate::model::identity::User;
use crate::model::metadata::{Metadata, Module};
use crate::model::records::Person;
use crate::scope::Scopes;
use crate::timestamp::parse_iso8601;
use crate::world::World;

/// The most records in one request, whatever is done with them.
const MAXIMUM_RECORDS: usize = 100;

/// Who is calling.
pub(crate) struct Caller<'a> {
    pub(crate) user: &'a User,
    pub(crate) person: Arc<Person>,
    pub(crate) organisation: String,
    pub(super) scopes: Scopes,
}

/// A request to the CRM.
pub(crate) struct Request<'a> {
    pub(crate) world: &'a World,
    pub(crate) caller: &'a Caller<'a>,
    pub(crate) call: &'a Call,
    /// What stands in the path for each `{name}` of its route.
    pub(super) parts: Vec<(&'static str, &'a str)>,
    pub(super) metadata: Arc<Metadata>,
    pub(super) module: Option<Arc<Module>>,
    /// Carries out another request of the same caller, which was paid for with this one.
    pub(super) dispatch: fn(&World, &Caller<'_>, &Call) -> Answer,
}

impl<'a> Request<'a> {
    /// What stands in the path for a `{name}` of the route. A name that the route does not have is empty.
    pub(crate) fn part(&self, name: &str) -> &'a str {
        self.parts.iter().find(|(known, _)| *known == name).map_or("", |(_, part)| part)
    }

    /// Carries out a request that is part of this one.
    pub(crate) fn answer_part(&self, call: &Call) -> Answer {
        (self.dispatch)(self.world, self.caller, call)
    }

    /// The `{id}` of the path.
    pub(crate) fn id(&self) -> &'a str {
        self.part("id")
    }

    /// The `{module}` of the path, or 400 `INVALID_MODULE`.
    pub(crate) fn module(&self) -> Result<&Arc<Module>, Answer> {
        self.module.as_ref().ok_or_else(|| invalid_module(&json!({ "resource_path_index": 0 })))
    }

    /// The module that the parameter `module` names.
    pub(crate) fn module_parameter(&self) -> Result<Arc<Module>, Answer> {
        let name = self.call.query_value("module").ok_or_else(|| missing_parameter("module"))?;
        self.metadata.module(name).ok_or_else(|| invalid_module(&json!({ "param_name": "module" })))
    }

    /// 401 or 403 unless the caller may do this with the records of a module that is not in the path.
    pub(crate) fn needs_module(&self, module: &Module, operation: &str) -> Result<(), Answer> {
        if !self.caller.scopes.allow(&format!("modules.{}.{operation}", module.api_name)) {
            return Err(scope_mismatch());
        }
        match self.world.settings.forbidden_modules.contains(&module.api_name) {
            true => Err(no_permission(&format!("Crm_Implied_View_{}", module.api_name))),
            false => Ok(()),
        }
    }

    /// Modules and fields, as they were when the request came.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The organisation of the caller, as the key of its records.
    pub(crate) fn organisation(&self) -> &str {
        &self.caller.organisation
    }

    /// The caller, as records name a user.
    pub(crate) fn person(&self) -> &Arc<Person> {
        &self.caller.person
    }

    /// The names or ids in a parameter, separated by commas.
    pub(crate) fn list_parameter(&self, name: &str) -> Option<Vec<&'a str>> {
        let text = self.call.query_value(name)?;
        Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
    }

    /// One to a hundred ids in the parameter `ids`.
    pub(crate) fn ids(&self) -> Result<Vec<&'a str>, Answer> {
        let ids = self.list_parameter("ids").filter(|ids| !ids.is_empty());
        let ids = ids.ok_or_else(|| missing_parameter("ids"))?;
        if ids.len() > MAXIMUM_RECORDS { Err(too_many(MAXIMUM_RECORDS, "ids")) } else { Ok(ids) }
    }

    /// A parameter that is no text. Without it: `default`.
    pub(crate) fn parameter<T: FromStr>(&self, name: &str, default: T) -> Result<T, Answer> {
        match self.call.query_value(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| invalid_parameter(name)),
        }
    }

    /// A moment in a header, in milliseconds since 1970.
    pub(crate) fn moment_header(&self, name: &str) -> Result<Option<u64>, Answer> {
        let Some(text) = self.call.header(name) else { return Ok(None) };
        parse_iso8601(text).map(Some).ok_or_else(|| invalid_parameter(name))
    }

    /// The body, a JSON object.
    pub(crate) fn body(&self) -> Result<Map<String, Value>, Answer> {
        serde_json::from_str(self.call.text())
            .map_err(|_| error(400, "INVALID_DATA", &json!({ "expected_data_type": "jsonobject" }), "body"))
    }

    /// One to a hundred things in the list `key` of the body.
    pub(crate) fn list_in_body(&self, key: &str) -> Result<Vec<Value>, Answer> {
        list_in(&mut self.body()?, key)
    }
}

/// One to a hundred things in a list of a body.
pub(crate) fn list_in(body: &mut Map<String, Value>, key: &str) -> Result<Vec<Value>, Answer> {
    let path = format!("$.{key}");
    match body.remove(key) {
        Some(Value::Array(list)) if list.len() > MAXIMUM_RECORDS => Err(too_many(MAXIMUM_RECORDS, key)),
        Some(Value::Array(list)) if !list.is_empty() => Ok(list),
        None => Err(missing_key(key, &path)),
        Some(_) => Err(wrong_type(key, "jsonarray", &path)),
    }
}
