//! `Module`, `Layout` and `RelatedList`, as Zoho describes them.

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::module_name::ModuleName;
use super::names;
use crate::value::{Extra, or_default};

/// A module, as Zoho describes it. The names are Zoho's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Module {
    /// Zoho's id of the item.
    pub id: Option<String>,
    /// The API name, such as `Leads`.
    #[serde(deserialize_with = "or_default")]
    pub api_name: String,
    /// Zoho's internal name, such as `CustomModule1`.
    pub module_name: Option<String>,
    /// The display name of one record.
    pub singular_label: Option<String>,
    /// The display name of several records.
    pub plural_label: Option<String>,
    /// `default` for Zoho's modules, `custom` for the organization's, and others.
    pub generated_type: Option<String>,
    /// Whether the API supports the module.
    #[serde(deserialize_with = "or_default")]
    pub api_supported: bool,
    /// Whether this user may create records.
    #[serde(deserialize_with = "or_default")]
    pub creatable: bool,
    /// Whether this user may read records.
    #[serde(deserialize_with = "or_default")]
    pub viewable: bool,
    /// Whether this user may update records.
    #[serde(deserialize_with = "or_default")]
    pub editable: bool,
    /// Whether this user may delete records.
    #[serde(deserialize_with = "or_default")]
    pub deletable: bool,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Module {
    /// The names that people use for it.
    fn names(&self) -> [&str; 2] {
        [&self.api_name, self.plural_label.as_deref().unwrap_or_default()]
    }
}

/// Returns the module that a misspelled name probably means, if there is one.
#[must_use]
pub fn nearest_module<'a>(modules: &'a [Module], name: &str) -> Option<&'a Module> {
    names::nearest(modules, Module::names, name)
}

/// A layout: the fields that users see, and their order. The names are Zoho's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Layout {
    /// Zoho's id of the layout, for the field `Layout` of a record.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// The name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// `active`, or another status if the layout is not in use.
    pub status: Option<String>,
    /// Whether the layout is visible to this user.
    #[serde(deserialize_with = "or_default")]
    pub visible: bool,
    /// The sections.
    #[serde(deserialize_with = "or_default")]
    pub sections: Vec<LayoutSection>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A section of a layout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LayoutSection {
    /// The API name.
    pub api_name: Option<String>,
    /// The display name.
    pub display_label: Option<String>,
    /// The fields. Their pick-list values, and which of them are mandatory, can differ from those of the module.
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<Field>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A related list of a record, such as its notes. The names are Zoho's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RelatedList {
    /// Zoho's id of the item.
    pub id: Option<String>,
    /// The API name.
    #[serde(deserialize_with = "or_default")]
    pub api_name: String,
    /// The display name.
    pub display_label: Option<String>,
    /// The module of the related records; `None` for some of Zoho's own lists.
    pub module: Option<ModuleName>,
    /// `default`, `multiselectlookup` and others.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}
