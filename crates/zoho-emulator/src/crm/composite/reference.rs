//! References to the responses of other sub-requests, such as `@{1:$.data[0].details.id}`.

use serde_json::Value;

use crate::digits;

/// A reference: the id of a sub-request, and a path into its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) id: String,
    path: String,
}

impl Reference {
    /// Every reference in a text.
    pub(super) fn all_in(text: &str) -> Vec<Self> {
        pieces(text).filter_map(|(_, reference)| reference).collect()
    }

    /// The reference as it is written.
    pub(super) fn text(&self) -> String {
        format!("@{{{}:{}}}", self.id, self.path)
    }

    /// The value in a response that the reference points to. `None`: it points to nothing.
    fn find<'v>(&self, response: &'v Value) -> Option<&'v Value> {
        let steps = self.path.strip_prefix('$')?.split(['.', '[']).filter(|step| !step.is_empty());
        steps.into_iter().try_fold(response, |value, step| {
            let step = step.trim_end_matches(']').trim_matches(['\'', '"']);
            match value {
                Value::Array(elements) => elements.get(step.parse::<usize>().ok()?),
                _ => value.get(step),
            }
        })
    }
}

/// Replaces the references in a text by their values. A text that consists of one reference becomes its value,
/// whatever the type.
///
/// # Errors
///
/// The first reference that points to nothing.
pub(super) fn resolve(text: &str, responses: &impl Fn(&str) -> Option<Value>) -> Result<Value, Reference> {
    let mut resolved = String::new();
    for (before, reference) in pieces(text) {
        resolved.push_str(before);
        let Some(reference) = reference else { continue };
        let response = responses(&reference.id);
        let Some(value) = response.as_ref().and_then(|response| reference.find(response)) else {
            return Err(reference);
        };
        if reference.text() == text {
            return Ok(value.clone());
        }
        resolved.push_str(&digits::to_plain_text(value));
    }
    Ok(Value::String(resolved))
}

/// Replaces the references in every string of a JSON value.
pub(super) fn resolve_all(
    value: &Value,
    responses: &impl Fn(&str) -> Option<Value>,
) -> Result<Value, Reference> {
    Ok(match value {
        Value::String(text) => resolve(text, responses)?,
        Value::Array(elements) => Value::Array(
            elements.iter().map(|element| resolve_all(element, responses)).collect::<Result<_, _>>()?,
        ),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| Ok((name.clone(), resolve_all(value, responses)?)));
            Value::Object(fields.collect::<Result<_, _>>()?)
        }
        _ => value.clone(),
    })
}

/// The text between references, each with the reference that follows it.
fn pieces(text: &str) -> impl Iterator<Item = (&str, Option<Reference>)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let found = text.find("@{").and_then(|start| {
            let (inner, after) = text[start + 2..].split_once('}')?;
            let (id, path) = inner.split_once(':')?;
            Some((&text[..start], Reference { id: id.to_owned(), path: path.to_owned() }, after))
        });
        Some(match found {
            Some((before, reference, after)) => {
                rest = Some(after);
                (before, Some(reference))
            }
            None => (text, None),
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn responses(id: &str) -> Option<Value> {
        (id == "1").then(|| json!({ "data": [{ "details": { "id": "77", "count": 3 } }] }))
    }

    #[test]
    fn a_reference_can_be_the_whole_text_or_a_part_of_it() {
        assert_eq!(
            resolve("/Leads/@{1:$.data[0].details.id}/Notes", &responses),
            Ok(json!("/Leads/77/Notes"))
        );
        assert_eq!(resolve("@{1:$['data'][0].details.count}", &responses), Ok(json!(3)));
        assert_eq!(resolve("no reference: @{ or }", &responses), Ok(json!("no reference: @{ or }")));
    }

    #[test]
    fn a_reference_to_nothing_is_reported() {
        let text = resolve("@{1:$.data[1].details.id}", &responses).unwrap_err().text();
        assert_eq!(text, "@{1:$.data[1].details.id}");
        assert!(resolve("@{2:$.data}", &responses).is_err());
    }
}
