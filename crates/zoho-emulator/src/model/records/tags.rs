//! The tags of each module.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::record::Person;

/// The tags of every organization and module.
#[derive(Debug, Default)]
pub(crate) struct TagStore {
    /// By organization and module.
    modules: HashMap<(String, String), Vec<Tag>>,
}

/// A tag.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) color_code: Value,
    pub(crate) created_ms: u64,
    pub(crate) modified_ms: u64,
    pub(crate) created_by: Arc<Person>,
    pub(crate) modified_by: Arc<Person>,
}

impl TagStore {
    /// The tags of a module.
    pub(crate) fn of(&self, organization: &str, module: &str) -> &[Tag] {
        let key = (organization.to_owned(), module.to_owned());
        self.modules.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The tags of a module.
    pub(crate) fn of_mut(&mut self, organization: &str, module: &str) -> &mut Vec<Tag> {
        self.modules.entry((organization.to_owned(), module.to_owned())).or_default()
    }

    /// The module of the tag with this id, and all tags of that module.
    pub(crate) fn module_of(&mut self, organization: &str, id: &str) -> Option<(&str, &mut Vec<Tag>)> {
        let mut modules = self.modules.iter_mut().filter(|((of, _), _)| of == organization);
        modules.find_map(|((_, module), tags)| {
            tags.iter().any(|tag| tag.id == id).then_some((module.as_str(), tags))
        })
    }
}

impl Tag {
    pub(crate) fn new(id: u64, name: &str, color_code: Value, user: &Arc<Person>, now: u64) -> Self {
        Self {
            id: id.to_string(),
            name: name.to_owned(),
            color_code,
            created_ms: now,
            modified_ms: now,
            created_by: Arc::clone(user),
            modified_by: Arc::clone(user),
        }
    }

    /// The tag as records refer to it.
    pub(crate) fn reference(&self) -> Value {
        json!({ "name": self.name, "id": self.id, "color_code": self.color_code })
    }
}
