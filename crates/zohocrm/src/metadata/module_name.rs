//! `ModuleName`: a reference to a module.

use serde::{Deserialize, Serialize};

use crate::value::{Extra, or_default};

/// A reference to a module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ModuleName {
    /// The API name.
    #[serde(deserialize_with = "or_default")]
    pub api_name: String,
    /// Zoho's id of the item.
    pub id: Option<String>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}
