//! `settings/modules`, `settings/fields`, `settings/layouts` and `settings/related_lists`.

use serde_json::{Value, json};

use crate::bodies::error;
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::metadata::{Field, Metadata, Module};

/// The states of a module. Here, every module is `visible`.
const MODULE_STATES: [&str; 4] = ["visible", "user_hidden", "system_hidden", "scheduled_for_deletion"];

pub(crate) fn modules(request: &Request<'_>) -> Result<Response, Response> {
    let states = request.list_parameter("status").unwrap_or_default();
    if let Some(index) = states.iter().position(|state| !MODULE_STATES.contains(state)) {
        let details = json!({ "index": index, "supported_values": MODULE_STATES, "param_name": "status" });
        return Err(error(400, "INVALID_DATA", &details, "The status given is invalid."));
    }
    let wanted = states.is_empty() || states.contains(&"visible");
    let modules = request.metadata().modules().enumerate().filter(|_| wanted);
    Ok(listed("modules", modules.map(|(index, module)| module.body(index + 1)).collect()))
}

/// A module by its name or id, with its fields.
pub(crate) fn module(request: &Request<'_>) -> Result<Response, Response> {
    let wanted = request.id();
    let mut modules = request.metadata().modules().enumerate();
    let found = modules.find(|(_, module)| module.api_name == wanted || module.id == wanted);
    let Some((index, module)) = found else { return Ok(Response::empty(204)) };
    let mut body = module.body(index + 1);
    body["fields"] = fields_body(request.metadata(), module);
    body["per_page"] = json!(10);
    body["display_field"] = json!(module.display_field);
    Ok(listed("modules", vec![body]))
}

pub(crate) fn fields(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    if !matches!(request.call.query_value("type"), None | Some("all")) {
        return Ok(Response::empty(204));
    }
    Ok(Response::json(200, &json!({ "fields": fields_body(request.metadata(), &module) })))
}

/// A field by its id or name.
pub(crate) fn field(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    let wanted = request.id();
    let mut fields = module.fields.iter().enumerate();
    let found = fields.find(|(_, field)| field.id == wanted || field.api_name == wanted);
    let body = found.map(|(index, field)| field_body(request.metadata(), field, index + 1));
    Ok(listed("fields", body.into_iter().collect()))
}

pub(crate) fn layouts(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    Ok(listed("layouts", vec![layout_body(request.metadata(), &module)]))
}

pub(crate) fn layout(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    let body = (module.layout_id == request.id()).then(|| layout_body(request.metadata(), &module));
    Ok(listed("layouts", body.into_iter().collect()))
}

pub(crate) fn related_lists(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    Ok(listed("related_lists", related_list_bodies(request.metadata(), &module)))
}

pub(crate) fn related_list(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module_parameter()?;
    let mut bodies = related_list_bodies(request.metadata(), &module);
    bodies.retain(|body| body["id"] == request.id());
    Ok(listed("related_lists", bodies))
}

/// A list under its name; 204 if it is empty.
fn listed(name: &str, bodies: Vec<Value>) -> Response {
    if bodies.is_empty() {
        Response::empty(204)
    } else {
        Response::json(200, &json!({ name: Value::Array(bodies) }))
    }
}

fn fields_body(metadata: &Metadata, module: &Module) -> Value {
    let fields = module.fields.iter().enumerate();
    fields.map(|(index, field)| field_body(metadata, field, index + 1)).collect()
}

fn field_body(metadata: &Metadata, field: &Field, sequence_number: usize) -> Value {
    field.body(sequence_number, &|module| metadata.module_id(module))
}

fn layout_body(metadata: &Metadata, module: &Module) -> Value {
    let section = json!({
        "id": module.layout_id,
        "name": format!("{} Information", module.singular),
        "api_name": format!("{}_Information", module.singular),
        "display_label": format!("{} Information", module.singular),
        "type": "used",
        "sequence_number": 1,
        "column_count": 2,
        "tab_traversal": 2,
        "isSubformSection": false,
        "generated_type": "default",
        "properties": null,
        "fields": fields_body(metadata, module),
    });
    json!({
        "id": module.layout_id,
        "name": "Standard",
        "api_name": "Standard",
        "display_label": "Standard",
        "status": "active",
        "mode": "view",
        "visible": true,
        "source": "crm",
        "generated_type": "system",
        "has_more_profiles": false,
        "show_business_card": true,
        "actions_allowed": { "edit": false, "rename": false, "clone": false, "downgrade": false, "delete": false, "deactivate": false, "set_layout_permissions": false },
        "profiles": [],
        "created_by": null,
        "created_time": null,
        "modified_by": null,
        "modified_time": null,
        "convert_mapping": {},
        "sections": [section],
    })
}

fn related_list_bodies(metadata: &Metadata, module: &Module) -> Vec<Value> {
    let lists = metadata.related_lists(module);
    lists.iter().enumerate().map(|(index, list)| list.body(metadata, module, index + 1)).collect()
}
