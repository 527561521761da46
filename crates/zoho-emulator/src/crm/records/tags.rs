//! The tags in a write.

use serde_json::Value;

use super::writer::Writer;
use crate::bodies::{invalid_data, mandatory_not_found};
use crate::model::records::{Tag, id_of};
use crate::world::state::State;

/// Resolves the tags in a write. Unknown names become new tags of the module.
///
/// A tag has a `name` or an `id`, or is a string.
pub(crate) fn named_tags(
    writer: &Writer<'_>,
    state: &mut State,
    module: &str,
    sent: &[Value],
    path: &str,
) -> Result<Vec<Value>, Value> {
    let named = sent.iter().enumerate().map(|(index, tag)| {
        let path = format!("{path}[{index}]");
        let id = tag.get("id").and_then(id_of);
        let name = tag.get("name").unwrap_or(tag).as_str();
        let tags = state.tags.of(writer.organization, module);
        let known = tags.iter().find(|tag| match name {
            Some(name) => tag.name.eq_ignore_ascii_case(name),
            None => Some(tag.id.as_str()) == id.as_deref(),
        });
        if let Some(known) = known {
            return Ok(known.reference());
        }
        let name = match (id, name) {
            (_, Some(name)) => name,
            (Some(_), None) => return Err(invalid_data("id", "bigint", &format!("{path}.id"))),
            (None, None) => return Err(mandatory_not_found("name", &format!("{path}.name"))),
        };
        let id = state.records.new_id();
        let made = Tag::new(id, name, tag["color_code"].clone(), writer.person, writer.world.now_ms());
        let reference = made.reference();
        state.tags.of_mut(writer.organization, module).push(made);
        Ok(reference)
    });
    named.collect()
}
