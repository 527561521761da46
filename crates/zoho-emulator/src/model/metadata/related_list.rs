//! Related lists: which other records belong to a record.

use serde_json::{Value, json};

use super::Metadata;
use super::field::Kind;
use super::module::Module;

/// A related list of a module.
#[derive(Clone, Debug)]
pub(crate) struct RelatedList {
    pub(crate) api_name: String,
    /// The module whose records are in the list.
    pub(crate) module: String,
    pub(crate) relation: Relation,
}

/// How the records of a related list are tied to their parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// Their field with this name refers to the parent.
    Field(String),
    /// They are linked, many to many, such as products with leads.
    Link,
}

/// The modules that products can be linked with.
const WITH_PRODUCTS: [&str; 4] = ["Leads", "Accounts", "Contacts", "Deals"];

impl Metadata {
    /// The related lists of a module: the modules with a lookup to it, and those that can be linked with it.
    pub(crate) fn related_lists(&self, module: &Module) -> Vec<RelatedList> {
        let mut lists: Vec<RelatedList> = Vec::new();
        for other in self.modules() {
            let mut fields = other.fields.iter().filter(|field| !field.read_only);
            let field = fields.find(|field| match &field.kind {
                Kind::Lookup(target) => *target == module.api_name,
                Kind::AnyRecord => other.api_name != module.api_name,
                _ => false,
            });
            let relation = match field {
                _ if is_linkable(module, other) || is_linkable(other, module) => Relation::Link,
                Some(field) => Relation::Field(field.api_name.clone()),
                None => continue,
            };
            let name = other.api_name.clone();
            lists.push(RelatedList { api_name: name.clone(), module: name, relation });
        }
        lists
    }

    /// The related list of a module by its API name.
    pub(crate) fn related_list(&self, module: &Module, api_name: &str) -> Option<RelatedList> {
        self.related_lists(module).into_iter().find(|list| list.api_name == api_name)
    }
}

fn is_linkable(products: &Module, other: &Module) -> bool {
    products.api_name == "Products" && WITH_PRODUCTS.contains(&other.api_name.as_str())
}

impl RelatedList {
    /// The list as `settings/related_lists` describes it.
    pub(crate) fn body(&self, metadata: &Metadata, parent: &Module, sequence_number: usize) -> Value {
        let connected = match &self.relation {
            Relation::Field(field) => json!(field),
            Relation::Link => Value::Null,
        };
        json!({
            "id": self.id(parent, sequence_number),
            "sequence_number": sequence_number.to_string(),
            "api_name": self.api_name,
            "name": self.api_name,
            "display_label": self.api_name,
            "module": { "api_name": self.module, "id": metadata.module_id(&self.module) },
            "type": "default",
            "href": format!("{}/{{ENTITYID}}/{}", parent.api_name, self.api_name),
            "action": if self.relation == Relation::Link { json!("add_existing") } else { Value::Null },
            "connectedlookupApiName": connected,
            "connectedmodule": null,
            "linkingmodule": null,
            "customize_sort": true,
            "customize_fields": true,
            "customize_display_label": true,
            "status": "visible",
            "visibility": 1,
        })
    }

    /// The id of the list, derived from that of the parent's layout and the position of the list.
    pub(crate) fn id(&self, parent: &Module, sequence_number: usize) -> String {
        format!("55{}{sequence_number:02}", parent.layout_id.get(4..).unwrap_or_default())
    }
}
