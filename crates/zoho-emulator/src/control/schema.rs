//! Control requests for modules, fields and records.

use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{ControlError, done, user};
use crate::model::metadata::{Field, Module};
use crate::world::World;

/// A [`Module`] as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModuleRequest {
    api_name: String,
    singular: Option<String>,
    plural: Option<String>,
    #[serde(default)]
    fields: Vec<FieldRequest>,
}

/// A [`Field`] as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldRequest {
    /// For `POST /_emulator/fields`: the module to add the field to.
    module: Option<String>,
    api_name: String,
    /// As in `settings/fields`: `picklist`, `multiselectpicklist`, `lookup`, …
    data_type: String,
    label: Option<String>,
    length: Option<usize>,
    #[serde(default)]
    mandatory: bool,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    read_only: bool,
    /// The values of a pick list.
    #[serde(default)]
    values: Vec<String>,
    /// The module of a lookup.
    lookup: Option<String>,
    /// The fields of a subform.
    #[serde(default)]
    fields: Vec<Self>,
}

/// Records to add without validation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordsRequest {
    module: String,
    user: Option<String>,
    records: Vec<Value>,
}

pub(super) fn add_module(world: &World, request: ModuleRequest) -> Result<Value, ControlError> {
    let mut module = Module::new(request.api_name);
    let singular = request.singular.unwrap_or_else(|| module.singular.clone());
    let plural = request.plural.unwrap_or_else(|| module.plural.clone());
    module = module.labels(singular, plural);
    for field in request.fields {
        module = module.field(field.into_field()?);
    }
    world.state().metadata_mut().add(module);
    Ok(done())
}

pub(super) fn add_field(world: &World, mut request: FieldRequest) -> Result<Value, ControlError> {
    let module = request.module.take().ok_or_else(|| ControlError::new(400, "a field requires `module`"))?;
    let field = request.into_field()?;
    let known = world.state().metadata_mut().add_field(&module, field);
    if known { Ok(done()) } else { Err(unknown_module(&module)) }
}

pub(super) fn add_records(world: &World, request: RecordsRequest) -> Result<Value, ControlError> {
    let user = user(world, request.user.as_deref())?;
    if world.state().metadata().module(&request.module).is_none() {
        return Err(unknown_module(&request.module));
    }
    let count = request.records.len();
    world.seed(user, &request.module, request.records);
    Ok(json!({ "count": count }))
}

fn unknown_module(module: &str) -> ControlError {
    ControlError::new(404, format!("unknown module `{module}`"))
}

impl FieldRequest {
    fn into_field(self) -> Result<Field, ControlError> {
        let name = self.api_name;
        let field = match self.data_type.as_str() {
            "text" => Field::text(name),
            "textarea" => Field::text_area(name),
            "email" => Field::email(name),
            "phone" => Field::phone(name),
            "website" => Field::website(name),
            "integer" => Field::integer(name),
            "bigint" => Field::big_integer(name),
            "double" => Field::number(name),
            "currency" => Field::currency(name),
            "percent" => Field::percent(name),
            "boolean" => Field::boolean(name),
            "date" => Field::date(name),
            "datetime" => Field::date_time(name),
            "picklist" => Field::picklist(name, self.values),
            "multiselectpicklist" => Field::multi_select_picklist(name, self.values),
            "lookup" => {
                let module = self.lookup.ok_or_else(|| {
                    ControlError::new(400, "a field of type `lookup` requires `lookup`, the name of a module")
                })?;
                Field::lookup(name, module)
            }
            "userlookup" => Field::user(name),
            "subform" => {
                let columns = self.fields.into_iter().map(Self::into_field).collect::<Result<Vec<_>, _>>()?;
                Field::subform(name, columns)
            }
            "fileupload" => Field::file_upload(name),
            "imageupload" => Field::image_upload(name),
            "consent_lookup" => Field::consent(name),
            "autonumber" => Field::auto_number(name),
            other => return Err(ControlError::new(400, format!("unknown data type `{other}`"))),
        };
        let length = self.length.unwrap_or(field.length);
        let label = self.label.unwrap_or_else(|| field.label.clone());
        let read_only = self.read_only || field.read_only;
        Ok(Field {
            mandatory: self.mandatory,
            unique: self.unique,
            read_only,
            ..field.length(length).label(label)
        })
    }
}
