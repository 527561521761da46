//! A field as `settings/fields` describes it.

use serde_json::{Map, Value, json};

use super::field::{Field, Kind};

impl Field {
    /// The field as `settings/fields` describes it. `module` returns the id of a module by its name.
    pub(crate) fn body(&self, sequence_number: usize, module: &dyn Fn(&str) -> Option<String>) -> Value {
        let mut body = self.identity(sequence_number);
        body.extend(self.content(module));
        body.extend(self.usage());
        Value::Object(body)
    }

    fn identity(&self, sequence_number: usize) -> Map<String, Value> {
        object(json!({
            "id": self.id,
            "api_name": self.api_name,
            "field_label": self.label,
            "display_label": self.label,
            "data_type": self.kind.data_type(),
            "json_type": self.kind.json_type(),
            "length": self.length,
            "decimal_place": matches!(self.kind, Kind::Double | Kind::Currency | Kind::Percent).then_some(2),
            "system_mandatory": self.mandatory,
            "custom_field": self.custom,
            "created_source": if self.custom { "default" } else { "system" },
            "sequence_number": sequence_number,
        }))
    }

    /// What depends on the kind of the field.
    fn content(&self, module: &dyn Fn(&str) -> Option<String>) -> Map<String, Value> {
        let lookup = match &self.kind {
            Kind::Lookup(name) => json!({
                "display_label": self.label,
                "api_name": null,
                "id": self.id,
                "module": { "api_name": name, "id": module(name) },
                "query_details": {},
                "revalidate_filter_during_edit": false,
            }),
            _ => json!({}),
        };
        let subform = match &self.kind {
            Kind::Subform(columns) => {
                let columns =
                    columns.iter().enumerate().map(|(index, column)| column.body(index + 1, module));
                json!({ "module": self.api_name, "id": self.id, "fields": columns.collect::<Vec<_>>() })
            }
            _ => Value::Null,
        };
        let values = self.kind.values().iter().enumerate().map(|(index, value)| {
            json!({
                "id": format!("5{}{index:03}", self.id.get(4..).unwrap_or_default()),
                "display_value": value,
                "actual_value": value,
                "reference_value": value,
                "sequence_number": index + 1,
                "type": "used",
                "color_code": null,
            })
        });
        object(json!({
            "pick_list_values": values.collect::<Vec<_>>(),
            "pick_list_values_sorted_lexically": false,
            "lookup": lookup,
            "multiselectlookup": {},
            "subform": subform,
            "unique": if self.unique { json!({ "casesensitive": false }) } else { json!({}) },
            "default_value": null,
            "formula": {},
            "currency": {},
            "auto_number": {},
            "external": null,
            "private": null,
            "tooltip": null,
            "crypt": null,
            "history_tracking": null,
            "association_details": null,
        }))
    }

    /// Where the field can be read, written and searched.
    fn usage(&self) -> Map<String, Value> {
        let writable = !self.read_only;
        // Zoho marks the owner as read-only on the form, although the API can set it.
        let is_owner = matches!(self.kind, Kind::Owner) && writable;
        let is_subform = matches!(self.kind, Kind::Subform(_));
        let by_api = writable && !is_subform;
        let flat = !self.only_in_single_records();
        object(json!({
            "read_only": self.read_only,
            "field_read_only": self.read_only || is_owner,
            "operation_type": {
                "web_create": writable, "web_update": writable, "api_create": by_api, "api_update": by_api,
            },
            "view_type": { "view": true, "edit": writable, "quick_create": self.mandatory, "create": writable },
            "visible": true,
            "filterable": flat,
            "searchable": flat,
            "sortable": flat,
            "mass_update": writable && !self.unique,
            "webhook": true,
            "virtual_field": false,
            "separator": false,
            "available_in_user_layout": true,
            "businesscard_supported": true,
            "display_field": false,
            "profiles": [],
        }))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
