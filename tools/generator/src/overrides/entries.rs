//! The entries of `overrides.toml`.

use indexmap::IndexMap;
use serde::Deserialize;

use super::schema;
use crate::schema::Schema;

/// An area. The file has one entry for each.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaOverride {
    /// The Cargo feature that enables the area.
    pub feature: String,
    /// The name of its module. Default: the area's own name.
    pub name: Option<String>,
    /// Its subject in prose, as in `Operations on {title}`. Default: the words of its name.
    pub title: Option<String>,
    /// Its subject in words, as a singular. Default: derived from its name.
    pub noun: Option<String>,
    /// Better names for operations, in words, by the names in the source.
    #[serde(default)]
    pub names: IndexMap<String, String>,
    /// The scope without its verb, if the source's is wrong or missing.
    pub scope: Option<String>,
    /// The reason, if the entry has more than the feature.
    #[allow(dead_code, reason = "for readers of the file")]
    pub reason: Option<String>,
}

/// An operation, identified by its area and its name in the source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationOverride {
    pub(super) area: String,
    pub(super) id: String,
    /// The name of its method, if the rules derive a bad one.
    pub method: Option<String>,
    /// Whether to leave the operation out.
    #[serde(default)]
    pub omit: bool,
    /// The operation that is the same call: `record/Get Record`. This one is left out and completes that one.
    pub same_as: Option<String>,
    /// Whether it differs from another operation with the same method and URL.
    #[serde(default)]
    pub distinct: bool,
    /// The query parameters that select what the call applies to, at least one of which it needs. Default: the ids of a
    /// deletion.
    pub selected_by: Option<Vec<String>>,
    /// The shape of the body, or `none`.
    pub body: Option<String>,
    /// The shape of the response.
    pub response: Option<String>,
    /// The correct path.
    pub path: Option<String>,
    /// All scopes that it needs, if the source's are wrong or missing.
    pub scopes: Option<Vec<String>>,
    /// What it does, without a full stop, if the rules derive a bad sentence.
    pub sentence: Option<String>,
    /// The reason.
    pub reason: String,
}

/// A parameter: of one operation, of one area, or of all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterOverride {
    pub(super) name: String,
    pub(super) area: Option<String>,
    /// The name of the operation in the source.
    pub(super) operation: Option<String>,
    /// The shape.
    pub(super) is: Option<String>,
    /// Whether the call needs it.
    pub(super) required: Option<bool>,
    #[allow(dead_code, reason = "for readers of the file")]
    pub(super) reason: String,
}

/// A field of a shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldOverride {
    /// `area/Type` as the source names it, or `*` for all shapes with the field.
    pub(super) r#type: String,
    pub(super) field: String,
    /// The shape.
    pub(super) is: Option<String>,
    /// The name in Rust.
    pub(super) name: Option<String>,
    #[allow(dead_code, reason = "for readers of the file")]
    pub(super) reason: String,
}

/// A shape that means the same wherever it occurs, whatever its name is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommonShape {
    /// The name in `shared`.
    pub(super) name: String,
    pub(super) fields: IndexMap<String, String>,
    #[allow(dead_code, reason = "for readers of the file")]
    pub(super) reason: String,
}

impl ParameterOverride {
    /// Whether the entry applies to this parameter.
    pub(super) fn applies_to(&self, area: &str, operation: &str, name: &str) -> bool {
        let fits = |own: &Option<String>, of: &str| own.as_deref().is_none_or(|own| own == of);
        self.name == name && fits(&self.area, area) && fits(&self.operation, operation)
    }

    /// How narrow the entry is: 0 for all operations, 2 for one operation.
    pub(super) fn narrowness(&self) -> usize {
        usize::from(self.area.is_some()) + usize::from(self.operation.is_some())
    }

    /// The name of the entry in messages.
    pub(super) fn title(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        format!("parameter {}/{}/{}", part(&self.area), part(&self.operation), self.name)
    }
}

impl CommonShape {
    /// Whether these are the fields, in any order.
    pub(super) fn matches(&self, fields: &IndexMap<String, Schema>) -> bool {
        let has = |(name, is): (&String, &String)| fields.get(name).is_some_and(|field| *field == schema(is));
        fields.len() == self.fields.len() && self.fields.iter().all(has)
    }
}

/// A shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeOverride {
    /// `area/Type` as the source names it.
    pub(super) r#type: String,
    /// The SDK's name for it, if it differs: `layouts/SectionField`.
    pub(super) same_as: Option<String>,
    /// The shape that replaces it.
    pub(super) is: Option<String>,
    /// The fields, for a shape that no source defines.
    pub(super) fields: Option<IndexMap<String, String>>,
    /// The name in Rust.
    pub(super) name: Option<String>,
    #[allow(dead_code, reason = "for readers of the file")]
    pub(super) reason: String,
}
