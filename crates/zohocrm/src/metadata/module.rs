//! `Module`, `Layout` and `RelatedList`: what an organisation's CRM is made of, as Zoho describes it.

use serde::{Deserialize, Serialize};

use super::field::Field;
use crate::value::{Extra, or_default};

/// A module, as Zoho describes it. The names are Zoho's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Module {
    /// Zoho's id of it.
    pub id: Option<String>,
    /// Its name in the API, such as `Leads`.
    #[serde(deserialize_with = "or_default")]
    pub api_name: String,
    /// Its name inside Zoho, such as `CustomModule1`.
    pub module_name: Option<String>,
    /// What one of its records is called.
    pub singular_label: Option<String>,
    /// What its records are called.
    pub plural_label: Option<String>,
    /// `default` for a module of Zoho's, `custom` for one of the organisation's, and others.
    pub generated_type: Option<String>,
    /// Whether the API knows its records.
    #[serde(deserialize_with = "or_default")]
    pub api_supported: bool,
    /// Whether this user may create records.
    #[serde(deserialize_with = "or_default")]
    pub creatable: bool,
    /// Whether this user may read records.
    #[serde(deserialize_with = "or_default")]
    pub viewable: bool,
    /// Whether this user may change records.
    #[serde(deserialize_with = "or_default")]
    pub editable: bool,
    /// Whether this user may delete records.
    #[serde(deserialize_with = "or_default")]
    pub deletable: bool,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A layout: which fields people see, in which order. The names are Zoho's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Layout {
    /// Zoho's id of it, for a record's `Layout`.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// `active`, or not in use.
    pub status: Option<String>,
    /// Whether this user sees it.
    #[serde(deserialize_with = "or_default")]
    pub visible: bool,
    /// Its parts.
    #[serde(deserialize_with = "or_default")]
    pub sections: Vec<LayoutSection>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A part of a layout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LayoutSection {
    /// Its name in the API.
    pub api_name: Option<String>,
    /// Its name for people.
    pub display_label: Option<String>,
    /// Its fields. A layout may have other pick-list values and other mandatory fields than its module.
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<Field>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A related list: what hangs on a record, such as its notes. The names are Zoho's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RelatedList {
    /// Zoho's id of it.
    pub id: Option<String>,
    /// Its name in the API.
    #[serde(deserialize_with = "or_default")]
    pub api_name: String,
    /// Its name for people.
    pub display_label: Option<String>,
    /// The module of the records in it; none for some lists of Zoho's own.
    pub module: Option<ModuleName>,
    /// `default`, `multiselectlookup` and others.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A module, by its names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ModuleName {
    /// Its name in the API.
    #[serde(deserialize_with = "or_default")]
    pub api_name: String,
    /// Zoho's id of it.
    pub id: Option<String>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}
