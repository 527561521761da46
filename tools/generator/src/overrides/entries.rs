//! The entries of `overrides.toml`, as they stand there.

use indexmap::IndexMap;
use serde::Deserialize;

use super::schema;
use crate::schema::Schema;

/// What is said of an area.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaOverride {
    /// The feature that it is behind.
    pub feature: String,
    /// The name of its module, if not the area's own.
    pub name: Option<String>,
    /// One of what it is about, in words; worked out from its name if it is not said.
    pub noun: Option<String>,
    /// Better names for operations, in words, by the source's name.
    #[serde(default)]
    pub names: IndexMap<String, String>,
    /// The scope without its last part, if the source's is wrong or missing.
    pub scope: Option<String>,
    /// Why, if more than the feature is said.
    #[allow(dead_code, reason = "for readers of the file")]
    pub reason: Option<String>,
}

/// What is said of an operation. It is found by its area and its name in the source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationOverride {
    pub(super) area: String,
    pub(super) id: String,
    /// The name of its method, if the rules make a bad one.
    pub method: Option<String>,
    /// Left out altogether.
    #[serde(default)]
    pub omit: bool,
    /// Left out, since it is the same call as this one: `record/Get Record`. What it says goes there.
    pub same_as: Option<String>,
    /// It has the method and the URL of another operation, and is something else.
    #[serde(default)]
    pub distinct: bool,
    /// What is sent.
    pub body: Option<String>,
    /// What is answered.
    pub answer: Option<String>,
    /// Another path.
    pub path: Option<String>,
    /// The scopes that it needs, all of them, if the source's are wrong or missing.
    pub scopes: Option<Vec<String>>,
    /// What it does, without a full stop, if the rules make a bad sentence.
    pub sentence: Option<String>,
    /// Why.
    pub reason: String,
}

/// What is said of a parameter: of one operation, in one area, or in all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterOverride {
    pub(super) name: String,
    pub(super) area: Option<String>,
    /// The source's name of the operation.
    pub(super) operation: Option<String>,
    /// Its shape.
    pub(super) is: Option<String>,
    /// Whether the call cannot do without.
    pub(super) required: Option<bool>,
    #[allow(dead_code, reason = "for readers of the file")]
    pub(super) reason: String,
}

/// What is said of a field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldOverride {
    /// `area/Type` as the source names it; `*` for all that have the field.
    pub(super) r#type: String,
    pub(super) field: String,
    /// Its shape.
    pub(super) is: Option<String>,
    /// Its name in Rust.
    pub(super) name: Option<String>,
    #[allow(dead_code, reason = "for readers of the file")]
    pub(super) reason: String,
}

/// A shape that is the same thing wherever it stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommonShape {
    /// Its name in `shared`.
    pub(super) name: String,
    pub(super) fields: IndexMap<String, String>,
    #[allow(dead_code, reason = "for readers of the file")]
    pub(super) reason: String,
}

impl ParameterOverride {
    /// Whether it is said of this parameter.
    pub(super) fn is_of(&self, area: &str, operation: &str, name: &str) -> bool {
        let fits = |own: &Option<String>, of: &str| own.as_deref().is_none_or(|own| own == of);
        self.name == name && fits(&self.area, area) && fits(&self.operation, operation)
    }

    /// How much more it says than "everywhere".
    pub(super) fn narrowness(&self) -> usize {
        usize::from(self.area.is_some()) + usize::from(self.operation.is_some())
    }

    /// What it is called in messages.
    pub(super) fn title(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        format!("parameter {}/{}/{}", part(&self.area), part(&self.operation), self.name)
    }
}

impl CommonShape {
    /// Whether these are its fields, in any order.
    pub(super) fn is(&self, fields: &IndexMap<String, Schema>) -> bool {
        let said =
            |(name, is): (&String, &String)| fields.get(name).is_some_and(|field| *field == schema(is));
        fields.len() == self.fields.len() && self.fields.iter().all(said)
    }
}

/// What is said of a shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeOverride {
    /// `area/Type` as the source names it.
    pub(super) r#type: String,
    /// What the SDK calls it, if not the same: `layouts/SectionField`.
    pub(super) same_as: Option<String>,
    /// Something else altogether.
    pub(super) is: Option<String>,
    /// These fields, for a shape that no source defines.
    pub(super) fields: Option<IndexMap<String, String>>,
    /// A name.
    pub(super) name: Option<String>,
    #[allow(dead_code, reason = "for readers of the file")]
    pub(super) reason: String,
}
