//! `Module`: a kind of record, with its fields.

use serde_json::{Value, json};

use super::field::{Field, Kind};

/// A module of the CRM: a kind of record, with its fields.
///
/// In addition to its own fields, every module has `Owner`, `Created_By`, `Modified_By`, `Created_Time`,
/// `Modified_Time`, `Tag` and a few more.
#[derive(Clone, Debug)]
#[must_use = "a module has no effect until it is added to an emulator"]
pub struct Module {
    pub(crate) api_name: String,
    pub(crate) singular: String,
    pub(crate) plural: String,
    pub(crate) id: String,
    pub(crate) layout_id: String,
    pub(crate) custom: bool,
    pub(crate) fields: Vec<Field>,
    /// The field that names a record.
    pub(crate) display_field: String,
    /// The fields by which an upsert that names none finds the record.
    pub(crate) duplicate_check_fields: Vec<String>,
}

impl Module {
    /// A custom module. Like every custom module, it has a mandatory field `Name`.
    pub fn new(api_name: impl Into<String>) -> Self {
        let api_name = api_name.into();
        let plural = api_name.replace('_', " ");
        let singular = plural.strip_suffix('s').unwrap_or(&plural).to_owned();
        let module = Self {
            api_name,
            singular,
            plural,
            id: String::new(),
            layout_id: String::new(),
            custom: true,
            fields: Vec::new(),
            display_field: "Name".to_owned(),
            duplicate_check_fields: Vec::new(),
        };
        module.field(Field::text("Name").mandatory())
    }

    /// A module that every organization has. `display_field` names its records.
    pub(super) fn standard(api_name: &str, display_field: &str) -> Self {
        let mut module = Self::new(api_name);
        module.custom = false;
        module.fields.clear();
        module.display_field = display_field.to_owned();
        module
    }

    /// Adds a field, or replaces the one with the same name.
    pub fn field(mut self, field: Field) -> Self {
        let field = if self.custom { field.custom() } else { field };
        match self.fields.iter_mut().find(|known| known.api_name == field.api_name) {
            Some(known) => *known = field,
            None => self.fields.push(field),
        }
        self
    }

    /// Sets the singular and plural labels. Default: derived from the API name.
    pub fn labels(mut self, singular: impl Into<String>, plural: impl Into<String>) -> Self {
        (self.singular, self.plural) = (singular.into(), plural.into());
        self
    }

    /// Sets the fields by which an upsert that names none finds the record, in addition to the unique ones.
    pub fn duplicate_check(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.duplicate_check_fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Adds the fields that all modules have, and takes ids from `next_id`.
    pub(super) fn registered(mut self, mut next_id: impl FnMut() -> String) -> Self {
        self.id = next_id();
        self.layout_id = next_id();
        for field in system_fields(&self.singular) {
            if self.find(&field.api_name).is_none() {
                self.fields.push(field);
            }
        }
        for field in &mut self.fields {
            field.id = next_id();
            if let Kind::Subform(columns) = &mut field.kind {
                columns.iter_mut().for_each(|column| column.id = next_id());
            }
        }
        self
    }

    /// A field by its API name.
    pub(crate) fn find(&self, api_name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.api_name == api_name)
    }

    /// The field that clients set to name a record. The full name of a person is derived, so for people it is the last
    /// name.
    pub(crate) fn naming_field(&self) -> &str {
        if self.display_field == "Full_Name" { "Last_Name" } else { &self.display_field }
    }

    /// Name and id, as other responses refer to the module.
    pub(crate) fn reference(&self) -> Value {
        json!({ "api_name": self.api_name, "id": self.id })
    }

    /// The module as `settings/modules` describes it.
    pub(crate) fn body(&self, sequence_number: usize) -> Value {
        let standard = !self.custom;
        json!({
            "id": self.id,
            "api_name": self.api_name,
            "module_name": if standard { self.api_name.clone() } else { format!("CustomModule{sequence_number}") },
            "singular_label": self.singular,
            "plural_label": self.plural,
            "actual_singular_label": self.singular,
            "actual_plural_label": self.plural,
            "generated_type": if standard { "default" } else { "custom" },
            "api_supported": true,
            "creatable": true,
            "editable": true,
            "deletable": true,
            "viewable": true,
            "convertable": self.api_name == "Leads",
            "quick_create": standard,
            "global_search_supported": true,
            "lookupable": true,
            "recycle_bin_on_delete": true,
            "feeds_required": false,
            "public_fields_configured": false,
            "isBlueprintSupported": true,
            "has_more_profiles": false,
            "presence_sub_menu": standard,
            "sub_menu_available": true,
            "show_as_tab": true,
            "access_type": "org_based",
            "status": "visible",
            "visibility": 1,
            "sequence_number": sequence_number,
            "profile_count": 1,
            "business_card_field_limit": 5,
            "arguments": [],
            "parent_module": {},
            "profiles": [],
            "web_link": null,
            "description": null,
            "private_profile": null,
            "modified_by": null,
            "modified_time": null,
        })
    }
}

/// The fields that the CRM adds to every module.
fn system_fields(singular: &str) -> Vec<Field> {
    vec![
        Field::big_integer("id").label("Record Id").read_only(),
        Field::owner("Owner").label(format!("{singular} Owner")),
        Field::owner("Created_By").read_only(),
        Field::owner("Modified_By").read_only(),
        Field::date_time("Created_Time").read_only(),
        Field::date_time("Modified_Time").read_only(),
        Field::date_time("Last_Activity_Time").read_only(),
        Field::boolean("Locked__s").label("Locked").read_only(),
        Field::picklist("Record_Status__s", ["Available", "Draft", "Trash"])
            .label("Record Status")
            .read_only(),
        Field::tags("Tag"),
    ]
}
